"""Project work as stored, with its queries: what a project asks (``definitions``), who works on it (``works``), until
when (``dates``), what its pages need of it (``workspaces``), what is typed (``drafts``, ``sections``) and attached
(``attachments``), what was handed in (``versions``) and what reviewers noted on it (``notes``).
"""

from lms.projects.deadlines import Extension
from lms.projects.history import Contribution, Snapshot
from lms.projects.models.attachments import Attachment, attachment, attachment_ids, neutral_names
from lms.projects.models.dates import GRANTED, dates_of, reason_of
from lms.projects.models.definitions import affected, brief, is_blind, project, rubric_of, version_of
from lms.projects.models.drafts import (
    STANDING,
    Draft,
    DraftRow,
    complete,
    contents_of,
    count_findings,
    drafts,
    save_draft,
    standings,
    unsaved_draft,
)
from lms.projects.models.notes import ImprovementNote, newest_notes, note, notes_of
from lms.projects.models.sections import SectionLine, Shown, lines_of, next_section, section_lines
from lms.projects.models.versions import (
    SubmissionPart,
    SubmissionVersion,
    VersionLine,
    last_counts,
    last_number,
    last_reasons,
    submission,
    versions_of,
)
from lms.projects.models.works import (
    MAX_KEY,
    Work,
    WorkMember,
    member_ids,
    member_names,
    members_column,
    work_of,
)
from lms.projects.models.workspaces import (
    WorkLine,
    Workspace,
    own_workspace,
    works_of,
    workspace,
    workspaces,
)
from lms.projects.reviewers import Allocation, DeclaredRelation
from lms.projects.uploads import Inspection, PartialUpload

__all__ = [
    "GRANTED",
    "MAX_KEY",
    "STANDING",
    "Allocation",
    "Attachment",
    "Contribution",
    "DeclaredRelation",
    "Draft",
    "DraftRow",
    "Extension",
    "ImprovementNote",
    "Inspection",
    "PartialUpload",
    "SectionLine",
    "Shown",
    "Snapshot",
    "SubmissionPart",
    "SubmissionVersion",
    "VersionLine",
    "Work",
    "WorkLine",
    "WorkMember",
    "Workspace",
    "affected",
    "attachment",
    "attachment_ids",
    "brief",
    "complete",
    "contents_of",
    "count_findings",
    "dates_of",
    "drafts",
    "is_blind",
    "last_counts",
    "last_number",
    "last_reasons",
    "lines_of",
    "member_ids",
    "member_names",
    "members_column",
    "neutral_names",
    "newest_notes",
    "next_section",
    "note",
    "notes_of",
    "own_workspace",
    "project",
    "reason_of",
    "rubric_of",
    "save_draft",
    "section_lines",
    "standings",
    "submission",
    "unsaved_draft",
    "version_of",
    "versions_of",
    "work_of",
    "works_of",
    "workspace",
    "workspaces",
]
