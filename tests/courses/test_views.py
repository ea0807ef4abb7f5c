"""The pages one reads: catalogue, course, open lessons, lessons with ticks, places and notes, pictures."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from lms.courses import actions
from lms.courses.models import (
    Cohort,
    Course,
    CourseFile,
    CourseVersion,
    Enrolment,
    Note,
    Progress,
    notes_of,
    progress_of,
)
from lms.extensions import db, read_only
from lms.people.models import Person
from lms.publishing.actions import publish
from lms.publishing.source import read_folder
from tests import page_checks
from tests.cast import CODE, NOW, OTHER, SAMPLE, Cast
from tests.conftest import ROOT, Browser
from tests.courses.versions import publish_second

COURSE = "/pelatihan/kursus-uji"
LESSON = f"/belajar/{CODE}/pembuka"
REFLECTION = f"/belajar/{CODE}/lanjut"
PICTURE = (SAMPLE / "files" / "gambar.svg").read_bytes()


def text_of(response: Any) -> str:
    """The words of a page, without tags and with single spaces."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.get_data(as_text=True)).split())


@pytest.fixture
def done(cast: Cast, session: Any) -> Any:
    """Tick items for somebody: ``done("sari", "pembuka")``."""

    def tick(who: str, *items: str) -> None:
        for item in items:
            actions.complete(cast.enrolments[who], item, now=NOW)
        session.commit()

    return tick


@pytest.fixture
def look(app: Flask, cast: Cast) -> Any:
    """Ask the database something about Sari's enrolment, in a context of its own that leaves nothing open."""

    def ask(query: Any, *values: Any) -> Any:
        with app.app_context(), read_only():
            try:
                return query(cast.enrolments["sari"], *values)
            finally:
                db.session.remove()

    return ask


@pytest.fixture
def retired(cast: Cast, session: Any) -> None:
    """The sample course, no longer on offer."""
    session.get_one(CourseVersion, cast.version_id).retired_at = NOW
    session.commit()


# The catalogue


def test_the_catalogue_is_open_to_all(browser: Browser) -> None:
    page = browser.get("/pelatihan")
    assert page.status_code == 200
    words = text_of(page)
    assert "Kursus kecil yang dipakai oleh pengujian." in words
    assert "4 JP · 4 bagian · 1 jam 35 menit" in words
    assert "Pelatihan Anda" not in words


def test_own_courses_come_first_with_progress(as_person: Any, done: Any) -> None:
    done("sari", "pembuka", "sudah-tidak-ada")
    page = as_person("sari").get("/pelatihan")
    words = text_of(page)
    assert words.index("Pelatihan Anda") < words.index("Semua pelatihan")
    assert "1 dari 4 bagian selesai" in words
    assert f'href="/belajar/{CODE}"' in page.get_data(as_text=True)
    assert OTHER not in words


def test_a_facilitator_finds_their_cohort(as_person: Any) -> None:
    words = text_of(as_person("dewi").get("/pelatihan"))
    assert "Anda fasilitator angkatan ini." in words
    assert "Buka materi" in words
    assert "bagian selesai" not in words


def test_a_retired_course_is_listed_for_its_learners_only(
    browser: Browser, as_person: Any, retired: None
) -> None:
    assert "Belum ada pelatihan yang diterbitkan" in text_of(browser.get("/pelatihan"))
    assert "Kursus uji" in text_of(as_person("sari").get("/pelatihan"))
    assert "Kursus uji" not in text_of(as_person("wati").get("/pelatihan"))


def test_an_older_version_on_offer_stands_in_for_a_retired_one(
    cast: Cast, session: Any, browser: Browser
) -> None:
    second = publish_second(cast)
    assert "1 jam 55 menit" in text_of(browser.get("/pelatihan"))
    session.get_one(CourseVersion, second).retired_at = NOW
    session.commit()
    assert "1 jam 35 menit" in text_of(browser.get("/pelatihan"))


