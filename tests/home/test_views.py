"""Beranda, for everybody who opens it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from lms.courses.actions import complete
from lms.courses.models import Cohort, CohortFacilitator, Enrolment, Schedule
from lms.grading.actions import release
from lms.people.models import Person
from tests.cast import NOW
from tests.grading.reviews import ACCEPTED, HOUR, RETURNED, handed_in, second_version, send


def test_a_visitor_is_told_what_this_is(browser: Any) -> None:
    page = browser.get("/").get_data(as_text=True)
    assert 'href="/masuk"' in page
    assert 'href="/pelatihan"' in page


def test_a_learner_sees_the_one_next_step(as_person: Any) -> None:
    page = as_person("sari").get("/").get_data(as_text=True)
    assert "Pembuka" in page
    assert "Mulai belajar" in page
    assert "0 dari 4 bagian selesai" in page
    assert "Sabtu, 28 November 2099, pukul 23.59 WIB" in page


def test_the_minutes_somebody_has(as_person: Any) -> None:
    sari = as_person("sari")
    assert 'menit=10#waktu" aria-current="true"' in sari.get("/").get_data(as_text=True)
    page = sari.get("/?menit=45").get_data(as_text=True)
    assert 'menit=45#waktu" aria-current="true"' in page
    for odd in ("999", "-1", "abc", "²", "%00"):
        assert sari.get(f"/?menit={odd}").status_code in (200, 400)


def test_the_next_step_moves_on(as_person: Any) -> None:
    sari = as_person("sari")
    sari.post("/belajar/rpjmd-uji-1/pembuka/selesai")
    page = sari.get("/").get_data(as_text=True)
    assert "1 dari 4 bagian selesai" in page
    assert "Lanjutkan belajar" in page


def test_somebody_enrolled_nowhere_is_told_what_to_do(as_person: Any) -> None:
    page = as_person("wati").get("/").get_data(as_text=True)
    assert "belum terdaftar" in page


def test_a_facilitator_and_an_administrator(as_person: Any) -> None:
    assert "Tidak ada yang menunggu telaah" in as_person("dewi").get("/").get_data(as_text=True)
    assert 'href="/kelola/angkatan"' in as_person("ratna").get("/").get_data(as_text=True)


def test_statements_do_not_grow(as_person: Any, cast: Any, session: Any, count_statements: Any) -> None:
    sari, dewi = as_person("sari"), as_person("dewi")
    sari.post("/proyek/rpjmd-uji-1/proyek-uji/mulai")
    sari.get("/")
    dewi.get("/")
    with count_statements() as before:
        sari.get("/")
    with count_statements() as before_dewi:
        dewi.get("/")
    assert len(before) <= 8, before.statements
    assert len(before_dewi) <= 8, before_dewi.statements
    now = datetime(2026, 11, 1, tzinfo=UTC)
    session.get(Person, cast.people["sari"]).facilitator = True
    for number in range(6):
        cohort = Cohort(
            code=f"tambahan-{number}",
            name="Tambahan",
            version_id=cast.version_id,
            starts_at=now,
            ends_at=datetime(2098, 1, 1, tzinfo=UTC),
            created_at=now,
        )
        session.add(cohort)
        session.flush()
        session.add(Enrolment(cohort_id=cohort.id, person_id=cast.people["sari"], enrolled_at=now))
        session.add(CohortFacilitator(cohort_id=cohort.id, person_id=cast.people["dewi"], added_at=now))
    session.commit()
    sari.get("/")
    with count_statements() as after:
        sari.get("/")
    with count_statements() as after_dewi:
        dewi.get("/")
    assert len(after) <= 8, after.statements
    assert len(after_dewi) == len(before_dewi), after_dewi.statements


def test_returned_work_comes_first(as_person: Any, cast: Any, session: Any, count_statements: Any) -> None:
    version = handed_in(cast)
    send(version, RETURNED, cast.people["dewi"])
    session.commit()
    sari = as_person("sari")
    sari.get("/")
    with count_statements() as counted:
        page = sari.get("/").get_data(as_text=True)
    assert len(counted) <= 8, counted.statements
    main = page.split('class="button button-primary"')
    assert len(main) == 2, "one main action"
    assert main[1].startswith(f' href="/proyek/kerja/{version.work_id}/isu"')
    assert page.index("Perlu diperbaiki") < page.index("Langkah berikutnya")
    assert "Versi 1 dikembalikan penelaah" in page
    # what is written since changes nothing, the next version does
    second_version(cast, version)
    session.commit()
    page = sari.get("/").get_data(as_text=True)
    assert "Perlu diperbaiki" not in page
    assert "Langkah berikutnya" in page


def test_a_deadline_that_was_met_is_not_coming(as_person: Any, cast: Any, session: Any) -> None:
    sari, deadline = as_person("sari"), "Tenggat Proyek uji"
    assert deadline in sari.get("/").get_data(as_text=True)
    version = handed_in(cast)
    session.commit()
    assert deadline not in sari.get("/").get_data(as_text=True)
    send(version, RETURNED, cast.people["dewi"])
    session.commit()
    assert deadline in sari.get("/").get_data(as_text=True)
    second = second_version(cast, version)
    send(second, ACCEPTED, cast.people["dewi"], now=NOW + 4 * HOUR)
    release(cast.cohort_id, [second.work_id], by=cast.people["dewi"], now=NOW + 5 * HOUR)
    session.commit()
    page = sari.get("/").get_data(as_text=True)
    assert deadline not in page
    assert deadline in as_person("budi").get("/").get_data(as_text=True)


def test_what_is_completed_is_not_due_any_more(as_person: Any, cast: Any, session: Any) -> None:
    later = datetime(2099, 11, 20, tzinfo=UTC)
    session.add(Schedule(cohort_id=cast.cohort_id, stable_id="kuis-uji", opens_at=None, due_at=later))
    session.commit()
    sari = as_person("sari")
    assert "Tenggat Kuis uji" in sari.get("/").get_data(as_text=True)
    complete(cast.enrolments["sari"], "kuis-uji", now=NOW)
    session.commit()
    assert "Tenggat Kuis uji" not in sari.get("/").get_data(as_text=True)
    assert "Tenggat Kuis uji" in as_person("budi").get("/").get_data(as_text=True)


def test_the_end_of_a_cohort_names_the_cohort(as_person: Any) -> None:
    page = as_person("sari").get("/").get_data(as_text=True)
    assert "Angkatan rpjmd-uji-1 berakhir" in page
    assert "Angkatan Kursus uji" not in page
