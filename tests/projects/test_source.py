import re
from decimal import Decimal

import msgspec
import pytest

from lms.projects import rules
from lms.projects.source import (
    Column,
    FilesSection,
    Late,
    Project,
    Reconcile,
    Span,
    TableSection,
    TextSection,
    parse,
)

RPJMD = """---
kind: project
title: Rancangan awal RPJMD
minutes: 540
team: 1..4
graders: 2
reconcile: moderator > 10
blind: learner
pass: 70
late: {grace: 1h, per_day: 5, max: 25}
rubric: rubrik-rpjmd.yml
requires: [kuis-kerangka]
sections:
  - id: isu
    title: Permasalahan dan isu strategis
    kind: text
    words: 300..1500
    requires: [Akar masalah, Isu strategis]
    guide: |
      Turunkan isu dari data.
    checks:
      - {id: kata, rule: avoid, phrases: dan lain-lain}
  - id: sasaran
    title: Tujuan dan sasaran
    kind: table
    rows: 3..60
    columns:
      - {id: misi, label: Misi, required: true}
      - {id: sasaran, label: Sasaran, type: text, required: true}
      - {id: indikator, label: Indikator, type: text, required: true}
      - {id: satuan, label: Satuan, type: text, required: true}
      - {id: arah, label: Arah, type: choice, options: [naik, turun, tetap]}
      - {id: t0, label: "2024", type: number, required: true}
      - {id: t1, label: "2025", type: number, min: 0, max: 100.5}
      - {id: akhir, label: Kondisi akhir, type: number, required: true}
    checks:
      - {id: arah-target, rule: trend, across: [t0, t1, akhir], direction: arah, level: error}
      - {id: akhir-sama, rule: equal, columns: [t1, akhir], level: warning}
      - {id: program-ada, rule: covered, column: sasaran, by: program.sasaran, level: warning}
      - {id: kata-kerja, rule: avoid, column: sasaran, phrases: [meningkatkan pelaksanaan], at: start}
      - {id: target-sama, rule: same, key: indikator, columns: [satuan], tables: program}
  - id: program
    title: Program dan pagu
    kind: table
    rows: 1..100
    columns:
      - {id: kode, label: Kode}
      - {id: sasaran, label: Sasaran, type: ref, ref: sasaran.sasaran}
      - {id: indikator, label: Indikator}
      - {id: satuan, label: Satuan}
      - {id: pagu, label: Pagu, type: money}
    checks:
      - {id: kode-bentuk, rule: pattern, column: kode, pattern: '\\d(\\.\\d{2})+', message: Tulis 1.02.}
      - {id: kode-unik, rule: unique, column: kode}
      - {id: cukup, rule: sum_at_most, column: pagu, against: kapasitas, row: {uraian: Riil}, limits: riil}
  - id: kapasitas
    title: Kapasitas riil
    kind: table
    rows: ..5
    columns: [{id: uraian, label: Uraian}, {id: riil, label: Rupiah, type: money}]
  - {id: lampiran, title: Lampiran, kind: files, accept: [pdf, jpeg], max: 3, max_mb: 10}
---
Susunlah rancangan awal.
"""


def project(text: str = RPJMD) -> Project:
    found, problems = parse(text, "01-rancangan.md")
    assert problems == []
    assert found is not None
    return found


def told(text: str) -> list[tuple[int, str]]:
    found, problems = parse(text, "01-rancangan.md")
    assert found is None
    assert {problem.file for problem in problems} == {"01-rancangan.md"}
    return [(problem.line, problem.message) for problem in problems]


START = "---\ntitle: x\nminutes: 5\nrubric: r\n"


