"""Pages of ``grading``: the queue, the review desk, a work's result, the grades of a cohort."""

from flask import Blueprint

blueprint = Blueprint("grading", __name__)

from lms.grading.views import (  # noqa: E402 - they add their routes
    adjusting,  # noqa: F401
    agreement,  # noqa: F401
    allocation,  # noqa: F401
    appeals,  # noqa: F401
    availability,  # noqa: F401
    calibration,  # noqa: F401
    cohort,  # noqa: F401
    comments,  # noqa: F401
    compare,  # noqa: F401
    criteria,  # noqa: F401
    desk,  # noqa: F401
    moderation,  # noqa: F401
    offline,  # noqa: F401
    packing,  # noqa: F401
    paper,  # noqa: F401
    queue,  # noqa: F401
    release,  # noqa: F401
    result,  # noqa: F401
    rubricchange,  # noqa: F401
    similarity,  # noqa: F401
    unpacking,  # noqa: F401
    why,  # noqa: F401
    workload,  # noqa: F401
)
