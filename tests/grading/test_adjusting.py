"""What single members of a team get beside its grade: until the release, exact, and read by that member only."""

from __future__ import annotations

from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select, update

from lms.audit import AuditEntry
from lms.courses.models import GradeEntry, Progress
from lms.extensions import db
from lms.grading import actions as grading
from lms.grading import models
from lms.grading.adjusting import actions
from lms.grading.adjusting.models import adjustments_of
from lms.grading.models import Adjustment
from lms.mail import Mail
from lms.projects.models import SubmissionVersion, WorkMember, Workspace
from lms.refusals import Refused
from tests.cast import CODE, NOW, Cast
from tests.grading import releasing
from tests.grading.reviews import ACCEPTED, HOUR, handed_in, send
from tests.projects.test_teams import another, together, workspace
from tests.projects.work import ITEM, change_project, fill, hand_in

LATER = NOW + 2 * HOUR
WHY = "Menyusun seluruh tabel pagu seorang diri."


def text(response: Any) -> str:
    return " ".join(unescape(response.get_data(as_text=True)).split())


def team_version(cast: Cast) -> SubmissionVersion:
    """A version of Sari and Budi together; flushed."""
    work_id = together(cast, "sari", "budi")
    fill(workspace(work_id), cast.people["sari"])
    return hand_in(workspace(work_id), cast.people["sari"])


def graded(cast: Cast) -> Workspace:
    """Their work with the grade 85 that nobody has seen yet."""
    version = team_version(cast)
    send(version, ACCEPTED, cast.people["dewi"])
    return workspace(version.work_id)


def adjust(
    cast: Cast, work: Workspace, points: str, who: str = "budi", reason: str = WHY
) -> Adjustment | None:
    return actions.adjust(
        work, cast.enrolments[who], Decimal(points), reason, by=cast.people["dewi"], now=LATER
    )


def release(cast: Cast, work: Workspace) -> None:
    grading.release(cast.cohort_id, [work.id], by=cast.people["dewi"], now=LATER + HOUR)


def out(cast: Cast) -> dict[str, Decimal]:
    """The released points by name."""
    rows = db.session.execute(
        select(GradeEntry.enrolment_id, GradeEntry.points).where(GradeEntry.state == "released")
    )
    names = {key: name for name, key in cast.enrolments.items()}
    return {names[key]: points for key, points in rows}


def test_every_member_gets_the_teams_grade(cast: Cast, session: Any) -> None:
    work = graded(cast)
    release(cast, work)
    assert out(cast) == {"sari": 85, "budi": 85}


@pytest.mark.parametrize(
    ("points", "gets"),
    [
        ("2.55", "87.55"),
        ("-85", "0"),
        ("15", "100"),
        ("-0.01", "84.99"),
        ("5.50", "90.5"),
    ],
)
def test_an_adjustment_changes_that_members_grade_exactly(
    cast: Cast, session: Any, points: str, gets: str
) -> None:
    work = graded(cast)
    adjust(cast, work, points)
    ready = models.ready_of(cast.cohort_id)
    assert [(each.points, each.adjusted) for each in ready] == [(85, 1)]
    release(cast, work)
    assert out(cast) == {"sari": 85, "budi": Decimal(gets)}
    entry = session.scalar(
        select(GradeEntry).where(
            GradeEntry.state == "released", GradeEntry.enrolment_id == cast.enrolments["budi"]
        )
    )
    assert "penyesuaian perorangan" in entry.reason
    assert WHY not in entry.reason
    done = {
        row.enrolment_id
        for row in session.scalars(select(Progress).where(Progress.completed_at.is_not(None)))
    }
    passed = {cast.enrolments["sari"]} | ({cast.enrolments["budi"]} if Decimal(gets) >= 70 else set())
    assert done == passed


def test_the_newest_counts_and_nought_takes_it_back(cast: Cast, session: Any) -> None:
    work = graded(cast)
    adjust(cast, work, "5")
    assert adjust(cast, work, "5.0") is None  # a second press
    adjust(cast, work, "-10", reason="Jarang hadir.")
    assert adjustments_of(work.id)[cast.enrolments["budi"]].points == -10
    adjust(cast, work, "0", reason="Keliru orang.")
    assert models.ready_of(cast.cohort_id)[0].adjusted == 0
    adjust(cast, work, "1", who="sari")
    release(cast, work)
    assert out(cast) == {"sari": 86, "budi": 85}
    assert session.query(Adjustment).count() == 4
    entries = session.scalars(select(AuditEntry).where(AuditEntry.deed == "adjust grade")).all()
    assert len(entries) == 4
    assert all("hadir" not in each.detail for each in entries)


