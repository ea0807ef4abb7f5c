import time
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.projects import rules
from lms.projects.checks import Finding, run
from lms.projects.content import Content, FileRef, Table
from lms.projects.source import Column, Project, Section, Span, TableSection, parse

# A whole chain, misi → tujuan → sasaran → indikator → program → pagu, with the checks of a real assignment.
CHAIN = r"""---
kind: project
title: Rancangan awal RPJMD
minutes: 540
rubric: rubrik-rpjmd
sections:
  - id: isu
    title: Isu strategis
    kind: text
    words: 5..40
    requires: [Akar masalah, Isu strategis]
    checks: [{id: kata, rule: avoid, phrases: [dan lain-lain], level: hint}]
  - id: misi
    title: Misi
    kind: table
    rows: 1..10
    columns: [{id: misi, label: Misi, required: true}]
    checks:
      - {id: tujuan-ada, rule: covered, column: misi, by: sasaran.misi, level: error}
  - id: sasaran
    title: Tujuan dan sasaran
    kind: table
    rows: 2..60
    columns:
      - {id: misi, label: Misi, type: ref, ref: misi.misi, required: true}
      - {id: sasaran, label: Sasaran, required: true}
      - {id: indikator, label: Indikator, required: true}
      - {id: satuan, label: Satuan, required: true}
      - {id: arah, label: Arah, type: choice, options: [naik, turun, tetap], required: true}
      - {id: t0, label: "2024", type: number, required: true}
      - {id: t1, label: "2025", type: number, required: true}
      - {id: t2, label: "2026", type: number, required: true}
      - {id: akhir, label: Kondisi akhir, type: number, required: true}
    checks:
      - {id: arah-target, rule: trend, across: [t0, t1, t2], direction: arah}
      - {id: akhir-sama, rule: equal, columns: [t2, akhir]}
      - {id: program-ada, rule: covered, column: sasaran, by: program.sasaran, level: warning}
      - {id: kegiatan, rule: avoid, column: sasaran, phrases: [meningkatkan pelaksanaan], at: start}
      - {id: keluaran, rule: avoid, column: indikator, phrases: [jumlah dokumen, jumlah kegiatan]}
      - {id: sasaran-unik, rule: unique, columns: [sasaran, indikator], level: warning}
      - {id: rumusan, rule: words, column: sasaran, min: 2, max: 20, level: warning}
  - id: program
    title: Program dan pagu
    kind: table
    rows: 1..100
    columns:
      - {id: kode, label: Kode, required: true}
      - {id: sasaran, label: Sasaran, type: ref, ref: sasaran.sasaran, required: true}
      - {id: indikator, label: Indikator, required: true}
      - {id: satuan, label: Satuan}
      - {id: p1, label: Pagu 2025, type: money, min: 0}
      - {id: p2, label: Pagu 2026, type: money, min: 0}
      - {id: mulai, label: Mulai, type: year}
      - {id: pd, label: PD penanggung jawab}
    checks:
      - {id: kode-bentuk, rule: pattern, column: kode, pattern: '\d\.\d{2}(\.\d{2})*', settle: Tulis 1.02.}
      - {id: kode-unik, rule: unique, column: kode}
      - {id: pd-ada, rule: required, column: pd, message: Setiap program memerlukan penanggung jawab.}
      - {id: pagu-cukup, rule: sum_at_most, columns: [p1, p2], against: kapasitas, row: {uraian: Riil}}
      - {id: satuan-sama, rule: same, key: indikator, columns: [satuan], tables: [sasaran], level: warning}
      - {id: masa, rule: range, column: mulai, min: 2025, max: 2030}
      - {id: indikator-ada, rule: known, column: indikator, against: [sasaran.indikator], level: hint}
  - id: kapasitas
    title: Kapasitas riil
    kind: table
    rows: 1..5
    columns:
      - {id: uraian, label: Uraian, required: true}
      - {id: p1, label: "2025", type: money}
      - {id: p2, label: "2026", type: money}
  - {id: lampiran, title: Lampiran, kind: files, accept: [pdf, jpg], max: 2, max_mb: 1}
---
Susunlah.
"""

