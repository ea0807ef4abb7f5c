"""Questions that give each of some things the one of others that belongs to it."""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Self

import msgspec

from lms import markup
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
from lms.quizzes.kinds.short import normal, stands_in
from lms.refusals import Refused

MAX_PAIRS = 20
LONGEST_CHOICE = 200

_PAIR = re.compile(r" {0,3}[-*+]\s+(?P<left>.*?)(?<=\s)=>(?P<right>\s+\S.*|\s*)")
_FORMULA = re.compile(r"(?<!\\)\$(?=[^\s$])[^$\n]*(?<=[^\s$\\])\$(?!\d)")


class Side(msgspec.Struct, frozen=True):
    """One thing on a side; `text` is Markdown."""

    id: str
    text: str


class Pair(msgspec.Struct, frozen=True):
    """What stands on the left, and what belongs to it; without `left`, something that belongs to nothing."""

    right: Side
    left: Side | None = None


class Matching(Question, frozen=True, kw_only=True, tag_field="kind", tag="matching"):
    """`- left => right`: each left gets one right from a list that is always mixed; `- => right` misleads.

    An answer is a mapping of left id to right id. It earns the share of lefts that got their own right; a wrong
    one earns nothing and costs nothing.
    """

    rank = 60
    always_mixed = True

    pairs: tuple[Pair, ...]

    @classmethod
    def begins(cls, lines: Sequence[Line]) -> int | None:
        return next((at for at, line in enumerate(lines) if line.live and _PAIR.fullmatch(line.text)), None)

    @classmethod
    def parse(cls, block: Block) -> Self | None:
        pairs: list[Pair] = []
        sides = _Sides(block)
        for line in block.lines:
            if not line.text.strip():
                continue
            match = _PAIR.fullmatch(line.text) if line.live else None
            if match is None:
                block.complain(
                    line.number,
                    "Baris ini bukan pasangan; tulis tiap pasangan dalam satu baris, `- kiri => kanan`, "
                    "dan penjelasan sesudahnya dengan `>`.",
                )
                continue
            left = sides.read(line, match["left"], "kiri") if match["left"].strip() else None
            right = sides.read(line, match["right"], "kanan")
            if (
                left
                and right
                and (stands_in(right.text, left.text) or normal(left.text) == normal(right.text))
            ):
                block.complain(
                    line.number, f"Jawaban “{right.text}” terbaca di sisi kirinya; ubah salah satu sisi."
                )
            if right:
                pairs.append(Pair(right, left))
        complete = sum(pair.left is not None for pair in pairs)
        if complete < 2:
            block.complain(
                block.line, "Soal menjodohkan memerlukan paling sedikit dua pasangan `- kiri => kanan`."
            )
        if len(pairs) > MAX_PAIRS:
            block.complain(block.line, f"Terlalu banyak pasangan; paling banyak {MAX_PAIRS}.")
        return cls(pairs=tuple(pairs), **block.shared)

    @property
    def lefts(self) -> tuple[Side, ...]:
        """What each get an answer."""
        return tuple(pair.left for pair in self.pairs if pair.left)

    @property
    def rights(self) -> dict[str, Side]:
        """What can be chosen, by id."""
        return {pair.right.id: pair.right for pair in self.pairs}

    @property
    def right_of(self) -> dict[str, Side]:
        """The key: what belongs to each left, by the left's id."""
        return {pair.left.id: pair.right for pair in self.pairs if pair.left}

    @property
    def option_ids(self) -> tuple[str, ...]:
        return tuple(self.rights)

    def shown(self, order: Sequence[str] = ()) -> Shown:
        rights = self.rights
        kept = [each for each in order if each in rights] or sorted(rights)
        return Shown(
            self.id,
            self.kind,
            self.prompt,
            self.points,
            options=tuple(ShownOption(each, rights[each].text) for each in kept),
            stems=tuple(ShownOption(each.id, each.text) for each in self.lefts),
        )

    def read(self, values: Sequence[str]) -> Answer:
        """Values are "left=right" by ids; the first for each left counts."""
        rights = self.rights
        chosen: dict[str, str] = {}
        for value in values:
            left, _, right = value.partition("=")
            if right in rights:
                chosen.setdefault(left, right)
        return {each.id: chosen[each.id] for each in self.lefts if each.id in chosen} or None

    def chosen(self, answer: Answer) -> dict[str, str]:
        """The right's id that the answer gives each left, as far as both are this question's."""
        if not isinstance(answer, dict):
            return {}
        known = self.rights.keys()
        found = {each.id: answer.get(each.id) for each in self.lefts}
        return {left: right for left, right in found.items() if isinstance(right, str) and right in known}

    def is_answered(self, answer: Answer) -> bool:
        return bool(self.chosen(answer))

    def doubt(self, answer: Answer) -> Refused | None:
        count, total = len(self.chosen(answer)), len(self.lefts)
        if 0 < count < total:
            return Refused("Baru %(count)s dari %(total)s pasangan yang dipilih.", count=count, total=total)
        return None

    def score(self, answer: Answer) -> Fraction:
        """The share of lefts that got what belongs to them."""
        chosen = self.chosen(answer)
        right = sum(chosen.get(left) == key.id for left, key in self.right_of.items())
        return Fraction(right, max(1, len(self.lefts)))

    def explain(self, answer: Answer, language: str = "id") -> Feedback:
        chosen, rights, key = self.chosen(answer), self.rights, self.right_of
        parts = []
        for left in self.lefts:
            given = rights[chosen[left.id]] if left.id in chosen else None
            parts.append(
                Part(left.text, given.text if given else "", key[left.id].text, given == key[left.id])
            )
        return Feedback(
            outcome=self.outcome(answer),
            given=tuple(f"{part.text} → {part.given}" for part in parts if part.given),
            key=tuple(f"{part.text} → {part.key}" for part in parts),
            options=(),
            explanation=self.explanation,
            parts=tuple(parts),
        )

    def source(self) -> list[str]:
        return [
            f"- {_written(pair.left)} => {_written(pair.right)}"
            if pair.left
            else f"- => {_written(pair.right)}"
            for pair in self.pairs
        ]


