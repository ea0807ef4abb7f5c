"""Questions that put things in order."""

import hashlib
import re
from bisect import bisect_left
from collections.abc import Sequence
from fractions import Fraction
from typing import Self

import msgspec

from lms.quizzes.kinds.question import (
    Answer,
    Block,
    Feedback,
    Line,
    Part,
    Question,
    Shown,
    ShownOption,
    id_problem,
    take_attributes,
    veiled_id,
)
from lms.quizzes.kinds.short import normal, words_of
from lms.refusals import Refused

MIN_STEPS = 3
MAX_STEPS = 15

_STEP = re.compile(r"(?P<marker> {0,3}\d{1,3}[.)]\s+)(?P<text>\S.*)")
_BOX = re.compile(r"\[[^\]]{0,2}\](?:\s|$)")


class Step(msgspec.Struct, frozen=True):
    """One of the things to put in order; `text` is Markdown."""

    id: str
    text: str


class Ordering(Question, frozen=True, kw_only=True, tag_field="kind", tag="ordering"):
    """An ordered list without boxes: the learner sees its steps mixed and numbers them.

    An answer is a mapping of step id to number ("1" for the first); steps may be left out or share a number.

    It earns (L - 1) / (n - 1), where n is the number of steps and L the length of the longest run of steps that
    stand in the right order to each other, others possibly in between: the longest strictly increasing
    subsequence of the numbers, read in the right order. So n right ones earn 1, one misplaced step costs
    1 / (n - 1) however far it went, and the reverse order earns 0. Without two numbered steps L - 1 counts as 0.
    """

    rank = 70
    always_mixed = True

    steps: tuple[Step, ...]

    @classmethod
    def begins(cls, lines: Sequence[Line]) -> int | None:
        return next((at for at, line in enumerate(lines) if line.live and _STEP.fullmatch(line.text)), None)

    @classmethod
    def parse(cls, block: Block) -> Self | None:
        drafts: list[tuple[Line, int, str, list[str]]] = []
        for line in block.lines:
            match = _STEP.fullmatch(line.text) if line.live else None
            if match:
                text, attributes = take_attributes(match["text"])
                given = attributes.pop("id", "")
                for name in attributes:
                    block.complain(
                        line.number,
                        f"Atribut `{name}` tidak dikenal pada langkah; hanya `{{#id}}` yang boleh.",
                    )
                if given and (problem := id_problem(given)):
                    block.complain(line.number, problem)
                if _BOX.match(text):
                    block.complain(
                        line.number,
                        "Kotak pilihan ini salah tulis; pakai `1. [ ]` atau `1. [x]`, "
                        "atau hapus kotaknya bila ini langkah yang diurutkan.",
                    )
                drafts.append((line, len(match["marker"]), given, [text]))
            elif not line.text.strip() or line.text.startswith(("  ", "\t")):
                _, indent, _, texts = drafts[-1]
                spaces = len(line.text) - len(line.text.lstrip(" "))
                texts.append(line.text[min(spaces, indent) :].rstrip())
            else:
                block.complain(
                    line.number,
                    "Teks ini bukan langkah; beri nomor di depannya, beri spasi agar menjadi bagian dari "
                    "langkah di atasnya, atau pindahkan ke atas langkah pertama.",
                )
        steps = _checked(block, drafts)
        _check_prompt(block, steps)
        return cls(steps=steps, **block.shared)

    @property
    def option_ids(self) -> tuple[str, ...]:
        return tuple(each.id for each in self.steps)

    def arranged(self, mixed: Sequence[str]) -> tuple[str, ...]:
        """The mixed order, but never the right one, which would answer itself."""
        return tuple(mixed) if tuple(mixed) != self.option_ids else (*mixed[1:], *mixed[:1])

    def shown(self, order: Sequence[str] = ()) -> Shown:
        steps = {each.id: ShownOption(each.id, each.text) for each in self.steps}
        kept = [each for each in order if each in steps] or self.arranged(sorted(steps))
        return Shown(self.id, self.kind, self.prompt, self.points, tuple(steps[each] for each in kept))

    def read(self, values: Sequence[str]) -> Answer:
        """Values are "step=number" by id; the first for each step counts."""
        numbers: dict[str, str] = {}
        for value in values:
            step, _, number = value.partition("=")
            if self.number(number):
                numbers.setdefault(step, number)
        return {each.id: numbers[each.id] for each in self.steps if each.id in numbers} or None

    def number(self, written: object) -> int | None:
        """A step's number, 1 to n, as it stands in an answer; None for anything else."""
        if not isinstance(written, str) or not re.fullmatch(r"[1-9][0-9]?", written):
            return None
        return int(written) if int(written) <= len(self.steps) else None

    def numbers(self, answer: Answer) -> dict[str, int]:
        """The numbers that the answer gives, by step id in the right order."""
        if not isinstance(answer, dict):
            return {}
        found = {each.id: self.number(answer.get(each.id)) for each in self.steps}
        return {step: number for step, number in found.items() if number is not None}

    def is_answered(self, answer: Answer) -> bool:
        return bool(self.numbers(answer))

    def doubt(self, answer: Answer) -> Refused | None:
        numbers = self.numbers(answer)
        if not numbers:
            return None
        if len(numbers) < len(self.steps):
            return Refused(
                "Baru %(count)s dari %(total)s langkah yang diberi nomor.",
                count=len(numbers),
                total=len(self.steps),
            )
        if len(set(numbers.values())) < len(numbers):
            return Refused(
                "Ada nomor yang dipakai lebih dari sekali. Beri setiap langkah nomor yang berbeda."
            )
        return None

    def score(self, answer: Answer) -> Fraction:
        run = longest_run(list(self.numbers(answer).values()))
        return Fraction(max(0, len(run) - 1), max(1, len(self.steps) - 1))

    def explain(self, answer: Answer, language: str = "id") -> Feedback:
        numbers = self.numbers(answer)
        in_order = list(numbers)
        run = longest_run(list(numbers.values()))
        kept = {in_order[at] for at in run} if len(run) > 1 else set()
        place = {each.id: at for at, each in enumerate(self.steps, start=1)}
        texts = {each.id: each.text for each in self.steps}
        given = sorted(texts, key=lambda step: (numbers.get(step, MAX_STEPS + 1), _veil(step)))
        return Feedback(
            outcome=self.outcome(answer),
            given=tuple(texts[each] for each in given if each in numbers),
            key=tuple(texts.values()),
            options=(),
            explanation=self.explanation,
            parts=tuple(
                Part(texts[each], str(numbers.get(each, "")), str(place[each]), each in kept)
                for each in given
            ),
            sequence=True,
        )

    def source(self) -> list[str]:
        lines = []
        for number, step in enumerate(self.steps, start=1):
            first, *more = step.text.split("\n")
            indent = " " * len(f"{number}. ")
            lines.append(f"{number}. {first} {{#{step.id}}}")
            lines += [f"{indent}{line}".rstrip() for line in more]
        return lines