def more_courses(session: Any, cast: Cast, count: int) -> None:
    version = session.get_one(CourseVersion, cast.version_id)
    for at in range(count):
        course = Course(slug=f"kursus-{at:03}", created_at=NOW)
        session.add(course)
        session.flush()
        session.add(
            CourseVersion(
                course_id=course.id,
                number=1,
                content_hash=f"{at:064}",
                title=f"Pelatihan {at:03}",
                summary="Ringkasan.",
                language="id",
                jp=2,
                definition=version.definition,
                published_at=NOW,
            )
        )
    session.commit()


def test_a_long_catalogue_comes_in_pages(cast: Cast, session: Any, as_person: Any) -> None:
    more_courses(session, cast, 30)
    sari = as_person("sari")
    first = sari.get("/pelatihan").get_data(as_text=True)
    following = re.search(r'href="(/pelatihan\?after=[^"]+)" *>', first.replace('rel="next" ', ""))
    assert following
    second = text_of(sari.get(following[1]))
    assert "Pelatihan 029" in second
    assert "Pelatihan 000" not in second
    assert "Pelatihan Anda" not in second
    assert sari.get("/pelatihan?after=bukan-kunci").status_code == 200


def test_the_catalogue_costs_the_same_with_many_courses(
    cast: Cast, session: Any, as_person: Any, count_statements: Any
) -> None:
    sari = as_person("sari")
    sari.get("/pelatihan")
    with count_statements() as few:
        sari.get("/pelatihan")
    more_courses(session, cast, 20)
    with count_statements() as many:
        sari.get("/pelatihan")
    assert len(few) == len(many) <= 3, few.statements


# The course page


def test_a_visitor_sees_the_syllabus_and_what_is_open(browser: Browser) -> None:
    page = browser.get(COURSE)
    assert page.status_code == 200
    html, words = page.get_data(as_text=True), text_of(page)
    assert "4 JP · 2 modul, 4 bagian · 1 jam 35 menit · bersertifikat" in words
    assert "Membaca satu materi" in words
    assert "Disusun oleh Tim Uji · versi 1" in words
    assert f'href="{COURSE}/pembuka"' in html
    assert f'href="{COURSE}/lanjut"' not in html
    assert "/belajar/" not in html
    assert "Fasilitator" not in words
    assert f'href="/masuk?next={COURSE}"' in html


def test_somebody_without_a_seat_learns_how_to_get_one(as_person: Any) -> None:
    words = text_of(as_person("wati").get(COURSE))
    assert "Pendaftaran dilakukan oleh penyelenggara" in words
    assert "Angkatan rpjmd-uji-1" not in words


def test_a_learner_sees_their_cohort_and_what_is_next(as_person: Any, done: Any) -> None:
    done("sari", "pembuka")
    page = as_person("sari").get(COURSE)
    words, html = text_of(page), page.get_data(as_text=True)
    assert "Angkatan rpjmd-uji-1" in words
    assert "1 dari 4 bagian selesai · sekitar 1 jam 25 menit lagi" in words
    assert "Berikutnya: Lanjut (20 menit)" in words
    assert "Dewi Anggraini" in words
    assert "Hasan Basri" not in words
    for address in (LESSON, REFLECTION, f"/kuis/{CODE}/kuis-uji", f"/proyek/{CODE}/proyek-uji"):
        assert f'href="{address}"' in html
    assert html.count("button-primary") == 1


def test_a_learner_sees_the_version_of_their_cohort(cast: Cast, as_person: Any, session: Any) -> None:
    publish_second(cast)
    assert "Materi tambahan" not in text_of(as_person("sari").get(COURSE))
    assert "Materi tambahan" in text_of(as_person("wati").get(COURSE))


def test_a_course_that_is_open_to_all_is_there_to_be_read(
    browser: Browser, as_person: Any, session: Any
) -> None:
    """Its main action is the first lesson, not the sign-in; that each lesson is open need not be said each time."""
    draft, problems = read_folder(ROOT / "content" / "panduan")
    assert draft is not None, problems
    publish(draft, by=None, now=NOW)
    session.commit()
    for who in (browser, as_person("sari")):
        page = who.get("/pelatihan/panduan").get_data(as_text=True)
        main = page[page.index("<main") :]
        assert main.count("button-primary") == 1
        assert re.search(
            r'class="button button-primary" href="/pelatihan/panduan/[a-z-]+">Mulai membaca<', main
        )
        assert main.count("Terbuka untuk umum") == 1
    page = browser.get("/pelatihan/kursus-uji").get_data(as_text=True)
    assert "Mulai membaca" not in page
    assert "Terbuka untuk umum" in page