def test_reads_a_whole_project() -> None:
    found = project()
    assert (found.title, found.minutes, found.team, found.graders) == (
        "Rancangan awal RPJMD",
        540,
        Span(1, 4),
        2,
    )
    assert found.reconcile == Reconcile("moderator", Decimal(10))
    assert (found.blind, found.pass_mark, found.rubric) == ("learner", Decimal(70), "rubrik-rpjmd")
    assert found.late == Late(3600, Decimal(5), Decimal(25))
    assert found.requires == ("kuis-kerangka",)
    assert [(section.id, section.kind) for section in found.sections] == [
        ("isu", "text"),
        ("sasaran", "table"),
        ("program", "table"),
        ("kapasitas", "table"),
        ("lampiran", "files"),
    ]
    isu, sasaran, program, kapasitas, lampiran = found.sections
    assert isinstance(isu, TextSection)
    assert (isu.words, isu.requires, isu.required) == (
        Span(300, 1500),
        ("Akar masalah", "Isu strategis"),
        True,
    )
    assert isu.checks == (rules.Avoid(id="kata", phrases=("dan lain-lain",), level="hint"),)
    assert isinstance(sasaran, TableSection)
    assert sasaran.columns[4] == Column(
        id="arah", label="Arah", type="choice", options=("naik", "turun", "tetap")
    )
    assert sasaran.columns[6].max == Decimal("100.5")
    assert sasaran.checks[0] == rules.Trend(id="arah-target", across=("t0", "t1", "akhir"), direction="arah")
    assert [check.rule for check in sasaran.checks] == ["trend", "equal", "covered", "avoid", "same"]
    assert sasaran.checks[2] == rules.Covered(
        id="program-ada", level="warning", column="sasaran", by=("program.sasaran",)
    )
    assert isinstance(program, TableSection)
    assert program.column("pagu") == Column(id="pagu", label="Pagu", type="money")
    assert program.column("tidak-ada") is None
    assert isinstance(kapasitas, TableSection)
    assert (kapasitas.rows, kapasitas.required) == (Span(0, 5), False)
    assert lampiran == FilesSection(id="lampiran", title="Lampiran", accept=("pdf", "jpg"), max=3, max_mb=10)
    assert found.section("isu") is isu
    assert found.section("lain") is None


def test_is_stored_as_json_and_read_back() -> None:
    stored = msgspec.json.encode(project())
    assert msgspec.json.decode(stored, type=Project) == project()


def test_what_is_left_out_has_a_sensible_default() -> None:
    found = project(
        "---\ntitle: Esai\nminutes: 45\nrubric: r\nsections: [{id: esai, title: Esai, kind: text}]\n---\n"
    )
    assert (found.team, found.graders, found.blind, found.late) == (Span(1, 1), 1, "none", None)
    assert found.reconcile == Reconcile("average")
    assert found.sections == (TextSection(id="esai", title="Esai"),)


