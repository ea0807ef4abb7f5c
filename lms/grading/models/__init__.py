"""Reviews and grades as stored, with their queries: what was written (``reviews``), where works stand
(``standing``), what waits (``queue``), what the desk reads (``desk``), what a cohort got (``ledger``).
"""

from lms.grading.models.desk import (
    PartLine,
    ReviewLine,
    Round,
    Setting,
    findings_of,
    first_late_seconds,
    parts_of,
    rounds_of,
    setting_of,
)
from lms.grading.models.ledger import (
    CohortLine,
    MemberLine,
    Ready,
    WorkStanding,
    cohorts_facilitated,
    learners,
    members_of,
    members_of_all,
    newest_entries,
    ready_of,
    standings_of,
    visible_entry,
)
from lms.grading.models.queue import (
    COUNTED_AT_MOST,
    Counts,
    QueueLine,
    following,
    oldest_waiting,
    queue,
    waiting_counts,
)
from lms.grading.models.reviews import Adjustment, Referral, Review, ReviewDraft, draft_of
from lms.grading.models.standing import AWAITING, DECIDED, VISIBLE, led, with_team
from lms.projects.models import rubric_of

__all__ = [
    "AWAITING",
    "COUNTED_AT_MOST",
    "DECIDED",
    "VISIBLE",
    "Adjustment",
    "CohortLine",
    "Counts",
    "MemberLine",
    "PartLine",
    "QueueLine",
    "Ready",
    "Referral",
    "Review",
    "ReviewDraft",
    "ReviewLine",
    "Round",
    "Setting",
    "WorkStanding",
    "cohorts_facilitated",
    "draft_of",
    "findings_of",
    "first_late_seconds",
    "following",
    "learners",
    "led",
    "members_of",
    "members_of_all",
    "newest_entries",
    "oldest_waiting",
    "parts_of",
    "queue",
    "ready_of",
    "rounds_of",
    "rubric_of",
    "setting_of",
    "standings_of",
    "visible_entry",
    "waiting_counts",
    "with_team",
]
