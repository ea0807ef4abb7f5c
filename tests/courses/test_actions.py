"""Writes of reading and of running cohorts, on a real database."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from lms import access, audit
from lms.courses import actions
from lms.courses.actions import CohortFacts, Dates, RefusedItem, StaleNote
from lms.courses.cohort import read_roster
from lms.courses.models import (
    Cohort,
    CohortFacilitator,
    CourseVersion,
    Enrolment,
    Note,
    Progress,
    Schedule,
    completed_minutes,
    notes_of,
    own_cohorts,
    progress_of,
    schedules_of,
)
from lms.extensions import db
from lms.people.models import Person
from lms.refusals import Refused
from tests.cast import NOW, Cast
from tests.courses.versions import publish_second

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def cohort(cast: Cast, session: Any) -> Cohort:
    found: Cohort = session.get_one(Cohort, cast.cohort_id)
    return found


@pytest.fixture
def seat(cast: Cast, session: Any) -> int:
    """Sari's enrolment."""
    return cast.enrolments["sari"]


def entries(deed: str) -> int:
    return db.session.scalar(select(func.count()).where(audit.AuditEntry.deed == deed)) or 0


# Reading


def test_ticking_twice_keeps_the_first_time(seat: int) -> None:
    actions.complete(seat, "pembuka", now=NOW)
    actions.complete(seat, "pembuka", now=LATER)
    mark = progress_of(seat)["pembuka"]
    assert (mark.completed_at, mark.seen_at, mark.percent) == (NOW, LATER, 100)
    assert db.session.scalar(select(func.count(Progress.stable_id))) == 1


def test_ticking_keeps_the_place_and_reading_again_keeps_the_tick(seat: int) -> None:
    actions.remember_place(seat, "pembuka", "b-bagian-satu", 40, now=NOW)
    actions.complete(seat, "pembuka", now=NOW)
    assert progress_of(seat)["pembuka"].place == "b-bagian-satu"
    actions.remember_place(seat, "pembuka", "b-bagian-dua", 70, now=LATER)
    mark = progress_of(seat)["pembuka"]
    assert (mark.place, mark.percent, mark.completed_at) == ("b-bagian-dua", 70, NOW)


@pytest.mark.parametrize(("percent", "kept"), [(-3, 0), (0, 0), (100, 100), (900, 100)])
def test_percent_stays_within_reason(seat: int, percent: int, kept: int) -> None:
    actions.remember_place(seat, "pembuka", "", percent, now=NOW)
    assert progress_of(seat)["pembuka"].percent == kept


def test_two_tabs_tick_at_once(app: Flask, cast: Cast) -> None:
    """Both succeed and there is one row; on PostgreSQL they really run side by side."""
    wrong: list[BaseException] = []
    gate = threading.Barrier(2)

    def tick() -> None:
        with app.app_context():
            try:
                gate.wait(10)
                actions.complete(cast.enrolments["sari"], "pembuka", now=NOW)
                db.session.commit()
            except BaseException as error:
                wrong.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=tick) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not wrong
    with app.app_context():
        assert db.session.scalar(select(func.count(Progress.stable_id))) == 1
        db.session.remove()


# Notes


def test_a_note_counts_its_revisions(seat: int) -> None:
    assert actions.save_note(seat, "pembuka", "", "satu", 0, now=NOW) == 1
    assert actions.save_note(seat, "pembuka", "", "dua", 1, now=LATER) == 2
    note = notes_of(seat, "pembuka")[""]
    assert (note.text, note.revision, note.updated_at) == ("dua", 2, LATER)


def test_anchors_and_items_are_separate(seat: int) -> None:
    actions.save_note(seat, "lanjut", "", "a", 0, now=NOW)
    actions.save_note(seat, "lanjut", "b-refleksi", "b", 0, now=NOW)
    actions.save_note(seat, "pembuka", "", "c", 0, now=NOW)
    assert {anchor: note.text for anchor, note in notes_of(seat, "lanjut").items()} == {
        "": "a",
        "b-refleksi": "b",
    }


