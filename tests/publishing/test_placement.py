"""Quizzes of other platforms into course folders and out of them, by the commands that authors use."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from lms.publishing.check import check_folder
from lms.quizzes.source import parse
from tests.cast import SAMPLE
from tests.quizzes.exchange.test_hypertext import PIXEL
from tests.quizzes.exchange.test_moodle import asked, quiz

GIFT = "::Jangka::RPJMD berlaku berapa tahun?{=Lima ~Satu ~%50%Dua}\n\nBaca dahulu.\n"
PICTURE = f'<text><![CDATA[Lihat peta<img src="@@PLUGINFILE@@/p.png" alt="Peta">]]></text><file name="p.png">{PIXEL}</file>'


@pytest.fixture
def course(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLE, tmp_path / "kursus-uji"))


@pytest.fixture
def content(app: Flask, tmp_path: Path) -> object:
    def run(*words: object) -> Result:
        return app.test_cli_runner().invoke(args=["content", *map(str, words)])

    return run


def modules(course: Path) -> list[str]:
    return sorted(each.name for each in course.iterdir() if each.name[0].isdigit())


def kept(tmp_path: Path, name: str, text: str) -> Path:
    (tmp_path / name).write_text(text)
    return tmp_path / name


def test_a_new_file_that_publishes(content, course: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    module = modules(course)[0]
    before = {each for each in course.rglob("*") if each.is_file()}
    source = kept(tmp_path, "Kuis Awal.xml", quiz(asked("essay", "", PICTURE)))
    result = content("import", source, "--into", course, "--module", module, "--minutes", 7)
    assert result.exit_code == 0, result.output
    written = {each for each in course.rglob("*") if each.is_file()} - before
    names = {each.relative_to(course).as_posix() for each in written}
    (page,) = (each for each in names if each.endswith(".md"))
    assert page.startswith(f"{module}/")
    assert page.endswith("-kuis-awal.md")
    assert names == {page, "files/p.png"}
    assert "1 dari 1 soal menjadi soal" in result.output
    draft, problems = check_folder(course)
    assert problems == []
    assert draft is not None
    assert "kuis-awal" in {each.id for each in draft.items}


def test_the_report(content, course: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    source = kept(tmp_path, "kuis.txt", GIFT)
    result = content("import", source, "--into", course, "--module", modules(course)[0], "--id", "kuis-impor")
    assert result.exit_code == 0
    assert result.output.splitlines()[1:] == [
        "GIFT: 1 dari 2 soal menjadi soal.",
        "Kuis: waktu rancangan diisi perkiraan 2 menit; sesuaikan `minutes`",
        "Soal 1: pilihan “Dua” bernilai 50% di sumbernya; di sini 0",
        "Soal 2: teks pengantar tanpa jawaban tidak didukung, disimpan sebagai komentar",
    ]


def test_problems_are_told_and_the_file_is_written(content, course: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    source = kept(tmp_path, "kuis.txt", "Ibu kota Padang?{=Padang}")
    result = content("import", source, "--into", course, "--module", modules(course)[0])
    assert result.exit_code == 1
    assert "Soal 1: " in result.output
    assert "1 masalah" in result.output
    assert len(list(course.glob("*/*-kuis.md"))) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--module", "99-tidak-ada"], "Pilih modul yang ada"),
        (["--module", "{module}", "--id", "Kuis Satu"], "huruf kecil"),
        (["--module", "{module}", "--id", "pembuka"], "sudah dipakai"),
        (["--module", "{module}", "--format", "word"], "Format:"),
        (["--module", "../.."], "Pilih modul yang ada"),
    ],
)
def test_what_is_refused(  # type: ignore[no-untyped-def]
    words: list[str], told: str, content, course: Path, tmp_path: Path
) -> None:
    before = sorted(each for each in tmp_path.rglob("*"))
    source = kept(tmp_path, "kuis.txt", GIFT)
    filled = [each.format(module=modules(course)[0]) for each in words]
    result = content("import", source, "--into", course, *filled)
    assert result.exit_code != 0
    assert told in result.output
    assert sorted(each for each in tmp_path.rglob("*") if each != source) == before


def test_nothing_is_overwritten(content, course: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    module = modules(course)[0]
    (course / "files").mkdir(exist_ok=True)
    (course / "files" / "p.png").write_bytes(b"milik pelatihan")
    source = kept(tmp_path, "kuis.xml", quiz(asked("essay", "", PICTURE)))
    assert content("import", source, "--into", course, "--module", module, "--minutes", 5).exit_code == 0
    assert (course / "files" / "p.png").read_bytes() == b"milik pelatihan"
    again = content("import", source, "--into", course, "--module", module, "--minutes", 5)
    assert "sudah dipakai" in again.output
    renamed = content(
        "import", source, "--into", course, "--module", module, "--minutes", 5, "--id", "kuis-2"
    )
    assert renamed.exit_code == 0
    assert len([each for each in (course / "files").iterdir() if each.name.startswith("p-")]) == 1


def test_a_folder_that_is_no_course_and_a_file_of_no_format(content, course: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    source = kept(tmp_path, "kuis.txt", GIFT)
    (tmp_path / "kosong").mkdir()
    assert "course.yml" in content("import", source, "--into", tmp_path / "kosong").output
    other = kept(tmp_path, "catatan.txt", "Hanya catatan.")
    result = content("import", other, "--into", course, "--module", modules(course)[0])
    assert "tidak dikenali" in result.output


@pytest.mark.parametrize("form", ["gift", "moodle"])
def test_out_and_in_again(form: str, content, course: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    page = next(each for each in sorted(course.glob("*/*.md")) if "kind: quiz" in each.read_text())
    before, _ = parse(page.read_text(), page.name)
    assert before is not None
    target = tmp_path / f"keluar.{form}"
    result = content("export-quiz", course, before.id, "--format", form, "--to", target)
    assert result.exit_code == 0, result.output
    assert "tidak ikut" in result.output or "hanya terbaca" in result.output
    again = content("export-quiz", course, page.name, "--format", form, "--to", target)
    assert again.exit_code == 1
    module = page.parent.name
    assert content("import", target, "--into", course, "--module", module, "--id", "kembali").exit_code == 0
    (back,) = course.glob("*/*-kembali.md")
    after, problems = parse(back.read_text(), page.name)
    assert problems == []
    assert after == before


def test_no_such_quiz(content, course: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    result = content("export-quiz", course, "pembuka", "--format", "gift", "--to", tmp_path / "x")
    assert result.exit_code == 1
    assert "Tidak ada kuis pembuka" in result.output
    assert not (tmp_path / "x").exists()