def test_a_retired_course_says_so(browser: Browser, as_person: Any, retired: None) -> None:
    gone = browser.get(COURSE)
    assert gone.status_code == 410
    assert "tidak lagi ditawarkan" in text_of(gone)
    assert as_person("wati").get(COURSE).status_code == 410
    for who in ("sari", "dewi", "ratna"):
        page = as_person(who).get(COURSE)
        assert page.status_code == 200
        assert "tidak lagi dibuka untuk angkatan baru" in text_of(page)
    assert as_person("sari").get(LESSON).status_code == 200


@pytest.mark.parametrize(
    "address", ["/pelatihan/tidak-ada", "/pelatihan/tidak-ada/pembuka", f"{COURSE}/tidak-ada"]
)
def test_what_is_not_there(browser: Browser, address: str) -> None:
    assert browser.get(address).status_code == 404


def test_an_ended_cohort_says_so(cast: Cast, session: Any, as_person: Any) -> None:
    session.get_one(Cohort, cast.cohort_id).ends_at = NOW - timedelta(days=1)
    session.commit()
    words = text_of(as_person("sari").get(COURSE))
    assert "Berakhir 23 November 2026. Materi tetap dapat dibaca." in words
    assert as_person("sari").get(LESSON).status_code == 200


# Open lessons


def test_an_open_lesson_is_read_without_signing_in(browser: Browser) -> None:
    page = browser.get(f"{COURSE}/pembuka")
    assert page.status_code == 200
    html, words = page.get_data(as_text=True), text_of(page)
    assert "Kalimat pertama materi pembuka." in words
    assert "Terbuka untuk umum" in words
    assert re.search(r'<img[^>]+src="berkas/gambar\.svg\?v=\d+"', html)
    assert 'action="/belajar' not in html


@pytest.mark.parametrize("item", ["lanjut", "kuis-uji", "proyek-uji"])
def test_what_is_not_open_asks_to_sign_in(browser: Browser, as_person: Any, item: str) -> None:
    page = browser.get(f"{COURSE}/{item}")
    assert page.status_code == 403
    assert f'href="/masuk?next={COURSE}/{item}"' in page.get_data(as_text=True)
    assert "Isi materi lanjut" not in text_of(page)
    other = as_person("wati").get(f"{COURSE}/{item}")
    assert other.status_code == 403
    assert "Pendaftaran dilakukan oleh penyelenggara" in text_of(other)


def test_a_rubric_is_no_page(browser: Browser, as_person: Any) -> None:
    assert browser.get(f"{COURSE}/rubrik-uji").status_code == 404
    assert as_person("sari").get(f"/belajar/{CODE}/rubrik-uji").status_code == 404


def test_whoever_has_a_seat_reads_there(as_person: Any) -> None:
    response = as_person("sari").get(f"{COURSE}/lanjut")
    assert (response.status_code, response.location) == (302, REFLECTION)


def test_an_open_lesson_of_a_retired_course_is_gone(browser: Browser, as_person: Any, retired: None) -> None:
    assert browser.get(f"{COURSE}/pembuka").status_code == 410
    assert browser.get(f"{COURSE}/berkas/gambar.svg").status_code == 404
    assert as_person("sari").get(f"{COURSE}/pembuka").location == LESSON


# Pictures


def test_pictures_of_open_lessons_are_open(browser: Browser, cast: Cast) -> None:
    response = browser.get(f"{COURSE}/berkas/gambar.svg?v={cast.version_id}")
    assert response.status_code == 200
    assert response.get_data() == PICTURE
    assert response.mimetype == "image/svg+xml"
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.headers["Content-Security-Policy"].startswith("sandbox")
    assert "attachment" not in response.headers.get("Content-Disposition", "")
    assert response.headers["ETag"] == f'"{hashlib.sha256(PICTURE).hexdigest()}"'


