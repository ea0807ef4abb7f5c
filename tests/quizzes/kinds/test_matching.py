"""Matching: pairs as authors write them, a list that tells nothing, a share for each pair."""

from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import select

from lms.quizzes.kinds.matching import Matching
from lms.quizzes.models import Answer, read_value
from lms.quizzes.scoring import drawn
from lms.quizzes.source import parse, print_quiz
from tests.quizzes.answers import change_quiz
from tests.quizzes.test_views import begin, fields, text

HEAD = "---\nkind: quiz\ntitle: Kuis\nminutes: 10\n---\n"
BODY = """\
## Jodohkan dokumen dan jangka waktunya {#jodoh points=3}

Perhatikan **jangkanya**.

- RPJPD => 20 tahun
- RPJMD {#rpjmd} => 5 tahun {#lima}

- `RKPD` => 1 tahun
- => 10 tahun

> Penjelasan pasangan.
"""


def read(body: str = BODY) -> Matching:
    quiz, problems = parse(HEAD + body, "kuis.md")
    assert problems == []
    assert quiz is not None
    (question,) = quiz.questions
    assert isinstance(question, Matching)
    assert parse(print_quiz(quiz), "kuis.md") == (quiz, [])
    return question


def wrong(body: str) -> list[tuple[int, str]]:
    quiz, problems = parse(HEAD + body, "kuis.md")
    assert quiz is None
    return [(each.line, each.message) for each in problems]


JODOH = read()
LEFT = {each.text: each.id for each in JODOH.lefts}
RIGHT = {each.text: each.id for each in JODOH.rights.values()}
KEY = {LEFT["RPJPD"]: RIGHT["20 tahun"], LEFT["RPJMD"]: RIGHT["5 tahun"], LEFT["`RKPD`"]: RIGHT["1 tahun"]}


class TestReading:
    def test_pairs_and_what_misleads(self) -> None:
        assert JODOH.prompt == "Jodohkan dokumen dan jangka waktunya\n\nPerhatikan **jangkanya**."
        assert list(LEFT) == ["RPJPD", "RPJMD", "`RKPD`"]
        assert list(RIGHT) == ["20 tahun", "5 tahun", "1 tahun", "10 tahun"]
        assert JODOH.explanation == "Penjelasan pasangan."

    def test_ids_keep_when_pairs_move_and_given_ones_when_they_are_reworded(self) -> None:
        moved = read("## A {#jodoh}\n- R {#rpjmd} => Lima tahun {#lima}\n- RPJPD => 20 tahun\n")
        ids = [each.id for each in moved.lefts] + list(moved.rights)
        assert ids == [LEFT["RPJMD"], LEFT["RPJPD"], RIGHT["5 tahun"], RIGHT["20 tahun"]]

    def test_ids_say_nothing_about_the_key(self) -> None:
        assert not {"rpjmd", "lima"} & ({*LEFT.values()} | {*RIGHT.values()})

    @pytest.mark.parametrize(
        ("body", "line", "part"),
        [
            ("## A {#a}\n- x => y\n", 6, "paling sedikit dua pasangan"),
            ("## A {#a}\n- x => y\n- => z\n", 6, "paling sedikit dua pasangan"),
            ("## A {#a}\n- x => y\n- x => z\n", 8, "Sisi kiri ini sama dengan yang di baris 7"),
            ("## A {#a}\n- x => y\n- z => **Y**\n", 8, "Sisi kanan ini sama dengan yang di baris 7"),
            ("## A {#a}\n- x => y\n- z =>\n", 8, "Sisi kanan pasangan ini kosong"),
            ("## A {#a}\n- x => y\n- z => w => v\n", 8, "lebih dari satu `=>`"),
            ("## A {#a}\n- x => y\n- z => $w^2$\n", 8, "tanpa rumus dan gambar"),
            ("## A {#a}\n- x => y\n- z => ![w](w.svg)\n", 8, "tanpa rumus dan gambar"),
            ("## A {#a}\n- x => y\n- z => " + "w" * 201 + "\n", 8, "paling banyak 200 karakter"),
            ("## A {#a}\n- x => y\n- RKPD 1 tahun => 1 Tahun.\n", 8, "terbaca di sisi kirinya"),
            ("## A {#a}\n- x => y\n- + => +\n", 8, "terbaca di sisi kirinya"),
            ("## A {#a}\n- x => y\n- z => w\nLalu\n", 9, "bukan pasangan"),
            ("## A {#a}\n- x => y\n- z\n", 8, "bukan pasangan"),
            ("## A {#a}\n- x {#s} => y\n- z => w {#s}\n", 8, "Id `s` sudah dipakai di baris 7"),
            ("## A {#a}\n- x {#S!} => y\n- z => w\n", 7, "Id `S!` tidak dapat dipakai"),
            ("## A {#a}\n- x {#s points=2} => y\n- z => w\n", 7, "`points` tidak dikenal pada pasangan"),
            ("## A {#a partial}\n- x => y\n- z => w\n", 6, "`partial` tidak dikenal pada soal jenis ini"),
            ("## A {#a}\n" + "".join(f"- a{n} => b{n}\n" for n in range(21)), 6, "paling banyak 20"),
        ],
    )
    def test_problems(self, body: str, line: int, part: str) -> None:
        assert line in [each[0] for each in wrong(body) if part in each[1]], wrong(body)

    def test_money_is_no_formula(self) -> None:
        assert len(read("## A {#a}\n- x => US$5 sampai US$9\n- z => w\n").pairs) == 2


