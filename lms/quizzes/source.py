"""A quiz, from the Markdown that authors write to typed questions, and back."""

import re
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from lms.courses.source import Links, Minutes, PassMark, Title, stable_id
from lms.formats import UnreadableNumber, parse_decimal
from lms.frontmatter import BadMatter, Matter, decode, split
from lms.problems import Problem
from lms.quizzes.kinds import KINDS, AnyQuestion
from lms.quizzes.kinds.question import Block, Line, Question, id_problem, take_attributes

MAX_QUESTIONS = 200
MAX_POINTS = 100

Count = Annotated[int, msgspec.Meta(ge=1, le=1000)]


class QuizMatter(msgspec.Struct, frozen=True, kw_only=True):
    """The front matter of a quiz.

    `minutes` is the designed time and `limit` a hard one; `attempts` is None without a limit; `pass_mark`
    (written `pass`) is a percentage, 0 when every attempt passes; `per_page` is how many questions a page asks,
    None for all of them; `requires` are ids to complete first. `pretest` is the id of the quiz that was taken
    before: how much higher this one's grade is, is what was gained.
    """

    kind: Literal["quiz"] = "quiz"
    title: Title
    id: str = ""
    minutes: Minutes
    limit: Minutes | None = None
    attempts: Count | None = None
    pass_mark: PassMark = msgspec.field(name="pass", default=0)
    grade: Literal["best", "last", "first", "average"] = "best"
    shuffle: Literal["none", "options", "questions", "all"] = "none"
    feedback: Literal["each", "submitted", "passed", "closed", "never"] = "submitted"
    per_page: Count | None = None
    requires: tuple[str, ...] = ()
    pretest: str = ""


class Pool(msgspec.Struct, frozen=True):
    """Questions of which `draw` are asked in one attempt."""

    id: str
    title: str
    draw: int
    questions: tuple[str, ...]


class Quiz(QuizMatter, frozen=True, kw_only=True):
    """A quiz; questions outside pools are always asked, `links` says where relative targets lead."""

    questions: tuple[AnyQuestion, ...]
    pools: tuple[Pool, ...] = ()
    links: Links = ()


def parse(text: str, file: str) -> tuple[Quiz | None, list[Problem]]:
    """Read a quiz; without a quiz there is at least one problem, and all of them are found."""
    try:
        matter = split(text)
    except BadMatter as error:
        return None, error.problems(file)
    found: list[tuple[int, str]] = []
    settings = None
    try:
        settings = decode(matter.values, matter.lines, QuizMatter)
    except BadMatter as error:
        found += error.found
    if settings and settings.limit is not None and settings.limit < settings.minutes:
        message = f"`limit` ({settings.limit}) tidak boleh lebih singkat dari `minutes` ({settings.minutes})."
        found.append((matter.lines["limit"], message))
    body = _Body(matter)
    found += body.found
    if found or settings is None:
        return None, sorted(Problem(file, line, message) for line, message in set(found))
    values = msgspec.structs.asdict(settings) | {"id": settings.id or stable_id(file)}
    return Quiz(**values, questions=tuple(body.questions), pools=body.pools()), []


# --- the body -----------------------------------------------------------------------------------------------

_HEADING = re.compile(r" {0,3}(#{1,2})(?:\s+(.*))?")
_FENCE = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,3}[.)])\s+)?(`{3,}|~{3,})([^`]*)")
_ODD_BOX = re.compile(
    r" {0,3}(?:\d{1,3}[.)]|[-*+])(?:\s*\[(?![ xX]?\])[^\]\d]{1,2}\]|\[[ xX]?\]|\s+\[[ xX]?\])(?:\s|$)"
)
_NUMBER = re.compile(r"\d{1,4}")


class _PoolDraft:
    def __init__(self, line: int, pool_id: str, title: str, draw: int | None) -> None:
        self.line = line
        self.id = pool_id
        self.title = title
        self.draw = draw
        self.questions: list[str] = []