def test_a_picture_that_is_known_is_not_sent_again(as_person: Any) -> None:
    sari = as_person("sari")
    address = f"/belajar/{CODE}/berkas/gambar.svg"
    first = sari.get(address)
    assert first.headers["Cache-Control"] == "private, max-age=86400"
    again = sari.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]


def add_file(session: Any, cast: Cast, name: str, media_type: str) -> None:
    sha256 = session.scalar(select(CourseFile.sha256).where(CourseFile.name == "gambar.svg"))
    session.add(CourseFile(version_id=cast.version_id, name=name, sha256=sha256, media_type=media_type))
    session.commit()


def test_other_files_are_saved_and_need_a_seat(
    cast: Cast, session: Any, browser: Browser, as_person: Any
) -> None:
    add_file(session, cast, "templat.html", "text/html")
    response = as_person("sari").get(f"/belajar/{CODE}/berkas/templat.html", check=False)
    assert response.status_code == 200
    assert response.headers["Content-Disposition"] == "attachment; filename=templat.html"
    assert response.headers["Content-Security-Policy"].startswith("sandbox")
    assert browser.get(f"{COURSE}/berkas/templat.html").status_code == 404
    assert browser.get(f"/belajar/{CODE}/berkas/templat.html").status_code in (302, 401)
    assert as_person("tono").get(f"/belajar/{CODE}/berkas/templat.html").status_code == 404
    assert as_person("sari").get(f"/belajar/{CODE}/berkas/tidak-ada.svg").status_code == 404


def test_a_picture_whose_bytes_are_lost(cast: Cast, session: Any, as_person: Any) -> None:
    session.execute(
        db.text("INSERT INTO blob (sha256, size, media_type, created_at) VALUES (:h, 1, 'image/png', :now)"),
        {"h": "f" * 64, "now": datetime(2026, 1, 1)},
    )
    session.add(
        CourseFile(version_id=cast.version_id, name="hilang.png", sha256="f" * 64, media_type="image/png")
    )
    session.commit()
    assert as_person("sari").get(f"/belajar/{CODE}/berkas/hilang.png").status_code == 404


# Lessons


def test_a_lesson(as_person: Any, done: Any) -> None:
    done("sari", "pembuka")
    page = as_person("sari").get(REFLECTION)
    assert page.status_code == 200
    html, words = page.get_data(as_text=True), text_of(page)
    assert "Modul 1 · Materi 2 dari 3 · 20 menit" in words
    assert "1 dari 4 bagian selesai" in words
    assert "Pembuka (selesai)" in words
    assert 'rel="prev"' in html
    assert "Selesai, lanjut ke Kuis uji" in words
    assert html.count('aria-current="page"') == 3, (
        "the menu, and the outline as it stands on both kinds of screen"
    )
    assert html.count("button-primary") == 1


def test_what_authors_mean_to_show(as_person: Any) -> None:
    page = as_person("sari").get(LESSON)
    html = page.get_data(as_text=True)
    assert "Mengenal isi" in html
    assert "<strong>tebal</strong>" in html
    assert 'href="lanjut"' in html
    assert re.search(r'src="berkas/gambar\.svg\?v=\d+"', html)
    assert '<a href="#b-bagian-satu">Bagian satu</a>' in html


def test_a_locked_lesson_says_what_comes_first(as_person: Any, done: Any) -> None:
    sari = as_person("sari")
    page = sari.get(REFLECTION)
    assert page.status_code == 200
    words = text_of(page)
    assert "terbuka setelah yang berikut selesai: Materi · Pembuka 10 menit" in words
    assert "Isi materi lanjut" not in words
    assert f'href="{LESSON}"' in page.get_data(as_text=True)
    done("sari", "pembuka")
    assert "Isi materi lanjut" in text_of(sari.get(REFLECTION))


def test_nothing_is_locked_for_whoever_looks_on(as_person: Any) -> None:
    for who in ("dewi", "ratna"):
        page = as_person(who).get(REFLECTION)
        words, html = text_of(page), page.get_data(as_text=True)
        assert "Isi materi lanjut" in words
        assert "terkunci" not in words
        assert "tanpa terdaftar sebagai peserta" in words
        assert "catatan-" not in html
        assert "/selesai" not in html
        assert "data-place" not in html


