from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms import rubric
from lms.rubric import (
    BadScore,
    Rubric,
    bounds,
    breakdown,
    level_at,
    missing,
    parse,
    points,
    unknown_sections,
)

TEXT = """title: Rubrik rancangan RPJMD
levels: [{id: 4, label: Sangat baik}, {id: 3, label: Baik}, {id: 2, label: Cukup}, {id: 1, label: Kurang}]
criteria:
  - id: isu
    title: Permasalahan dan isu strategis
    weight: 15
    sections: [isu]
    levels: {4: "Diturunkan dari data", 3: "Didukung data", 2: "Kaitannya lemah", 1: "Bersifat umum"}
  - id: indikator
    title: Mutu indikator dan target
    weight: 62.5
    range: true
    sections: [sasaran, program]
    levels: {4: "Seluruhnya SMART", 3: "Sebagian besar", 2: "Sejumlah", 1: "Tidak terukur"}
  - id: bahasa
    title: Penyajian dan bahasa
    weight: 22.5
    levels: {4: "Baku", 3: "Baik", 2: "Cukup sering salah", 1: "Sulit dipahami"}
"""

_parsed, _problems = parse(TEXT, "rubrik.yml")
assert _parsed is not None, _problems
RUBRIC: Rubric = _parsed

THIRDS = parse(
    "title: Tiga\nlevels: [{id: 3, label: A}, {id: 2, label: B}, {id: 1, label: C}]\n"
    + "criteria: [{id: a, title: A, weight: 50, levels: {3: x, 2: y, 1: z}},"
    + " {id: b, title: B, weight: 50, levels: {3: x, 2: y, 1: z}}]\n",
    "t.yml",
)[0]


def test_reads_a_rubric() -> None:
    assert [level.id for level in RUBRIC.levels] == [4, 3, 2, 1]
    assert [(each.id, each.weight, each.range) for each in RUBRIC.criteria] == [
        ("isu", 15, False),
        ("indikator", Decimal("62.5"), True),
        ("bahasa", Decimal("22.5"), False),
    ]
    criterion = RUBRIC.criterion("indikator")
    assert criterion is not None
    assert (criterion.sections, criterion.levels[1]) == (("sasaran", "program"), "Tidak terukur")
    assert RUBRIC.criterion("lain") is None
    assert msgspec.json.decode(msgspec.json.encode(RUBRIC), type=Rubric) == RUBRIC


@pytest.mark.parametrize(
    ("scores", "grade"),
    [
        ({"isu": 4, "indikator": 4, "bahasa": 4}, "100"),
        ({"isu": 1, "indikator": 1, "bahasa": 1}, "25"),
        ({"isu": 3, "indikator": 4, "bahasa": 2}, "85"),
        ({"isu": 3, "indikator": Decimal("0.9"), "bahasa": 2}, "78.75"),
        ({"isu": 3, "indikator": Decimal("0.87"), "bahasa": 1}, "71.25"),
        ({"isu": 1, "indikator": Decimal(0), "bahasa": 1}, "9.375"),
    ],
)
def test_the_grade_is_the_exact_sum_of_weight_times_points(
    scores: dict[str, rubric.Score], grade: str
) -> None:
    assert points(RUBRIC, scores) == Decimal(grade)
    parts = breakdown(RUBRIC, scores)
    assert sum(part.contribution or 0 for part in parts) == Decimal(grade)


def test_levels_may_have_points_of_their_own() -> None:
    text = TEXT.replace("{id: 3, label: Baik}", "{id: 3, label: Baik, points: 0.85}")
    own, problems = parse(text, "rubrik.yml")
    assert problems == []
    assert own is not None
    assert rubric.level_points(own, 3) == Decimal("0.85")
    assert points(own, {"isu": 3, "indikator": 4, "bahasa": 4}) == Decimal("97.75")


def test_thirds_come_out_whole_when_they_add_up() -> None:
    assert THIRDS is not None
    assert points(THIRDS, {"a": 2, "b": 1}) == 50
    assert points(THIRDS, {"a": 2, "b": 2}) == Decimal("66.666666666667")


def test_there_is_no_grade_before_every_criterion_has_a_score() -> None:
    scores: dict[str, rubric.Score] = {"isu": 4, "bahasa": 3}
    assert points(RUBRIC, scores) is None
    assert missing(RUBRIC, scores) == ("indikator",)
    isu, indikator, bahasa = breakdown(RUBRIC, scores)
    assert isu.level is not None
    assert (isu.level.label, isu.descriptor, isu.points, isu.contribution) == (
        "Sangat baik",
        "Diturunkan dari data",
        1,
        15,
    )
    assert (indikator.criterion.id, indikator.level, indikator.contribution) == ("indikator", None, None)
    assert bahasa.contribution == Decimal("16.875")