@pytest.mark.parametrize("revision", [0, 1, 3])
def test_a_stale_note_overwrites_nothing(seat: int, revision: int) -> None:
    actions.save_note(seat, "pembuka", "", "satu", 0, now=NOW)
    actions.save_note(seat, "pembuka", "", "dua", 1, now=NOW)
    with pytest.raises(StaleNote) as caught:
        actions.save_note(seat, "pembuka", "", "punya saya", revision, now=LATER)
    assert (caught.value.text, caught.value.revision) == ("dua", 2)
    assert notes_of(seat, "pembuka")[""].text == "dua"


def test_a_revision_without_a_note_is_stale(seat: int) -> None:
    with pytest.raises(StaleNote) as caught:
        actions.save_note(seat, "pembuka", "", "x", 4, now=NOW)
    assert (caught.value.text, caught.value.revision) == ("", 0)


def test_the_same_text_twice_is_one_save(seat: int) -> None:
    actions.save_note(seat, "pembuka", "", "satu", 0, now=NOW)
    assert actions.save_note(seat, "pembuka", "", "satu", 0, now=LATER) == 1
    assert db.session.scalar(select(func.count(Note.anchor))) == 1


def test_a_note_has_a_limit(seat: int) -> None:
    most = "x" * actions.NOTE_AT_MOST
    assert actions.save_note(seat, "pembuka", "", most, 0, now=NOW) == 1
    with pytest.raises(Refused, match="20000"):
        actions.save_note(seat, "pembuka", "", most + "x", 1, now=NOW)


# Cohorts


def facts(**values: Any) -> CohortFacts:
    return CohortFacts(**({"name": "Angkatan IV", "starts_at": NOW, "ends_at": LATER} | values))


def create(cast: Cast, code: str = "", **values: Any) -> Cohort:
    version = values.pop("version_id", cast.version_id)
    return actions.create_cohort(version, code, facts(**values), by=cast.people["ratna"], now=NOW)


def test_a_code_is_made_from_the_name(cast: Cast, session: Any) -> None:
    assert [create(cast).code for _ in range(3)] == ["angkatan-iv", "angkatan-iv-2", "angkatan-iv-3"]
    assert create(cast, "rpjmd-4").code == "rpjmd-4"
    assert entries("create cohort") == 4


@pytest.mark.parametrize("code", ["rpjmd-uji-1", "baru", "Huruf Besar", "a" * 61])
def test_codes_that_are_refused(cast: Cast, session: Any, code: str) -> None:
    with pytest.raises(Refused):
        create(cast, code)


def test_a_retired_version_takes_no_cohort(cast: Cast, session: Any) -> None:
    session.get_one(CourseVersion, cast.version_id).retired_at = NOW
    session.flush()
    with pytest.raises(Refused, match="Kursus uji versi 1 sudah ditarik"):
        create(cast)
    with pytest.raises(Refused, match="tidak ada"):
        create(cast, version_id=987)


def test_a_cohort_ends_after_it_begins(cast: Cast, cohort: Cohort) -> None:
    with pytest.raises(Refused, match="Tanggal selesai"):
        create(cast, ends_at=NOW)
    with pytest.raises(Refused, match="Tanggal selesai"):
        actions.change_cohort(cohort, facts(ends_at=NOW - timedelta(1)), by=1, now=NOW)


def test_changing_nothing_leaves_no_trace(cast: Cast, cohort: Cohort) -> None:
    same = CohortFacts(name=cohort.name, starts_at=cohort.starts_at, ends_at=cohort.ends_at)
    actions.change_cohort(cohort, same, by=cast.people["ratna"], now=NOW)
    assert entries("change cohort") == 0
    actions.change_cohort(cohort, facts(), by=cast.people["ratna"], now=NOW)
    assert entries("change cohort") == 1
    assert cohort.code == cast.code


def test_facilitators_come_and_go(cast: Cast, cohort: Cohort) -> None:
    ratna, dewi, hasan = (cast.people[name] for name in ("ratna", "dewi", "hasan"))

    def present() -> set[int]:
        return set(
            db.session.scalars(
                select(CohortFacilitator.person_id).where(CohortFacilitator.cohort_id == cohort.id)
            )
        )

    actions.set_facilitators(cohort, frozenset({dewi, hasan}), by=ratna, now=NOW)
    assert present() == {dewi, hasan}
    actions.set_facilitators(cohort, frozenset({hasan}), by=ratna, now=NOW)
    assert present() == {hasan}
    assert (entries("add facilitator"), entries("remove facilitator")) == (1, 1)