def test_before_the_cohort_begins(cast: Cast, look: Any, session: Any, as_person: Any) -> None:
    session.get_one(Cohort, cast.cohort_id).starts_at = datetime(2098, 1, 1, tzinfo=UTC)
    session.commit()
    sari = as_person("sari")
    words = text_of(sari.get(LESSON))
    assert "Angkatan ini belum dimulai" in words
    assert "Rabu, 1 Januari 2098, pukul 07.00 WIB" in words
    assert "Kalimat pertama" not in words
    assert "Kalimat pertama" in text_of(as_person("dewi").get(LESSON))
    assert sari.post(f"{LESSON}/selesai").status_code == 303
    assert sari.post_json(f"{LESSON}/tempat", {"percent": "10"}).status_code == 409
    assert sari.post_json(f"{LESSON}/catatan", {"text": "x", "revision": "0"}).status_code == 400
    assert not look(progress_of)


@pytest.mark.parametrize(
    ("item", "address"),
    [("kuis-uji", f"/kuis/{CODE}/kuis-uji"), ("proyek-uji", f"/proyek/{CODE}/proyek-uji")],
)
def test_quizzes_and_projects_have_fronts_of_their_own(as_person: Any, item: str, address: str) -> None:
    response = as_person("sari").get(f"/belajar/{CODE}/{item}")
    assert (response.status_code, response.location) == (302, address)


@pytest.mark.parametrize("address", [LESSON, f"/belajar/{CODE}", f"/belajar/{CODE}/berkas/gambar.svg"])
def test_lessons_are_for_the_cohort(browser: Browser, as_person: Any, address: str) -> None:
    assert browser.get(address).status_code == 302
    assert browser.get(address).location.startswith("/masuk?next=")
    for outsider in ("tono", "wati", "hasan"):
        assert as_person(outsider).get(address).status_code == 404
    assert as_person("sari").get(address.replace(CODE, "tidak-ada")).status_code == 404


def test_a_removed_learner_is_an_outsider(cast: Cast, session: Any, as_person: Any) -> None:
    sari = as_person("sari")
    assert sari.get(LESSON).status_code == 200
    session.get_one(Enrolment, cast.enrolments["sari"]).removed_at = NOW
    session.commit()
    assert sari.get(LESSON).status_code == 404


def test_a_learner_who_facilitates_another_cohort_learns_only_in_their_own(
    cast: Cast, session: Any, as_person: Any
) -> None:
    session.get_one(Person, cast.people["sari"]).facilitator = True
    session.commit()
    assert as_person("sari").get(f"/belajar/{OTHER}/pembuka").status_code == 404


def test_the_way_on(as_person: Any, done: Any) -> None:
    sari = as_person("sari")
    assert sari.get(f"/belajar/{CODE}").location == LESSON
    done("sari", "pembuka", "lanjut")
    assert sari.get(f"/belajar/{CODE}").location == f"/kuis/{CODE}/kuis-uji"
    done("sari", "kuis-uji", "proyek-uji")
    assert sari.get(f"/belajar/{CODE}").location == COURSE


def test_in_english(as_person: Any, cast: Cast, session: Any) -> None:
    session.get_one(Person, cast.people["sari"]).language = "en"
    session.commit()
    page = as_person("sari").get(LESSON)
    html = page.get_data(as_text=True)
    assert '<html lang="en">' in html
    assert '<h1 lang="id">Pembuka</h1>' in html
    assert "10 minutes" in html
    again = text_of(as_person("budi").get(LESSON))
    assert "10 menit" in again, "what is kept of one language does not show in the other"


# Ticks


def test_ticking_goes_on_to_what_follows(as_person: Any, look: Any) -> None:
    sari = as_person("sari")
    response = sari.submit_form(sari.get(LESSON), f"{LESSON}/selesai")
    assert (response.status_code, response.location) == (303, REFLECTION)
    assert look(progress_of)["pembuka"].completed_at is not None
    page = sari.get(LESSON)
    assert "Lanjut ke Lanjut" in text_of(page)
    assert "/selesai" not in page.get_data(as_text=True)
    assert (
        sari.submit_form(sari.get(REFLECTION), f"{REFLECTION}/selesai").location == f"/kuis/{CODE}/kuis-uji"
    )


