"""Giving works to reviewers and taking them back (``allocating``), many at once by a plan (``planning``), what
facilitators take, know and when they are away (``availability``), and conflicts of interest (``relations``).
"""

from lms.grading.allocation.actions.allocating import (
    REASON_AT_MOST,
    allocate,
    end,
    end_everywhere,
    end_for_leaver,
    follow_up,
    replace,
    requeue,
)
from lms.grading.allocation.actions.availability import (
    CAP_AT_MOST,
    TAGS_AT_MOST,
    end_absence,
    note_absence,
    set_caps,
    set_tags,
)
from lms.grading.allocation.actions.planning import PLANNED_AT_MOST, Changed, Planned, Wish, apply, plan
from lms.grading.allocation.actions.relations import declare, withdraw

__all__ = [
    "CAP_AT_MOST",
    "PLANNED_AT_MOST",
    "REASON_AT_MOST",
    "TAGS_AT_MOST",
    "Changed",
    "Planned",
    "Wish",
    "allocate",
    "apply",
    "declare",
    "end",
    "end_absence",
    "end_everywhere",
    "end_for_leaver",
    "follow_up",
    "note_absence",
    "plan",
    "replace",
    "requeue",
    "set_caps",
    "set_tags",
    "withdraw",
]
