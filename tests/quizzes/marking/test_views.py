"""The pages about a quiz's key: what they show, who may see and decide, what they refuse, what learners read of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from lms.courses.models import GradeEntry
from lms.extensions import db
from lms.quizzes.models import KeyRuling, Regrade, Rescore
from tests import page_checks
from tests.cast import CODE, Cast
from tests.quizzes.answers import QUIZ, RIGHT, WRONG
from tests.quizzes.marking.taking import (
    LATER,
    begin,
    count,
    enrol,
    move,
    other_key,
    plan,
    publish,
    regrade,
    right,
    sit,
    void,
)
from tests.quizzes.test_views import look, text

KEY = f"/kuis/angkatan/{CODE}/{QUIZ}/kunci"
QUESTION = f"{KEY}/singkat"
AGAIN = f"/kuis/angkatan/{CODE}/{QUIZ}/nilai-ulang"
DO = f"{AGAIN}/lakukan"
POSTS = (f"{QUESTION}/terima", f"{QUESTION}/batalkan", f"{QUESTION}/cabut/1", DO)


@pytest.fixture
def taken(session: Any, cast: Cast) -> Cast:
    """sari 3 of 5 and KLHS for an answer, budi 5 of 5, citra 1 of 5 and klhs; one attempt still runs."""
    enrol(cast, "Citra")
    enrol(cast, "Dani")
    sit(cast, "sari", right("satu", "beberapa") | {"singkat": "KLHS"})
    sit(cast, "budi", RIGHT)
    sit(cast, "Citra", {"satu": WRONG, "angka": "16,4", "singkat": "klhs."})
    begin(cast, "Dani")
    session.commit()
    return cast


@pytest.fixture
def moved(taken: Cast) -> Cast:
    """The same, and the cohort takes a version with another key for the first question (1 point)."""
    move(taken, publish(taken, other_key()))
    db.session.commit()
    return taken


def rows(*tables: Any) -> list[int]:
    """How many rows the tables have; lets go of the database at once, because SQLite has one writer at a time."""
    found = count(*tables)
    db.session.rollback()
    return found


# Who may


@pytest.mark.parametrize("address", [KEY, QUESTION, AGAIN])
@pytest.mark.parametrize(
    ("who", "status"),
    [("dewi", 200), ("ratna", 200), ("sari", 403), ("hasan", 404), ("tono", 404), ("wati", 404)],
)
def test_who_may_see(taken: Cast, as_person: Any, address: str, who: str, status: int) -> None:
    assert as_person(who).get(address).status_code == status


@pytest.mark.parametrize("address", POSTS)
@pytest.mark.parametrize(("who", "status"), [("sari", 403), ("hasan", 404), ("tono", 404)])
def test_who_may_not_decide(taken: Cast, as_person: Any, address: str, who: str, status: int) -> None:
    response = as_person(who).post(address, data={"reason": "x", "value": "KLHS"})
    assert response.status_code == status
    assert rows(KeyRuling, Regrade) == [0, 0]


@pytest.mark.parametrize("address", POSTS)
def test_decisions_are_posted(taken: Cast, as_person: Any, address: str) -> None:
    assert as_person("dewi").get(address, check=False).status_code == 405


@pytest.mark.parametrize(
    "address",
    [
        f"/kuis/angkatan/{CODE}/pembuka/kunci",
        f"/kuis/angkatan/{CODE}/tidak-ada/nilai-ulang",
        f"{KEY}/tidak-ada",
        "/kuis/angkatan/tidak-ada/kuis-uji/kunci",
    ],
)
def test_what_is_not_there(taken: Cast, as_person: Any, address: str) -> None:
    assert as_person("dewi").get(address).status_code == 404
    assert as_person("dewi").post(f"{KEY}/tidak-ada/batalkan", data={}).status_code == 404


# The key


def test_the_key_and_what_was_typed(taken: Cast, as_person: Any, count_statements: Any) -> None:
    dewi = as_person("dewi")
    dewi.get(KEY)
    with count_statements() as counted:
        page = text(dewi.get(KEY))
    assert len(counted) <= 8, counted.statements
    assert "Soal 1 Pilih satu Benar" in page
    assert "Tidak ada yang perlu dihitung ulang" in page
    assert "1 percobaan masih berjalan" in page
    assert "Belum pernah dihitung ulang" in page
    with count_statements() as counted:
        page = text(dewi.get(QUESTION))
    assert len(counted) <= 8, counted.statements
    assert "KLHS 2 kali" in page
    assert "dalam 3 percobaan" in page
    assert "Terima jawaban ini juga" not in text(dewi.get(f"{KEY}/satu"))


def test_before_anybody_handed_in(session: Any, cast: Cast, as_person: Any) -> None:
    dewi = as_person("dewi")
    assert "Belum ada percobaan yang dikumpulkan" in text(dewi.get(KEY))
    assert "Tidak ada yang perlu dihitung ulang" in text(dewi.get(AGAIN))
    assert "Belum ada jawaban ketikan" in text(dewi.get(QUESTION))


def test_accepting_an_answer_and_the_regrade_that_follows(taken: Cast, as_person: Any) -> None:
    dewi, sari = as_person("dewi"), as_person("sari")
    page = dewi.get(QUESTION)
    done = dewi.submit_form(page, f"{QUESTION}/terima", value="KLHS", reason="Singkatannya lazim")
    assert (done.status_code, done.location) == (303, QUESTION)
    page = text(dewi.get(QUESTION))
    assert "1 jawaban diterima" in page
    assert "Jawaban “KLHS” juga diterima" in page
    assert "Diterima juga KLHS" in page
    key = dewi.get(KEY)
    assert "Nilai 2 percobaan berubah bila dihitung ulang" in text(key)
    assert f'href="{AGAIN}"' in key.get_data(as_text=True)
    before = text(sari.get("/kuis/percobaan/1/hasil"))
    assert "3 dari 5 poin" in before
    assert "juga diterima" not in before
    preview = dewi.get(AGAIN)
    assert "2 dari 3 percobaan yang sudah dikumpulkan mendapat nilai lain, milik 2 peserta." in text(preview)
    assert "Citra 1 20 40 2 dari 5 poin dari 20 menjadi 40" in text(preview)
    assert rows(Rescore) == [0]
    response = dewi.submit_form(preview, DO, reason="KLHS diterima")
    assert (response.status_code, response.location) == (303, KEY)
    page = text(dewi.get(KEY))
    assert "nilai 2 percobaan berubah, nilai yang dihitung berubah bagi 2 peserta" in page
    assert "KLHS diterima" in page
    after = text(sari.get("/kuis/percobaan/1/hasil"))
    assert "4 dari 5 poin (80%)" in after
    assert "Nilai percobaan ini berubah dari 60 menjadi 80" in after
    assert "Alasan: KLHS diterima" in after
    assert "jawaban “KLHS” juga diterima. Alasan: Singkatannya lazim" in after
    assert "Nilai Anda 80" in text(sari.get(f"/kuis/{CODE}/{QUIZ}"))
    assert "Benar" in after


def test_several_answers_at_once(taken: Cast, as_person: Any) -> None:
    sit(taken, "Citra", {"singkat": "Kajian LH"}, now=LATER)
    db.session.commit()
    dewi = as_person("dewi")
    response = dewi.post(f"{QUESTION}/terima", data={"value": ["KLHS", "Kajian LH"], "reason": "Lazim"})
    assert response.status_code == 303
    assert set(look(db.session, select(KeyRuling.value))) == {"KLHS", "Kajian LH"}


@pytest.mark.parametrize(
    ("path", "form", "words"),
    [
        ("terima", {"value": "KLHS", "reason": " "}, "Tulis alasannya"),
        ("terima", {"reason": "Lazim <b>betul</b>"}, "Pilih jawaban"),
        ("terima", {"value": RIGHT["singkat"], "reason": "Lazim <b>betul</b>"}, "sudah diterima"),
        ("batalkan", {"value": "full"}, "Tulis alasannya"),
        ("batalkan", {"value": "separuh", "reason": "Rancu <b>betul</b>"}, "Pilih apa yang terjadi"),
        ("batalkan", {"reason": "x" * 251}, "Pilih apa yang terjadi"),
        ("batalkan", {"value": "full", "reason": "x" * 251}, "paling panjang 250"),
        ("cabut/77", {"reason": "Keliru"}, "sudah dicabut"),
        ("../satu/terima", {"value": WRONG, "reason": "Keliru"}, "Pilih jawaban"),
    ],
)
def test_a_refusal_keeps_what_was_typed(
    taken: Cast, as_person: Any, path: str, form: dict[str, str], words: str
) -> None:
    response = as_person("dewi").post(f"{QUESTION}/{path}".replace("singkat/../", ""), data=dict(form))
    assert response.status_code == 400
    assert words in text(response)
    assert rows(KeyRuling) == [0]
    if path in ("terima", "batalkan"):
        assert (
            page_checks.form_fields(response, f"{QUESTION}/{path}")["reason"].strip()
            == form.get("reason", "").strip()
        )


def test_a_void_question_is_told_and_can_be_lifted(taken: Cast, as_person: Any) -> None:
    dewi, sari = as_person("dewi"), as_person("sari")
    address = f"{KEY}/beberapa"
    response = dewi.submit_form(
        dewi.get(address), f"{address}/batalkan", value="drop", reason="Dua pilihan rancu"
    )
    assert response.status_code == 303
    page = dewi.get(address)
    assert "Dibatalkan, tidak dihitung" in text(page)
    assert f"{address}/batalkan" not in page.get_data(as_text=True)
    dewi.submit_form(dewi.get(AGAIN), DO, reason="Soal 2 rancu")
    told = text(sari.get("/kuis/percobaan/1/hasil"))
    assert "Soal 2 dibatalkan dan tidak dihitung. Alasan: Dua pilihan rancu" in told
    assert "1 dari 3 poin" in told
    (ruling,) = look(db.session, select(KeyRuling.id))
    lift = f"{address}/cabut/{ruling}"
    assert dewi.submit_form(page, lift, reason="Ternyata jelas").status_code == 303
    assert "dicabut" in text(dewi.get(address))
    dewi.submit_form(dewi.get(AGAIN), DO, reason="Pembatalan dicabut")
    told = text(sari.get("/kuis/percobaan/1/hasil"))
    assert "3 dari 5 poin" in told
    assert "Soal 2 dibatalkan" not in told
    assert told.count("Nilai percobaan ini berubah dari") == 2


def test_everybody_has_the_points_of_a_void_question(taken: Cast, as_person: Any) -> None:
    void(taken, "beberapa", "full", now=LATER)
    regrade(taken, plan(taken), now=LATER + timedelta(hours=1))
    db.session.commit()
    told = text(as_person("sari").get("/kuis/percobaan/1/hasil"))
    assert "Soal 2 dibatalkan; semua peserta mendapat nilai penuh" in told


# Scoring again


def test_a_preview_shows_who_changes(moved: Cast, as_person: Any, count_statements: Any) -> None:
    dewi = as_person("dewi")
    dewi.get(AGAIN)
    before = rows(Regrade, Rescore, GradeEntry)
    with count_statements() as counted:
        page = text(dewi.get(AGAIN))
    assert len(counted) <= 8, counted.statements
    assert "Pilih satu Kunci berubah Kunci lama Benar Kunci baru Salah" in page
    assert "Sari Wulandari 1 60 40" in page
    assert "Budi 1 100 80" in page
    assert "Citra 1 20 40" in page
    assert "1 percobaan yang masih berjalan tidak disentuh" in page
    assert "Tanda selesai yang sudah ada tidak dicabut" in page
    assert rows(Regrade, Rescore, GradeEntry) == before


def test_what_the_page_showed_is_done_once(moved: Cast, as_person: Any) -> None:
    dewi = as_person("dewi")
    form = page_checks.form_fields(dewi.get(AGAIN), DO) | {"reason": "Kunci soal 1 keliru"}
    first = dewi.post(DO, data=dict(form))
    second = dewi.post(DO, data=dict(form))
    assert (first.status_code, second.status_code) == (303, 303)
    assert "sudah dilakukan" in text(dewi.get(KEY))
    assert rows(Regrade, Rescore) == [1, 3]
    told = text(as_person("sari").get("/kuis/percobaan/1/hasil"))
    assert "berubah dari 60 menjadi 40" in told
    assert "Jawaban yang benar" in told


def test_a_stale_preview_is_shown_again_with_the_reason(moved: Cast, as_person: Any) -> None:
    dewi = as_person("dewi")
    form = page_checks.form_fields(dewi.get(AGAIN), DO) | {"reason": "Kunci soal 1 <b>keliru</b>"}
    sit(moved, "Dani", right("satu"), now=LATER)
    db.session.commit()
    response = dewi.post(DO, data=dict(form))
    assert response.status_code == 409
    assert "ada yang berubah" in text(response)
    assert rows(Regrade, Rescore) == [0, 0]
    db.session.rollback()
    again = page_checks.form_fields(response, DO)
    assert again["reason"].strip() == "Kunci soal 1 <b>keliru</b>"
    assert again["fingerprint"] != form["fingerprint"]
    assert dewi.post(DO, data=again).status_code == 303


@pytest.mark.parametrize("reason", ["", "   ", "x" * 300])
def test_without_a_reason_nothing_is_done(moved: Cast, as_person: Any, reason: str) -> None:
    dewi = as_person("dewi")
    form = page_checks.form_fields(dewi.get(AGAIN), DO) | {"reason": reason}
    response = dewi.post(DO, data=form)
    assert response.status_code == 400
    assert rows(Regrade) == [0]


def test_a_newer_version_that_is_published_is_offered(taken: Cast, as_person: Any) -> None:
    target = publish(taken, other_key())
    db.session.commit()
    dewi = as_person("dewi")
    address = f"{AGAIN}?versi={target.version}"
    key = dewi.get(KEY)
    assert "Versi 2 pelatihan ini sudah terbit dengan kunci yang berbeda" in text(key)
    assert f'href="{address}"' in key.get_data(as_text=True)
    page = dewi.get(address)
    assert "Angkatan ini masih memakai versi 1" in text(page)
    assert dewi.submit_form(page, DO, reason="Kunci keliru").status_code == 303
    key = text(dewi.get(KEY))
    assert "Tidak ada yang perlu dihitung ulang" in key, (
        "the older key of the cohort's version is not offered"
    )
    assert "kunci versi 2" in key
    assert "Pratinjau dengan kunci versi 1" in text(dewi.get(AGAIN))


def test_a_question_that_became_another_can_be_included(taken: Cast, as_person: Any) -> None:
    other = msgspec.structs.replace(other_key(), prompt="Siapa yang menyusun laporan tahunannya?")
    move(taken, publish(taken, other, without="angka"))
    db.session.commit()
    dewi = as_person("dewi")
    page = dewi.get(AGAIN)
    assert "Soal berganti" in text(page)
    assert "Tidak ada lagi" in text(page)
    assert "Tidak ada nilai yang berubah." in text(page)
    page = dewi.get(f"{AGAIN}?versi=2&ikut=satu")
    assert "Sari Wulandari 1 60 40" in text(page)
    assert dewi.submit_form(page, DO, reason="Disertakan").status_code == 303
    assert look(db.session, select(Regrade.included)) == ["satu"]
    told = as_person("sari").get("/kuis/percobaan/1/hasil")
    assert "Pilih satu" in text(told), "the learner reads what was asked"


def test_a_long_preview_is_read_page_by_page(session: Any, cast: Cast, as_person: Any) -> None:
    for at in range(55):
        enrol(cast, f"Peserta {at:02}")
        sit(cast, f"Peserta {at:02}", right("satu"))
    move(cast, publish(cast, other_key()))
    session.commit()
    dewi = as_person("dewi")
    first = dewi.get(AGAIN)
    assert "55 dari 55 percobaan" in text(first)
    assert "Peserta 49" in text(first)
    assert "Peserta 50" not in text(first)
    following = (
        first.get_data(as_text=True).split('rel="next" href="', 1)[1].split('"', 1)[0].replace("&amp;", "&")
    )
    second = dewi.get(following)
    assert "Peserta 50" in text(second)
    assert "Peserta 49" not in text(second)
    assert dewi.submit_form(second, DO, reason="Kunci keliru").status_code == 303
    assert rows(Rescore) == [55]
    assert dewi.get(f"{AGAIN}?after=rusak&versi=abc&ikut=tidak-ada").status_code == 200


def test_the_pages_in_english(moved: Cast, as_person: Any) -> None:
    dewi = as_person("dewi")
    void(moved, "beberapa", "full")
    db.session.commit()
    dewi.post("/bahasa", data={"language": "en", "back": KEY})
    for address in (KEY, QUESTION, AGAIN):
        assert dewi.get(address).status_code == 200


def test_moving_to_a_newer_version_leads_to_the_regrade(taken: Cast, as_person: Any) -> None:
    publish(taken, other_key())
    db.session.commit()
    page = as_person("ratna").get(f"/kelola/angkatan/{CODE}/versi")
    assert "penilaian ulang" in text(page)
