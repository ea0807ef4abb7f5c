"""Pages of ``projects``: the brief, the workspace of a work, handing in, receipts and handed-in versions."""

from flask import Blueprint

blueprint = Blueprint("projects", __name__)

from lms.projects.views import document, files, front, hand_in, notes, section, sheet, version, workbook  # noqa: E402, F401 - they add their routes
