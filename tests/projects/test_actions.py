"""Begun once, saved by compare-and-set, handed in once, locked until it comes back."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask import Flask
from sqlalchemy import func, select, update

from lms import files
from lms.audit import AuditEntry
from lms.courses.models import Schedule
from lms.extensions import db
from lms.projects import actions, content, models
from lms.projects.content import Table
from lms.projects.models import Attachment, Draft, SubmissionPart, SubmissionVersion, Work, WorkMember
from lms.projects.source import FilesSection
from lms.projects.state import SectionState
from lms.refusals import Refused
from tests.cast import NOW, Cast
from tests.projects.work import (
    CHAIN,
    ITEM,
    KEY,
    PDF,
    ROW,
    TABLE,
    TEXT,
    begin,
    change_project,
    fill,
    hand_in,
    review,
    save,
    section_of,
)

SECOND = timedelta(seconds=1)


@pytest.fixture
def sari(cast: Cast, session: Any) -> int:
    return cast.people["sari"]


def at_once(app: Flask, count: int, deed: Callable[[int], Any]) -> list[Any]:
    """Run a deed in several threads that are let go together, each with a session of its own."""
    barrier = threading.Barrier(count)
    results: list[Any] = [None] * count

    def work(at: int) -> None:
        with app.app_context():
            barrier.wait()
            try:
                results[at] = deed(at)
                db.session.commit()
            except Exception as error:
                db.session.rollback()
                results[at] = error
            finally:
                db.session.remove()

    threads = [threading.Thread(target=work, args=(at,)) for at in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


# Beginning


def test_beginning_makes_an_empty_draft_for_each_section(cast: Cast, sari: int) -> None:
    work = begin(cast)
    rows = models.drafts(work.id)
    assert set(rows) == {"isu", "sasaran", "lampiran"}
    assert {row.revision for row in rows.values()} == {0}
    assert [row.content for row in (rows["isu"], rows["sasaran"], rows["lampiran"])] == ["", Table(), ()]
    assert work.member_ids == {sari}
    assert db.session.scalars(select(AuditEntry.deed).order_by(AuditEntry.id)).all()[-1] == "begin work"


def test_beginning_twice_is_beginning_once(cast: Cast, sari: int) -> None:
    assert begin(cast).id == begin(cast).id
    assert db.session.scalar(select(func.count(Work.id))) == 1


def test_each_learner_has_a_work_of_their_own(cast: Cast, sari: int) -> None:
    assert begin(cast, "sari").id != begin(cast, "budi").id


def test_tabs_that_begin_at_once_make_one_work(app: Flask, cast: Cast, session: Any) -> None:
    ids = at_once(app, 6, lambda _: begin(cast).id)
    assert len(set(ids)) == 1, ids
    assert isinstance(ids[0], int)
    assert db.session.scalar(select(func.count(Work.id))) == 1
    assert db.session.scalar(select(func.count(WorkMember.id))) == 1
    assert db.session.scalar(select(func.count(Draft.id))) == 3


def test_nothing_begins_before_it_opens(cast: Cast, sari: int) -> None:
    db.session.execute(
        update(Schedule).where(Schedule.cohort_id == cast.cohort_id).values(opens_at=NOW + timedelta(days=1))
    )
    with pytest.raises(Refused, match="belum dibuka"):
        begin(cast)
    assert begin(cast, now=NOW + timedelta(days=1)).stable_id == ITEM


# Saving


def test_a_save_counts_the_revision_up_and_says_who_and_when(cast: Cast, sari: int) -> None:
    work = begin(cast)
    saved = save(work, "isu", TEXT, by=sari, revision=0, now=NOW + SECOND)
    row = models.drafts(work.id)["isu"]
    assert (saved.revision, saved.at) == (1, NOW + SECOND)
    assert (row.content, row.revision, row.updated_by, row.updated_at) == (TEXT, 1, sari, NOW + SECOND)
    assert row.size == content.words(TEXT)
    assert saved.rows["isu"] == row


def test_a_save_that_comes_late_overwrites_nothing(cast: Cast, sari: int) -> None:
    work = begin(cast)
    save(work, "isu", "Teks tab pertama", by=sari, revision=0)
    with pytest.raises(actions.Stale) as stale:
        save(work, "isu", "Teks tab kedua", by=sari, revision=0)
    assert stale.value.row.content == "Teks tab pertama"
    assert models.drafts(work.id)["isu"].content == "Teks tab pertama"
    assert save(work, "isu", "Teks gabungan", by=sari, revision=stale.value.row.revision).revision == 2


@pytest.mark.parametrize("revision", [-1, 1, 7])
def test_a_revision_that_never_was_overwrites_nothing(cast: Cast, sari: int, revision: int) -> None:
    work = begin(cast)
    with pytest.raises(actions.Stale):
        save(work, "isu", "Teks", by=sari, revision=revision)
    assert models.drafts(work.id)["isu"].revision == 0


def test_a_save_that_is_sent_again_succeeds_once(cast: Cast, sari: int) -> None:
    work = begin(cast)
    first = save(work, "isu", TEXT, by=sari, revision=0)
    again = save(work, "isu", TEXT, by=sari, revision=0, now=NOW + SECOND)
    assert (again.revision, again.at) == (first.revision, first.at)


def test_saves_at_once_are_one_success_and_the_rest_conflicts(app: Flask, cast: Cast, session: Any) -> None:
    work = begin(cast)
    by = cast.people["sari"]
    db.session.commit()
    results = at_once(app, 6, lambda at: save(work, "isu", f"Teks dari tab {at}", by=by, revision=0))
    assert sorted(type(result).__name__ for result in results) == ["Saved", *["Stale"] * 5], results
    winner = next(at for at, result in enumerate(results) if isinstance(result, actions.Saved))
    assert models.drafts(work.id)["isu"].content == f"Teks dari tab {winner}"


def test_saves_of_two_sections_at_once_both_stay(app: Flask, cast: Cast, session: Any) -> None:
    work = begin(cast)
    by = cast.people["sari"]
    db.session.commit()
    parts: list[tuple[str, Any]] = [("isu", TEXT), ("sasaran", TABLE)]
    results = at_once(app, 2, lambda at: save(work, *parts[at], by=by, revision=0))
    assert all(isinstance(result, actions.Saved) for result in results), results
    rows = models.drafts(work.id)
    assert (rows["isu"].content, rows["sasaran"].content) == (TEXT, TABLE)


def test_a_save_changes_the_findings_of_other_sections(cast: Cast, sari: int) -> None:
    change_project(CHAIN)
    work = begin(cast)
    save(work, "sasaran", Table(({"_id": "aaaa", "sasaran": "Wisata tumbuh"},)), by=sari)
    assert models.drafts(work.id)["sasaran"].findings == 1
    row = {"_id": "bbbb", "sasaran": "Wisata tumbuh", "pagu": "1.000.000"}
    saved = save(work, "program", Table((row,)), by=sari)
    assert [models.drafts(work.id)[name].findings for name in ("sasaran", "program")] == [0, 0]
    assert saved.rows["sasaran"].findings == 0
    save(work, "sasaran", Table(({"_id": "aaaa", "sasaran": "Wisata maju"},)), by=sari)
    assert [models.drafts(work.id)[name].findings for name in ("sasaran", "program")] == [1, 1]


def test_hints_and_empty_sections_count_as_no_findings(cast: Cast, sari: int) -> None:
    work = begin(cast)
    save(work, "isu", "Satu dua", by=sari)
    rows = models.drafts(work.id)
    assert rows["isu"].findings == 2  # too short, and its heading is missing
    assert rows["sasaran"].findings == 0  # nobody has begun it


def test_a_section_that_a_newer_course_version_brought_can_be_saved(cast: Cast, sari: int) -> None:
    work = begin(cast)
    project = work.project
    later = msgspec.structs.replace(project.sections[0], id="isu-baru", title="Isu baru")
    change_project(sections=(*project.sections, later))
    assert save(work, "isu-baru", TEXT, by=sari, revision=0).revision == 1


def test_states_follow_the_work(cast: Cast, sari: int) -> None:
    work = begin(cast)

    def states() -> list[SectionState]:
        rows = models.standings(work.id)
        return [line.state for line in models.lines_of(work.project, rows)]

    assert states() == [SectionState.NOT_STARTED] * 3
    save(work, "isu", "Satu dua", by=sari)
    assert states()[0] is SectionState.FINDINGS
    fill(work, sari)
    assert states() == [SectionState.DRAFT, SectionState.DRAFT, SectionState.NOT_STARTED]
    hand_in(work, sari)
    assert states() == [SectionState.HANDED_IN] * 3
    review(work.id, 1, accepted=("sasaran", "lampiran"), returned=("isu",))
    assert states() == [SectionState.RETURNED, SectionState.ACCEPTED, SectionState.ACCEPTED]
    save(work, "isu", f"{TEXT} Diperbaiki.", by=sari)
    assert states()[0] is SectionState.DRAFT


# Handing in


def test_a_version_is_the_drafts_as_they_were(cast: Cast, sari: int) -> None:
    work = begin(cast)
    fill(work, sari)
    version = hand_in(work, sari, now=NOW + SECOND)
    assert (version.number, version.submitted_by, version.submitted_at) == (1, sari, NOW + SECOND)
    assert (version.late_seconds, version.due_at) == (0, work.due_at)
    parts = {part.section_id: part for part in version.parts}
    assert list(parts) == ["isu", "sasaran", "lampiran"]
    assert content.decode(parts["isu"].content) == TEXT
    assert content.decode(parts["sasaran"].content) == TABLE
    assert parts["isu"].words == content.words(TEXT)
    assert parts["isu"].carried_from is None
    for part in parts.values():
        assert part.sha256 == hashlib.sha256(part.content.encode()).hexdigest()
    lines = "".join(f"{name} {part.sha256}\n" for name, part in parts.items())
    assert version.sha256 == hashlib.sha256(lines.encode()).hexdigest()
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()[-1]
    assert (entry.deed, entry.thing, entry.actor_id) == ("hand in", f"submission:{version.id}", sari)


def test_a_version_never_changes(cast: Cast, sari: int) -> None:
    work = begin(cast)
    fill(work, sari)
    version = hand_in(work, sari)
    version.number = 2
    with pytest.raises(RuntimeError, match="immutable"):
        db.session.flush()
    db.session.expunge(version)
    part = db.session.scalars(select(SubmissionPart)).first()
    assert part is not None
    part.content = '"lain"'
    with pytest.raises(RuntimeError, match="immutable"):
        db.session.flush()


@pytest.mark.parametrize(("after", "late"), [(-1, 0), (0, 0), (1, 1), (90_000, 90_000)])
def test_lateness_is_counted_from_the_deadline(cast: Cast, sari: int, after: int, late: int) -> None:
    due: datetime = NOW + timedelta(days=3)
    db.session.execute(update(Schedule).where(Schedule.cohort_id == cast.cohort_id).values(due_at=due))
    work = begin(cast)
    fill(work, sari)
    version = hand_in(work, sari, now=due + timedelta(seconds=after))
    assert (version.late_seconds, version.due_at) == (late, due)


def test_a_project_without_a_deadline_is_never_late(cast: Cast, sari: int) -> None:
    db.session.execute(update(Schedule).where(Schedule.cohort_id == cast.cohort_id).values(due_at=None))
    work = begin(cast)
    fill(work, sari)
    version = hand_in(work, sari, now=NOW + timedelta(days=9999))
    assert (version.late_seconds, version.due_at) == (0, None)


def press(
    work: models.Workspace, ready: actions.Readiness, by: int, **changes: Any
) -> tuple[SubmissionVersion, bool]:
    """Press the button on the page that showed this readiness."""
    fields: dict[str, Any] = {
        "expected": ready.number,
        "seen": ready.seen,
        "reasons": {each.key: "Alasan." for each in ready.questions},
        "integrity": True,
        "key": KEY,
        "now": NOW,
    }
    return actions.hand_in(work, by=by, **(fields | changes))


def test_pressing_again_leads_to_the_same_version(cast: Cast, sari: int) -> None:
    work = begin(cast)
    fill(work, sari)
    ready = actions.readiness(work)
    first, made = press(work, ready, sari)
    again, made_again = press(work, ready, sari, now=NOW + SECOND)
    assert (made, made_again) == (True, False)
    assert (first.id, first.receipt) == (again.id, again.receipt)


def test_pressing_in_several_tabs_at_once_makes_one_version(app: Flask, cast: Cast, session: Any) -> None:
    work = begin(cast)
    by = cast.people["sari"]
    fill(work, by)
    db.session.commit()
    ready = actions.readiness(work)
    db.session.rollback()

    def deed(_at: int) -> tuple[int, bool]:
        version, made = press(work, ready, by)
        return version.id, made

    results = at_once(app, 6, deed)
    assert all(isinstance(result, tuple) for result in results), results
    assert len({submission_id for submission_id, _ in results}) == 1
    assert sum(made for _, made in results) == 1
    assert db.session.scalar(select(func.count(SubmissionVersion.id))) == 1
    assert db.session.scalar(select(func.count(SubmissionPart.id))) == 3


def test_a_save_and_a_hand_in_at_once_never_mix(app: Flask, cast: Cast, session: Any) -> None:
    work = begin(cast)
    by = cast.people["sari"]
    fill(work, by)
    db.session.commit()
    ready = actions.readiness(work)
    db.session.rollback()

    def deed(at: int) -> Any:
        if at:
            return press(work, ready, by)[0].number
        return save(work, "isu", f"{TEXT} Kalimat terakhir.", by=by, revision=1).revision

    saved, handed = at_once(app, 2, deed)
    # whoever came second was told so: the save met a lock, or the hand-in met another state than was shown
    if isinstance(saved, actions.Locked):
        assert handed == 1
        part = db.session.scalar(select(SubmissionPart.content).where(SubmissionPart.section_id == "isu"))
        assert content.decode(part or "") == TEXT
    else:
        assert saved == 2
        assert isinstance(handed, actions.NotReady)


def test_nothing_is_handed_in_that_was_not_looked_at(cast: Cast, sari: int) -> None:
    work = begin(cast)
    fill(work, sari)
    ready = actions.readiness(work)
    save(work, "isu", f"{TEXT} Tambahan rekan.", by=cast.people["budi"])
    with pytest.raises(actions.NotReady, match="berubah"):
        press(work, ready, sari)
    assert models.last_number(work.id) == 0


@pytest.mark.parametrize("expected", [0, 2, 99])
def test_no_version_but_the_next_one_is_made(cast: Cast, sari: int, expected: int) -> None:
    work = begin(cast)
    fill(work, sari)
    with pytest.raises(actions.NotReady):
        press(work, actions.readiness(work), sari, expected=expected)
    assert models.last_number(work.id) == 0


def test_errors_block(cast: Cast, sari: int) -> None:
    work = begin(cast)
    save(work, "isu", TEXT, by=sari)
    ready = actions.readiness(work)
    assert [finding.section for finding in ready.blocking] == ["sasaran"]
    assert not ready.possible
    with pytest.raises(actions.NotReady, match="wajib diperbaiki"):
        press(work, ready, sari)


def test_a_warning_asks_for_its_reason(cast: Cast, sari: int) -> None:
    work = begin(cast)
    save(work, "isu", TEXT, by=sari)
    save(work, "sasaran", Table((ROW | {"sasaran": "Meningkatkan pelaksanaan wisata"},)), by=sari)
    ready = actions.readiness(work)
    (question,) = ready.questions
    assert question.key.startswith("sasaran/kata/baris1/sasaran")
    assert ready.possible
    with pytest.raises(actions.NotReady, match="alasan"):
        press(work, ready, sari, reasons={"lain": "Alasan untuk yang lain."})
    version, _ = press(work, ready, sari, reasons={question.key: "Istilah baku.", "lain": "x"})
    assert msgspec.json.decode(version.reasons) == {question.key: "Istilah baku."}
    assert models.last_reasons(work.id) == {question.key: "Istilah baku."}


def test_the_statement_of_integrity_is_required(cast: Cast, sari: int) -> None:
    work = begin(cast)
    fill(work, sari)
    with pytest.raises(actions.NotReady, match="keaslian"):
        press(work, actions.readiness(work), sari, integrity=False)


def test_what_waits_for_its_review_is_locked(cast: Cast, sari: int) -> None:
    work = begin(cast)
    fill(work, sari)
    hand_in(work, sari)
    for name, new in (("isu", "Teks baru"), ("sasaran", Table())):
        with pytest.raises(actions.Locked, match="ditelaah"):
            save(work, name, new, by=sari)
    ready = actions.readiness(work)
    assert ready.waiting
    with pytest.raises(actions.NotReady, match="ditelaah"):
        press(work, ready, sari)


def test_a_second_version_carries_what_was_accepted(cast: Cast, sari: int) -> None:
    work = begin(cast)
    fill(work, sari)
    first = hand_in(work, sari)
    review(work.id, 1, accepted=("sasaran", "lampiran"), returned=("isu",))
    with pytest.raises(actions.Locked, match="diterima pada versi"):
        save(work, "sasaran", Table(), by=sari)
    save(work, "isu", f"{TEXT} Sumber: BPS, 2025.", by=sari)
    second = hand_in(work, sari)
    before = {part.section_id: part for part in first.parts}
    after = {part.section_id: part for part in second.parts}
    assert second.number == 2
    assert after["sasaran"].carried_from == 1
    assert after["sasaran"].sha256 == before["sasaran"].sha256
    assert after["isu"].carried_from is None
    assert after["isu"].sha256 != before["isu"].sha256
    rows = models.drafts(work.id)
    assert (rows["isu"].submitted_in, rows["sasaran"].submitted_in) == (2, 1)


def test_findings_of_accepted_sections_ask_but_never_block(cast: Cast, sari: int) -> None:
    change_project(CHAIN.replace("level: warning", "level: error"))
    work = begin(cast)
    save(work, "sasaran", Table(({"_id": "aaaa", "sasaran": "Wisata tumbuh"},)), by=sari)
    save(work, "program", Table(({"_id": "bbbb", "sasaran": "Wisata tumbuh", "pagu": "5"},)), by=sari)
    hand_in(work, sari)
    review(work.id, 1, accepted=("sasaran",), returned=("program",))
    change_project(
        CHAIN.replace("level: warning", "level: error").replace("by: program.sasaran", "by: program.pagu")
    )
    ready = actions.readiness(work)
    assert ready.blocking == []
    assert [finding.section for finding in ready.questions] == ["sasaran"]


def test_when_everything_is_accepted_nothing_is_left_to_hand_in(cast: Cast, sari: int) -> None:
    work = begin(cast)
    fill(work, sari)
    hand_in(work, sari)
    review(work.id, 1, accepted=("isu", "sasaran", "lampiran"))
    ready = actions.readiness(work)
    assert ready.finished
    with pytest.raises(actions.NotReady, match="diterima"):
        press(work, ready, sari)


# Notes


def test_notes_that_must_be_answered_block_until_they_are(cast: Cast, sari: int) -> None:
    work = begin(cast)
    fill(work, sari)
    hand_in(work, sari)
    dewi = cast.people["dewi"]
    notes = [("isu", dewi, True, "Sebutkan sumber."), ("isu", dewi, False, "Boleh lebih ringkas.")]
    must, may = review(work.id, 1, accepted=("sasaran", "lampiran"), returned=("isu",), notes=notes)
    assert [note.id for note in actions.readiness(work).unanswered] == [must]
    note = models.note(must)
    assert note is not None
    actions.reply(note, "Sumber ditambahkan.", by=sari, now=NOW + SECOND)
    assert (note.reply, note.replied_by, note.replied_at) == ("Sumber ditambahkan.", sari, NOW + SECOND)
    assert actions.readiness(work).unanswered == []
    version = hand_in(work, sari)
    assert version.number == 2
    later = models.note(may)
    assert later is not None
    with pytest.raises(actions.Locked, match="versi berikutnya"):
        actions.reply(later, "Terlambat.", by=sari, now=NOW)


def test_a_follow_up_can_be_taken_back_but_not_be_a_book(cast: Cast, sari: int) -> None:
    work = begin(cast)
    fill(work, sari)
    hand_in(work, sari)
    (note_id,) = review(work.id, 1, returned=("isu",), notes=[("isu", cast.people["dewi"], True, "Catatan")])
    note = models.note(note_id)
    assert note is not None
    actions.reply(note, "Sudah.", by=sari, now=NOW)
    actions.reply(note, "", by=sari, now=NOW)
    assert (note.reply, note.replied_by, note.replied_at) == ("", None, None)
    with pytest.raises(Refused, match="2000"):
        actions.reply(note, "x" * 2001, by=sari, now=NOW)


# Files


def received(tmp_path: Path, body: bytes = PDF, kind: str = "pdf") -> files.Upload:
    path = tmp_path / hashlib.sha256(body).hexdigest()
    path.write_bytes(body)
    return files.Upload(path, hashlib.sha256(body).hexdigest(), len(body), kind)


@pytest.fixture
def lampiran(cast: Cast, session: Any) -> tuple[models.Workspace, FilesSection]:
    work = begin(cast)
    section = section_of(work, "lampiran")
    assert isinstance(section, FilesSection)
    return work, section


def test_a_file_is_kept_and_listed(lampiran: Any, cast: Cast, tmp_path: Path) -> None:
    work, section = lampiran
    saved = actions.add_file(work, section, received(tmp_path), "peta.pdf", by=cast.people["sari"], now=NOW)
    (file,) = saved.rows["lampiran"].content
    assert (file.name, file.size, file.media_type) == ("peta.pdf", len(PDF), "application/pdf")
    with files.store().open(file.sha256) as stream:
        assert stream.read() == PDF
    assert models.attachment_ids(work.id).keys() == {("lampiran", file.sha256, "peta.pdf")}


def test_the_same_content_is_not_taken_twice_and_a_full_section_takes_no_more(
    lampiran: Any, cast: Cast, tmp_path: Path
) -> None:
    work, section = lampiran
    by = cast.people["sari"]
    actions.add_file(work, section, received(tmp_path), "a.pdf", by=by, now=NOW)
    with pytest.raises(Refused, match="sudah ada: a.pdf"):
        actions.add_file(work, section, received(tmp_path), "b.pdf", by=by, now=NOW)
    actions.add_file(work, section, received(tmp_path, PDF + b"2"), "b.pdf", by=by, now=NOW)
    with pytest.raises(Refused, match="sudah berisi 2 berkas"):
        actions.add_file(work, section, received(tmp_path, PDF + b"3"), "c.pdf", by=by, now=NOW)


def test_a_file_taken_out_stays_in_the_versions_that_hold_it(
    lampiran: Any, cast: Cast, tmp_path: Path
) -> None:
    work, section = lampiran
    by = cast.people["sari"]
    upload = received(tmp_path)
    actions.add_file(work, section, upload, "a.pdf", by=by, now=NOW)
    fill(work, by)
    version = hand_in(work, by)
    attachment = db.session.scalars(select(Attachment)).one()
    assert attachment.handed_in == 1
    with pytest.raises(actions.Locked):
        actions.remove_file(work, section, upload.sha256, by=by, now=NOW)
    review(work.id, 1, returned=("isu", "sasaran", "lampiran"))
    saved = actions.remove_file(work, section, upload.sha256, by=by, now=NOW)
    assert saved.rows["lampiran"].content == ()
    db.session.refresh(attachment)
    assert attachment.removed_at == NOW
    held = content.decode(version.parts[2].content)
    assert isinstance(held, tuple)
    assert [file.name for file in held] == ["a.pdf"]
    # in again: the same row, so that the address in the first version stays good
    actions.add_file(work, section, upload, "a.pdf", by=by, now=NOW)
    db.session.refresh(attachment)
    assert (attachment.removed_at, attachment.handed_in) == (None, 1)


def test_taking_out_what_is_not_there_changes_nothing(lampiran: Any, cast: Cast) -> None:
    work, section = lampiran
    saved = actions.remove_file(work, section, "0" * 64, by=cast.people["sari"], now=NOW)
    assert saved.revision == 0


# Lists


def test_lists_of_works_cost_the_same_however_many_there_are(
    cast: Cast, session: Any, count_statements: Any
) -> None:
    for who in ("sari", "budi"):
        work = begin(cast, who)
        fill(work, cast.people[who])
        hand_in(work, cast.people[who])
        review(work.id, 1, returned=("isu",), notes=[("isu", cast.people["dewi"], True, "Catatan")])
    db.session.commit()
    enrolments = list(cast.enrolments.values())
    with count_statements() as counted:
        works = models.works_of(enrolments)
        lines = models.section_lines(works)
    assert len(counted) <= 4
    assert len(works) == 2
    for each in works:
        assert [line.state for line in lines[each.id]][:2] == [SectionState.RETURNED, SectionState.HANDED_IN]
        assert (lines[each.id][0].notes, lines[each.id][0].unanswered) == (1, 1)
    assert models.works_of([]) == []
    assert models.section_lines([]) == {}
