"""Making teams, joining and leaving them, until the first version is handed in; what is kept of whom."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from lms.audit import AuditEntry
from lms.courses.models import Cohort, Enrolment, GradeEntry, Schedule, item_id
from lms.extensions import begin_writing, db
from lms.people.models import Person
from lms.projects import actions as works
from lms.projects import models as projects
from lms.projects.history import Contribution
from lms.projects.models import SubmissionVersion, Work, WorkMember
from lms.projects.source import Span
from lms.projects.teams import actions, models, naming
from lms.projects.teams.actions import Place
from lms.refusals import Refused
from tests.cast import NOW, Cast
from tests.projects.work import ITEM, KEY, TEXT, begin, change_project, fill, hand_in, save

MINUTE = timedelta(minutes=1)


# Names and codes


def test_a_teams_name_is_what_people_see() -> None:
    assert naming.tidy_name("  Tim \t Lembah\nSegar ") == "Tim Lembah Segar"
    assert naming.tidy_name("Tim\u202e gnirab\u200b") == "Tim gnirab"
    assert naming.tidy_name(" \u200b ") == ""


@pytest.mark.parametrize("typed", ["7K2M-9QXB", "7k2m9qxb", " 7k2m - 9qxb ", "7K2M 9QXB"])
def test_a_code_is_read_as_people_write_it(typed: str) -> None:
    assert naming.read_code(typed) == "7K2M-9QXB"


def test_letters_that_look_like_others_are_read_as_those() -> None:
    assert naming.read_code("oil0-ABCU") == "0110-ABCV"


@pytest.mark.parametrize("typed", ["", "7K2M", "7K2M-9QXB-4TRD", "7K2M-9QX!", "7K2M-9QXé", "x" * 5000])
def test_what_is_no_code(typed: str) -> None:
    assert naming.read_code(typed) == ""


@given(st.text(max_size=60))
def test_reading_a_code_twice_changes_nothing(typed: str) -> None:
    code = naming.read_code(typed)
    assert not code or naming.read_code(code) == code


def test_new_codes_are_their_own_form() -> None:
    codes = {naming.new_code() for _ in range(300)}
    assert len(codes) == 300
    assert all(naming.read_code(code.lower()) == code for code in codes)


# Acts


@pytest.fixture
def team_project(cast: Cast, session: Any) -> None:
    change_project(team=Span(1, 2))
    session.commit()


def place(cast: Cast, who: str = "sari") -> Place:
    found = item_id(cast.version_id, ITEM)
    assert found is not None
    project = projects.project(found)
    return Place(cast.cohort_id, found, ITEM, project, cast.enrolments[who], cast.people[who])


def another(cast: Cast, who: str) -> None:
    """One more learner of the cohort."""
    enrolment = Enrolment(cohort_id=cast.cohort_id, person_id=cast.people[who], enrolled_at=NOW)
    db.session.add(enrolment)
    db.session.flush()
    cast.enrolments[who] = enrolment.id


def code_of(work_id: int) -> str:
    return db.session.scalar(select(Work.join_code).where(Work.id == work_id)) or ""


def members(work_id: int) -> set[int]:
    return set(models.standing(work_id).values())


def together(cast: Cast, *whos: str) -> int:
    """A team of the first with the others; flushed."""
    work_id = actions.make(place(cast, whos[0]), f"Tim {whos[0]}", now=NOW)
    for who in whos[1:]:
        actions.join(place(cast, who), code_of(work_id), now=NOW)
    return work_id


def workspace(work_id: int) -> projects.Workspace:
    found = projects.workspace(work_id)
    assert found is not None
    return found


@pytest.mark.usefixtures("team_project")
def test_a_team_of_two(cast: Cast, session: Any) -> None:
    work_id = actions.make(place(cast), " Tim  Lembah Segar ", now=NOW)
    work = workspace(work_id)
    assert (work.name, work.is_team, work.member_ids) == (
        "Tim Lembah Segar",
        True,
        frozenset({cast.people["sari"]}),
    )
    assert actions.join(place(cast, "budi"), code_of(work_id).lower().replace("-", " "), now=NOW) == work_id
    assert workspace(work_id).member_ids == {cast.people["sari"], cast.people["budi"]}
    # joining again changes nothing
    assert actions.join(place(cast, "budi"), code_of(work_id), now=NOW) == work_id
    assert session.query(WorkMember).count() == 2
    deeds = session.scalars(select(AuditEntry.deed).order_by(AuditEntry.id)).all()
    assert deeds[-3:] == ["begin work", "make team", "join team"]


@pytest.mark.usefixtures("team_project")
def test_work_begun_alone_becomes_the_teams(cast: Cast, session: Any) -> None:
    work = begin(cast)
    save(work, "isu", TEXT, by=cast.people["sari"])
    assert not work.is_team
    assert actions.make(place(cast), "Tim Sari", now=NOW) == work.id
    actions.join(place(cast, "budi"), code_of(work.id), now=NOW)
    assert projects.drafts(work.id)["isu"].content == TEXT


@pytest.mark.usefixtures("team_project")
def test_who_joins_keeps_the_own_draft_and_finds_it_again(cast: Cast, session: Any) -> None:
    own = begin(cast, "budi")
    save(own, "isu", TEXT, by=cast.people["budi"])
    team = together(cast, "sari")
    actions.join(place(cast, "budi"), code_of(team), now=NOW + MINUTE)
    assert projects.work_of(cast.enrolments["budi"], ITEM) == team
    assert members(own.id) == set()
    with pytest.raises(Refused, match="di tempat lain"):
        actions.resume(place(cast, "budi"), own.id, now=NOW)
    actions.leave(place(cast, "budi"), team, now=NOW + 2 * MINUTE)
    assert projects.work_of(cast.enrolments["budi"], ITEM) is None
    left = models.left_behind(cast.enrolments["budi"], ITEM)
    assert [(each.work_id, each.open) for each in left] == [(team, False), (own.id, True)]
    assert actions.resume(place(cast, "budi"), own.id, now=NOW + 3 * MINUTE) == own.id
    assert projects.drafts(own.id)["isu"].content == TEXT
    assert actions.resume(place(cast, "budi"), own.id, now=NOW + 3 * MINUTE) == own.id
    rows = session.query(WorkMember).filter_by(enrolment_id=cast.enrolments["budi"]).count()
    assert rows == 3  # nothing was deleted


@pytest.mark.usefixtures("team_project")
def test_what_a_leaver_typed_stays_and_the_last_one_can_come_back(cast: Cast, session: Any) -> None:
    team = together(cast, "sari", "budi")
    save(workspace(team), "isu", TEXT, by=cast.people["budi"])
    for who in ("budi", "sari"):
        actions.leave(place(cast, who), team, now=NOW)
        actions.leave(place(cast, who), team, now=NOW)  # twice is once
    assert members(team) == set()
    assert projects.drafts(team)["isu"].content == TEXT
    # nobody who never belonged to it gets in by the code any more
    another(cast, "wati")
    with pytest.raises(Refused, match="tidak dikenal"):
        actions.join(place(cast, "wati"), code_of(team), now=NOW)
    with pytest.raises(Refused, match="tidak dapat dilanjutkan"):
        actions.resume(place(cast, "wati"), team, now=NOW)
    assert actions.join(place(cast, "sari"), code_of(team), now=NOW) == team
    assert models.left_behind(cast.enrolments["budi"], ITEM)[0].open is False


@pytest.mark.usefixtures("team_project")
@pytest.mark.parametrize("name", ["", "   ", "\u200b", "x" * 121])
def test_names_that_are_none(cast: Cast, session: Any, name: str) -> None:
    with pytest.raises(Refused, match="ama tim"):
        actions.make(place(cast), name, now=NOW)
    assert session.query(Work).count() == 0


@pytest.mark.usefixtures("team_project")
def test_who_cannot_join(cast: Cast, session: Any) -> None:
    team = together(cast, "sari", "budi")
    another(cast, "wati")
    with pytest.raises(Refused, match="penuh"):
        actions.join(place(cast, "wati"), code_of(team), now=NOW)
    for code in ("AAAA-AAAA", "", "bukan kode"):
        with pytest.raises(Refused, match="tidak dikenal"):
            actions.join(place(cast, "wati"), code, now=NOW)
    # the code of another cohort's team is none here
    other = db.session.get(Cohort, cast.other_cohort_id)
    assert other is not None
    there = Place(
        other.id,
        place(cast).item_id,
        ITEM,
        place(cast).project,
        cast.enrolments["tono"],
        cast.people["tono"],
    )
    code = code_of(actions.make(there, "Tim sana", now=NOW))
    with pytest.raises(Refused, match="tidak dikenal"):
        actions.join(place(cast, "wati"), code, now=NOW)
    with pytest.raises(Refused, match="sudah berada"):
        actions.make(place(cast), "Tim kedua", now=NOW)


def test_where_there_are_no_teams(cast: Cast, session: Any) -> None:
    change_project(team=Span(1, 1))
    with pytest.raises(Refused, match="sendiri"):
        actions.make(place(cast), "Tim", now=NOW)
    with pytest.raises(Refused, match="sendiri"):
        actions.join(place(cast), "AAAA-AAAA", now=NOW)
    work = begin(cast)
    with pytest.raises(Refused, match="sendiri"):
        actions.leave(place(cast), work.id, now=NOW)


def test_before_a_project_opens(cast: Cast, session: Any) -> None:
    change_project(team=Span(1, 2))
    session.query(Schedule).update({"opens_at": NOW + MINUTE})
    with pytest.raises(Refused, match="belum dibuka"):
        actions.make(place(cast), "Tim", now=NOW)
    with pytest.raises(Refused, match="belum dibuka"):
        _put(cast, ["sari"], name="Tim")


@pytest.mark.usefixtures("team_project")
def test_from_the_first_version_on_a_team_is_fixed(cast: Cast, session: Any) -> None:
    change_project(team=Span(1, 3))
    team = together(cast, "sari", "budi")
    fill(workspace(team), cast.people["sari"])
    hand_in(workspace(team), cast.people["budi"])
    another(cast, "wati")
    with pytest.raises(Refused, match="sudah mengumpulkan"):
        actions.join(place(cast, "wati"), code_of(team), now=NOW)
    with pytest.raises(Refused, match="sudah mengumpulkan"):
        actions.leave(place(cast, "budi"), team, now=NOW)
    other = together(cast, "wati")
    with pytest.raises(Refused, match="tidak dapat pindah"):
        actions.join(place(cast, "budi"), code_of(other), now=NOW)
    with pytest.raises(Refused, match="Tidak ada yang dipindahkan"):
        _put(cast, ["budi"], into="wati")
    with pytest.raises(Refused, match="Tidak ada yang dipindahkan"):
        _put(cast, ["wati"], into="sari")
    assert members(team) == {cast.people["sari"], cast.people["budi"]}


def test_a_team_too_small_cannot_hand_in(cast: Cast, session: Any) -> None:
    change_project(team=Span(2, 3))
    with pytest.raises(Refused, match="dalam tim"):
        begin(cast)
    team = together(cast, "sari")
    fill(workspace(team), cast.people["sari"])
    ready = works.readiness(workspace(team))
    assert (ready.missing_members, ready.possible) == (1, False)
    seen = workspace(team)
    with pytest.raises(works.NotReady, match="belum cukup"):
        hand_in(seen, cast.people["sari"])
    actions.join(place(cast, "budi"), code_of(team), now=NOW)
    # the members are counted when it is handed in, not when the page was made
    version = hand_in(seen, cast.people["sari"])
    assert version.number == 1


@pytest.mark.usefixtures("team_project")
def test_who_has_left_does_not_hand_in(cast: Cast, session: Any) -> None:
    team = together(cast, "sari", "budi")
    fill(workspace(team), cast.people["sari"])
    seen = workspace(team)
    actions.leave(place(cast, "budi"), team, now=NOW)
    with pytest.raises(Refused, match="bukan lagi anggota"):
        hand_in(seen, cast.people["budi"])
    assert session.query(SubmissionVersion).count() == 0


# What facilitators do


def _put(cast: Cast, whos: list[str], *, into: str | None = None, name: str = "") -> actions.Placed:
    here = place(cast)
    return actions.put_together(
        cast.cohort_id,
        here.item_id,
        ITEM,
        here.project,
        [cast.enrolments[who] for who in whos],
        into=cast.enrolments[into] if into else None,
        name=name,
        by=cast.people["dewi"],
        now=NOW,
    )


def _out(cast: Cast, *whos: str, reason: str = "Pindah tugas.") -> dict[int, tuple[str, int]]:
    return actions.take_out(
        cast.cohort_id,
        ITEM,
        [cast.enrolments[who] for who in whos],
        reason,
        by=cast.people["dewi"],
        now=NOW + MINUTE,
    )


@pytest.mark.usefixtures("team_project")
def test_putting_learners_together(cast: Cast, session: Any) -> None:
    placed = _put(cast, ["sari", "budi"], name="Tim Satu")
    assert members(placed.work_id) == {cast.people["sari"], cast.people["budi"]} == set(placed.person_ids)
    work = workspace(placed.work_id)
    assert (work.name, work.is_team) == ("Tim Satu", True)
    assert set(projects.drafts(work.id)) == {section.id for section in work.project.sections}
    entry = session.scalars(select(AuditEntry).where(AuditEntry.deed == "put into team")).all()
    assert [each.actor_id for each in entry] == [cast.people["dewi"]] * 2


@pytest.mark.usefixtures("team_project")
def test_who_was_taken_out_does_not_come_back_with_the_old_code(cast: Cast) -> None:
    work_id = _put(cast, ["sari", "budi"], name="Tim Satu").work_id
    code = code_of(work_id)
    _out(cast, "budi")
    with pytest.raises(Refused, match="Kode itu tidak dikenal"):
        actions.join(place(cast, "budi"), code, now=NOW + 2 * MINUTE)
    assert members(work_id) == {cast.people["sari"]}
    # whoever is in the team can still let somebody in
    assert actions.join(place(cast, "budi"), code_of(work_id), now=NOW + 3 * MINUTE) == work_id


@pytest.mark.usefixtures("team_project")
def test_moving_into_a_draft_that_is_begun(cast: Cast, session: Any) -> None:
    theirs = begin(cast, "sari")
    save(theirs, "isu", TEXT, by=cast.people["sari"])
    own = begin(cast, "budi")
    with pytest.raises(Refused, match="Tulis nama tim"):
        _put(cast, ["budi"], into="sari")
    placed = _put(cast, ["budi"], into="sari", name="Tim Sari")
    assert placed.work_id == theirs.id
    assert placed.person_ids == (cast.people["budi"],)
    assert members(own.id) == set()
    assert projects.drafts(theirs.id)["isu"].content == TEXT
    # a second press moves nobody
    assert _put(cast, ["budi"], into="sari").person_ids == ()
    left = models.left_behind(cast.enrolments["budi"], ITEM)
    assert [(each.work_id, each.reason) for each in left] == [(own.id, "")]


@pytest.mark.usefixtures("team_project")
def test_all_or_nobody_is_put_together(cast: Cast, session: Any) -> None:
    another(cast, "wati")
    for whos, into, says in (
        (["sari", "budi", "wati"], None, "penuh"),
        ([], None, "Pilih dahulu"),
        (["sari"], "budi", "tidak ada lagi"),
    ):
        with session.begin_nested() as nested:
            with pytest.raises(Refused, match=says):
                _put(cast, whos, into=into, name="Tim")
            nested.rollback()
    here = place(cast)
    for ids, says in (
        ([cast.enrolments["tono"]], "bukan lagi peserta"),
        (list(range(1, 200)), "Paling banyak"),
    ):
        with pytest.raises(Refused, match=says):
            actions.put_together(
                cast.cohort_id, here.item_id, ITEM, here.project, ids, into=None, name="T", by=1, now=NOW
            )
    assert session.query(WorkMember).count() == 0


@pytest.mark.usefixtures("team_project")
def test_taking_somebody_out_says_who_and_why(cast: Cast, session: Any) -> None:
    team = together(cast, "sari", "budi")
    assert _out(cast, "budi", reason="  Pindah   tugas. ") == {
        cast.enrolments["budi"]: ("Tim sari", cast.people["budi"])
    }
    row = session.query(WorkMember).filter_by(enrolment_id=cast.enrolments["budi"]).one()
    assert (row.left_at, row.left_by, row.left_reason) == (NOW + MINUTE, cast.people["dewi"], "Pindah tugas.")
    assert models.left_behind(cast.enrolments["budi"], ITEM)[0].reason == "Pindah tugas."
    entry = session.scalars(select(AuditEntry).where(AuditEntry.deed == "take out of team")).one()
    assert (entry.thing, "tugas" in entry.detail) == (f"work:{team}", False)


@pytest.mark.usefixtures("team_project")
def test_who_cannot_be_taken_out(cast: Cast, session: Any) -> None:
    team = together(cast, "sari", "budi")
    with pytest.raises(Refused, match="Tulis alasan"):
        _out(cast, "budi", reason="  ")
    with pytest.raises(Refused, match="300"):
        _out(cast, "budi", reason="x" * 301)
    another(cast, "wati")
    with pytest.raises(Refused, match="tidak berada dalam tim"):
        _out(cast, "budi", "wati")
    begin(cast, "wati")
    with pytest.raises(Refused, match="tidak berada dalam tim"):
        _out(cast, "wati")
    fill(workspace(team), cast.people["sari"])
    hand_in(workspace(team), cast.people["sari"])
    with pytest.raises(Refused, match="semua anggotanya"):
        _out(cast, "budi", "sari")
    assert members(team) == {cast.people["sari"], cast.people["budi"]}
    _out(cast, "budi")  # one of them may still be taken out
    assert members(team) == {cast.people["sari"]}


@pytest.mark.usefixtures("team_project")
def test_a_decided_grade_keeps_its_member(cast: Cast, session: Any) -> None:
    together(cast, "sari", "budi")
    session.add(
        GradeEntry(
            enrolment_id=cast.enrolments["budi"],
            stable_id=ITEM,
            state="agreed",
            points=85,
            source="review:1",
            decided_at=NOW,
        )
    )
    session.flush()
    with pytest.raises(Refused, match="sudah diputuskan"):
        _out(cast, "budi")


# Two at once


def at_once(app: Flask, *acts: Callable[[], Any]) -> list[Any]:
    """What each act gives or raises, all begun at the same moment in threads of their own."""
    ready = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(at: int, act: Callable[[], Any]) -> None:
        with app.app_context():
            begin_writing()
            ready.wait()
            try:
                results[at] = act()
                db.session.commit()
            except Refused as error:
                db.session.rollback()
                results[at] = error
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(at, act)) for at, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


@pytest.mark.usefixtures("team_project")
def test_two_members_who_hand_in_at_once_make_one_version(app: Flask, cast: Cast, session: Any) -> None:
    team = together(cast, "sari", "budi")
    fill(workspace(team), cast.people["sari"])
    session.commit()
    seen = works.readiness(workspace(team)).seen
    session.rollback()

    def press(who: str) -> Callable[[], tuple[str, bool]]:
        def act() -> tuple[str, bool]:
            version, made = works.hand_in(
                workspace(team),
                expected=1,
                seen=seen,
                reasons={},
                integrity=True,
                key=KEY,
                by=cast.people[who],
                now=NOW,
            )
            return version.receipt, made

        return act

    first, second = at_once(app, press("sari"), press("budi"))
    assert first[0] == second[0]
    assert sorted([first[1], second[1]]) == [False, True]
    assert session.query(SubmissionVersion).count() == 1


@pytest.mark.usefixtures("team_project")
def test_the_last_place_is_taken_once(app: Flask, cast: Cast, session: Any) -> None:
    another(cast, "wati")
    team = together(cast, "sari")
    code = code_of(team)
    session.commit()
    places = [place(cast, "budi"), place(cast, "wati")]
    session.rollback()
    results = at_once(app, *(lambda each=each: actions.join(each, code, now=NOW) for each in places))
    assert sorted(isinstance(each, Refused) for each in results) == [False, True]
    assert len(members(team)) == 2


@pytest.mark.usefixtures("team_project")
def test_joining_and_handing_in_come_one_after_the_other(app: Flask, cast: Cast, session: Any) -> None:
    team = together(cast, "sari")
    fill(workspace(team), cast.people["sari"])
    code, budi = code_of(team), place(cast, "budi")
    session.commit()
    joined, version = at_once(
        app,
        lambda: actions.join(budi, code, now=NOW),
        lambda: hand_in(workspace(team), cast.people["sari"]).number,
    )
    assert version == 1
    if isinstance(joined, Refused):
        assert members(team) == {cast.people["sari"]}
    else:
        assert members(team) == {cast.people["sari"], cast.people["budi"]}


# Who writes, who did how much


def wrote(
    cast: Cast, work_id: int, who: str, section: str, *, at: Any = NOW, added: int = 10, removed: int = 1
) -> None:
    db.session.merge(  # in the place of what saves have counted, where there is any
        Contribution(
            work_id=work_id,
            section_id=section,
            person_id=cast.people[who],
            saves=2,
            added=added,
            removed=removed,
            first_at=at - MINUTE,
            last_at=at,
        )
    )
    db.session.flush()


@pytest.mark.usefixtures("team_project")
def test_who_writes_now(cast: Cast, session: Any, count_statements: Any) -> None:
    team = together(cast, "sari", "budi")
    wrote(cast, team, "budi", "isu", at=NOW)
    wrote(cast, team, "budi", "sasaran", at=NOW - models.PRESENT)
    wrote(cast, team, "sari", "sasaran", at=NOW)
    assert models.writing_now(team, besides=cast.people["sari"], now=NOW) == {"isu": ("Budi",)}
    assert models.writing_now(team, besides=cast.people["budi"], now=NOW) == {"sasaran": ("Sari Wulandari",)}
    assert models.writing_now(team, besides=cast.people["sari"], now=NOW + models.PRESENT) == {}
    with count_statements() as counted:
        found = models.mates(team, now=NOW)
    assert len(counted) == 1
    assert [(mate.name, mate.writing) for mate in found] == [
        ("Budi", ("isu",)),
        ("Sari Wulandari", ("sasaran",)),
    ]


@pytest.mark.usefixtures("team_project")
def test_who_did_how_much(cast: Cast, session: Any, count_statements: Any) -> None:
    team = together(cast, "sari", "budi")
    wrote(cast, team, "sari", "isu", added=100, removed=20)
    wrote(cast, team, "budi", "isu", added=900)
    wrote(cast, team, "budi", "sasaran", at=NOW + MINUTE)
    actions.leave(place(cast, "budi"), team, now=NOW)
    with count_statements() as counted:
        found = models.contributions_of(team)
    assert len(counted) == 2
    assert [share.person_id for share in found.of("isu")] == [cast.people["budi"], cast.people["sari"]]
    assert found.of("lampiran") == []
    total = found.totals[cast.people["budi"]]
    assert (total.saves, total.added, total.removed, total.sections, total.last_at) == (
        4,
        910,
        2,
        2,
        NOW + MINUTE,
    )
    assert [(party.name, party.left_at is None) for party in found.parties] == [
        ("Sari Wulandari", True),
        ("Budi", False),
    ]
    assert session.get(Person, cast.people["sari"]) is not None