@pytest.mark.parametrize(
    ("change", "line", "message"),
    [
        ("kind: project→kind: quiz", 2, "bukan proyek"),
        ("title: Rancangan awal RPJMD→judul: Rancangan", 1, "`title` wajib"),
        ("minutes: 540→minutes: 0", 4, "paling sedikit 1"),
        ("team: 1..4→team: 4..1", 5, "terbalik"),
        ("team: 1..4→team: 0..4", 5, "di antara 1 dan 20"),
        ("team: 1..4→team: 2..", 5, "Batas atas"),
        ("team: 1..4→team: empat", 5, "Tulis `team` sebagai"),
        ("graders: 2→graders: 1", 7, "paling sedikit dua penilai"),
        ("moderator > 10→moderator", 7, "reconcile: average"),
        ("blind: learner→blind: semua", 8, "none, learner, both"),
        ("pass: 70→pass: 170", 9, "di antara 0 dan 100"),
        ("per_day: 5→per_day: -5", 10, "di antara 0 dan 100"),
        ("grace: 1h→grace: 1 jam", 10, "`30m`, `1h`, atau `2d`"),
        ("per_day: 5→perday: 5", 10, "`perday` tidak dikenal. Maksudnya `per_day`?"),
        ("rubric: rubrik-rpjmd.yml→", 1, "`rubric` wajib"),
        ("words: 300..1500→words: 1500..300", 17, "terbalik"),
        ("[Akar masalah, Isu strategis]→[Isu, isu]", 18, "ditulis dua kali"),
        ("phrases: dan lain-lain→phrases: ['']", 22, "tidak boleh kosong"),
        (
            "rule: avoid, phrases: dan lain-lain→rule: trend, across: [a, b], direction: naik",
            22,
            "tidak berlaku untuk bagian",
        ),
        ("phrases: dan lain-lain→phrases: x, column: isi", 22, "tidak memiliki kolom"),
        ("kind: table→kind: tabel", 25, "Maksudnya `table`?"),
        ("    kind: table\n→\n", 23, "`kind` wajib"),
        ("rows: 3..60→rows: 3..9999", 26, "di antara 0 dan 500"),
        ("id: misi→id: Misi Kota", 28, "huruf kecil"),
        ("id: misi→id: _id", 28, "huruf kecil"),
        ("id: misi→id: sasaran", 29, "dipakai dua kolom"),
        ("type: choice, options: [naik, turun, tetap]→type: choice", 32, "tulis pilihannya"),
        ("options: [naik, turun, tetap]→options: [naik, Naik]", 32, "ditulis dua kali"),
        ("options: [naik, turun, tetap]→options: [naik, datar]", 37, "hanya boleh memuat naik, turun, tetap"),
        (
            "type: choice, options: [naik, turun, tetap]→options: [naik]",
            32,
            "hanya untuk kolom berjenis choice",
        ),
        ('label: "2024", type: number→label: 2024, type: number', 33, "tanda kutip"),
        ("type: number, min: 0→min: 0", 34, "hanya untuk kolom angka"),
        ("min: 0, max: 100.5→min: 101, max: 100.5", 34, "lebih kecil daripada `min`"),
        ("across: [t0, t1, akhir]→across: [t0, t9, akhir]", 37, "tidak memiliki kolom `t9`"),
        ("across: [t0, t1, akhir]→across: [t0, satuan]", 37, "memerlukan kolom angka"),
        ("across: [t0, t1, akhir]→across: t0", 37, "paling sedikit dua kolom"),
        ("direction: arah, level: error→direction: ara, level: error", 37, "Maksudnya `arah`?"),
        ("direction: arah, level: error→direction: arah, level: fatal", 37, "error, warning, hint"),
        ("rule: equal→rule: sama", 38, "Aturan `sama` tidak dikenal"),
        ("rule: equal, →", 38, "`rule` wajib"),
        ("columns: [t1, akhir], level→kolom: [t1, akhir], level", 38, "Kunci `kolom` tidak dikenal"),
        ("id: akhir-sama→id: arah-target", 38, "dipakai dua pemeriksaan"),
        ("by: program.sasaran→by: programs.sasaran", 39, "Maksudnya `program`?"),
        ("by: program.sasaran→by: isu.sasaran", 39, "Tidak ada tabel `isu`"),
        ("by: program.sasaran→by: program.tujuan", 39, "tidak memiliki kolom `tujuan`"),
        ("rule: avoid, column: sasaran, →rule: avoid, ", 40, "memerlukan `column`"),
        ("tables: program→tables: kapasitas", 41, "Tabel `kapasitas` tidak memiliki kolom `indikator`"),
        ("ref: sasaran.sasaran→ref: sasaran", 48, "`bagian.kolom`"),
        ("ref: sasaran.sasaran→ref: sasaran.sasar", 48, "Maksudnya `sasaran`?"),
        ("ref: sasaran.sasaran→ref: program.sasaran", 48, "dirinya sendiri"),
        (", ref: sasaran.sasaran→", 48, "tulis asalnya"),
        ("type: ref, ref→ref", 48, "hanya untuk kolom berjenis ref"),
        ("'\\d(\\.\\d{2})+'→'(\\d'", 53, "Kurung belum ditutup"),
        ("limits: riil→limits: [riil, riil]", 55, "harus sama dengan jumlah"),
        ("limits: riil→limits: uraian", 55, "memerlukan kolom angka"),
        ("row: {uraian: Riil}→row: {baris: Riil}", 55, "tidak memiliki kolom `baris`"),
        ("against: kapasitas→against: kapasita", 55, "Maksudnya `kapasitas`?"),
        ("id: kapasitas→id: program", 56, "dipakai dua bagian"),
        ("accept: [pdf, jpeg]→accept: [exe]", 61, "pdf, docx, xlsx, png, jpg"),
        ("max: 3→max: 0", 61, "paling sedikit 1"),
    ],
)
def test_says_what_is_wrong_and_where(change: str, line: int, message: str) -> None:
    before, _, after = change.partition("→")
    assert before in RPJMD
    assert any(at == line and message in said for at, said in told(RPJMD.replace(before, after, 1))), told(
        RPJMD.replace(before, after, 1)
    )


