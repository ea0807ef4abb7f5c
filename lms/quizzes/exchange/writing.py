"""Writes one question of a foreign format as our Markdown."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from lms.courses.source import is_stable_id
from lms.quizzes.exchange.hypertext import MAX_TEXT, TOO_LONG, Converter, Piece
from lms.quizzes.exchange.pictures import DATA, Pictures
from lms.quizzes.exchange.rough import RoughOption, RoughPair, RoughQuestion, Text
from lms.quizzes.exchange.wording import (
    Formulas,
    at_start,
    code,
    escaped,
    guarded,
    paragraphs,
    replaced_targets,
    tamed,
)

_BLOCK_TAG = re.compile(r"<(?:p|div|ul|ol|table|h[1-6]|pre|blockquote|br)\b", re.IGNORECASE)

_NOT_WORDS = re.compile(r"(?:[-*+>|#]|\d{1,9}[.)]\s|`{3}|~{3}|\$\$|!\[|={3}|:\s|<[a-zA-Z/])")


class Meant(NamedTuple):
    """A question as written, and what must be read from it."""

    lines: list[str]
    kind: str
    prompt: str
    texts: tuple[str, ...]
    explanation: str


class Writer:
    """Writes one question, its texts as Markdown."""

    def __init__(self, pictures: Pictures, question: RoughQuestion) -> None:
        self.pictures = pictures
        self.of = question
        self.guard = False
        self.ids: list[str] = []

    def lose(self, message: str) -> None:
        if message not in self.of.lost:
            self.of.lost.append(message)

    def pieces(self, text: Text, flat: bool = False) -> list[Piece]:
        """The blocks of a text in any form."""
        if not text:
            return []
        form, words = text.form, text.text
        if len(words) > MAX_TEXT and len(DATA.sub("", words)) > MAX_TEXT:
            self.lose(f"{TOO_LONG}; tidak dibawa")
            return []
        if form == "moodle":
            if "<" in words or "&" in words:
                form = "html"
                words = words if _BLOCK_TAG.search(words) else words.replace("\n", "<br>")
            else:
                form = "plain"
        if form == "html":
            return Converter(self.pictures, self.lose, text.folder).pieces(words, flat)
        if form == "plain":
            formulas = Formulas()
            found = [Piece(each) for each in paragraphs(words, formulas)]
            for tex in formulas.bad:
                self.lose(f"rumus tidak dapat ditampilkan dan ditulis sebagai kode: {code(tex[:80])}")
            return found
        return self.markdown(text)

    def markdown(self, text: Text) -> list[Piece]:
        done = tamed(text.text)
        for message in done.changed:
            self.lose(message)

        def change(address: str, mark: str) -> str | None:
            if re.match(r"(?:https?://|mailto:|#)", address) and not mark:
                return None
            if not mark and not address.startswith(("@@PLUGINFILE@@", "$IMS-CC-FILEBASE$", "data:")):
                return None
            taken = self.pictures.take(address, text.folder)
            if taken.loss:
                self.lose(taken.loss)
            return taken.target or None

        whole = replaced_targets(done.text, change).strip()
        head, _, rest = whole.partition("\n\n")
        if _NOT_WORDS.match(head):
            return [Piece(whole, words=False)] if whole else []
        return [
            Piece(head.replace("\n", " ") if "\\\n" not in head else head),
            *([Piece(rest, False)] if rest else []),
        ]

    def block(self, text: Text, flat: bool = False) -> str:
        """A text as one piece of Markdown."""
        whole = "\n\n".join(each.text for each in self.pieces(text, flat)).strip()
        whole = "\n".join(line.rstrip() for line in whole.split("\n"))
        return guarded(whole) if self.guard else whole

    def line(self, text: Text) -> str:
        """A text on one line; what stands on several is joined."""
        pieces = self.pieces(text, flat=True)
        if len(pieces) > 1 or any(not each.words for each in pieces):
            self.lose("teks beberapa paragraf pada satu sisi pasangan dijadikan satu baris")
        joined = " ".join(" ".join(each.text.replace("\\\n", " ").split()) for each in pieces)
        return re.sub(r"(\s)=>(?=\s|$)", r"\1=\\>", f" {joined}").strip() if self.guard else joined.strip()

    def question(self, question_id: str, guard: bool) -> Meant:
        """The question's lines."""
        self.guard = guard
        self.ids = list(self.of.ids)
        question = self.of
        heading, more = self.prompt()
        attributes = [f"#{question_id}", *question.attributes]
        if question.kind == "multiple" and question.partial:
            attributes.append("partial")
        if question.points != 1:
            attributes.append(f"points={question.points:f}")
        lines = [f"## {heading} {{{' '.join(attributes)}}}", ""]
        if more:
            lines += [*more.split("\n"), ""]
        answer, texts = self.answer()
        lines += answer
        explanation = self.block(question.explanation)
        if explanation:
            lines += ["", *(f"> {line}".rstrip() for line in explanation.split("\n"))]
        prompt = f"{heading}\n\n{more}" if more else heading
        return Meant(lines, question.kind, prompt, tuple(texts), explanation)

    def prompt(self) -> tuple[str, str]:
        """The words of the heading, and what stands below it."""
        pieces = self.pieces(self.of.prompt)
        if pieces and pieces[0].words:
            first, _, rest = pieces[0].text.partition("\\\n")
            pieces = [*([Piece(rest)] if rest else []), *pieces[1:]]
        else:
            first = heading_of(self.of.name) or f"Soal {self.of.number}"
            if pieces:
                self.lose("soal tidak diawali kalimat; namanya dipakai sebagai judul soal")
            else:
                self.lose("soal tanpa teks; namanya dipakai sebagai judul soal")
        more = "\n\n".join(each.text for each in pieces).strip("\n")
        more = "\n".join(line.rstrip() for line in more.split("\n"))
        return " ".join(first.split()), guarded(more) if self.guard and more else more

    def next_id(self) -> str:
        given = self.ids.pop(0) if self.ids else ""
        return f" {{#{given}}}" if is_stable_id(given) else ""

    def answer(self) -> tuple[list[str], list[str]]:
        """The answer lines, and the texts of options that must be read from them."""
        question = self.of
        match question.kind:
            case "single" | "multiple":
                return self.options(question.options)
            case "numeric":
                return [f"= {each.accepted.source()}" for each in question.numbers], []
            case "short":
                words = [f"= {each.text}" for each in question.words]
                return [*words, *(f"~= {each}" for each in question.patterns)], []
            case "matching":
                return self.sides(question.pairs)
            case "ordering":
                return self.steps(question.items)
            case _:
                return ["____"], []

    def options(self, options: Iterable[RoughOption]) -> tuple[list[str], list[str]]:
        lines: list[str] = []
        texts: list[str] = []
        for number, option in enumerate(options, start=1):
            marker = f"{number}." if self.of.kind == "single" else "-"
            indent = " " * (len(marker) + 1)
            text, feedback = self.block(option.text, flat=True), self.block(option.feedback)
            texts += [text, feedback]
            first, *more = text.split("\n")
            lines.append(f"{marker} [{'x' if option.share > 0 else ' '}] {first}{self.next_id()}".rstrip())
            lines += [f"{indent}{line}".rstrip() for line in more]
            lines += [f"{indent}> {line}".rstrip() for line in feedback.split("\n") if feedback]
        return lines, texts

    def sides(self, pairs: Iterable[RoughPair]) -> tuple[list[str], list[str]]:
        lines: list[str] = []
        texts: list[str] = []
        for pair in pairs:
            left, right = self.line(pair.left), self.line(pair.right)
            texts += [left, right]
            before = f"{left}{self.next_id()} " if left else ""
            lines.append(f"- {before}=> {right}{self.next_id()}")
        return lines, texts

    def steps(self, items: Iterable[Text]) -> tuple[list[str], list[str]]:
        lines: list[str] = []
        texts: list[str] = []
        for number, item in enumerate(items, start=1):
            texts.append(self.block(item, flat=True))
            first, *more = texts[-1].split("\n")
            indent = " " * len(f"{number}. ")
            lines.append(f"{number}. {first}{self.next_id()}")
            lines += [f"{indent}{line}".rstrip() for line in more]
        return lines, texts


def heading_of(words: str) -> str:
    """Words as they may stand in a heading, empty where nothing is left."""
    return at_start(escaped(" ".join(words.split()))[:300])
