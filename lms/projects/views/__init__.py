"""Pages of ``projects``: the brief, the workspace of a work, handing in, receipts and handed-in versions."""

from flask import Blueprint

blueprint = Blueprint("projects", __name__)

from lms.projects.views import (  # noqa: E402 - they add their routes
    deadlines,  # noqa: F401
    document,  # noqa: F401
    files,  # noqa: F401
    front,  # noqa: F401
    hand_in,  # noqa: F401
    history,  # noqa: F401
    notes,  # noqa: F401
    parts,  # noqa: F401
    previews,  # noqa: F401
    section,  # noqa: F401
    sheet,  # noqa: F401
    team,  # noqa: F401
    teams,  # noqa: F401
    version,  # noqa: F401
    wordfile,  # noqa: F401
    workbook,  # noqa: F401
)
