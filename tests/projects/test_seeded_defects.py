"""A whole RPJMD of the real course with one defect at a time: each is found in its row and column, and nothing else is."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.projects import rules
from lms.projects.checks import Finding, run
from lms.projects.content import ROW_ID, Content, FileRef, Table
from lms.projects.source import Project, parse
from tests import rpjmd

SOURCE = Path(__file__).parents[2] / "content/penyusunan-rpjmd/05-proyek/02-rancangan-rpjmd.md"

Contents = dict[str, Content]
Edit = Callable[[Contents], None]
Place = tuple[str, str, str, int | None, str | None]  # section, check, level, row from 1, column


@lru_cache(maxsize=1)
def project() -> Project:
    parsed, problems = parse(SOURCE.read_text(), str(SOURCE))
    assert parsed is not None, problems
    return parsed


def places(findings: list[Finding]) -> list[Place]:
    return [
        (each.section, each.check, each.level, None if each.row is None else each.row + 1, each.column)
        for each in findings
    ]


# Ways to spoil it; rows are counted from 1, as people do


def cell(section: str, row: int, **cells: str) -> Edit:
    def edit(contents: Contents) -> None:
        rows = [dict(each) for each in rows_of(contents, section)]
        rows[row - 1].update(cells)
        contents[section] = Table(tuple(rows))

    return edit


def rows_of(contents: Contents, section: str) -> tuple[dict[str, str], ...]:
    held = contents[section]
    assert isinstance(held, Table)
    return held.rows


def without_row(section: str, row: int) -> Edit:
    def edit(contents: Contents) -> None:
        rows = list(rows_of(contents, section))
        del rows[row - 1]
        contents[section] = Table(tuple(rows))

    return edit


def one_more(section: str, like: int, **cells: str) -> Edit:
    """One more row at the end, like another one but for these cells."""

    def edit(contents: Contents) -> None:
        rows = rows_of(contents, section)
        contents[section] = Table((*rows, {**rows[like - 1], ROW_ID: "tambahan", **cells}))

    return edit


def text(old: str, new: str) -> Edit:
    def edit(contents: Contents) -> None:
        held = contents["isu"]
        assert isinstance(held, str)
        assert old in held
        contents["isu"] = held.replace(old, new)

    return edit


def files(*held: FileRef) -> Edit:
    def edit(contents: Contents) -> None:
        contents["lampiran"] = held

    return edit


def pdf(number: int, size: int = 1000) -> FileRef:
    return FileRef(f"{number:064}", f"matriks-{number}.pdf", size, "application/pdf")


def many_rows(contents: Contents) -> None:
    first = rows_of(contents, "sasaran")[0]
    more = ({**first, ROW_ID: f"lagi{n}", "indikator": f"Ukuran {n}"} for n in range(58))
    contents["sasaran"] = Table((*rows_of(contents, "sasaran"), *more))


def shortened(contents: Contents) -> None:
    contents["isu"] = "## Akar masalah\n\n## Isu strategis\n\n## Keselarasan dokumen\n\nSingkat saja."


# (rule, what is spoilt, everything that must be found because of it)
DEFECTS: list[tuple[str, Edit, list[Place]]] = [
    ("headings", text("## Akar masalah", "Akar masalah"), [("isu", "_headings", "error", None, None)]),
    ("headings", text("## Isu strategis", "## Isu"), [("isu", "_headings", "error", None, None)]),
    (
        "headings",
        text("## Keselarasan dokumen", "Keselarasan."),
        [("isu", "judul-keselarasan", "warning", None, None)],
    ),
    ("words", shortened, [("isu", "_words", "error", None, None)]),
    (
        "words",
        text("## Akar masalah", "## Akar masalah\n\n" + "kata " * 1500),
        [("isu", "_words", "error", None, None)],
    ),
    ("avoid", text("belum terpadu.", "belum optimal."), [("isu", "kata-kabur", "hint", None, None)]),
    ("required", cell("sasaran", 2, satuan=" "), [("sasaran", "_required", "error", 2, "satuan")]),
    ("required", cell("program", 3, pd=""), [("program", "_required", "error", 3, "pd")]),
    ("choice", cell("sasaran", 1, arah="membaik"), [("sasaran", "_choice", "error", 1, "arah")]),
    ("type", cell("sasaran", 3, t2="sembilan"), [("sasaran", "_type", "error", 3, "t2")]),
    ("type", cell("program", 1, p3="1,2 miliar"), [("program", "_type", "error", 1, "p3")]),
    ("trend", cell("sasaran", 1, t3="1,4"), [("sasaran", "arah-target", "error", 1, "t3")]),
    ("trend", cell("sasaran", 2, t1="5,6"), [("sasaran", "arah-target", "error", 2, "t1")]),
    ("trend", cell("sasaran", 3, arah="tetap"), [("sasaran", "arah-target", "error", 3, "t1")]),
    ("equal", cell("sasaran", 2, akhir="4,2"), [("sasaran", "akhir-sama", "error", 2, "akhir")]),
    ("unique", one_more("sasaran", 2), [("sasaran", "indikator-unik", "error", 4, "sasaran")]),
    (
        "same",
        one_more("sasaran", 2, sasaran="Meningkatnya lama tinggal wisatawan", t1="5,3"),
        [("sasaran", "satu-target", "error", 4, "t1")],
    ),
    (
        "range",
        cell("sasaran", 1, t0="-1"),
        [("sasaran", "tidak-negatif", "warning", 1, "t0")],
    ),
    (
        "covered",
        one_more("sasaran", 3, sasaran="Meningkatnya mutu lingkungan", indikator="Indeks kualitas air"),
        [("sasaran", "program-ada", "warning", 4, "sasaran")],
    ),
    (
        "avoid",
        cell("sasaran", 3, tujuan="Terlaksananya wajib belajar"),
        [("sasaran", "kata-kegiatan", "hint", 3, "tujuan")],
    ),
    (
        "avoid",
        cell("sasaran", 1, indikator="Jumlah kegiatan promosi"),
        [("sasaran", "keluaran", "hint", 1, "indikator")],
    ),
    (
        "words",
        cell("sasaran", 2, tujuan="kata " * 21),
        [("sasaran", "ringkas", "hint", 2, "tujuan")],
    ),
    ("pattern", cell("program", 1, kode="3.26.3"), [("program", "kode-pola", "error", 1, "kode")]),
    (
        "pattern",
        cell("program", 2, program="Pelatihan Kerja"),
        [("program", "nama-program", "warning", 2, "program")],
    ),
    ("unique", cell("program", 3, kode="2.07.03"), [("program", "kode-unik", "error", 3, "kode")]),
    (
        "known",
        cell("program", 3, sasaran="Meningkatnya mutu sekolah"),
        [
            ("sasaran", "program-ada", "warning", 3, "sasaran"),
            ("program", "_known", "error", 3, "sasaran"),
        ],
    ),
    (
        "range",
        cell("program", 2, p4="-1300000000"),
        [("program", "pagu-tidak-negatif", "error", 2, "p4")],
    ),
    (
        "sum_at_most",
        cell("program", 3, p1="98000000001"),
        [("program", "pagu-kapasitas", "error", None, "p1")],
    ),
    (
        "sum_at_most",
        cell("kapasitas", 5, uraian="Pendapatan daerah"),
        [
            *(("program", "pagu-kapasitas", "error", None, f"p{year}") for year in range(1, 7)),
            ("kapasitas", "uraian-unik", "error", 5, "uraian"),
        ],
    ),
    (
        "avoid",
        cell("program", 1, indikator="Jumlah laporan promosi"),
        [("program", "keluaran-program", "hint", 1, "indikator")],
    ),
    ("rows", without_row("kapasitas", 2), [("kapasitas", "_rows", "error", None, None)]),
    ("rows", many_rows, [("sasaran", "_rows", "error", None, None)]),
    (
        "unique",
        cell("kapasitas", 4, uraian="Pendapatan daerah"),
        [("kapasitas", "uraian-unik", "error", 4, "uraian")],
    ),
    ("range", cell("kapasitas", 3, p2="-1"), [("kapasitas", "nilai-tidak-negatif", "error", 3, "p2")]),
    ("words", cell("kapasitas", 1, dasar="APBD"), [("kapasitas", "dasar-jelas", "warning", 1, "dasar")]),
    ("files", files(*map(pdf, range(6))), [("lampiran", "_files", "error", None, None)]),
    ("files", files(pdf(1, 20 * 2**20 + 1)), [("lampiran", "_files", "error", None, None)]),
    ("section", lambda contents: contents.update(isu=""), [("isu", "_section", "error", None, None)]),
]


def spoilt(*edits: Edit) -> Contents:
    contents = dict(rpjmd.contents(project()))
    for edit in edits:
        edit(contents)
    return contents


def test_no_false_alarm() -> None:
    assert run(project(), spoilt()) == []


@pytest.mark.parametrize(
    ("rule", "edit", "expected"), DEFECTS, ids=[f"{rule}-{at}" for at, (rule, _, _) in enumerate(DEFECTS)]
)
def test_each_defect_is_found_in_its_place_and_nothing_else(
    rule: str, edit: Edit, expected: list[Place]
) -> None:
    findings = run(project(), spoilt(edit))
    assert places(findings) == expected
    assert rule in {each.rule for each in findings}


def test_every_check_of_the_project_and_every_rule_of_the_format_has_a_defect() -> None:
    written = {
        (section.id, check.id) for section in project().sections for check in getattr(section, "checks", ())
    }
    found = {(section, check) for _, _, expected in DEFECTS for section, check, *_ in expected}
    assert written <= found
    assert {rule for rule, _, _ in DEFECTS} == set(rules.TITLES)


ORDER_COUNTS = {"unique", "same", "covered"}  # which of two is the one too many depends on which stands first
CELLS = [edit for _, edit, expected in DEFECTS if expected[0][0] in ("sasaran", "program")]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(CELLS), max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_finding(edits: list[Edit], dice: random.Random) -> None:
    contents = spoilt(*edits)
    moved = dict(contents)
    for section in ("sasaran", "program", "kapasitas"):
        rows = list(rows_of(contents, section))
        dice.shuffle(rows)
        moved[section] = Table(tuple(rows))
    before, after = (
        {
            (each.key, each.message, each.settle)
            for each in run(project(), held)
            if each.rule not in ORDER_COUNTS
        }
        for held in (contents, moved)
    )
    assert before == after