@pytest.mark.parametrize("who", ["sari", "ratna"])
def test_only_facilitators_facilitate(cast: Cast, cohort: Cohort, who: str) -> None:
    with pytest.raises(Refused, match="peran fasilitator"):
        actions.set_facilitators(cohort, frozenset({cast.people[who]}), by=1, now=NOW)


def test_an_inactive_facilitator_cannot_come_but_may_stay(cast: Cast, cohort: Cohort) -> None:
    for name in ("dewi", "hasan"):
        db.session.get_one(Person, cast.people[name]).active = False
    db.session.flush()
    actions.set_facilitators(cohort, frozenset({cast.people["dewi"]}), by=1, now=NOW)
    with pytest.raises(Refused):
        actions.set_facilitators(cohort, frozenset({cast.people["hasan"]}), by=1, now=NOW)


def test_schedules(cast: Cast, cohort: Cohort) -> None:
    before = schedules_of(cohort.id)["proyek-uji"].due_at
    actions.set_schedule(cohort, {"kuis-uji": Dates(NOW, LATER)}, by=1, now=NOW)
    rows = schedules_of(cohort.id)
    assert (rows["kuis-uji"].opens_at, rows["kuis-uji"].due_at) == (NOW, LATER)
    assert rows["proyek-uji"].due_at == before
    actions.set_schedule(
        cohort, {"kuis-uji": Dates(NOW, LATER), "proyek-uji": Dates(None, None)}, by=1, now=NOW
    )
    assert schedules_of(cohort.id)["proyek-uji"].due_at is None
    assert entries("schedule") == 2, "what did not change is not written again"
    with pytest.raises(RefusedItem) as caught:
        actions.set_schedule(cohort, {"kuis-uji": Dates(LATER, NOW)}, by=1, now=NOW)
    assert caught.value.stable_id == "kuis-uji"
    assert db.session.scalar(select(func.count()).where(Schedule.cohort_id == cohort.id)) == 2


def test_new_dates_lie_within_the_cohort(cast: Cast, cohort: Cohort) -> None:
    early, late = cohort.starts_at - timedelta(days=1), cohort.ends_at + timedelta(days=1)
    for dates in (Dates(early, None), Dates(late, None), Dates(None, early), Dates(NOW, late)):
        with pytest.raises(RefusedItem, match="di antara awal dan akhir"):
            actions.set_schedule(cohort, {"kuis-uji": dates}, by=1, now=NOW)
    actions.set_schedule(
        cohort,
        {"kuis-uji": Dates(cohort.starts_at, cohort.ends_at), "proyek-uji": Dates(None, LATER)},
        by=1,
        now=NOW,
    )
    cohort.ends_at = LATER - timedelta(seconds=1)
    # what was set before the cohort's own days moved is let be while the other date changes
    actions.set_schedule(cohort, {"proyek-uji": Dates(NOW, LATER)}, by=1, now=NOW)
    assert schedules_of(cohort.id)["proyek-uji"].opens_at == NOW


def enrol(cast: Cast, cohort: Cohort, *lines: str) -> list[str]:
    report = actions.enrol(cohort, list(read_roster("\n".join(lines))), by=cast.people["ratna"], now=NOW)
    return [row.outcome for row in report]


def test_every_line_has_its_outcome(cast: Cast, cohort: Cohort) -> None:
    inactive = db.session.get_one(Person, cast.people["tono"])
    inactive.active = False
    db.session.flush()
    outcomes = enrol(
        cast,
        cohort,
        "WATI@uji.example",
        "Sari\t19860926 201505 2 001",
        cast.nips["wati"],
        "tidak.ada@uji.example",
        "199999999999999999",
        "bukan siapa-siapa",
        "dewi@uji.example",
        "tono@uji.example",
    )
    assert outcomes == [
        "enrolled",
        "already",
        "repeated",
        "unknown",
        "unknown",
        "unreadable",
        "not_learner",
        "inactive",
    ]
    assert entries("enrol") == 1
    assert enrol(cast, cohort, "wati@uji.example") == ["already"]
    assert entries("enrol") == 1