class _Body:
    """Reads pools and questions, noting (line, message) of all that is wrong."""

    def __init__(self, matter: Matter) -> None:
        self.found: list[tuple[int, str]] = []
        self.questions: list[Question] = []
        self.drafts: list[_PoolDraft] = []
        self.ids: dict[str, int] = {}
        self.read(self.lines(matter), matter.body_line)
        self.check(matter.body_line)

    def complain(self, line: int, message: str) -> None:
        self.found.append((line, message))

    def lines(self, matter: Matter) -> list[Line]:
        """Number the lines, mark those in fences and formulas, and empty those in comments."""
        lines: list[Line] = []
        closing = ""  # what ends the fence, formula or comment that is open
        opened = 0
        for number, text in enumerate(matter.body.split("\n"), start=matter.body_line):
            bare = text.strip(" \t>")
            if closing == "-->":
                _, end, text = text.partition("-->")
                if end:
                    closing = ""
                lines.append(Line(number, text if end else "", True))
            elif closing:
                lines.append(Line(number, text, False))
                if bare.endswith(closing) and (closing == "$$" or not bare.strip(closing[0])):
                    closing = ""
            elif fence := _FENCE.fullmatch(text):
                lines.append(Line(number, text, False))
                closing, opened = fence[1], number
            elif bare.startswith("<!--") and "-->" not in text:
                lines.append(Line(number, "", True))
                closing, opened = "-->", number
            elif bare.startswith("<!--") and text.rstrip().endswith("-->"):
                lines.append(Line(number, "", True))
            elif bare.startswith("$$"):
                lines.append(Line(number, text, False))
                if bare.count("$$") == 1:
                    closing, opened = "$$", number
            else:
                lines.append(Line(number, text, True))
        if closing:
            self.complain(
                opened, f"Blok yang dibuka di baris ini belum ditutup; tambahkan baris `{closing}`."
            )
        return lines

    def read(self, lines: list[Line], first: int) -> None:
        heading: tuple[int, int, str] | None = None
        inside: list[Line] = []
        for line in lines:
            match = _HEADING.fullmatch(line.text) if line.live else None
            if match is None:
                inside.append(line)
                continue
            self.section(heading, inside)
            heading = (line.number, len(match[1]), match[2] or "")
            inside = []
        self.section(heading, inside)

    def section(self, heading: tuple[int, int, str] | None, inside: list[Line]) -> None:
        if heading is not None and heading[1] == 2:
            self.question(heading[0], heading[2], inside)
            return
        if heading is not None:
            self.pool(heading[0], heading[2])
        stray = next((line.number for line in inside if line.text.strip()), None)
        if stray is not None:
            self.complain(
                stray,
                "Teks di luar soal tidak ditampilkan; pindahkan ke dalam soal, sesudah judul `## ... {#id}`.",
            )

    def pool(self, line: int, heading: str) -> None:
        title, attributes = take_attributes(heading, frozenset({"draw"}))
        pool_id, draw = attributes.pop("id", ""), attributes.pop("draw", None)
        self.identify(line, pool_id, "Kelompok soal", "# Dasar {#dasar draw=3}")
        for name in attributes:
            self.complain(line, f"Atribut `{name}` tidak dikenal pada kelompok soal; yang dikenal: draw.")
        if draw is not None and (not _NUMBER.fullmatch(draw) or int(draw) < 1):
            self.complain(line, f"`draw` harus bilangan bulat paling sedikit 1; tertulis `{draw}`.")
            draw = None
        self.drafts.append(_PoolDraft(line, pool_id, title, int(draw) if draw else None))

    def identify(self, line: int, given: str, what: str, example: str) -> None:
        if not given:
            self.complain(line, f"{what} belum punya id; tambahkan di akhir judulnya, misalnya `{example}`.")
        elif problem := id_problem(given):
            self.complain(line, problem)
        elif given in self.ids:
            self.complain(line, f"Id `{given}` sudah dipakai di baris {self.ids[given]}; pakai id lain.")
        else:
            self.ids[given] = line

    def question(self, line: int, heading: str, inside: list[Line]) -> None:
        known = frozenset({"points"}).union(*(kind.attributes for kind in KINDS))
        text, attributes = take_attributes(heading, known)
        self.identify(line, attributes.get("id", ""), "Soal", "## Apa itu RPJMD? {#rpjmd}")
        points = self.points(line, attributes)
        if self.drafts and attributes.get("id"):
            self.drafts[-1].questions.append(attributes["id"])
        kind, at = next(
            ((kind, at) for kind in KINDS if (at := kind.begins(inside)) is not None), (None, len(inside))
        )
        if kind is None:
            self.unreadable(line, text, inside)
            return
        for each in inside[:at]:
            if each.live and _ODD_BOX.match(each.text):
                self.complain(
                    each.number,
                    "Kotak pilihan ini salah tulis; pakai `- [ ]` atau `- [x]`, dengan spasi di antaranya.",
                )
        more = "\n".join(each.text.rstrip() for each in inside[:at]).strip("\n")
        prompt = f"{text}\n\n{more}".strip()
        block = Block(line, attributes, prompt, points)
        block.lines, block.explanation = _explained(inside[at:])
        for name in attributes.keys() - {"id", "points"} - kind.attributes:
            allowed = ", ".join(sorted({"points"} | kind.attributes))
            block.complain(
                line, f"Atribut `{name}` tidak dikenal pada soal jenis ini; yang dikenal: {allowed}."
            )
        if not text:
            block.complain(line, "Judul soal kosong; tulis pertanyaannya sesudah `##`.")
        question = kind.parse(block)
        self.found += block.found
        if question is not None:
            self.questions.append(question)

    def unreadable(self, line: int, text: str, inside: list[Line]) -> None:
        if not text and not any(each.text.strip() for each in inside):
            self.complain(line, "Soal ini kosong; tulis pertanyaan dan jawabannya, atau hapus judulnya.")
        else:
            self.complain(
                line,
                "Soal ini belum punya jawaban; tulis pilihan `1. [x] ...` atau `- [x] ...`, `= jawaban`, "
                "pasangan `- ... => ...`, langkah `1. ...`, atau `____` untuk esai.",
            )

    def points(self, line: int, attributes: dict[str, str]) -> Decimal:
        written = attributes.get("points")
        if written is None:
            return Decimal(1)
        try:
            points = parse_decimal(written, grouping="en")
        except UnreadableNumber:
            points = Decimal(0)
        if not 0 < points <= MAX_POINTS:
            self.complain(
                line, f"`points` harus lebih dari 0 dan paling banyak {MAX_POINTS}; tertulis `{written}`."
            )
            return Decimal(1)
        return points

    def check(self, first: int) -> None:
        if not self.questions and not self.found:
            self.complain(
                first,
                "Kuis belum berisi soal; tulis judul tingkat dua, misalnya `## Apa itu RPJMD? {#rpjmd}`.",
            )
        if len(self.questions) > MAX_QUESTIONS:
            self.complain(first, f"Kuis berisi terlalu banyak soal; paling banyak {MAX_QUESTIONS}.")
        for draft in self.drafts:
            size = len(draft.questions)
            if not size:
                self.complain(
                    draft.line,
                    "Kelompok soal ini kosong; tulis soalnya di bawah judul ini atau hapus judulnya.",
                )
            elif draft.draw and draft.draw > size:
                self.complain(
                    draft.line,
                    f"`draw={draft.draw}` melebihi isi kelompok ({size} soal); kecilkan atau tambah soal.",
                )

    def pools(self) -> tuple[Pool, ...]:
        return tuple(
            Pool(each.id, each.title, each.draw or len(each.questions), tuple(each.questions))
            for each in self.drafts
        )