_parsed, _problems = parse(CHAIN, "chain.md")
assert _parsed is not None, _problems
PROJECT: Project = _parsed


def table(*rows: Mapping[str, str]) -> Table:
    return Table(tuple({"_id": f"r{number}", **row} for number, row in enumerate(rows, start=1)))


def clean() -> dict[str, Any]:
    """Work without a fault; tests change one thing of it."""
    return {
        "isu": "## Akar masalah\n\nMutu pendidikan belum merata.\n\n## Isu strategis\n\nAkses kerja rendah.",
        "misi": table({"misi": "Mewujudkan warga yang cerdas"}),
        "sasaran": table(
            {
                "misi": "Mewujudkan warga yang cerdas",
                "sasaran": "Meningkatnya kualitas pendidikan",
                "indikator": "Rata-rata lama sekolah",
                "satuan": "tahun",
                "arah": "naik",
                "t0": "10,12",
                "t1": "10,2",
                "t2": "10.35",
                "akhir": "10,35",
            },
            {
                "misi": "mewujudkan  warga yang cerdas",
                "sasaran": "Menurunnya pengangguran",
                "indikator": "TPT",
                "satuan": "persen",
                "arah": "Turun",
                "t0": "5,55",
                "t1": "5,1",
                "t2": "4,64",
                "akhir": "4,6400",
            },
        ),
        "program": table(
            {
                "kode": "1.01.02",
                "sasaran": "Meningkatnya kualitas pendidikan",
                "indikator": "Rata-rata lama sekolah",
                "satuan": "Tahun",
                "p1": "Rp1.250.000",
                "p2": "1.500.000",
                "mulai": "2025",
                "pd": "Dinas Pendidikan",
            },
            {
                "kode": "2.07",
                "sasaran": "Menurunnya pengangguran",
                "indikator": "TPT",
                "satuan": "persen",
                "p1": "750.000",
                "p2": "500.000,00",
                "mulai": "2026",
                "pd": "Dinas Tenaga Kerja",
            },
        ),
        "kapasitas": table(
            {"uraian": "Riil", "p1": "2.000.000", "p2": "2.000.000"},
            {"uraian": "Belanja wajib", "p1": "9.000.000", "p2": "9.000.000"},
        ),
    }


def changed(section: str, row: int, **cells: str) -> dict[str, Any]:
    contents = clean()
    rows = [dict(each) for each in contents[section].rows]
    rows[row].update(cells)
    contents[section] = Table(tuple(rows))
    return contents


def found(contents: Mapping[str, Content], section: str | None = None) -> list[Finding]:
    return run(PROJECT, contents, section)


def brief(findings: list[Finding]) -> list[tuple[str, str, str, int | None, str | None]]:
    return [(each.section, each.check, each.level, each.row, each.column) for each in findings]


def test_a_clean_project_has_no_findings() -> None:
    assert found(clean()) == []