@pytest.mark.parametrize(
    ("points", "reason", "says"),
    [
        ("15.01", WHY, "di luar 0 sampai 100"),
        ("-85.5", WHY, "di luar 0 sampai 100"),
        ("0", WHY, "Tulis berapa poin"),
        ("0.001", WHY, "dua angka"),
        ("NaN", WHY, "dua angka"),
        ("Infinity", WHY, "dua angka"),
        ("1E+30", WHY, "di luar"),
        ("5", "  ", "Tulis alasan"),
        ("5", "x" * 301, "300"),
    ],
)
def test_what_is_no_adjustment(cast: Cast, session: Any, points: str, reason: str, says: str) -> None:
    work = graded(cast)
    with pytest.raises(Refused, match=says):
        adjust(cast, work, points, reason=reason)
    assert session.query(Adjustment).count() == 0


def test_before_the_grade_and_after_its_release(cast: Cast, session: Any) -> None:
    version = team_version(cast)
    work = workspace(version.work_id)
    with pytest.raises(Refused, match="belum diputuskan"):
        adjust(cast, work, "5")
    send(version, ACCEPTED, cast.people["dewi"])
    release(cast, work)
    with pytest.raises(Refused, match="sudah diumumkan"):
        adjust(cast, work, "5")
    assert out(cast) == {"sari": 85, "budi": 85}


def test_only_for_those_who_stand_in_a_team(cast: Cast, session: Any) -> None:
    work = graded(cast)
    another(cast, "wati")
    with pytest.raises(Refused, match="hanya untuk anggota tim"):
        adjust(cast, work, "5", who="wati")
    version = handed_in(cast, "wati")
    send(version, ACCEPTED, cast.people["dewi"])
    with pytest.raises(Refused, match="hanya untuk anggota tim"):
        adjust(cast, workspace(version.work_id), "5", who="wati")


def test_rows_are_added_never_changed(cast: Cast, session: Any) -> None:
    work = graded(cast)
    row = adjust(cast, work, "5")
    assert row is not None
    row.reason = "Lain."
    with pytest.raises(RuntimeError, match="immutable"):
        session.flush()


# Pages


def page_of(work: Workspace) -> str:
    return f"/telaah/kerja/{work.id}/penyesuaian"


def test_the_grader_adjusts_and_only_that_member_reads_why(
    cast: Cast, session: Any, as_person: Any, count_statements: Any
) -> None:
    change_project(blind="none")
    work = graded(cast)
    session.commit()
    dewi = as_person("dewi")
    dewi.get(f"/telaah/angkatan/{CODE}")  # what is read once per process
    with count_statements() as counted:
        page = dewi.get(page_of(work))
    assert len(counted) <= 8, counted.statements
    shown = text(page)
    for words in ("Sari Wulandari", "Budi", "85", "Sesuaikan nilai"):
        assert words in shown
    sent = dewi.post(page_of(work), data={"member": "2", "points": "-7,5", "reason": f"  {WHY} "})
    assert (sent.status_code, sent.location) == (303, page_of(work))
    shown = text(dewi.get(page_of(work)))
    assert "77,5" in shown
    assert WHY in shown
    with count_statements() as counted:
        cohort = text(dewi.get(f"/telaah/angkatan/{CODE}"))
    assert len(counted) <= 8, counted.statements
    assert "1 nilai disesuaikan" in cohort
    # nothing is out yet
    assert "77,5" not in text(as_person("budi").get(f"/proyek/hasil/{work.id}"))
    assert releasing.released(dewi).status_code == 303
    budi, sari = as_person("budi"), as_person("sari")
    with count_statements() as counted:
        own = text(budi.get(f"/proyek/hasil/{work.id}"))
    assert len(counted) <= 9, counted.statements
    for words in ("Penyesuaian perorangan", "−7,5", WHY, "77,5", "Nilai rubrik"):
        assert words in own
    other = text(sari.get(f"/proyek/hasil/{work.id}"))
    for words in ("Penyesuaian", "7,5", WHY):
        assert words not in other
    assert "85" in other
    assert "penyesuaian perorangan −7,5" in text(budi.get("/nilai"))
    assert "penyesuaian" not in text(sari.get("/nilai"))
    # the grader sees the team's grade and who got another one
    seen = text(dewi.get(f"/proyek/hasil/{work.id}"))
    assert "<strong>Budi</strong>: 77,5 (−7,5)" in seen
    assert '<p class="grade-number">85</p>' in seen
    assert WHY in seen
    letters = session.scalars(select(Mail).where(Mail.key.startswith("released"))).all()
    assert {letter.address for letter in letters} == {cast.emails["sari"], cast.emails["budi"]}
    assert all("77" not in letter.body and "85" not in letter.body for letter in letters)