class TestAnswering:
    def test_pairs_are_read_in_any_order(self) -> None:
        values = [f"{left}={right}" for left, right in KEY.items()]
        assert JODOH.read(values) == JODOH.read(values[::-1]) == KEY
        assert JODOH.score(JODOH.read(values)) == 1

    @pytest.mark.parametrize("value", ["", "=", "x=y", "=20", f"{LEFT['RPJPD']}=x", f"x={RIGHT['20 tahun']}"])
    def test_what_is_not_in_the_question_is_passed_over(self, value: str) -> None:
        assert JODOH.read([value]) is None

    def test_open_pairs_are_asked_about(self) -> None:
        some = dict(list(KEY.items())[:2])
        doubt = JODOH.doubt(some)
        assert doubt is not None
        assert doubt.values == {"count": 2, "total": 3}
        assert JODOH.doubt(KEY) is None
        assert JODOH.doubt(None) is None


class TestScoring:
    def test_each_pair_has_its_share_and_a_wrong_one_costs_nothing(self) -> None:
        ten = RIGHT["10 tahun"]
        for right in range(4):
            answer = dict(list(KEY.items())[:right])
            assert JODOH.score(answer) == Fraction(right, 3)
            assert JODOH.score(dict.fromkeys(KEY, ten) | answer) == Fraction(right, 3)

    def test_one_answer_for_all_earns_one_share(self) -> None:
        assert JODOH.score(dict.fromkeys(KEY, RIGHT["5 tahun"])) == Fraction(1, 3)

    def test_told_in_parts(self) -> None:
        told = JODOH.explain({LEFT["RPJPD"]: RIGHT["20 tahun"], LEFT["RPJMD"]: RIGHT["1 tahun"]})
        assert told.outcome == "partly"
        assert [(each.text, each.given, each.key, each.right) for each in told.parts] == [
            ("RPJPD", "20 tahun", "20 tahun", True),
            ("RPJMD", "1 tahun", "5 tahun", False),
            ("`RKPD`", "", "1 tahun", False),
        ]
        assert told.given == ("RPJPD → 20 tahun", "RPJMD → 1 tahun")


def test_the_list_is_always_mixed_and_alike_for_all() -> None:
    quiz, _ = parse(HEAD.replace("minutes", "shuffle: none\nminutes") + BODY, "kuis.md")
    assert quiz is not None
    orders = {drawn(quiz, seed)[0].options for seed in range(60)}
    assert len(orders) > 12
    assert all(sorted(order) == sorted(RIGHT.values()) for order in orders)
    assert drawn(quiz, 7) == drawn(quiz, 7)


def test_the_whole_way(as_person: Any, session: Any) -> None:
    change_quiz(questions=(JODOH,), feedback="passed")
    session.commit()
    sari = as_person("sari")
    attempt = begin(sari)
    page = sari.get(attempt)
    assert "Tidak semua jawaban terpakai." in text(page)
    assert "<code>RKPD</code></label>" in page.get_data(as_text=True)
    one, two = list(KEY.items())[:2]
    form = fields(sari, attempt) | {"answer.jodoh": [f"{one[0]}={one[1]}", f"{two[0]}={one[1]}", ""]}
    response = sari.post(f"{attempt}/kumpulkan", data=form)
    page = sari.get(response.location)
    assert "Baru 2 dari 3 pasangan yang dipilih." in text(page)
    assert sari.get(attempt).get_data(as_text=True).count(" selected>") == 2
    response = sari.post(f"{attempt}/kumpulkan", data=fields(sari, attempt) | {"yakin": "1"})
    assert [read_value(each) for each in session.scalars(select(Answer.value))] == [
        {one[0]: one[1], two[0]: one[1]}
    ]
    kept_back = text(sari.get(response.location))
    assert "RPJMD Jawaban Anda: 20 tahun" in kept_back
    for secret in ("Seharusnya", "5 tahun", "benar", "Penjelasan pasangan"):
        assert secret not in kept_back
    session.rollback()
    change_quiz(feedback="submitted")
    session.commit()
    told = text(sari.get(response.location))
    assert "RPJPD Jawaban Anda: 20 tahun , benar" in told
    assert "RPJMD Jawaban Anda: 20 tahun Seharusnya: 5 tahun" in told
    assert "RKPD Jawaban Anda: tidak dijawab Seharusnya: 1 tahun" in told
    assert "Penjelasan pasangan." in told
    assert "1 dari 3 poin" in told