# Every rule once: what is changed, and the one finding that must come of it.
DEFECTS: list[tuple[dict[str, Any], tuple[str, str, str, int | None, str | None], str, str]] = [
    (
        changed("sasaran", 0, t1="10,05"),
        ("sasaran", "arah-target", "error", 0, "t1"),
        "Arahnya naik, tetapi 2025 (10,05) lebih rendah daripada 2024 (10,12).",
        "Naikkan 2025 menjadi paling sedikit 10,12, atau perbaiki arah atau nilai sebelumnya.",
    ),
    (
        changed("sasaran", 1, t1="5,6"),
        ("sasaran", "arah-target", "error", 1, "t1"),
        "Arahnya turun, tetapi 2025 (5,6) lebih tinggi daripada 2024 (5,55).",
        "Turunkan 2025 menjadi paling banyak 5,55, atau perbaiki arah atau nilai sebelumnya.",
    ),
    (
        changed("sasaran", 1, arah="tetap"),
        ("sasaran", "arah-target", "error", 1, "t1"),
        "Arahnya tetap, tetapi 2025 (5,1) berbeda dari 2024 (5,55).",
        "Samakan nilainya, atau pilih arah naik atau turun.",
    ),
    (
        changed("sasaran", 1, t0="5", t1="5", t2="5", akhir="5"),
        ("sasaran", "arah-target", "error", 1, "t2"),
        "Arahnya turun, tetapi 2026 sama dengan 2024 (5).",
        "Ubah targetnya sehingga bergerak turun, atau pilih arah tetap.",
    ),
    (
        changed("sasaran", 1, akhir="4,6"),
        ("sasaran", "akhir-sama", "error", 1, "akhir"),
        "Kondisi akhir (4,6) tidak sama dengan 2026 (4,64).",
        "Samakan keduanya.",
    ),
    (
        changed("sasaran", 1, satuan="orang"),
        ("program", "satuan-sama", "warning", 1, "satuan"),
        "Satuan untuk “TPT” di sini tertulis persen, tetapi di Tujuan dan sasaran baris 2 tertulis orang.",
        "Samakan nilainya di kedua tempat.",
    ),
    (
        changed("sasaran", 0, indikator="Jumlah  Kegiatan pelatihan") | {"program": clean()["program"]},
        ("sasaran", "keluaran", "hint", 0, "indikator"),
        "Tertulis “jumlah kegiatan”.",
        "Pertimbangkan rumusan lain.",
    ),
    (
        changed("program", 1, kode="1.01.02"),
        ("program", "kode-unik", "error", 1, "kode"),
        "“1.01.02” sudah ditulis di baris 1.",
        "Ubah salah satunya, atau gabungkan kedua baris.",
    ),
    (
        changed("program", 1, kode="2.7"),
        ("program", "kode-bentuk", "error", 1, "kode"),
        "“2.7” di kolom Kode tidak ditulis dalam bentuk yang diminta.",
        "Tulis 1.02.",
    ),
    (
        changed("program", 1, pd=" "),
        ("program", "pd-ada", "error", 1, "pd"),
        "Setiap program memerlukan penanggung jawab.",
        "Isi kolom ini, atau hapus seluruh barisnya.",
    ),
    (
        changed("program", 1, p1="750.001"),
        ("program", "pagu-cukup", "error", None, "p1"),
        "Jumlah Pagu 2025, Rp2.000.001, melebihi Rp2.000.000 di Kapasitas riil (kolom 2025).",
        "Kurangi paling sedikit Rp1, atau perbaiki batasnya di Kapasitas riil.",
    ),
    (
        changed("kapasitas", 0, p2=""),
        ("program", "pagu-cukup", "error", None, "p2"),
        "Batas untuk Pagu 2026 belum diisi di Kapasitas riil (kolom 2026).",
        "Isi dahulu batasnya di Kapasitas riil.",
    ),
    (
        changed("program", 0, mulai="2024"),
        ("program", "masa", "error", 0, "mulai"),
        "Mulai (2024) kurang dari 2025.",
        "Isi paling sedikit 2025.",
    ),
    (
        changed("program", 0, p1="-5"),
        ("program", "_range", "error", 0, "p1"),
        "Pagu 2025 (-Rp5) kurang dari Rp0.",
        "Isi paling sedikit Rp0.",
    ),
    (
        changed("program", 0, mulai="26"),
        ("program", "_type", "error", 0, "mulai"),
        "“26” di kolom Mulai bukan tahun.",
        "Tulis empat angka, misalnya 2026.",
    ),
    (
        changed("program", 0, p1="1,5 juta"),
        ("program", "_type", "error", 0, "p1"),
        "“1,5 juta” di kolom Pagu 2025 bukan jumlah rupiah.",
        "Tulis rupiah penuh, misalnya 1.250.000.",
    ),
    (
        changed("sasaran", 0, t0="9.123"),
        ("sasaran", "_type", "error", 0, "t0"),
        "“9.123” di kolom 2024 dapat berarti 9.123 atau 9,123.",
        "Tulis 9123 atau 9,1230.",
    ),
    (
        changed("sasaran", 0, satuan=""),
        ("sasaran", "_required", "error", 0, "satuan"),
        "Kolom Satuan belum diisi.",
        "Isi kolom ini, atau hapus seluruh barisnya.",
    ),
    (
        changed("sasaran", 0, arah="membaik"),
        ("sasaran", "_choice", "error", 0, "arah"),
        "“membaik” tidak ada dalam pilihan kolom Arah.",
        "Pilih salah satu: naik, turun, tetap.",
    ),
    (
        changed("sasaran", 0, misi="Mewujudkan kota wisata"),
        ("sasaran", "_known", "error", 0, "misi"),
        "“Mewujudkan kota wisata” tidak ada di Misi (kolom Misi).",
        "Pilih isian yang ada di sana, atau tambahkan dahulu.",
    ),
    (
        changed("program", 1, indikator="Pengangguran terbuka"),
        ("program", "indikator-ada", "hint", 1, "indikator"),
        "“Pengangguran terbuka” tidak ada di Tujuan dan sasaran (kolom Indikator).",
        "Pilih isian yang ada di sana, atau tambahkan dahulu.",
    ),
    (
        clean() | {"misi": table({"misi": "Mewujudkan warga yang cerdas"}, {"misi": "Kota lestari"})},
        ("misi", "tujuan-ada", "error", 1, "misi"),
        "“Kota lestari” belum ditindaklanjuti di Tujuan dan sasaran (kolom Misi).",
        "Tambahkan baris untuk “Kota lestari” di sana.",
    ),
    (
        clean() | {"misi": Table()},
        ("misi", "_section", "error", None, None),
        "Bagian ini belum diisi.",
        "Isi bagian ini sebelum mengumpulkan.",
    ),
    (
        clean()
        | {"kapasitas": table(*clean()["kapasitas"].rows, *({"uraian": f"Lain {n}"} for n in range(4)))},
        ("kapasitas", "_rows", "error", None, None),
        "Tabel ini berisi 6 baris; paling banyak 5.",
        "Kurangi 1 baris.",
    ),
    (
        clean() | {"isu": "# Akar masalah\n\n# Isu\n\nKualitas pendidikan belum merata."},
        ("isu", "_headings", "error", None, None),
        "Judul “Isu strategis” belum ada.",
        "Tulis “Isu strategis” sebagai judul di atas uraiannya.",
    ),
    (
        clean() | {"isu": "# Akar masalah\n\n# Isu strategis"},
        ("isu", "_words", "error", None, None),
        "Panjangnya 4 kata; paling sedikit 5.",
        "Tambahkan paling sedikit 1 kata.",
    ),
    (
        clean() | {"isu": clean()["isu"] + " kata" * 40},
        ("isu", "_words", "error", None, None),
        "Panjangnya 51 kata; paling banyak 40.",
        "Kurangi paling sedikit 11 kata.",
    ),
    (
        clean() | {"isu": clean()["isu"] + " Data, sarana, Dan\nlain-lain."},
        ("isu", "kata", "hint", None, None),
        "Tertulis “dan lain-lain”.",
        "Pertimbangkan rumusan lain.",
    ),
    (
        clean() | {"lampiran": tuple(FileRef(str(n), f"{n}.pdf", 5, "application/pdf") for n in range(3))},
        ("lampiran", "_files", "error", None, None),
        "Ada 3 berkas; paling banyak 2.",
        "Hapus 1 berkas.",
    ),
    (
        clean() | {"lampiran": (FileRef("0", "peta.JPEG", 5, "image/jpeg"), FileRef("1", "a.exe", 5, "x/y"))},
        ("lampiran", "_files", "error", None, None),
        "Jenis berkas “a.exe” tidak diterima di bagian ini.",
        "Unggah berkas PDF, JPG.",
    ),
    (
        clean() | {"lampiran": (FileRef("0", "peta.jpg", 2**20 + 1, "image/jpeg"),)},
        ("lampiran", "_files", "error", None, None),
        "Berkas “peta.jpg” melebihi 1 MB.",
        "Unggah berkas yang lebih kecil.",
    ),
]