def test_a_blind_project_keeps_its_names_until_the_release(cast: Cast, session: Any, as_person: Any) -> None:
    change_project(blind="learner")
    work = graded(cast)
    session.commit()
    dewi = as_person("dewi")
    page = dewi.get(page_of(work))
    shown = text(page)
    for name in ("Sari", "Budi", "Tim sari"):
        assert name not in shown
    assert "Anggota 1" in shown
    assert "Anggota 2" in shown
    html = page.get_data(as_text=True)
    for enrolment_id in (cast.enrolments["sari"], cast.enrolments["budi"]):
        assert f'name="enrolment" value="{enrolment_id}"' not in html
    assert dewi.post(page_of(work), data={"member": "1", "points": "5", "reason": WHY}).status_code == 303
    assert adjustments_of(work.id)[cast.enrolments["sari"]].points == 5
    session.rollback()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"member": "2", "points": "banyak", "reason": WHY}, "misalnya 5 atau -2,5"),
        ({"member": "2", "points": "", "reason": WHY}, "misalnya 5 atau -2,5"),
        ({"member": "2", "points": "50", "reason": WHY}, "di luar 0 sampai 100"),
        ({"member": "2", "points": "5", "reason": " "}, "Tulis alasan"),
        ({"member": "9", "points": "5", "reason": WHY}, "Muat ulang halaman"),
        ({"member": "x", "points": "5", "reason": WHY}, "Muat ulang halaman"),
    ],
)
def test_a_form_that_cannot_be_done_keeps_what_was_typed(
    cast: Cast, session: Any, as_person: Any, data: dict[str, str], says: str
) -> None:
    work = graded(cast)
    session.commit()
    response = as_person("dewi").post(page_of(work), data=data)
    assert response.status_code == 400
    assert says in text(response)
    if data["member"] == "2":
        assert f'value="{data["points"]}"' in text(response)
    assert session.query(Adjustment).count() == 0
    session.rollback()


@pytest.mark.parametrize(
    ("who", "status"), [("sari", 403), ("ratna", 403), ("hasan", 404), ("tono", 404), ("wati", 404)]
)
def test_who_may_not_adjust(cast: Cast, session: Any, as_person: Any, who: str, status: int) -> None:
    work = graded(cast)
    session.commit()
    browser = as_person(who)
    assert browser.get(page_of(work)).status_code == status
    data = {"member": "1", "points": "5", "reason": WHY}
    assert browser.post(page_of(work), data=data).status_code == status
    assert session.query(Adjustment).count() == 0
    session.rollback()


def test_before_it_is_graded_the_page_says_so(cast: Cast, session: Any, as_person: Any) -> None:
    version = team_version(cast)
    session.commit()
    page = text(as_person("dewi").get(f"/telaah/kerja/{version.work_id}/penyesuaian"))
    assert "belum diputuskan" in page
    assert "Simpan penyesuaian" not in page
    assert as_person("dewi").get("/telaah/kerja/999/penyesuaian").status_code == 404


def test_a_grade_of_somebody_who_left_is_not_the_works(cast: Cast, session: Any) -> None:
    """Who was taken out of a handed-in team and got a grade elsewhere leaves the team's state alone."""
    version = team_version(cast)
    session.execute(
        update(WorkMember).where(WorkMember.enrolment_id == cast.enrolments["budi"]).values(left_at=NOW)
    )
    session.add(
        GradeEntry(
            enrolment_id=cast.enrolments["budi"],
            stable_id=ITEM,
            state="released",
            points=Decimal(90),
            source="uji",
            decided_at=NOW,
        )
    )
    session.flush()
    setting = models.setting_of(version.work_id)
    assert not setting.released
    send(version, ACCEPTED, cast.people["dewi"])
    assert [each.points for each in models.ready_of(cast.cohort_id)] == [85]