def _explained(lines: list[Line]) -> tuple[list[Line], str]:
    """Part the answer lines from the quotes at the very end, which explain the whole question."""
    at = len(lines)
    while at and (not lines[at - 1].text.strip() or lines[at - 1].text.startswith(">")):
        at -= 1
    quoted = [re.sub(r"\A>\s?", "", line.text).rstrip() for line in lines[at:]]
    return lines[:at], "\n".join(quoted).strip()


# --- back to Markdown ---------------------------------------------------------------------------------------


def print_quiz(quiz: Quiz) -> str:
    """The quiz as an author would write it; `parse` reads the same quiz from it."""
    lines = ["---", "kind: quiz"]
    plain = msgspec.to_builtins(quiz)
    default = msgspec.to_builtins(QuizMatter(title="-", minutes=1))
    for name in msgspec.structs.fields(QuizMatter):
        value = plain[name.encode_name]
        if name.encode_name in ("title", "minutes") or (
            name.name != "kind" and value != default[name.encode_name]
        ):
            lines.append(f"{name.encode_name}: {msgspec.json.encode(value).decode()}")
    lines += ["---", ""]
    pooled = {each: pool for pool in quiz.pools for each in pool.questions}
    current: Pool | None = None
    for question in quiz.questions:
        pool = pooled.get(question.id)
        if pool is not None and pool is not current:
            draw = f" draw={pool.draw}" if pool.draw != len(pool.questions) else ""
            lines += [f"# {pool.title} {{#{pool.id}{draw}}}", ""]
        current = pool
        lines += [*_printed(question), ""]
    return "\n".join(lines)


def _printed(question: Question) -> list[str]:
    attributes = [f"#{question.id}", *question.heading_attributes()]
    if question.points != 1:
        attributes.append(f"points={question.points:f}")
    first, *more = question.prompt.split("\n")
    lines = [f"## {first} {{{' '.join(attributes)}}}", *more]
    if not more or more[-1]:
        lines.append("")
    lines += question.source()
    if question.explanation:
        lines += ["", *(f"> {line}".rstrip() for line in question.explanation.split("\n"))]
    return lines
