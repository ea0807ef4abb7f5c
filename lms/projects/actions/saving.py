"""Saving a section: what is stored, what is kept of what stood there, and which findings change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from lms.projects import checks, content, history, keeping, models
from lms.projects.actions.beginning import hold
from lms.projects.checks import Finding
from lms.projects.models import DraftRow, Workspace
from lms.projects.source import FilesSection, Section
from lms.refusals import Refused


class Locked(Refused):
    """The section waits for its review, or was accepted: it cannot be written now."""


class Stale(Refused):
    """Somebody saved meanwhile; ``row`` is what is stored, and nothing was written."""

    def __init__(self, row: DraftRow) -> None:
        super().__init__("stale")  # its page tells who saved, and shows both
        self.row = row


@dataclass(frozen=True)
class Saved:
    """What a save left behind: the section's revision and time, all drafts, and the section's findings."""

    revision: int
    at: datetime
    rows: Mapping[str, DraftRow]
    findings: list[Finding]


def save_section(
    work: Workspace,
    section: Section,
    new: content.Content,
    *,
    revision: int,
    by: int,
    now: datetime,
    keep: bool = False,
) -> Saved:
    """Replace a section's draft if nobody has since ``revision``; saving what is already stored changes
    nothing.

    ``keep`` keeps what is replaced in the section's history, however new it is. Raises Locked, and Stale when
    another save came in between.
    """
    text = content.encode(new)
    # what a text's checks find is in the text alone: nobody else's save waits for that
    found = checks.run(work.project, {section.id: new}, section.id) if isinstance(new, str) else None
    rows = hold(work, now=now)
    row = rows[section.id]
    refuse_locked(row)
    if text == row.text:  # also a save that is sent once more because its answer was lost
        return unchanged(work, rows, section)
    if row.revision != revision:
        raise Stale(row)
    return write(work, rows, section, text, found, by=by, now=now, keep=keep)


def unchanged(work: Workspace, rows: Mapping[str, DraftRow], section: Section) -> Saved:
    """The section as these drafts have it, told as after a save."""
    row = rows[section.id]
    findings = checks.run(work.project, models.contents_of(rows), section.id)
    return Saved(row.revision, row.updated_at, rows, findings)


def standing(work: Workspace, section: Section, *, now: datetime) -> Saved:
    """The section as it is, told as after a save."""
    return unchanged(work, hold(work, now=now), section)


def refuse_locked(row: DraftRow) -> None:
    """Refuse to write a section that was accepted or is being reviewed. Raises Locked."""
    if row.accepted:
        raise Locked(
            "Bagian ini sudah diterima pada versi %(number)s dan dikunci, jadi tidak dapat diubah lagi.",
            number=row.accepted_in or 0,
        )
    if row.waiting:
        raise Locked(
            "Bagian ini sudah dikumpulkan sebagai versi %(number)s dan sedang ditelaah, "
            "jadi tidak dapat diubah.",
            number=row.submitted_in or 0,
        )


def write(
    work: Workspace,
    rows: Mapping[str, DraftRow],
    section: Section,
    text: str,
    found: list[Finding] | None,
    *,
    by: int,
    now: datetime,
    keep: bool = False,
) -> Saved:
    """Store a section, and the number of findings of every section whose findings that changed.

    ``found`` are the section's own findings where they are known.
    """
    _remember(work, rows[section.id], section, text, by=by, now=now, keep=keep)
    after = dict(rows)
    row = after[section.id] = replace(
        rows[section.id], text=text, revision=rows[section.id].revision + 1, updated_at=now, updated_by=by
    )
    own: list[Finding] = []
    for name, read in models.affected(work.item_id, section.id).items():
        contents = models.contents_of({each: after[each] for each in read})
        known = found if name == section.id else None
        findings = checks.run(work.project, contents, name) if known is None else known
        count = finding_counts(findings, contents)[name]
        if name == section.id:
            own = findings
            after[name] = replace(row, findings=count, size=size_of(contents[name]))
            models.save_draft(after[name])
        elif after[name].findings != count:
            after[name] = replace(after[name], findings=count)
            models.count_findings(after[name])
    return Saved(row.revision, now, after, own)


def _remember(
    work: Workspace, row: DraftRow, section: Section, text: str, *, by: int, now: datetime, keep: bool
) -> None:
    """Keep what is replaced where that is worth it, and count what a team's member changed."""
    if isinstance(section, FilesSection):
        return  # files keep rows of their own
    came, went = keeping.changed(row.text, text)
    if keep or keeping.is_worth(
        row.text, went, saved_at=row.updated_at, saved_by=row.updated_by, by=by, now=now
    ):
        history.keep(
            work.id,
            section.id,
            revision=row.revision,
            content=row.text,
            saved_by=row.updated_by,
            taken_at=row.updated_at,
        )
    if len(work.member_ids) > 1:
        history.count(work.id, section.id, by=by, added=came, removed=went, now=now)


def restore(
    work: Workspace, section: Section, old: history.Snapshot, *, revision: int, by: int, now: datetime
) -> Saved:
    """Put a snapshot in the draft's place; what stood there is kept too. Raises Locked and Stale."""
    return save_section(
        work, section, content.decode(old.content), revision=revision, by=by, now=now, keep=True
    )


def size_of(held: content.Content) -> int:
    """The words of a text, the filled rows of a table, or the number of files."""
    if isinstance(held, str):
        return content.words(held)
    if isinstance(held, content.Table):
        return sum(1 for row in held.rows if not content.is_blank_row(row))
    return len(held)


def finding_counts(findings: Iterable[Finding], contents: Mapping[str, content.Content]) -> Counter[str]:
    """How many findings of each section ask for something (errors and warnings); one that is empty has
    none yet.
    """
    return Counter(
        finding.section
        for finding in findings
        if finding.level != "hint" and not content.is_empty(contents.get(finding.section))
    )