def test_reports_everything_at_once_and_nothing_twice() -> None:
    text = RPJMD.replace("pass: 70", "pass: 700").replace("rows: 3..60", "rows: banyak")
    text = text.replace('{id: t0, label: "2024"', "{id: t0, label: 2024").replace(
        "rule: unique", "rule: tunggal"
    )
    assert [line for line, _ in told(text)] == [9, 26, 33, 54]


def test_what_cannot_be_read_is_not_missed_elsewhere() -> None:
    assert [line for line, _ in told(RPJMD.replace("title: Kapasitas riil", "judul: Kapasitas riil"))] == [
        56,
        57,
    ]
    assert [
        line for line, _ in told(re.sub(r"    kind: table\n    rows: 1\.\.100", "    rows: 1..100", RPJMD))
    ] == [42]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "diawali keterangan YAML"),
        ("---\ntitle: x\n", "belum ditutup"),
        ("---\ntitle: x\ntitle: y\n---\n", "ditulis dua kali"),
        (START + "---\n", "1 sampai 40 bagian"),
        (START + "sections: []\n---\n", "1 sampai 40 bagian"),
        (START + "sections: isu\n---\n", "1 sampai 40 bagian"),
        (START + "sections: [isu]\n---\n", "pasangan `kunci: nilai`"),
        (
            START + "sections: [{id: a, title: A, kind: table}]\n---\n",
            "1 sampai 40 kolom",
        ),
        (
            START + "sections: [{id: a, title: A, kind: table, columns: [x]}]\n---\n",
            "Kolom ditulis",
        ),
        (
            START + "sections: [{id: a, title: A, kind: text, checks: {}}]\n---\n",
            "harus berupa daftar",
        ),
        (
            START + "sections: [{id: 5, title: A, kind: [text]}]\n---\n",
            "tidak dikenal",
        ),
        (
            START + "late: 5\nteam: [1]\nreconcile: {}\nsections: [{}]\n---\n",
            "`kind` wajib",
        ),
    ],
)
def test_nonsense_is_a_problem_not_an_accident(text: str, message: str) -> None:
    assert any(message in said for _, said in told(text)), told(text)


@pytest.mark.parametrize(
    ("seconds", "points"), [(0, 0), (3600, 0), (3601, 5), (86_400, 5), (86_401, 10), (10 * 86_400, 25)]
)
def test_lateness_costs_points_for_each_day_begun(seconds: int, points: int) -> None:
    assert Late(3600, Decimal(5), Decimal(25)).deduction(seconds) == points


def test_a_span_holds_what_lies_between_its_ends() -> None:
    assert [count for count in range(6) if Span(1, 4).holds(count)] == [1, 2, 3, 4]
    assert Span(3).holds(10**6)
