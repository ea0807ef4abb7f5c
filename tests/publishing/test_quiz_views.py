"""The administrator's pages for quizzes from other platforms and to them."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from sqlalchemy import func, select

from lms.courses.models import CourseVersion, Item
from lms.quizzes.exchange.registry import quiz_from
from lms.quizzes.paper import paper
from lms.quizzes.source import parse
from tests.quizzes.exchange.test_hypertext import PIXEL
from tests.quizzes.exchange.test_moodle import asked, quiz

PAGE = "/kelola/impor-kuis"
LIST = "/kelola/pelatihan/kursus-uji/1/kuis"
GIFT = "::Jangka::RPJMD berlaku <b>berapa</b> tahun?{=Lima ~Satu ~%50%Dua}\n\nBaca dahulu --> ya.\n"
PICTURE = f'<text><![CDATA[Peta<img src="@@PLUGINFILE@@/p.png" alt="Peta">]]></text><file name="p.png">{PIXEL}</file>'


def send(
    who: Any, content: str | bytes, name: str = "kuis awal.txt", button: str = "show", **more: str
) -> Any:
    data = content.encode() if isinstance(content, str) else content
    return who.post(PAGE, data={"file": (io.BytesIO(data), name), button: "ya", **more})


def item_of(session: Any) -> tuple[str, str]:
    """The stable id and the definition of the sample's quiz; the session is let go, for the requests that follow."""
    found = session.execute(select(Item.stable_id, Item.definition).where(Item.kind == "quiz")).first()
    session.rollback()
    return str(found[0]), str(found[1])


@pytest.mark.parametrize("address", [PAGE, LIST, f"{LIST}/kuis-uji.gift", f"{LIST}/kuis-uji.moodle"])
def test_administrators_only(
    address: str, as_person: Any, browser: Any, count_statements: Any, session: Any
) -> None:
    address = address.replace("kuis-uji.", f"{item_of(session)[0]}.")
    ratna = as_person("ratna")
    ratna.get(address)
    with count_statements() as counted:
        answer = ratna.get(address)
    assert answer.status_code == 200
    assert len(counted) <= 8, counted.statements
    for name in ("sari", "dewi"):
        refused = as_person(name).get(address)
        assert refused.status_code == 403
        assert b"{#" not in refused.data
    assert browser.get(address).status_code == 302


@pytest.mark.parametrize("name", ["sari", "dewi"])
def test_nobody_else_may_send(name: str, as_person: Any) -> None:
    assert send(as_person(name), GIFT).status_code == 403
    assert as_person(name).post(f"{PAGE}/unduh", data={"markdown": "x"}).status_code == 403


