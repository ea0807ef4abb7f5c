"""Writing project work: begin it (``beginning``), save a section (``saving``), add and take out files (``attaching``),
answer notes (``answering``), hand in a version (``handing_in``).
"""

from lms.projects.actions.answering import REPLY_AT_MOST, REPLY_KINDS, reply
from lms.projects.actions.attaching import add_file, remove_file
from lms.projects.actions.beginning import begin, start
from lms.projects.actions.handing_in import Incomplete, NotReady, Readiness, hand_in, readiness, words_in
from lms.projects.actions.saving import (
    Locked,
    Saved,
    Stale,
    finding_counts,
    restore,
    save_section,
    size_of,
    standing,
)

__all__ = [
    "REPLY_AT_MOST",
    "REPLY_KINDS",
    "Incomplete",
    "Locked",
    "NotReady",
    "Readiness",
    "Saved",
    "Stale",
    "add_file",
    "begin",
    "finding_counts",
    "hand_in",
    "readiness",
    "remove_file",
    "reply",
    "restore",
    "save_section",
    "size_of",
    "standing",
    "start",
    "words_in",
]