def test_the_last_item_leads_back(as_person: Any, cast: Cast, session: Any) -> None:
    second = publish_second(cast)
    session.get_one(Cohort, cast.cohort_id).version_id = second
    session.commit()
    sari = as_person("sari")
    page = sari.get(f"/belajar/{CODE}/penutup")
    assert "Tandai selesai" in text_of(page)
    response = sari.submit_form(page, f"/belajar/{CODE}/penutup/selesai")
    assert (response.status_code, response.location) == (303, COURSE)
    assert "“Penutup” selesai. Itu bagian terakhir pelatihan ini." in text_of(sari.get(COURSE))
    assert "Ke halaman pelatihan" in text_of(sari.get(f"/belajar/{CODE}/penutup"))


def test_a_locked_lesson_cannot_be_ticked(as_person: Any, look: Any) -> None:
    sari = as_person("sari")
    response = sari.post(f"{REFLECTION}/selesai")
    assert (response.status_code, response.location) == (303, REFLECTION)
    assert "masih terkunci" in text_of(sari.get(REFLECTION))
    assert not look(progress_of)


WRITES = [f"{LESSON}/selesai", f"{LESSON}/tempat", f"{LESSON}/catatan"]


@pytest.mark.parametrize("address", WRITES)
def test_only_learners_write(browser: Browser, as_person: Any, cast: Cast, address: str) -> None:
    data = {"text": "x", "revision": "0", "percent": "9"}
    assert browser.post(address, data=dict(data)).status_code in (302, 401)
    for outsider in ("tono", "wati", "hasan"):
        assert as_person(outsider).post(address, data=dict(data)).status_code == 404
    for insider in ("dewi", "ratna"):
        assert as_person(insider).post(address, data=dict(data)).status_code == 403
    sari = as_person("sari")
    assert sari.get(address).status_code == 405
    assert sari.post(address, data=dict(data), token=False).status_code == 400
    assert sari.post(address.replace("pembuka", "tidak-ada"), data=dict(data)).status_code == 404
    assert sari.post(address.replace("pembuka", "rubrik-uji"), data=dict(data)).status_code == 404
    with_quiz = address.replace("pembuka", "kuis-uji")
    assert sari.post(with_quiz, data=dict(data)).status_code == 404, "a quiz is completed by passing it"


# The place where reading stopped


def test_reading_is_resumed_where_it_stopped(as_person: Any, cast: Cast) -> None:
    sari = as_person("sari")
    assert "Lanjutkan dari" not in text_of(sari.get(LESSON))
    response = sari.post_json(f"{LESSON}/tempat", {"heading": "b-bagian-dua", "percent": "60"})
    assert (response.status_code, response.get_data()) == (204, b"")
    page = sari.get(LESSON)
    assert '<a href="#b-bagian-dua">Lanjutkan dari “Bagian dua”</a>' in page.get_data(as_text=True)
    sari.post(f"{LESSON}/selesai")
    assert "Lanjutkan dari" not in text_of(sari.get(LESSON))
    assert "Lanjutkan dari" not in text_of(as_person("budi").get(LESSON))


def test_a_heading_that_is_gone_is_no_place(as_person: Any, cast: Cast, session: Any) -> None:
    actions.remember_place(cast.enrolments["sari"], "pembuka", "b-dahulu", 60, now=NOW)
    session.commit()
    assert "Lanjutkan dari" not in text_of(as_person("sari").get(LESSON))


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"percent": ""},
        {"percent": "-1"},
        {"percent": "101"},
        {"percent": "9" * 5000},
        {"percent": "¹"},
        {"percent": "abc"},
        {"percent": "10", "heading": "b-tidak-ada"},
        {"percent": "10", "heading": "x" * 100_000},
        {"percent": "10", "heading": "\0"},
    ],
)
def test_nonsense_is_no_place(as_person: Any, look: Any, data: dict[str, str]) -> None:
    response = as_person("sari").post_json(f"{LESSON}/tempat", data)
    if data.get("heading") == "\0":  # taken out on the way in: the beginning of the page
        assert response.status_code == 204
    else:
        assert response.status_code == 400
        assert not look(progress_of)


