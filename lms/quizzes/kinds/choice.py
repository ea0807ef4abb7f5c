"""Questions with options to tick: one that is right, or any number of them."""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import ClassVar, Self

import msgspec

from lms.quizzes.kinds.question import (
    Answer,
    Block,
    Feedback,
    Line,
    OptionNote,
    Question,
    Shown,
    ShownOption,
    derived_id,
    id_problem,
    take_attributes,
)

MAX_OPTIONS = 26

_OPTION = re.compile(
    r"(?P<marker> {0,3}(?:(?P<number>\d{1,3}[.)])|[-*+])\s+)\[(?P<box>[ xX]?)\](?:\s+|$)(?P<text>.*)"
)
_FEEDBACK = re.compile(r"\s{2,}>\s?")


class Option(msgspec.Struct, frozen=True):
    """One option; `text` and `feedback` are Markdown."""

    id: str
    text: str
    right: bool
    feedback: str = ""


class Choice(Question, frozen=True, kw_only=True):
    """What single and multiple choice share."""

    options: tuple[Option, ...]

    ordered: ClassVar[bool]

    @classmethod
    def begins(cls, lines: Sequence[Line]) -> int | None:
        for index, line in enumerate(lines):
            if line.live and (match := _OPTION.fullmatch(line.text)):
                return index if bool(match["number"]) == cls.ordered else None
        return None

    def shown(self, order: Sequence[str] = ()) -> Shown:
        options = {each.id: ShownOption(each.id, each.text) for each in self.options}
        kept = [each for each in order if each in options] or list(options)
        return Shown(self.id, self.kind, self.prompt, self.points, tuple(options[each] for each in kept))

    @property
    def option_ids(self) -> tuple[str, ...]:
        return tuple(each.id for each in self.options)

    def explain(self, answer: Answer, language: str = "id") -> Feedback:
        chosen = self.chosen(answer)
        return Feedback(
            outcome=self.outcome(answer),
            given=tuple(each.text for each in self.options if each.id in chosen),
            key=tuple(each.text for each in self.options if each.right),
            options=tuple(
                OptionNote(each.id, each.text, each.id in chosen, each.right, each.feedback)
                for each in self.options
            ),
            explanation=self.explanation,
        )

    def is_answered(self, answer: Answer) -> bool:
        return bool(self.chosen(answer))

    def chosen(self, answer: Answer) -> frozenset[str]:
        """The ids of this question's options that the answer names."""
        named = [answer] if isinstance(answer, str) else answer if isinstance(answer, list) else []
        return frozenset(named_id for named_id in self.option_ids if named_id in named)

    def ticked(self, answer: Answer) -> frozenset[str]:
        return self.chosen(answer)

    def source(self) -> list[str]:
        lines = []
        for number, option in enumerate(self.options, start=1):
            marker = f"{number}." if self.ordered else "-"
            indent = " " * (len(marker) + 1)
            first, *more = option.text.split("\n")
            lines.append(f"{marker} [{'x' if option.right else ' '}] {first} {{#{option.id}}}")
            lines += [f"{indent}{line}".rstrip() for line in more]
            lines += [f"{indent}> {line}".rstrip() for line in option.feedback.split("\n") if option.feedback]
        return lines


class Single(Choice, frozen=True, kw_only=True, tag_field="kind", tag="single"):
    """An ordered list with boxes: exactly one option is right."""

    rank = 10
    ordered = True

    @classmethod
    def parse(cls, block: Block) -> Self | None:
        options = _options(block, ordered=True)
        right = [line for line, option in options if option.right]
        if options and not right:
            block.complain(block.line, "Belum ada jawaban benar; tandai satu pilihan dengan `[x]`.")
        for line in right[1:]:
            block.complain(
                line,
                "Daftar bernomor hanya boleh punya satu jawaban benar; kosongkan kotak ini, "
                "atau pakai daftar `-` bila boleh lebih dari satu.",
            )
        return cls(options=tuple(option for _, option in options), **block.shared)

    def read(self, values: Sequence[str]) -> Answer:
        chosen = self.chosen(list(values))
        return next(iter(chosen)) if len(chosen) == 1 else None

    def score(self, answer: Answer) -> Fraction:
        chosen = self.chosen(answer)
        return Fraction(len(chosen) == 1 and all(each.right for each in self.options if each.id in chosen))


