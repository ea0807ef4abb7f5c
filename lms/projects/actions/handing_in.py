"""Handing in a version, and what that would meet."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import insert, select, update

from lms import audit
from lms.extensions import db
from lms.projects import checks, content, models, receipt
from lms.projects.actions.attaching import files_of
from lms.projects.actions.beginning import hold
from lms.projects.checks import Finding
from lms.projects.models import (
    Attachment,
    Draft,
    DraftRow,
    ImprovementNote,
    SubmissionPart,
    SubmissionVersion,
    Workspace,
)
from lms.projects.reviewers import wait_from
from lms.projects.source import Section
from lms.refusals import N_, Refused


class NotReady(Refused):
    """The work cannot be handed in as it is; ``readiness`` says what is missing."""

    def __init__(self, message: str, readiness: Readiness) -> None:
        super().__init__(message)
        self.readiness = readiness


class Incomplete(NotReady):
    """Only the form lacks something: a reason, or the statement of integrity."""


@dataclass(frozen=True)
class Readiness:
    """What handing in now would meet.

    ``number`` is the version it would make, ``round_number`` the round that it counts as; ``seen`` stands for the state of all drafts. ``blocking``
    findings must be settled, ``questions`` need a reason each (one finding per key), ``hints`` inform.
    ``unanswered`` are notes of the last review that must have a follow-up. Findings in accepted sections
    cannot be settled there, so they never block. ``notes`` are all notes of the last review that ask for something in
    open sections. ``missing_members`` are those that the team lacks.
    """

    number: int
    round_number: int
    seen: str
    rows: Mapping[str, DraftRow]
    blocking: list[Finding]
    questions: list[Finding]
    hints: list[Finding]
    unanswered: list[ImprovementNote]
    missing_members: int = 0
    notes: Sequence[ImprovementNote] = ()

    @property
    def waiting(self) -> bool:
        """A version is with its reviewers."""
        return any(row.waiting for row in self.rows.values())

    @property
    def finished(self) -> bool:
        """Every section is accepted."""
        return bool(self.rows) and all(row.accepted for row in self.rows.values())

    @property
    def possible(self) -> bool:
        """Whether nothing but reasons and the statement of integrity is missing."""
        return not (self.waiting or self.finished or self.blocking or self.unanswered or self.missing_members)


def readiness(work: Workspace, rows: Mapping[str, DraftRow] | None = None) -> Readiness:
    """Everything the hand-in page shows, in three statements (two when the drafts are given)."""
    rows = models.drafts(work.id) if rows is None else rows
    number, rounds = models.last_counts(work.id)
    notes = models.notes_of(work.id, number) if number else []
    locked = {row.section_id for row in rows.values() if not row.open}
    asked = [note for note in notes if note.answerable and note.section_id not in locked]
    blocking, hints = [], []
    questions: dict[str, Finding] = {}
    for finding in checks.run(work.project, models.contents_of(rows)):
        if finding.level == "hint":
            hints.append(finding)
        elif finding.level == "error" and finding.section not in locked:
            blocking.append(finding)
        else:
            questions.setdefault(finding.key, finding)
    return Readiness(
        number=number + 1,
        round_number=rounds + 1,
        seen=_fingerprint(rows),
        rows=rows,
        blocking=blocking,
        questions=list(questions.values()),
        hints=hints,
        unanswered=[note for note in asked if note.must and not note.reply],
        notes=asked,
        missing_members=max(0, work.project.team.min - len(work.member_ids)),
    )


def _fingerprint(rows: Mapping[str, DraftRow]) -> str:
    lines = "\n".join(f"{section_id} {rows[section_id].revision}" for section_id in sorted(rows))
    return hashlib.sha256(lines.encode()).hexdigest()[:20]


def hand_in(
    work: Workspace,
    *,
    expected: int,
    seen: str,
    reasons: Mapping[str, str],
    integrity: bool,
    key: bytes,
    by: int,
    now: datetime,
) -> tuple[SubmissionVersion, bool]:
    """Make version ``expected`` from the drafts and lock them, all in this transaction.

    Returns the version and whether this call made it: a double click, a retry or a second member of the team
    gets the version that is there. ``seen`` is the readiness the person looked at, ``key`` the one that receipts are
    signed with (``receipt.signing_key``). Raises NotReady, and Refused for who belongs to the team no more.
    """
    rows = hold(work, now=now)
    # as they stand now that nobody can join or leave any more
    work = replace(work, member_ids=models.member_ids(work.id))
    if by not in work.member_ids:
        raise Refused(N_("Anda bukan lagi anggota tim ini, jadi tidak dapat mengumpulkan."))
    ready = readiness(work, rows)
    if 0 < expected < ready.number:
        return _version(work.id, expected), False
    _refuse_unready(ready, expected=expected, seen=seen)
    _refuse_incomplete(ready, reasons=reasons, integrity=integrity)
    number = ready.number
    parts = [
        _part(section, rows[section.id], position) for position, section in enumerate(work.project.sections)
    ]
    late = int((now - work.due_at).total_seconds()) if work.due_at else 0
    sha256 = receipt.whole((part["section_id"], part["sha256"]) for part in parts)
    code = receipt.new_code()
    version = SubmissionVersion(
        work_id=work.id,
        cohort_id=work.cohort_id,
        number=number,
        round_number=ready.round_number,
        submitted_at=now,
        submitted_by=by,
        due_at=work.due_at,
        late_seconds=max(late, 0),
        reasons=msgspec.json.encode(
            {each.key: reasons[each.key] for each in ready.questions}, order="sorted"
        ).decode(),
        sha256=sha256,
        receipt=code,
        signature=receipt.sign(key, code, number, now, sha256),
    )
    db.session.add(version)
    db.session.flush()
    # after the insert, which waits for whoever allocates the work at this moment
    if wait_from(work.id, now) >= work.project.graders:
        version.pool_on = None
    db.session.execute(_PARTS, [part | {"submission_id": version.id} for part in parts])
    db.session.execute(
        update(Draft)
        .where(Draft.work_id == work.id, Draft.accepted_in.is_(None))
        .values(submitted_in=number, submitted_revision=Draft.revision)
        .execution_options(synchronize_session=False)
    )
    if any(files_of(row) for row in rows.values()):
        db.session.execute(
            update(Attachment)
            .where(
                Attachment.work_id == work.id, Attachment.removed_at.is_(None), Attachment.handed_in.is_(None)
            )
            .values(handed_in=number)
            .execution_options(synchronize_session=False)
        )
    audit.record(
        "hand in",
        f"submission:{version.id}",
        by=by,
        now=now,
        detail={"work": work.id, "number": number, "sha256": version.sha256},
    )
    return version, True


def _refuse_unready(ready: Readiness, *, expected: int, seen: str) -> None:
    """Refuse what no press of the button can change."""
    if ready.waiting:
        raise NotReady(
            "Versi sebelumnya sedang ditelaah. Anda dapat mengumpulkan lagi setelah hasilnya dikirim.", ready
        )
    if ready.finished:
        raise NotReady("Seluruh bagian sudah diterima, jadi tidak ada lagi yang perlu dikumpulkan.", ready)
    if expected != ready.number or seen != ready.seen:
        raise NotReady(
            "Isi proyek berubah setelah halaman ini dibuka. Periksa lagi hasil pemeriksaan di bawah.", ready
        )
    if ready.missing_members:
        raise NotReady("Anggota tim belum cukup untuk mengumpulkan.", ready)
    if ready.blocking or ready.unanswered:
        raise NotReady("Masih ada yang wajib diperbaiki sebelum mengumpulkan.", ready)


def _refuse_incomplete(ready: Readiness, *, reasons: Mapping[str, str], integrity: bool) -> None:
    """Refuse a form that lacks a reason or the statement."""
    if any(not reasons.get(each.key) for each in ready.questions):
        raise Incomplete("Isi alasan untuk setiap saran yang tidak Anda ikuti.", ready)
    if not integrity:
        raise Incomplete("Centang pernyataan keaslian karya sebelum mengumpulkan.", ready)


def _version(work_id: int, number: int) -> SubmissionVersion:
    return db.session.execute(
        select(SubmissionVersion).where(
            SubmissionVersion.work_id == work_id, SubmissionVersion.number == number
        )
    ).scalar_one()


_PARTS = insert(SubmissionPart.__table__)  # type: ignore[arg-type]


def _part(section: Section, row: DraftRow, position: int) -> dict[str, Any]:
    """What a version keeps of a section: a row of its parts, without the version's id."""
    held = row.content
    return {
        "section_id": section.id,
        "position": position,
        "content": content.canonical(held).decode(),
        "sha256": content.digest(held),
        "words": words_in(held),
        "carried_from": row.accepted_in,
    }


def words_in(held: content.Content) -> int:
    """The words of a text, or of all cells of a table; files have none."""
    if isinstance(held, str):
        return content.words(held)
    if isinstance(held, content.Table):
        return sum(
            content.words(value) for row in held.rows for key, value in row.items() if key != content.ROW_ID
        )
    return 0
