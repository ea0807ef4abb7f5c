"""Writing project work: begin it, save a section, add and take out files, answer notes, hand in a version."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from lms import activecontent, audit, files
from lms.courses.models import Schedule
from lms.extensions import db
from lms.projects import checks, content, history, keeping, models, receipt, uploads
from lms.projects.checks import Finding
from lms.projects.models import (
    Attachment,
    Draft,
    DraftRow,
    ImprovementNote,
    SubmissionPart,
    SubmissionVersion,
    Work,
    WorkMember,
    Workspace,
)
from lms.projects.reviewers import wait_from
from lms.projects.source import FilesSection, Project, Section, empty
from lms.refusals import N_, Refused

REPLY_AT_MOST = 2_000


class Locked(Refused):
    """The section waits for its review, or was accepted: it cannot be written now."""


class Stale(Refused):
    """Somebody saved meanwhile; ``row`` is what is stored, and nothing was written."""

    def __init__(self, row: DraftRow) -> None:
        super().__init__("stale")  # its page tells who saved, and shows both
        self.row = row


class NotReady(Refused):
    """The work cannot be handed in as it is; ``readiness`` says what is missing."""

    def __init__(self, message: str, readiness: Readiness) -> None:
        super().__init__(message)
        self.readiness = readiness


class Incomplete(NotReady):
    """Only the form lacks something: a reason, or the statement of integrity."""


# Beginning


def start(
    *,
    enrolment_id: int,
    cohort_id: int,
    item_id: int,
    stable_id: str,
    project: Project,
    alone: bool = True,
    by: int,
    now: datetime,
) -> int:
    """Begin a project, once per learner however often it is asked. Returns the work's id.

    Raises Refused before the project opens, and where it is for teams only but begun ``alone``.
    """
    found = models.work_of(enrolment_id, stable_id)
    if found is not None:
        return found
    if alone and project.team.min > 1:
        raise Refused(
            N_(
                "Proyek ini dikerjakan dalam tim, sedikitnya %(least)s orang. Buat tim atau gabung dengan tim."
            ),
            least=project.team.min,
        )
    opens_at = db.session.scalar(
        select(Schedule.opens_at).where(Schedule.cohort_id == cohort_id, Schedule.stable_id == stable_id)
    )
    if opens_at is not None and now < opens_at:
        raise Refused(N_("Proyek ini belum dibuka."))
    try:
        with db.session.begin_nested():
            work_id = _make_work(cohort_id, item_id, stable_id, now=now)
            db.session.add(
                WorkMember(
                    work_id=work_id,
                    enrolment_id=enrolment_id,
                    person_id=by,
                    stable_id=stable_id,
                    joined_at=now,
                )
            )
            db.session.flush()
    except IntegrityError:
        found = models.work_of(enrolment_id, stable_id)  # the other tab was faster
        if found is None:
            raise
        return found
    _make_drafts(work_id, project.sections, now=now)
    audit.record("begin work", f"work:{work_id}", by=by, now=now)
    return work_id


def begin(cohort_id: int, item_id: int, stable_id: str, project: Project, *, by: int, now: datetime) -> int:
    """Begin a work that nobody stands in yet, for a team that is put together. Returns its id."""
    work_id = _make_work(cohort_id, item_id, stable_id, now=now)
    _make_drafts(work_id, project.sections, now=now)
    audit.record("begin work", f"work:{work_id}", by=by, now=now)
    return work_id


def _make_work(cohort_id: int, item_id: int, stable_id: str, *, now: datetime) -> int:
    work = Work(cohort_id=cohort_id, item_id=item_id, stable_id=stable_id, created_at=now)
    db.session.add(work)
    db.session.flush()
    return work.id


def _make_drafts(work_id: int, sections: Iterable[Section], *, now: datetime) -> None:
    db.session.execute(
        insert(Draft),
        [
            {
                "work_id": work_id,
                "section_id": section.id,
                "content": content.encode(empty(section)),
                "revision": 0,
                "findings": 0,
                "size": 0,
                "updated_at": now,
            }
            for section in sections
        ],
    )


def _hold(work: Workspace, *, now: datetime) -> dict[str, DraftRow]:
    """All drafts of the work, held until the transaction ends."""
    rows = models.drafts(work.id, lock=True)
    missing = [section for section in work.project.sections if section.id not in rows]
    if missing:  # the cohort moved to a course version that brought sections
        _make_drafts(work.id, missing, now=now)
        rows = models.drafts(work.id, lock=True)
    return rows


# Saving


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
    rows = _hold(work, now=now)
    row = rows[section.id]
    _refuse_locked(row)
    if text == row.text:  # also a save that is sent once more because its answer was lost
        return _unchanged(work, rows, section)
    if row.revision != revision:
        raise Stale(row)
    return _write(work, rows, section, text, found, by=by, now=now, keep=keep)


def _unchanged(work: Workspace, rows: Mapping[str, DraftRow], section: Section) -> Saved:
    row = rows[section.id]
    findings = checks.run(work.project, models.contents_of(rows), section.id)
    return Saved(row.revision, row.updated_at, rows, findings)


def standing(work: Workspace, section: Section, *, now: datetime) -> Saved:
    """The section as it is, told as after a save."""
    return _unchanged(work, _hold(work, now=now), section)


def _refuse_locked(row: DraftRow) -> None:
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


def _write(
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


# Files


def add_file(
    work: Workspace,
    section: FilesSection,
    upload: files.Upload,
    name: str,
    *,
    by: int,
    now: datetime,
    scanning: bool = False,
) -> Saved:
    """Put a received file into a section. The caller discards ``upload`` afterwards, whatever happens.

    ``scanning`` says that a virus scanner is set, which will look at it.

    A file that is there already under this name changes nothing: it was sent once more because the answer was lost.
    Raises Locked, and Refused when the section is full or holds the same content under another name.
    """
    # looked through before anybody has to wait for this
    active = activecontent.found(upload.path.read_bytes(), upload.kind)
    rows = _hold(work, now=now)
    row = rows[section.id]
    _refuse_locked(row)
    held = _files_of(row)
    same = next((each for each in held if each.sha256 == upload.sha256), None)
    if same is not None and same.name == name:
        return _unchanged(work, rows, section)
    if len(held) >= section.max:
        raise Refused(
            "Bagian ini sudah berisi %(count)s berkas, jumlah terbanyaknya. "
            "Hapus satu berkas, lalu unggah lagi.",
            count=len(held),
        )
    if same is not None:
        raise Refused("Berkas dengan isi yang sama sudah ada: %(name)s.", name=same.name)
    media_type = files.MEDIA_TYPES[upload.kind]
    files.keep(upload.path, upload.sha256, upload.size, media_type, now=now)
    uploads.inspect(upload.sha256, active=active, scanning=scanning, now=now)
    known = db.session.scalar(
        select(Attachment).where(
            Attachment.work_id == work.id,
            Attachment.section_id == section.id,
            Attachment.sha256 == upload.sha256,
            Attachment.name == name,
        )
    )
    if known is not None:  # taken out before and put in again: the addresses in earlier versions stay good
        known.removed_at = None
    else:
        db.session.add(
            Attachment(
                work_id=work.id,
                section_id=section.id,
                sha256=upload.sha256,
                name=name,
                media_type=media_type,
                size=upload.size,
                added_by=by,
                added_at=now,
            )
        )
    db.session.flush()
    new = (*held, content.FileRef(upload.sha256, name, upload.size, media_type))
    return _write(work, rows, section, content.encode(new), None, by=by, now=now)


def remove_file(work: Workspace, section: FilesSection, sha256: str, *, by: int, now: datetime) -> Saved:
    """Take a file out of a section; versions that hold it keep it. Taking it out twice changes nothing.

    Raises Locked.
    """
    rows = _hold(work, now=now)
    row = rows[section.id]
    _refuse_locked(row)
    held = _files_of(row)
    left = tuple(each for each in held if each.sha256 != sha256)
    db.session.execute(
        update(Attachment)
        .where(
            Attachment.work_id == work.id,
            Attachment.section_id == section.id,
            Attachment.sha256 == sha256,
            Attachment.removed_at.is_(None),
        )
        .values(removed_at=now)
        .execution_options(synchronize_session=False)
    )
    if len(left) == len(held):
        return _unchanged(work, rows, section)
    return _write(work, rows, section, content.encode(left), None, by=by, now=now)


def _files_of(row: DraftRow) -> tuple[content.FileRef, ...]:
    held = row.content
    return held if isinstance(held, tuple) else ()


# Answering notes


REPLY_KINDS = ("fixed", "disagree")


def reply(note: ImprovementNote, text: str, *, by: int, now: datetime, kind: str = "fixed") -> None:
    """Write the team's follow-up to a note of the newest version; an empty text takes it back.

    ``kind`` says whether the note was followed (fixed) or not (disagree); a question is only answered. Raises Refused
    when a later version is handed in, the text is too long, or the note asks for nothing.
    """
    if not note.answerable:
        raise Refused("Catatan apresiasi tidak memerlukan tindak lanjut.")
    # wait for a hand-in that is under way: what it took along must not change behind it
    db.session.execute(
        select(Draft.id).where(Draft.work_id == note.work_id).order_by(Draft.id).with_for_update()
    )
    if note.version != models.last_number(note.work_id):
        raise Locked("Tindak lanjut ini sudah dikumpulkan bersama versi berikutnya, jadi tidak dapat diubah.")
    if len(text) > REPLY_AT_MOST:
        raise Refused(
            "Tindak lanjut paling panjang %(limit)s karakter. Ringkas isinya, lalu simpan lagi.",
            limit=REPLY_AT_MOST,
        )
    note.reply = text
    note.reply_kind = (kind if kind in REPLY_KINDS else "fixed") if text and note.kind != "question" else ""
    note.replied_at = now if text else None
    note.replied_by = by if text else None
    db.session.flush()


# Handing in


@dataclass(frozen=True)
class Readiness:
    """What handing in now would meet.

    ``number`` is the version it would make; ``seen`` stands for the state of all drafts. ``blocking``
    findings must be settled, ``questions`` need a reason each (one finding per key), ``hints`` inform.
    ``unanswered`` are notes of the last review that must have a follow-up. Findings in accepted sections
    cannot be settled there, so they never block. ``notes`` are all notes of the last review that ask for something in
    open sections. ``missing_members`` are those that the team lacks.
    """

    number: int
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
    number = models.last_number(work.id)
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
    rows = _hold(work, now=now)
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
    if any(_files_of(row) for row in rows.values()):
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