class Multiple(Choice, frozen=True, kw_only=True, tag_field="kind", tag="multiple"):
    """A list with boxes: any number of options is right, all of them or none count unless `partial`."""

    rank = 20
    ordered = False
    attributes = frozenset({"partial"})

    partial: bool = False

    @classmethod
    def parse(cls, block: Block) -> Self | None:
        options = _options(block, ordered=False)
        if options and not any(option.right for _, option in options):
            block.complain(block.line, "Belum ada jawaban benar; tandai pilihan yang benar dengan `[x]`.")
        partial = "partial" in block.attributes
        return cls(options=tuple(option for _, option in options), partial=partial, **block.shared)

    def read(self, values: Sequence[str]) -> Answer:
        chosen = self.chosen(list(values))
        return [each for each in self.option_ids if each in chosen] or None

    def score(self, answer: Answer) -> Fraction:
        """Partly right: right ones less wrong ones, of all right ones, never below zero."""
        chosen = self.chosen(answer)
        key = frozenset(each.id for each in self.options if each.right)
        if not self.partial:
            return Fraction(bool(key) and chosen == key)
        return max(Fraction(0), Fraction(len(chosen & key) - len(chosen - key), max(1, len(key))))

    def heading_attributes(self) -> list[str]:
        return ["partial"] if self.partial else []


# --- reading options ----------------------------------------------------------------------------------------


class _Draft:
    """An option while its lines are being gathered."""

    def __init__(self, line: int, indent: int, right: bool, first: str) -> None:
        self.line = line
        self.indent = indent
        self.right = right
        self.id = ""
        self.text = [first]
        self.feedback: list[str] = []


def _options(block: Block, ordered: bool) -> list[tuple[int, Option]]:
    drafts: list[_Draft] = []
    for line in block.lines:
        match = _OPTION.fullmatch(line.text) if line.live else None
        if match:
            if bool(match["number"]) != ordered:
                block.complain(
                    line.number, "Jangan campurkan daftar bernomor dan daftar `-` dalam satu soal."
                )
            drafts.append(_begin(block, line, match))
        elif not line.text.strip():
            _continue(drafts[-1], "", live=True)
        elif line.text.startswith(("  ", "\t")):
            if drafts[-1].feedback and line.live and not _FEEDBACK.match(line.text):
                block.complain(
                    line.number, "Teks pilihan harus mendahului umpan baliknya; awali baris ini dengan `>`."
                )
            _continue(drafts[-1], line.text, line.live)
        elif line.text.startswith(">"):
            block.complain(
                line.number,
                "Umpan balik untuk pilihan harus menjorok di bawah pilihannya; beri tiga spasi di depan `>`.",
            )
        else:
            block.complain(
                line.number,
                "Teks ini bukan pilihan dan bukan umpan balik; beri spasi di depannya agar menjadi bagian "
                "dari pilihan di atasnya, atau pindahkan ke atas pilihan pertama.",
            )
    return _checked(block, drafts)


def _begin(block: Block, line: Line, match: re.Match[str]) -> _Draft:
    text, attributes = take_attributes(match["text"])
    draft = _Draft(line.number, len(match["marker"]), match["box"] in ("x", "X"), text)
    draft.id = attributes.pop("id", "")
    for name in attributes:
        block.complain(
            line.number, f"Atribut `{name}` tidak dikenal pada pilihan; hanya `{{#id}}` yang boleh."
        )
    if draft.id and (problem := id_problem(draft.id)):
        block.complain(line.number, problem)
    return draft


def _continue(draft: _Draft, text: str, live: bool) -> None:
    match = _FEEDBACK.match(text) if live else None
    if match:
        draft.feedback.append(text[match.end() :].rstrip())
        return
    spaces = len(text) - len(text.lstrip(" "))
    (draft.feedback if draft.feedback and not text else draft.text).append(
        text[min(spaces, draft.indent) :].rstrip()
    )


def _checked(block: Block, drafts: list[_Draft]) -> list[tuple[int, Option]]:
    options: list[tuple[int, Option]] = []
    ids: dict[str, int] = {}
    texts: dict[str, int] = {}
    for draft in drafts:
        text = "\n".join(draft.text).strip()
        plain = " ".join(text.split()).casefold()
        option_id = draft.id or derived_id(block.id, text)
        if not text:
            block.complain(draft.line, "Pilihan ini kosong; tulis teksnya atau hapus barisnya.")
        elif plain in texts:
            block.complain(
                draft.line, f"Pilihan ini sama dengan pilihan di baris {texts[plain]}; ubah salah satunya."
            )
        elif option_id in ids:
            block.complain(
                draft.line,
                f"Id pilihan `{option_id}` sudah dipakai di baris {ids[option_id]}; pakai id lain.",
            )
        texts.setdefault(plain, draft.line)
        ids.setdefault(option_id, draft.line)
        feedback = "\n".join(draft.feedback).strip()
        options.append((draft.line, Option(option_id, text, draft.right, feedback)))
    if len(drafts) == 1:
        block.complain(block.line, "Soal pilihan memerlukan paling sedikit dua pilihan.")
    if len(drafts) > MAX_OPTIONS:
        block.complain(block.line, f"Terlalu banyak pilihan; paling banyak {MAX_OPTIONS}.")
    return options