def test_a_removed_learner_comes_back_with_their_work(cast: Cast, cohort: Cohort, seat: int) -> None:
    actions.complete(seat, "pembuka", now=NOW)
    enrolment = db.session.get_one(Enrolment, seat)
    actions.remove(enrolment, by=cast.people["ratna"], now=LATER)
    actions.remove(enrolment, by=cast.people["ratna"], now=LATER + timedelta(1))
    assert enrolment.removed_at == LATER
    assert entries("remove") == 1
    assert enrol(cast, cohort, "sari@uji.example") == ["restored"]
    assert enrolment.removed_at is None
    assert progress_of(seat)["pembuka"].completed_at == NOW


def test_enrolling_many_costs_few_reads(cast: Cast, cohort: Cohort, count_statements: Any) -> None:
    lines = [f"orang{at}@uji.example" for at in range(200)]
    with count_statements() as counted:
        assert set(enrol(cast, cohort, *lines)) == {"unknown"}
    assert len(counted) <= 2


def test_moving_to_a_newer_version(cast: Cast, cohort: Cohort, seat: int) -> None:
    second = publish_second(cast)
    actions.complete(seat, "pembuka", now=NOW)
    with pytest.raises(Refused, match="dipindahkan ke versi lain"):
        actions.move_cohort(cohort, seen=second, to=second, by=1, now=NOW)
    version = actions.move_cohort(cohort, seen=cast.version_id, to=second, by=cast.people["ratna"], now=NOW)
    assert version.number == 2
    assert cohort.version_id == second
    assert progress_of(seat)["pembuka"].completed_at == NOW
    assert entries("move cohort") == 1
    with pytest.raises(Refused, match="versi yang lebih baru"):
        actions.move_cohort(cohort, seen=second, to=cast.version_id, by=1, now=NOW)


def test_no_cohort_moves_to_a_retired_version(cast: Cast, cohort: Cohort) -> None:
    second = publish_second(cast)
    db.session.get_one(CourseVersion, second).retired_at = NOW
    db.session.flush()
    with pytest.raises(Refused, match="sudah ditarik"):
        actions.move_cohort(cohort, seen=cast.version_id, to=second, by=1, now=NOW)
    with pytest.raises(Refused, match="tidak ada"):
        actions.move_cohort(cohort, seen=cast.version_id, to=0, by=1, now=NOW)


# Queries


def test_minutes_of_a_year_count_each_item_once(cast: Cast, session: Any, seat: int) -> None:
    second_seat = Enrolment(
        cohort_id=cast.other_cohort_id, person_id=cast.people["sari"], enrolled_at=NOW, removed_at=NOW
    )
    session.add(second_seat)
    session.flush()
    for enrolment in (seat, second_seat.id):
        actions.complete(enrolment, "pembuka", now=NOW)
    actions.complete(seat, "lanjut", now=NOW + timedelta(days=400))
    person = cast.people["sari"]
    assert completed_minutes(person, NOW, NOW + timedelta(days=365)) == 10
    assert completed_minutes(person, NOW, NOW + timedelta(days=500)) == 30
    assert completed_minutes(person, LATER, NOW + timedelta(days=365)) == 0
    assert completed_minutes(cast.people["budi"], NOW, LATER) == 0


def test_own_cohorts_count_what_their_version_has(cast: Cast, app: Flask, session: Any, seat: int) -> None:
    for item in ("pembuka", "lanjut", "sudah-tidak-ada"):
        actions.complete(seat, item, now=NOW)
    session.commit()
    sari = session.get_one(Person, cast.people["sari"])
    snapshot = access.Person(sari.id, learner=True, learns_in=frozenset({cast.cohort_id}))
    [own] = own_cohorts(snapshot)
    assert (own.code, own.slug, own.done, own.total, own.enrolment_id) == (
        cast.code,
        cast.course_slug,
        2,
        4,
        seat,
    )
    assert own_cohorts(snapshot, "lain") == []
