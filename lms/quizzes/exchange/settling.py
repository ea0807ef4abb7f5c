"""What the keys and shares of a foreign format become, and what is lost of them."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from lms.quizzes.exchange.rough import FULL, RoughNumber, RoughQuestion, RoughWord, Text
from lms.quizzes.exchange.wording import code
from lms.quizzes.kinds.numeric import Numeric
from lms.quizzes.source import MAX_POINTS, parse

MAX_ANSWERS = 200
"""Options, pairs or answers of one question; what is beyond any question costs no time."""


def settle(question: RoughQuestion) -> None:
    """Bring the shares of answers to what a kind of ours can say, noting what changes; give up without a key."""
    given = (question.options, question.numbers, question.words, question.pairs, question.items)
    if max(len(each) for each in given) > MAX_ANSWERS:
        question.give_up("terlalu banyak pilihan atau jawaban")
        return
    if not 0 < question.points <= MAX_POINTS:
        question.lose(f"bobot {_percent(question.points)} tidak dapat dipakai; bobotnya menjadi 1")
        question.points = Decimal(1)
    if question.kind == "single":
        _settle_single(question)
    elif question.kind == "multiple":
        _settle_multiple(question)
    elif question.kind == "short":
        _settle_short(question)
    elif question.kind == "numeric":
        question.numbers = _accepted(question, question.numbers, lambda each: each.accepted.source())
        if not question.numbers:
            question.give_up("soal angka tanpa jawaban yang bernilai penuh")


def _settle_single(question: RoughQuestion) -> None:
    right = [each for each in question.options if each.share >= Decimal("99.9")]
    if len(right) != 1:
        which = (
            "lebih dari satu jawaban yang bernilai penuh" if right else "tanpa jawaban yang bernilai penuh"
        )
        question.give_up(f"pilihan tunggal {which}")
        return
    for each in question.options:
        if each is not right[0] and each.share:
            question.lose(
                f"pilihan {_shown(each.text)} bernilai {_percent(each.share)}% di sumbernya; di sini 0"
            )
            each.share = Decimal(0)


def _settle_multiple(question: RoughQuestion) -> None:
    right = [each for each in question.options if each.share > 0]
    wrong = [each for each in question.options if each.share <= 0]
    if not right:
        question.give_up("pilihan majemuk tanpa jawaban benar")
        return
    if question.partial is not None:
        return
    question.partial = True
    each_right = FULL / len(right)
    fair = all(abs(each.share - each_right) < 1 for each in right)
    if not fair or any(abs(each.share + each_right) >= 1 for each in wrong):
        question.lose(
            "bagian nilai tiap pilihan tidak sama di sumbernya; di sini tiap pilihan benar bernilai sama dan "
            "pilihan salah menguranginya (`partial`)",
            "\n".join(
                f"{_percent(each.share)}%: {each.text.text.strip()[:200]}" for each in question.options
            ),
            "bagian nilai di sumbernya",
        )


def _settle_short(question: RoughQuestion) -> None:
    words = _accepted(question, question.words, lambda each: each.text)
    plain = []
    for each in words:
        text = " ".join(each.text.split())
        if each.wild and re.search(r"(?<!\\)\*", text):
            question.patterns.append(_pattern(text))
        else:
            each.text = text.replace("\\*", "*") if each.wild else text
            plain.append(each)
    question.words = plain
    if not plain:
        which = "hanya berisi pola" if question.patterns else "tanpa jawaban yang bernilai penuh"
        question.give_up(f"jawaban singkat {which}")
        return
    lines = [f"= {each.text}" for each in plain] + [f"~= {each}" for each in question.patterns]
    quiz, _ = parse(
        "\n".join(("---", "title: K", "kind: quiz", "minutes: 1", "---", "## K {#k}", *lines)), "k.md"
    )
    if quiz is not None and isinstance(quiz.questions[0], Numeric):
        question.lose("jawaban singkat yang semuanya angka menjadi soal angka")
        question.kind = "numeric"
        question.numbers = [RoughNumber(each) for each in quiz.questions[0].accepts]


Answered = TypeVar("Answered", RoughNumber, RoughWord)


def _accepted(
    question: RoughQuestion, given: list[Answered], words: Callable[[Answered], str]
) -> list[Answered]:
    """Those that earn all the points; what is lost of the others, and the feedback of each, is noted."""
    found: list[Answered] = []
    for each in given:
        if each.feedback:
            question.lose(
                "umpan balik untuk jawaban tertentu disimpan sebagai komentar",
                f"{words(each)}: {each.feedback.text.strip()}",
                "umpan balik untuk jawaban tertentu",
            )
        if each.share >= Decimal("99.9"):
            found.append(each)
        elif each.share > 0:
            question.lose(
                f"jawaban {code(words(each)[:80])} bernilai {_percent(each.share)}% di sumbernya; di sini tidak diterima"
            )
    return found


def _pattern(text: str) -> str:
    """A wild card as a pattern of ours: an asterisk is anything, also nothing."""
    literal = [
        re.sub(r"([^\w\s])", r"\\\1", part.replace("\\*", "*")) for part in re.split(r"(?<!\\)\*", text)
    ]
    return ".*".join(literal)


def _percent(share: Decimal) -> str:
    return f"{share.quantize(Decimal('0.01')).normalize():f}".replace(".", ",")


def _shown(text: Text) -> str:
    words = " ".join(re.sub(r"<[^<>]*>", " ", text.text).split())
    return f"“{words[:60]}{'…' if len(words) > 60 else ''}”"
