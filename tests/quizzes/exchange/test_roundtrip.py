"""A quiz that goes out and comes back is the same quiz."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from lms.quizzes.exchange.registry import WRITTEN, quiz_from, quiz_to
from lms.quizzes.kinds import KINDS
from lms.quizzes.source import Quiz, parse
from tests.quizzes.exchange.quizzes import FILE, quizzes

EVERY_KIND = """\
---
kind: quiz
title: Kuis
minutes: 10
limit: 20
pass: 70
---
## Satu? {#satu points=2}
1. [ ] Salah
   > Bukan.
2. [x] Benar {#benar}

> Karena.

# Dasar {#dasar draw=2}

## Pilih {#pilih}
- [x] a
- [ ] b

## Pilih sebagian {#sebagian partial}
- [x] a
- [x] b
- [ ] c

## Angka {#angka}
= 16,4 +- 0,2
= [3; 4]

## Singkat {#singkat}
= KLHS
~= kajian.*

## Jodohkan {#jodoh}
- RPJPD => 20 tahun
- RPJMD => 5 tahun
- => 1 tahun

## Urutkan {#urut}
1. Rancangan
2. Musrenbang
3. Penetapan

## Jelaskan {#esai words=50..300 rubric=rubrik-esai}
____
"""


@pytest.mark.parametrize("form", [each.NAME for each in WRITTEN])
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(quiz=quizzes())
def test_out_and_back(form: str, quiz: Quiz) -> None:
    content = quiz_to(quiz, form, {}).content
    back = quiz_from("kuis-uji.txt", content, file=FILE)
    assert back.problems == (), back.markdown
    read, _ = parse(back.markdown, FILE)
    assert read == quiz, back.markdown
    assert back.format


@pytest.mark.parametrize("form", [each.NAME for each in WRITTEN])
def test_every_kind_of_ours(form: str) -> None:
    quiz, problems = parse(EVERY_KIND, FILE)
    assert problems == []
    assert quiz is not None
    assert {each.kind for each in quiz.questions} == {str(each.__struct_config__.tag) for each in KINDS}
    back = quiz_from("kuis-uji.txt", quiz_to(quiz, form, {}).content, file=FILE)
    assert (back.losses, back.problems) == ((), ())
    assert parse(back.markdown, FILE)[0] == quiz


REAL = [
    each
    for each in sorted((Path(__file__).parents[3] / "content").glob("*/*/*.md"))
    if each.read_text(encoding="utf-8").startswith("---\nkind: quiz\n")
]


@pytest.mark.parametrize("form", [each.NAME for each in WRITTEN])
@pytest.mark.parametrize("page", REAL, ids=lambda each: each.stem)
def test_the_quizzes_that_we_publish(form: str, page: Path) -> None:
    quiz, _ = parse(page.read_text(encoding="utf-8"), page.name)
    assert quiz is not None
    back = quiz_from("x", quiz_to(quiz, form, {}).content, file=page.name)
    assert parse(back.markdown, page.name)[0] == quiz
