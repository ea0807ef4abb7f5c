"""Quizzes of every kind and with every turn of phrase, for what must come back as it went."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from hypothesis import strategies as st

from lms.quizzes.kinds.choice import Multiple, Option, Single
from lms.quizzes.kinds.essay import Essay
from lms.quizzes.kinds.matching import Matching, Pair, Side
from lms.quizzes.kinds.numeric import Accepted, Numeric
from lms.quizzes.kinds.ordering import Ordering, Step
from lms.quizzes.kinds.question import Question
from lms.quizzes.kinds.short import Short
from lms.quizzes.source import Pool, Quiz, parse, print_quiz

HARD = (
    *(
        "Kota",
        "naik = turun",
        "{kurung}",
        "a ~ b",
        "# pagar",
        "50% dari",
        "%50%x",
        "::nama::",
        "C:\\jalur\\n",
    ),
    *(
        "[html]x",
        "a -> b",
        "<b>&amp;</b>",
        "$x_1 = \\frac{a}{b}$",
        "// bukan komentar",
        "é ü –",
        "]]>",
        "-- x",
    ),
    *(
        "\\(x\\)",
        "'kutip' \"dua\"",
        "*tebal* _miring_",
        "`kode = {x}`",
        "[tautan](https://contoh.go.id/a?b=c&d=e)",
    ),
    *("|", "1) satu", "!", "@@", "x\\", "=>", "____", "[markdown]", "####", "T", "TRUE", "~%20%y"),
)
phrase = st.lists(st.sampled_from(HARD), min_size=1, max_size=3).map(" ".join)
line = st.builds("Teks {}".format, phrase)
more = st.lists(
    st.one_of(
        line,
        st.builds("- butir {}\n- butir kedua".format, phrase),
        st.builds("```\n{}\n  = x\n```".format, phrase),
        st.just("| A | B |\n| --- | --- |\n| 1 | {x} |"),
        st.just("### Judul kecil\n\nIsi."),
        st.just("> kutipan\n> dua baris"),
        st.just("$$\nx = \\{1\\}\n$$"),
    ),
    max_size=2,
)
prompts = st.builds(lambda first, rest: "\n\n".join((first, *rest)), line, more)
explanations = st.just("") | st.builds(lambda first, rest: "\n\n".join((first, *rest)), line, more)
ids = st.from_regex(r"\A[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,4})?\Z")
points = st.sampled_from(["1", "2", "0.5", "2.25", "100"]).map(Decimal)
feedbacks = st.just("") | line | st.just("Satu.\n\n- dua\n- tiga")
texts = st.lists(
    line | st.just("Dua baris\n\n```\n= kode\n```"),
    min_size=3,
    max_size=5,
    unique_by=lambda text: text.casefold(),
)
numbers = st.decimals(-10_000, 10_000, allow_nan=False, places=2)


@st.composite
def options(draw: st.DrawFn, right: int | None) -> tuple[Option, ...]:
    found = draw(texts)
    keys = [at == right for at in range(len(found))]
    if right is None:
        keys = [draw(st.booleans()) for _ in found]
        keys[0] = True
    return tuple(
        Option(draw(st.just("") | st.just(f"p{at}")), text, key, draw(feedbacks))
        for at, (text, key) in enumerate(zip(found, keys, strict=True))
    )


@st.composite
def accepted(draw: st.DrawFn) -> Accepted:
    value, around = draw(numbers), draw(st.sampled_from(["0", "0.5", "0.001", "3"]).map(Decimal))
    if draw(st.booleans()):
        return Accepted(value - around, value + around, value)
    return Accepted(value, value + around)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    shared = {
        "id": draw(ids),
        "prompt": draw(prompts),
        "points": draw(points),
        "explanation": draw(explanations),
    }
    match draw(st.sampled_from(["single", "multiple", "numeric", "short", "matching", "ordering", "essay"])):
        case "single":
            return Single(options=draw(options(draw(st.integers(0, 2)))), **shared)
        case "multiple":
            return Multiple(options=draw(options(None)), partial=draw(st.booleans()), **shared)
        case "numeric":
            return Numeric(accepts=tuple(draw(st.lists(accepted(), min_size=1, max_size=3))), **shared)
        case "short":
            words = draw(st.lists(st.builds("jawab {}".format, phrase), min_size=1, max_size=3))
            patterns = draw(
                st.lists(st.sampled_from(["kajian.*", r"a\.b", "[a-c]+x"]), max_size=2, unique=True)
            )
            return Short(accepts=tuple(words), patterns=tuple(patterns), **shared)
        case "matching":
            pairs = [
                Pair(
                    Side("", f"Jawaban {at} {draw(st.sampled_from(['', 'x = y', '{z}', '#1']))}".strip()),
                    Side("", left),
                )
                for at, left in enumerate(draw(st.lists(line, min_size=2, max_size=3, unique=True)))
            ]
            return Matching(
                pairs=(*pairs, *draw(st.sampled_from([(), (Pair(Side("", "Pengecoh")),)]))), **shared
            )
        case "ordering":
            steps = tuple(
                Step(draw(st.just("") | st.just(f"o{at:010x}")), each) for at, each in enumerate(draw(texts))
            )
            return Ordering(steps=steps, **shared)
        case _:
            least, most = draw(st.sampled_from([(0, None), (50, 300), (0, 40), (30, None)]))
            return Essay(rubric=draw(st.sampled_from(["", "rubrik-esai"])), least=least, most=most, **shared)


@st.composite
def quizzes(draw: st.DrawFn) -> Quiz:
    """A quiz as its source reads: what is drawn is printed and read, and left out where an author would be told off."""
    found = draw(st.lists(questions(), min_size=1, max_size=4, unique_by=lambda each: each.id))
    pools: tuple[Pool, ...] = ()
    if len(found) > 2 and draw(st.booleans()):
        inside = tuple(each.id for each in found[1:])
        pools = (Pool("kelompok-x", "Dasar / lanjut", draw(st.integers(1, len(inside))), inside),)
    quiz = Quiz(
        title=draw(st.sampled_from(["Kuis 1. Kerangka", 'Kuis "dua": lanjut', "[x] -- ]]>"])),
        id="kuis-uji",
        minutes=draw(st.integers(1, 60)),
        attempts=draw(st.sampled_from([None, 3])),
        pass_mark=draw(st.sampled_from([0, 70])),
        grade=draw(st.sampled_from(["best", "average"])),
        shuffle=draw(st.sampled_from(["none", "options", "all"])),
        feedback=draw(st.sampled_from(["submitted", "passed"])),
        requires=draw(st.sampled_from([(), ("tahapan",)])),
        questions=tuple(found),
        pools=pools,
    )
    read, problems = parse(_without_empty_ids(print_quiz(quiz)), FILE)
    if read is None:
        kept = [each for each in found if _fits(each)]
        read, problems = parse(
            _without_empty_ids(print_quiz(msgspec.structs.replace(quiz, questions=tuple(kept), pools=()))),
            FILE,
        )
    return read or DULL


FILE = "01-awal/03-kuis-uji.md"
DULL = Quiz(
    title="K",
    id="kuis-uji",
    minutes=1,
    questions=(Short(id="s", prompt="Teks", accepts=("jawab",)),),
)


def _without_empty_ids(text: str) -> str:
    return text.replace(" {#}", "")


def _fits(question: Question) -> bool:
    quiz = Quiz(title="K", id="kuis-uji", minutes=1, questions=(question,))
    return parse(_without_empty_ids(print_quiz(quiz)), FILE)[0] is not None