@pytest.mark.parametrize(
    ("contents", "where", "message", "settle"), DEFECTS, ids=[str(each[1][1]) for each in DEFECTS]
)
def test_finds_each_defect_and_says_what_would_settle_it(
    contents: dict[str, Any], where: tuple[str, str, str, int | None, str | None], message: str, settle: str
) -> None:
    findings = found(contents)
    assert where in brief(findings)
    finding = findings[brief(findings).index(where)]
    assert (finding.message, finding.settle) == (message, settle)
    assert finding.row_id == ("" if finding.row is None else f"r{finding.row + 1}")
    # The others are consequences of the same change, in another table, and never about the same cell.
    assert sum((each.section, each.row, each.column) == (where[0], *where[3:]) for each in findings) == 1


def test_every_rule_has_a_defect_and_a_title() -> None:
    rule_of = {
        check.id: check.rule for section in PROJECT.sections for check in getattr(section, "checks", ())
    }
    shown = {rule_of.get(check, check.removeprefix("_")) for _, (_, check, *_), _, _ in DEFECTS}
    assert shown == set(rules.TITLES)
    assert set(rules.RULES) == {*rule_of.values(), "headings"}


def test_one_section_has_the_findings_of_its_own_checks() -> None:
    contents = changed("sasaran", 0, t1="10,05")
    assert found(contents, "sasaran") == found(contents)
    assert found(contents, "program") == []
    assert found(contents, "tidak-ada") == []