class _Sides:
    """Reads sides, noting what was there before."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.ids: dict[str, int] = {}
        self.texts: dict[tuple[str, str], int] = {}

    def read(self, line: Line, written: str, where: str) -> Side | None:
        complain = self.block.complain
        text, attributes = take_attributes(written)
        given = attributes.pop("id", "")
        words = normal(markup.plain(text))
        for name in attributes:
            complain(
                line.number, f"Atribut `{name}` tidak dikenal pada pasangan; hanya `{{#id}}` yang boleh."
            )
        if not words:
            complain(line.number, f"Sisi {where} pasangan ini kosong; tulis teksnya atau hapus barisnya.")
            return None
        if given and (problem := id_problem(given)):
            complain(line.number, problem)
        if where == "kanan":
            self.check_choice(line, text)
        side = Side(veiled_id(self.block.id, given, f"{where} {text}"), text)
        if (where, words) in self.texts:
            complain(
                line.number,
                f"Sisi {where} ini sama dengan yang di baris {self.texts[where, words]}; "
                "tiap jawaban hanya milik satu pasangan, jadi ubah salah satunya.",
            )
        elif side.id in self.ids:
            complain(
                line.number,
                f"Id `{given or side.id}` sudah dipakai di baris {self.ids[side.id]}; pakai id lain.",
            )
        self.texts.setdefault((where, words), line.number)
        self.ids.setdefault(side.id, line.number)
        return side

    def check_choice(self, line: Line, text: str) -> None:
        """What stands in a list to choose from can only be words."""
        if re.search(r"\s=>(?:\s|$)", text):
            self.block.complain(
                line.number, "Ada lebih dari satu `=>` di baris ini; satu baris memuat satu pasangan."
            )
        if len(text) > LONGEST_CHOICE or _FORMULA.search(text) or "![" in text:
            self.block.complain(
                line.number,
                "Sisi kanan tampil dalam daftar pilihan, jadi hanya boleh teks tanpa rumus dan gambar, "
                f"paling banyak {LONGEST_CHOICE} karakter; pindahkan yang lain ke sisi kiri.",
            )


def _written(side: Side) -> str:
    return f"{side.text} {{#{side.id}}}"