# Notes


def test_notes_without_javascript(as_person: Any, look: Any, done: Any) -> None:
    done("sari", "pembuka")
    sari = as_person("sari")
    address = f"{REFLECTION}/catatan"
    page = sari.get(REFLECTION)
    boxes = re.findall(r'<textarea[^>]+id="([^"]+)"', page.get_data(as_text=True))
    assert boxes == ["catatan-b-refleksi", "catatan-"]
    response = sari.submit_form(page, address, text="Baris satu\r\nBaris dua <b>")
    assert response.status_code == 303
    assert response.location == f"{REFLECTION}#catatan-b-refleksi"
    note = look(notes_of, "lanjut")["b-refleksi"]
    assert (note.text, note.revision) == ("Baris satu\nBaris dua <b>", 1)
    page = sari.get(REFLECTION)
    assert "Baris dua &lt;b&gt;" in page.get_data(as_text=True)
    assert page_checks.form_fields(page, address)["revision"] == "1"
    assert "Tersimpan" in text_of(page)


def test_notes_are_private(as_person: Any, cast: Cast, session: Any) -> None:
    actions.save_note(cast.enrolments["sari"], "pembuka", "", "rahasia sari", 0, now=NOW)
    session.commit()
    assert "rahasia sari" in text_of(as_person("sari").get(LESSON))
    for other in ("budi", "dewi", "ratna"):
        assert "rahasia sari" not in text_of(as_person(other).get(LESSON))


def test_a_note_saved_by_the_module(as_person: Any, look: Any) -> None:
    sari = as_person("sari")
    saved = sari.post_json(f"{LESSON}/catatan", {"anchor": "", "revision": "0", "text": "satu"})
    assert saved.status_code == 200
    assert saved.json is not None
    assert saved.json["revision"] == 1
    assert re.fullmatch(r"Tersimpan otomatis \d\d\.\d\d WIB", saved.json["saved"])
    stale = sari.post_json(f"{LESSON}/catatan", {"anchor": "", "revision": "0", "text": "dua"})
    assert stale.status_code == 409
    assert stale.json is not None
    assert stale.json["error"] == "conflict"
    assert look(notes_of, "pembuka")[""].text == "satu"


def test_a_stale_note_shows_both_texts(as_person: Any, look: Any) -> None:
    sari = as_person("sari")
    address = f"{LESSON}/catatan"
    sari.post(address, data={"anchor": "", "revision": "0", "text": "dari tab pertama"})
    page = sari.post(address, data={"anchor": "", "revision": "0", "text": "dari tab kedua"})
    assert page.status_code == 409
    words = text_of(page)
    assert "dari tab pertama" in words
    assert page_checks.form_fields(page, address)["text"] == "dari tab kedua"
    response = sari.submit_form(page, address, text="keduanya")
    assert response.status_code == 303
    note = look(notes_of, "pembuka")[""]
    assert (note.text, note.revision) == ("keduanya", 2)


def test_a_note_that_is_too_long_comes_back(as_person: Any, look: Any) -> None:
    sari = as_person("sari")
    text = "x" * (actions.NOTE_AT_MOST + 1)
    page = sari.post(f"{LESSON}/catatan", data={"anchor": "", "revision": "0", "text": text})
    assert page.status_code == 400
    assert page_checks.form_fields(page, f"{LESSON}/catatan")["text"] == text
    refused = sari.post_json(f"{LESSON}/catatan", {"anchor": "", "revision": "0", "text": "x" * 1_000_000})
    assert refused.status_code == 400
    assert refused.json is not None
    assert "20000 karakter" in refused.json["message"]
    assert not look(notes_of, "pembuka")