def test_many_defects_at_once_in_the_order_of_sections_rows_and_columns() -> None:
    contents = changed("sasaran", 1, arah="?", satuan="", t0="lima")
    contents["isu"] = "pendek"
    contents["program"] = Table(contents["program"].rows[:1])
    assert brief(found(contents)) == [
        ("isu", "_words", "error", None, None),
        ("isu", "_headings", "error", None, None),
        ("isu", "_headings", "error", None, None),
        ("sasaran", "program-ada", "warning", 1, "sasaran"),
        ("sasaran", "_required", "error", 1, "satuan"),
        ("sasaran", "_choice", "error", 1, "arah"),
        ("sasaran", "_type", "error", 1, "t0"),
    ]


def test_nothing_filled_in_is_one_finding_for_each_required_section() -> None:
    assert brief(found({})) == [
        (section, "_section", "error", None, None)
        for section in ("isu", "misi", "sasaran", "program", "kapasitas")
    ]


def test_blank_rows_are_no_rows_but_keep_their_place() -> None:
    contents = clean()
    rows = contents["sasaran"].rows
    blank = {"_id": "b", "misi": " ", "t0": ""}
    contents["sasaran"] = Table((blank, rows[0], blank, {**rows[1], "akhir": "4,6"}, blank, {}))
    assert [(each.check, each.row, each.row_id) for each in found(contents)] == [("akhir-sama", 3, "r2")]


def test_a_finding_keeps_its_key_when_other_rows_move_and_values_change() -> None:
    first = found(changed("sasaran", 1, akhir="4,6"))[0]
    contents = changed("sasaran", 1, akhir="4,7")
    contents["sasaran"] = Table(tuple(reversed(contents["sasaran"].rows)))
    again = found(contents)[0]
    assert (first.row, again.row) == (1, 0)
    assert first.key == again.key == "sasaran/akhir-sama/r2/akhir/"
    keys = [each.key for each in found(clean() | {"isu": "pendek sekali kalimat ini ya"})]
    assert len(set(keys)) == len(keys) == 2