class TestImport:
    def test_the_markdown_and_the_report(self, as_person: Any, session: Any) -> None:
        answer = send(as_person("ratna"), GIFT)
        assert answer.status_code == 200
        page = answer.get_data(as_text=True)
        assert "GIFT: 1 dari 2 soal menjadi soal" in page
        assert "## RPJMD berlaku **berapa** tahun? {#jangka}" in page
        assert "Soal 1: pilihan “Dua” bernilai 50% di sumbernya; di sini 0" in page
        assert "Soal 2: teks pengantar tanpa jawaban tidak didukung, disimpan sebagai komentar" in page
        assert "Baca dahulu --&amp;gt; ya." in page
        assert session.scalar(select(func.count()).select_from(CourseVersion)) == 1

    def test_its_download_through_the_real_form(self, as_person: Any) -> None:
        ratna = as_person("ratna")
        page = send(ratna, GIFT)
        answer = ratna.submit_form(page, f"{PAGE}/unduh")
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"] == 'attachment; filename="kuis-awal.md"'
        assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
        assert "no-store" in answer.headers["Cache-Control"]
        expected = quiz_from("kuis awal.txt", GIFT.encode(), file="kuis-awal.md").markdown
        assert answer.get_data(as_text=True).strip() == expected.strip()

    def test_pictures_come_in_a_zip(self, as_person: Any) -> None:
        content = quiz(asked("essay", "", PICTURE))
        ratna = as_person("ratna")
        assert "membawa 1 berkas" in send(ratna, content, "kuis.xml").get_data(as_text=True)
        answer = send(ratna, content, "kuis.xml", "download", minutes="7")
        assert answer.headers["Content-Disposition"] == 'attachment; filename="kuis.zip"'
        with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
            assert archive.namelist() == ["kuis.md", "files/p.png", "laporan.txt"]
            assert "minutes: 7" in archive.read("kuis.md").decode()
            assert archive.read("files/p.png").startswith(b"\x89PNG")
            assert "1 dari 1 soal" in archive.read("laporan.txt").decode()

    def test_problems_with_question_and_line(self, as_person: Any) -> None:
        answer = send(as_person("ratna"), "Awal?{=a}\n\nIbu kota Padang?{=Padang}")
        page = answer.get_data(as_text=True)
        assert answer.status_code == 200
        assert "1 masalah harus diperbaiki" in page
        assert "terbaca di dalam soalnya" in page

    @pytest.mark.parametrize(
        ("content", "name", "told"),
        [
            (b"", "kuis.txt", "Berkas itu kosong."),
            (b"Hanya catatan.", "kuis.txt", "tidak dikenali"),
            (b'<!DOCTYPE a SYSTEM "x"><quiz/>', "kuis.xml", "DOCTYPE"),
            (b"<quiz>\n<question>", "kuis.xml", "baris 2"),
            (b"PK\x03\x04rusak", "kuis.zip", "bukan ZIP"),
        ],
    )
    def test_bad_files(self, content: bytes, name: str, told: str, as_person: Any) -> None:
        answer = send(as_person("ratna"), content, name)
        assert answer.status_code == 422
        assert told in answer.get_data(as_text=True)

    def test_bad_fields(self, as_person: Any) -> None:
        ratna = as_person("ratna")
        assert ratna.post(PAGE, data={"show": "ya"}).status_code == 422
        for more in ({"minutes": "0"}, {"minutes": "lima"}, {"format": "word"}):
            assert send(ratna, GIFT, **more).status_code == 422

    def test_the_format_that_is_chosen(self, as_person: Any) -> None:
        assert "Aiken: 0 dari" in send(as_person("ratna"), GIFT, format="aiken").get_data(as_text=True)

    def test_too_large(self, as_person: Any) -> None:
        answer = send(as_person("ratna"), b"x" * (11 * 2**20))
        assert answer.status_code == 413

    def test_tokens_and_methods(self, as_person: Any) -> None:
        ratna = as_person("ratna")
        data = {"file": (io.BytesIO(GIFT.encode()), "kuis.txt"), "show": "ya"}
        assert ratna.post(PAGE, data=data, token=False).status_code == 400
        assert ratna.post(f"{PAGE}/unduh", data={"markdown": "x"}, token=False).status_code == 400
        assert ratna.get(f"{PAGE}/unduh").status_code == 405

    @pytest.mark.parametrize(
        ("name", "saved"), [("../../x", "kuis-impor"), ('a"b', "kuis-impor"), ("kuis-1", "kuis-1")]
    )
    def test_names_of_downloads(self, name: str, saved: str, as_person: Any) -> None:
        answer = as_person("ratna").post(
            f"{PAGE}/unduh", data={"markdown": "a\r\nb", "name": name, "save": "ya"}
        )
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{saved}.md"'
        assert answer.data == b"a\nb"


class TestExport:
    @pytest.mark.parametrize("form", ["gift", "moodle"])
    def test_what_comes_out_is_the_quiz(self, form: str, as_person: Any, session: Any) -> None:
        stable_id, definition = item_of(session)
        answer = as_person("ratna").get(f"{LIST}/{stable_id}.{form}")
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"].startswith(f'attachment; filename="{stable_id}.')
        assert "no-store" in answer.headers["Cache-Control"]
        back = quiz_from("x", answer.data, file=f"01-{stable_id}.md")
        read, problems = parse(back.markdown, f"01-{stable_id}.md")
        assert problems == []
        assert read is not None
        assert read.questions == paper(definition).quiz.questions

    def test_the_list_says_what_stays_behind(self, as_person: Any) -> None:
        page = as_person("ratna").get(LIST).get_data(as_text=True)
        assert "Ekspor kuis versi 1" in page
        assert "Yang tidak ikut dalam GIFT" in page
        assert "kunci jawaban" in page
        course = as_person("ratna").get("/kelola/pelatihan/kursus-uji").get_data(as_text=True)
        assert LIST in course

    @pytest.mark.parametrize(
        "address",
        [
            "/kelola/pelatihan/kursus-uji/9/kuis",
            "/kelola/pelatihan/kursus-uji/999999999/kuis",
            "/kelola/pelatihan/tidak-ada/1/kuis",
            f"{LIST}/pembuka.gift",
            f"{LIST}/tidak-ada.moodle",
        ],
    )
    def test_what_is_not_there(self, address: str, as_person: Any) -> None:
        assert as_person("ratna").get(address).status_code == 404

    def test_a_format_that_is_not_there(self, as_person: Any, session: Any) -> None:
        address = f"{LIST}/{item_of(session)[0]}"
        assert as_person("ratna").get(f"{address}.word").status_code == 404
        assert as_person("ratna").post(f"{address}.gift").status_code == 405