@pytest.mark.parametrize(
    "data",
    [
        {"text": "x"},
        {"text": "x", "revision": "-1"},
        {"text": "x", "revision": "satu"},
        {"text": "x", "revision": "9" * 30},
        {"text": "x", "revision": "0", "anchor": "b-tidak-ada"},
        {"text": "x", "revision": "0", "anchor": "b-bagian-satu"},
    ],
)
def test_nonsense_is_no_note(as_person: Any, session: Any, data: dict[str, str]) -> None:
    assert as_person("sari").post(f"{LESSON}/catatan", data=data).status_code == 400
    assert session.scalar(select(func.count(Note.anchor))) == 0


def test_a_note_holds_no_nul(as_person: Any, look: Any) -> None:
    data = {"anchor": "", "revision": "0", "text": "a\0b"}
    assert as_person("sari").post_json(f"{LESSON}/catatan", data).status_code == 200
    assert look(notes_of, "pembuka")[""].text == "ab"


def test_a_note_typed_while_the_session_ended_is_offered_again(app: Flask, as_person: Any) -> None:
    sari = as_person("sari")
    page = sari.get(LESSON)
    fields = page_checks.form_fields(page, f"{LESSON}/catatan")
    sari.client.delete_cookie("lms")
    response = sari.post(f"{LESSON}/catatan", data=fields | {"text": "tidak boleh hilang"}, token=False)
    assert response.status_code == 401
    assert "tidak boleh hilang" not in text_of(response), (
        "typed text does not show to whoever is not signed in"
    )
    assert "Masuk" in text_of(response)


# Weight and cost


def test_a_lesson_costs_four_statements(as_person: Any, cast: Cast, done: Any, count_statements: Any) -> None:
    done("sari", "pembuka")
    sari = as_person("sari")
    sari.get(REFLECTION)
    with count_statements() as counted:
        sari.get(REFLECTION)
    assert len(counted) <= 4, counted.statements


def test_a_cold_lesson_stays_within_the_budget(as_person: Any, count_statements: Any) -> None:
    from lms.courses import models

    sari = as_person("sari")
    models.forget_cached()
    with count_statements() as counted:
        sari.get(LESSON)
    assert len(counted) <= 8, counted.statements


def test_a_lesson_costs_the_same_in_a_crowd(
    as_person: Any, cast: Cast, session: Any, count_statements: Any
) -> None:
    sari = as_person("sari")
    for address in (LESSON, COURSE, f"/belajar/{CODE}"):
        sari.get(address)
        with count_statements() as alone:
            sari.get(address)
        crowd(session, cast, 30)
        with count_statements() as crowded:
            sari.get(address)
        assert len(alone) == len(crowded) <= 8, (address, crowded.statements)


def crowd(session: Any, cast: Cast, count: int) -> None:
    """More learners in the cohort, each with a tick."""
    start = session.scalar(select(func.max(Person.id)))
    for at in range(start + 1, start + 1 + count):
        somebody = Person(
            name=f"Peserta {at}",
            sort_name=f"peserta {at:04}",
            learner=True,
            created_at=NOW,
            email=f"p{at}@uji.example",
        )
        session.add(somebody)
        session.flush()
        enrolment = Enrolment(cohort_id=cast.cohort_id, person_id=somebody.id, enrolled_at=NOW)
        session.add(enrolment)
        session.flush()
        session.add(
            Progress(
                enrolment_id=enrolment.id,
                stable_id="pembuka",
                place="",
                percent=100,
                seen_at=NOW,
                completed_at=NOW,
            )
        )
    session.commit()


def test_weight(app: Flask, as_person: Any) -> None:
    """A first visit to a lesson is at most 40 KB over the wire, a later page at most 12 KB."""
    sari = as_person("sari")
    zipped = {"Accept-Encoding": "gzip"}
    page = sari.get(LESSON, headers=zipped, check=False)
    assert page.headers["Content-Encoding"] == "gzip"
    later = len(page.get_data())
    html = sari.get(LESSON).get_data(as_text=True)
    parts = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', html))
    assert any(part.endswith("reading.js") for part in parts)
    first = later + sum(len(sari.get(part, headers=zipped, check=False).get_data()) for part in parts)
    assert later <= 12_000
    assert first <= 40_000