def test_messages_can_be_translated_with_their_values() -> None:
    finding = found(changed("sasaran", 1, akhir="4,6"))[0]
    said = "%(column)s (%(value)s) tidak sama dengan %(first)s (%(other)s)."
    english = {
        said: "%(column)s (%(value)s) is not %(other)s.",
        "Samakan keduanya.": "Make them equal.",
    }
    assert finding.told(english.__getitem__) == ("Kondisi akhir (4,6) is not 4,64.", "Make them equal.")


def with_check(check: rules.Rule, *columns: Column, **others: Section) -> Project:
    first = TableSection(id="a", title="A", rows=Span(0, 100), columns=columns, checks=(check,))
    return Project(title="P", minutes=1, rubric="r", sections=(first, *others.values()))


def column(name: str, kind: Any = "number") -> Column:
    return Column(id=name, label=name.upper(), type=kind)


@pytest.mark.parametrize(
    ("check", "values", "wrong"),
    [
        (rules.Trend(id="c", across=("x", "y", "z"), direction="naik"), ("1", "1", "2"), None),
        (rules.Trend(id="c", across=("x", "y", "z"), direction="naik", strict=True), ("1", "1", "2"), "y"),
        (rules.Trend(id="c", across=("x", "y", "z"), direction="turun", strict=True), ("3", "2", "1"), None),
        (rules.Trend(id="c", across=("x", "y", "z"), direction="naik"), ("1", "", "0"), "z"),
        (rules.Trend(id="c", across=("x", "y", "z"), direction="naik"), ("1", "dua", ""), None),
        (
            rules.Trend(id="c", across=("x", "y", "z"), direction="tetap", strict=True),
            ("1", "1,0", "1"),
            None,
        ),
        (rules.Equal(id="c", columns=("x", "y"), tolerance=rules.Decimal("0.05")), ("1", "1,05", ""), None),
        (rules.Equal(id="c", columns=("x", "y"), tolerance=rules.Decimal("0.05")), ("1", "1,06", ""), "y"),
        (rules.Equal(id="c", columns=("x", "y", "z")), ("1", "", "2"), "z"),
        (rules.Range(id="c", columns=("x",), max=rules.Decimal(5)), ("5,01", "", ""), "x"),
        (rules.Unique(id="c", columns=("x", "y")), ("", "", "1"), None),
    ],
)
def test_how_each_rule_reads_a_row(check: rules.Rule, values: tuple[str, ...], wrong: str | None) -> None:
    project = with_check(check, column("x"), column("y"), column("z"))
    row = dict(zip(("x", "y", "z"), values, strict=True))
    findings = [each for each in run(project, {"a": table(row)}) if each.check == "c"]
    assert [each.column for each in findings] == ([wrong] if wrong else [])


def test_sums_are_exact_and_limits_may_be_spread_over_rows() -> None:
    check = rules.SumAtMost(id="c", columns=("x",), against="b", limits=("y",))
    other = TableSection(id="b", title="B", columns=(column("y", "money"),))
    project = with_check(check, column("x"), b=other)
    exact = {"a": table({"x": "0,1"}, {"x": "0,2"}, {"x": "2,7"}), "b": table({"y": "1"}, {"y": "2"})}
    assert run(project, exact) == []
    assert len(run(project, exact | {"a": table({"x": "0,1"}, {"x": "0,2"}, {"x": "2,70001"})})) == 1


def test_the_same_key_twice_in_one_table_needs_the_same_values() -> None:
    project = with_check(rules.Same(id="c", key="k", columns=("x",)), column("k", "text"), column("x"))
    rows = table(
        {"k": "TPT", "x": "1,50"}, {"k": "tpt", "x": "1,5"}, {"k": "TPT", "x": "2"}, {"k": "TPT", "x": ""}
    )
    assert [(each.row, each.column) for each in run(project, {"a": rows})] == [(2, "x")]