def test_points_inside_a_level_belong_to_it() -> None:
    assert bounds(RUBRIC, 3) == (Decimal("0.5"), Decimal("0.75"))
    assert bounds(RUBRIC, 1) == (0, Decimal("0.25"))
    shown = {
        share: level_at(RUBRIC, Decimal(share)).id
        for share in ("0", "0.25", "0.26", "0.5", "0.75", "0.751", "1")
    }
    assert shown == {"0": 1, "0.25": 1, "0.26": 2, "0.5": 2, "0.75": 3, "0.751": 4, "1": 4}
    part = breakdown(RUBRIC, {"indikator": Decimal("0.6")})[1]
    assert part.level is not None
    assert (part.level.id, part.descriptor, part.points) == (3, "Sebagian besar", Decimal("0.6"))


@pytest.mark.parametrize(
    "scores",
    [
        {"lain": 4},
        {"isu": 5},
        {"isu": 0},
        {"isu": Decimal("0.5")},
        {"indikator": Decimal("1.01")},
        {"indikator": Decimal("-0.01")},
        {"indikator": Decimal("NaN")},
        {"indikator": Decimal("Infinity")},
    ],
)
def test_refuses_scores_the_rubric_does_not_know(scores: dict[str, rubric.Score]) -> None:
    with pytest.raises(BadScore):
        points(RUBRIC, scores)
    with pytest.raises(BadScore):
        breakdown(RUBRIC, scores)


score = st.integers(1, 4)


@given(score, score | st.decimals(0, 1, places=3), score)
def test_a_grade_lies_between_the_worst_and_the_best(isu: int, indikator: rubric.Score, bahasa: int) -> None:
    scores = {"isu": isu, "indikator": indikator, "bahasa": bahasa}
    grade = points(RUBRIC, scores)
    assert grade is not None
    assert 0 <= grade <= 100
    assert grade == sum(part.contribution or 0 for part in breakdown(RUBRIC, scores))
    if isu < 4:
        better = points(RUBRIC, scores | {"isu": isu + 1})
        assert better is not None
        assert better - grade == Decimal("3.75")


@pytest.mark.parametrize(
    ("change", "line", "message"),
    [
        ("title: Rubrik rancangan RPJMD\n→", 1, "`title` wajib"),
        ("weight: 15→weight: 10", 3, "Jumlah bobot harus 100; sekarang 95.0"),
        ("weight: 15→bobot: 15", 6, "`bobot` tidak dikenal"),
        ("weight: 15→weight: -15", 6, "lebih dari 0"),
        (
            "{id: 4, label: Sangat baik}, {id: 3, label: Baik}→{id: 3, label: Baik}, {id: 4, label: X}",
            2,
            "Urutkan tingkat",
        ),
        ("{id: 3, label: Baik}→{id: 4, label: Baik}", 2, "`4` dipakai dua tingkat"),
        ("{id: 3, label: Baik}→{id: 3, label: Cukup}", 2, "`Cukup` dipakai dua tingkat"),
        ("{id: 3, label: Baik}→{id: 3, label: Baik, points: 2}", 2, "di antara 0 dan 1"),
        ("{id: 4, label: Sangat baik}→{id: 4, label: Sangat baik, points: 0.9}", 2, "bernilai penuh"),
        (", {id: 2, label: Cukup}→", 8, "Tidak ada tingkat 2"),
        (', 1: "Bersifat umum"→', 8, "belum menguraikan tingkat 1 (Kurang)"),
        ('1: "Bersifat umum"→1: " "', 8, "belum menguraikan tingkat 1"),
        ('1: "Bersifat umum"→satu: "Bersifat umum"', 8, "levels"),
        ("id: indikator→id: isu", 9, "`isu` dipakai dua kriteria"),
        ("[sasaran, program]→[sasaran, sasaran]", 13, "`sasaran` dipakai dua bagian"),
        ("title: Mutu→judul: Mutu", 10, "`judul` tidak dikenal"),
    ],
)
def test_says_what_is_wrong_and_where(change: str, line: int, message: str) -> None:
    before, _, after = change.partition("→")
    assert before in TEXT
    found, problems = parse(TEXT.replace(before, after, 1), "rubrik.yml")
    assert found is None
    told = [(problem.line, problem.message) for problem in problems]
    assert any(at == line and message in said for at, said in told), told


@pytest.mark.parametrize(
    "text", ["", "title: x", "[]", "title: [", "title: x\nlevels: []\ncriteria: []", "- a\n- b"]
)
def test_nonsense_is_a_problem_not_an_accident(text: str) -> None:
    found, problems = parse(text, "rubrik.yml")
    assert found is None
    assert problems


def test_criteria_name_sections_of_the_project() -> None:
    assert unknown_sections(TEXT, "rubrik.yml", ["isu", "sasaran", "program"]) == []
    (problem,) = unknown_sections(TEXT, "rubrik.yml", ["isu", "sasaran"])
    assert problem.line == 13
    assert "`indikator` menyebut bagian `program`" in problem.message
    assert "Yang ada: isu, sasaran." in problem.message
    assert unknown_sections("", "rubrik.yml", []) == []
