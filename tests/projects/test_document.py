"""The whole work as a document: what stands in it, how it is numbered, and that words stay words."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import pytest
from docx import Document
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lms.extensions import db
from lms.projects import content, models, source
from lms.projects.document import naskah, pdf, word
from lms.projects.document.naskah import Code, Grid, Heading, Listed, Paragraph, Quote, Run
from tests.cast import Cast
from tests.projects.work import TABLE, begin, change_project, fill, hand_in, save

WORDS = naskah.Words("BAB", "Tabel", "Jumlah", "Kosong.", "Berkas", "Ukuran", "SHA-256")
PROJECT = source.Project(
    title="Rancangan awal",
    minutes=60,
    rubric="r",
    sections=(
        source.TextSection(id="isu", title="Isu strategis"),
        source.TableSection(
            id="pagu",
            title="Pagu",
            columns=(
                source.Column(id="program", label="Program"),
                source.Column(id="rupiah", label="Pagu 2026", type="money"),
            ),
        ),
        source.FilesSection(id="lampiran", title="Lampiran"),
    ),
)


def chapters(**held: content.Content) -> tuple[naskah.Chapter, ...]:
    return naskah.chapters(PROJECT, held, WORDS, "id")


def document(**held: content.Content) -> naskah.Naskah:
    return naskah.Naskah(
        title="Rancangan awal",
        subtitle="Angkatan I",
        facts=(("Penyusun", "Sari Dewi"),),
        issuer="BKPSDM",
        running="Rancangan awal · versi 1",
        draft=False,
        language="id",
        chapters=chapters(**held),
    )


def test_chapters_are_numbered_in_roman_and_headings_within_them() -> None:
    text = "### Akar masalah\n\nSatu.\n\n#### Rinci\n\n### Isu\n\n#### Satu\n\n#### Dua"
    first, second, third = chapters(isu=text)
    assert [(each.number, each.title) for each in (first, second, third)] == [
        ("BAB I", "Isu strategis"),
        ("BAB II", "Pagu"),
        ("BAB III", "Lampiran"),
    ]
    numbers = [(each.level, each.number) for each in first.blocks if isinstance(each, Heading)]
    assert numbers == [(1, "1.1"), (2, "1.1.1"), (1, "1.2"), (2, "1.2.1"), (2, "1.2.2")]
    assert second.blocks == (Paragraph((Run("Kosong.", italic=True),)),)


def test_a_heading_without_one_above_it_still_has_a_number_of_its_own() -> None:
    blocks = chapters(isu="## A\n\n#### B\n\n#### C")[0].blocks
    assert [each.number for each in blocks if isinstance(each, Heading)] == ["1.1", "1.1.1.1", "1.1.1.2"]


def test_looks_lists_quotes_code_and_links_are_kept() -> None:
    text = (
        "Kata **tebal _miring_** `kode` ~~coret~~ [BPS](https://bps.go.id) [jahat](javascript:alert(1))\nbaris\n\n"
        "3. tiga\n   - dalam\n4. empat\n\n> kutipan\n\n```\na  b\n```\n"
    )
    paragraph, listed, quote, code = chapters(isu=text)[0].blocks
    assert isinstance(paragraph, Paragraph)
    assert paragraph.runs[:3] == (
        Run("Kata "),
        Run("tebal ", bold=True),
        Run("miring", bold=True, italic=True),
    )
    assert Run("kode", code=True) in paragraph.runs
    assert Run("coret", strike=True) in paragraph.runs
    assert Run("BPS", link="https://bps.go.id") in paragraph.runs
    assert not [each for each in paragraph.runs if "javascript" in each.link]
    assert naskah.plain(paragraph.runs).endswith("\nbaris")
    assert isinstance(listed, Listed)
    assert (listed.ordered, listed.start, len(listed.items)) == (True, 3, 2)
    assert listed.items[0][1] == Listed(False, 1, ((Paragraph((Run("dalam"),)),),))
    assert quote == Quote((Paragraph((Run("kutipan"),)),))
    assert code == Code("a  b")


def test_tables_have_captions_amounts_as_they_are_written_and_sums() -> None:
    rows = (
        {"_id": "1", "program": "Pariwisata", "rupiah": "1250000"},
        {"_id": "2", "program": "Pendidikan", "rupiah": "belum ada"},
        {"_id": "3", "program": "Kesehatan", "rupiah": "750.000"},
        {"_id": "4", "program": "", "rupiah": ""},
    )
    (grid,) = chapters(pagu=content.Table(rows))[1].blocks
    assert isinstance(grid, Grid)
    assert grid.caption == "Tabel 2.1 Pagu"
    assert [naskah.plain(row[1]) for row in grid.rows] == ["Rp1.250.000", "belum ada", "Rp750.000"]
    assert grid.total == ("Jumlah", "Rp2.000.000")
    assert grid.aligns == ("left", "right")


def test_tables_within_a_text_are_counted_on() -> None:
    text = "| A | B |\n|---|--:|\n| x | 1 |\n\nKata\n\n| C |\n|---|\n| y |"
    blocks = chapters(isu=text)[0].blocks
    grids = [each for each in blocks if isinstance(each, Grid)]
    assert [each.caption for each in grids] == ["Tabel 1.1", "Tabel 1.2"]
    assert grids[0].aligns == ("left", "right")
    assert [[naskah.plain(cell) for cell in row] for row in grids[0].rows] == [["x", "1"]]


def test_text_beyond_reading_is_set_as_typed() -> None:
    text = "[" * 5_000
    assert chapters(isu=text)[0].blocks == (Code(text),)


@pytest.mark.parametrize(
    ("number", "letters"),
    [(1, "I"), (4, "IV"), (9, "IX"), (14, "XIV"), (39, "XXXIX"), (40, "XL"), (49, "XLIX"), (50, "L")],
)
def test_roman(number: int, letters: str) -> None:
    assert naskah.roman(number) == letters


def test_columns_share_the_width_and_amounts_get_what_they_need() -> None:
    rows = tuple({"_id": str(n), "program": "x " * 60, "rupiah": "98765432100000"} for n in range(3))
    (grid,) = chapters(pagu=content.Table(rows))[1].blocks
    assert isinstance(grid, Grid)
    measured = naskah.measure(grid)
    assert sum(measured.shares) == pytest.approx(1)
    longest = max(len(each) for each in ("Rp98.765.432.100.000", grid.total[1]))
    assert measured.shares[1] * 92 > longest
    assert measured.size == 9.5


HOSTILE = '#set page(width: 1cm) \\evil $x$ @ref <label> "#read("/etc/passwd")" */ \x00\x0b \ufffe'


def test_what_people_type_is_never_read_as_typst_and_nothing_stops_the_printers() -> None:
    held = {
        "isu": f"{HOSTILE}\n\n## {HOSTILE}\n\n- {HOSTILE}\n\n> {HOSTILE}\n\n```\n{HOSTILE}\n```",
        "pagu": content.Table(({"_id": "1", "program": HOSTILE, "rupiah": "1"},)),
        "lampiran": (content.FileRef("ab" * 32, f"{HOSTILE}.pdf", 12, "application/pdf"),),
    }
    made = pdf.write(document(**held), contents="Daftar isi", draft="DRAF")
    assert made.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", made)) == 5  # title, contents, three chapters
    texts = Document(io.BytesIO(word.write(document(**held), contents="Daftar isi", draft="DRAF")))
    assert any("#set page(width: 1cm)" in each.text for each in texts.paragraphs)


def test_the_word_file_has_styles_and_says_nothing_about_who_made_it_on_what() -> None:
    made = word.write(document(isu="## Akar\n\nSatu **dua**."), contents="Daftar isi", draft="DRAF")
    file = Document(io.BytesIO(made))
    assert file.core_properties.author == file.core_properties.last_modified_by == ""
    heads = [
        (each.style.name, each.text) for each in file.paragraphs if each.style.name.startswith("Heading")
    ]
    assert heads[:2] == [("Heading 1", "BAB I\nIsu strategis"), ("Heading 2", "1.1  Akar")]
    with zipfile.ZipFile(io.BytesIO(made)) as parts:
        assert "python-docx" not in parts.read("docProps/core.xml").decode()


def test_the_same_work_gives_the_same_pdf() -> None:
    first, second = (pdf.write(document(isu="Satu."), contents="Daftar isi", draft="DRAF") for _ in range(2))
    assert first == second


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet="#*_`>|-+1.[]()\\ \nab~", max_size=80))
@example("---")  # only a rule, which is no block
def test_any_text_can_be_set(text: str) -> None:
    blocks = chapters(isu=text)[0].blocks
    assert blocks
    word.write(document(isu=text), contents="Daftar isi", draft="DRAF")
    assert pdf.write(document(isu=text), contents="Daftar isi", draft="DRAF").startswith(b"%PDF")


# Through the pages


@pytest.fixture
def work(cast: Cast, session: Any) -> models.Workspace:
    found = begin(cast)
    db.session.commit()
    return found


@pytest.mark.parametrize(("kind", "starts"), [("pdf", b"%PDF"), ("docx", b"PK\x03\x04")])
def test_a_draft_is_a_download_for_its_authors_only(
    work: models.Workspace, cast: Cast, as_person: Any, session: Any, kind: str, starts: bytes
) -> None:
    save(work, "sasaran", TABLE, by=cast.people["sari"])
    db.session.commit()
    address = f"/proyek/kerja/{work.id}/naskah.{kind}"
    response = as_person("sari").get(address)
    assert response.status_code == 200
    assert response.data.startswith(starts)
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert "draf" in response.headers["Content-Disposition"]
    for other, status in (("budi", 404), ("dewi", 403), ("hasan", 404), ("wati", 404)):
        assert as_person(other).get(address).status_code == status
    assert as_person("sari").get(f"/proyek/kerja/{work.id}/naskah.exe").status_code == 404
    assert as_person("sari").get(f"/proyek/kerja/{work.id + 99}/naskah.{kind}").status_code == 404


@pytest.mark.parametrize("blind", ["none", "learner"])
def test_a_version_names_its_authors_only_to_who_may_know(
    work: models.Workspace, cast: Cast, as_person: Any, session: Any, blind: str, count_statements: Any
) -> None:
    change_project(blind=blind)
    fill(work, cast.people["sari"])
    version = hand_in(work, cast.people["sari"])
    db.session.commit()
    address = f"/proyek/versi/{version.id}/naskah.docx"
    name = models.member_names(work.member_ids)[next(iter(work.member_ids))]
    db.session.rollback()

    def words(person: str) -> str:
        browser = as_person(person)
        with count_statements() as statements:
            response = browser.get(address)
        assert response.status_code == 200
        assert len(statements) <= 8
        file = Document(io.BytesIO(response.data))
        cells = [cell.text for table in file.tables for row in table.rows for cell in row.cells]
        return "\n".join([*cells, *(each.text for each in file.paragraphs)])

    assert name in words("sari")
    reviewer = words("dewi")
    assert (name in reviewer) is (blind == "none")
    assert (version.receipt in reviewer) is (blind == "none")
    assert "Akar masalah" in reviewer