def test_a_phrase_is_met_as_whole_words_only_and_at_the_start_if_asked() -> None:
    check = rules.Avoid(id="c", phrases=("jumlah", "jumlah dokumen"), columns=("x",), at="start")
    project = with_check(check, column("x", "text"))
    cells = ("**Jumlah  dokumen** RPJMD", "Jumlahan", "Besar jumlah", "jumlah")
    findings = run(project, {"a": table(*({"x": cell} for cell in cells))})
    assert [(each.row, each.message) for each in findings] == [
        (0, "Diawali dengan “jumlah dokumen”."),
        (3, "Diawali dengan “jumlah”."),
    ]


cells = (
    st.text(max_size=30)
    | st.text(alphabet="0123456789.,- %Rp", max_size=45)
    | st.sampled_from(["naik", "TPT", "1.000"])
)
column_ids = sorted(
    {
        column.id
        for section in PROJECT.sections
        if isinstance(section, TableSection)
        for column in section.columns
    }
)
garbage: st.SearchStrategy[Content] = st.one_of(
    st.lists(
        st.dictionaries(st.sampled_from([*column_ids, "_id", "lain"]), cells, max_size=9), max_size=6
    ).map(lambda rows: Table(tuple(rows))),
    st.text(),
    st.lists(st.builds(FileRef, st.text(), st.text(), st.integers(), st.text()), max_size=3).map(tuple),
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from([section.id for section in PROJECT.sections]), garbage))
def test_garbage_never_breaks_a_check(contents: dict[str, Content]) -> None:
    for finding in found(contents):
        assert finding.message
        assert finding.settle
        assert len(finding.message) < 600
        assert finding.rule in rules.TITLES
        assert "%(" not in finding.message


def test_findings_survive_being_stored() -> None:
    findings = found(changed("sasaran", 1, akhir="4,6"))
    assert msgspec.json.decode(msgspec.json.encode(findings), type=list[Finding]) == findings


def test_a_hundred_rows_and_forty_checks_are_fast() -> None:
    numbers = [f"t{n}" for n in range(8)]
    columns = (column("k", "text"), column("arah", "text"), *map(column, numbers), column("r", "text"))
    kinds: list[rules.Rule] = []
    for n in range(4):
        kinds += [
            rules.Trend(id=f"trend{n}", across=tuple(numbers), direction="arah"),
            rules.Equal(id=f"equal{n}", columns=(numbers[-1], numbers[-1])),
            rules.Unique(id=f"unique{n}", columns=("k",)),
            rules.Range(id=f"range{n}", columns=tuple(numbers), min=rules.Decimal(0)),
            rules.Required(id=f"required{n}", columns=("k", *numbers)),
            rules.Covered(id=f"covered{n}", column="k", by=("b.k",)),
            rules.Known(id=f"known{n}", column="r", against=("b.k",)),
            rules.Same(id=f"same{n}", key="k", columns=("t0", "t1"), tables=("b",)),
            rules.SumAtMost(id=f"sum{n}", columns=tuple(numbers[:4]), against="b"),
            rules.Avoid(id=f"avoid{n}", columns=("k", "r"), phrases=("jumlah dokumen", "jumlah kegiatan")),
        ]
    sections = tuple(
        TableSection(id=name, title=name, columns=columns, checks=tuple(kinds) if name == "a" else ())
        for name in "ab"
    )
    project = Project(title="P", minutes=1, rubric="r", sections=sections)

    def contents(round_: int) -> dict[str, Content]:
        rows = [
            {
                "k": f"Indikator kinerja utama ke-{row}",
                "r": f"Indikator kinerja utama ke-{row}",
                "arah": "naik",
                **{name: f"{row},{round_}{n}" for n, name in enumerate(numbers)},
            }
            for row in range(100)
        ]
        return {"a": table(*rows), "b": table(*rows)}

    assert len(kinds) == 40
    took = []
    for round_ in range(1, 6):
        made = contents(round_)  # other numbers each time, so that nothing is remembered
        start = time.perf_counter()
        assert run(project, made) == []
        took.append(time.perf_counter() - start)
    print(f"100 rows x 40 checks: {min(took) * 1000:.1f} ms")
    assert min(took) < 0.2  # far above what it takes, for a busy machine; a quadratic rule takes longer