def longest_run(numbers: Sequence[int]) -> tuple[int, ...]:
    """The indexes of a longest strictly increasing subsequence, by patience sorting (Schensted, 1961)."""
    tails: list[int] = []  # the smallest number that a run of each length can end in
    ends: list[int] = []  # the index of that number
    before: list[int] = []  # for each index, the one before it in its run
    for at, number in enumerate(numbers):
        length = bisect_left(tails, number)
        before.append(ends[length - 1] if length else -1)
        tails[length : length + 1] = [number]
        ends[length : length + 1] = [at]
    run: list[int] = []
    at = ends[-1] if ends else -1
    while at >= 0:
        run.append(at)
        at = before[at]
    return tuple(reversed(run))


def _veil(step_id: str) -> bytes:
    """Something to sort by that says nothing about the right order."""
    return hashlib.sha256(step_id.encode()).digest()


def _checked(block: Block, drafts: list[tuple[Line, int, str, list[str]]]) -> tuple[Step, ...]:
    steps: list[Step] = []
    ids: dict[str, int] = {}
    texts: dict[str, int] = {}
    for line, _, given, written in drafts:
        text = "\n".join(written).strip()
        words = normal(text)
        step = Step(veiled_id(block.id, given, text), text)
        if not text:
            block.complain(line.number, "Langkah ini kosong; tulis teksnya atau hapus barisnya.")
        elif words in texts:
            block.complain(
                line.number, f"Langkah ini sama dengan langkah di baris {texts[words]}; ubah salah satunya."
            )
        elif step.id in ids:
            block.complain(
                line.number, f"Id `{given or step.id}` sudah dipakai di baris {ids[step.id]}; pakai id lain."
            )
        texts.setdefault(words, line.number)
        ids.setdefault(step.id, line.number)
        steps.append(step)
    if len(steps) < MIN_STEPS:
        block.complain(
            block.line,
            f"Soal mengurutkan memerlukan paling sedikit {MIN_STEPS} langkah: dengan dua, urutan acak yang "
            "ditampilkan sudah membuka jawabannya. Bila ini soal pilihan, beri tiap baris kotak `[ ]`.",
        )
    if len(steps) > MAX_STEPS:
        block.complain(block.line, f"Terlalu banyak langkah; paling banyak {MAX_STEPS}.")
    return tuple(steps)


def _check_prompt(block: Block, steps: tuple[Step, ...]) -> None:
    """Complain where the question itself names all the steps in their order."""
    asked, at = f" {words_of(block.prompt)} ", 0
    for step in steps:
        sought = f" {words_of(step.text)} "
        at = asked.find(sought, at)
        if at < 0:
            return
        at += len(sought) - 1
    block.complain(block.line, "Urutan yang benar terbaca di dalam soalnya; ubah kalimat soal.")
