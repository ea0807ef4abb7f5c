"""From what a foreign format told to our Markdown, with the report of all that did not come along.

Every question is brought to what a kind of ours can say (`settling`), written (`writing`), read back by
`lms.quizzes.source`, and compared with what was meant. One that has no place here, or has no key, is kept as a comment
with its source; nothing is dropped without a word.
"""

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

import msgspec

from lms.courses.source import is_stable_id
from lms.frontmatter import BadMatter, decode
from lms.problems import Problem
from lms.quizzes.exchange.pictures import Pictures
from lms.quizzes.exchange.rough import Loss, RoughPool, RoughQuestion, RoughQuiz, grouped
from lms.quizzes.exchange.settling import settle
from lms.quizzes.exchange.writing import Meant, Writer, heading_of
from lms.quizzes.kinds.choice import Choice
from lms.quizzes.kinds.matching import Matching
from lms.quizzes.kinds.ordering import Ordering
from lms.quizzes.kinds.question import Question
from lms.quizzes.source import MAX_QUESTIONS, QuizMatter, parse

MAX_BYTES = 200_000
"""Bytes of a quiz file, as publishing reads it."""

MAX_KEPT = 20_000
"""Characters of one comment that keeps a source."""

MINUTES_PER_QUESTION = Decimal("1.5")

_CLOSING = re.compile(r"--(!?)>")
_GENERIC = frozenset(("question", "soal", "item", "untitled", "untitled-question", "new-question"))


class Imported(NamedTuple):
    """A quiz of another platform as our Markdown.

    `problems` are what must be mended before it can be published, each with the number of its question (0: the
    quiz), `files` belong into the course's folder `files`. `asked` counts the questions of the file, `written`
    those that became questions here.
    """

    format: str
    markdown: str
    losses: tuple[Loss, ...]
    problems: tuple[tuple[int, Problem], ...]
    files: Mapping[str, bytes]
    asked: int
    written: int


def composed(
    rough: RoughQuiz,
    file: str,
    *,
    title: str = "",
    minutes: int | None = None,
    present: Mapping[str, bytes] | None = None,
) -> Imported:
    """The quiz as the Markdown of `file` (`01-modul/03-kuis.md`); `title` is used where the source has none.

    `minutes` is the designed time, by default a guess of one and a half minutes a question; `present` are the
    files that the course has already.
    """
    return _Composer(rough, file, present or {}).whole(title, minutes)


class _Composer:
    def __init__(self, rough: RoughQuiz, file: str, present: Mapping[str, bytes]) -> None:
        self.rough = rough
        self.file = file
        self.pictures = Pictures(rough.files, present)
        self.losses: list[tuple[int, str]] = []
        self.lines: list[str] = []
        self.spans: list[tuple[int, int, int]] = []  # first line, last line, question
        self.ids: set[str] = set()
        self.written = 0

    def lose(self, number: int, message: str) -> None:
        self.losses.append((number, message))

    # The whole.

    def whole(self, title: str, minutes: int | None) -> Imported:
        rough = self.rough
        for message in rough.lost:
            self.lose(0, message)
        blocks = [(each, self.block(each)) for each in self.in_pools()]
        self.lines = self.matter(title, minutes)
        for what, kept in rough.kept:
            self.lines += [*self.comment(0, what, kept), ""]
        pool: RoughPool | None = None
        for question, lines in blocks:
            if question.pool is not pool and question.pool is not None and question.kind != "unknown":
                pool = question.pool
                self.lines += [*self.pool(pool), ""]
            first = len(self.lines) + 1
            self.lines += [*lines, ""]
            self.spans.append((first, len(self.lines), question.number))
        for path in sorted(rough.files.keys() - self.pictures.used):
            self.lose(0, f"berkas `{path[-80:]}` tidak dipakai di soal mana pun dan tidak dibawa")
        markdown = "\n".join(self.lines).rstrip("\n") + "\n"
        return Imported(
            rough.format,
            markdown,
            grouped(self.losses),
            self.problems(markdown),
            dict(self.pictures.found),
            len(rough.questions),
            self.written,
        )

    def in_pools(self) -> list[RoughQuestion]:
        """The questions outside groups first, then each group together: a group of ours ends where the next begins."""
        order: dict[int, int] = {}
        for each in self.rough.questions:
            order.setdefault(id(each.pool), len(order) + 1)
        found = sorted(self.rough.questions, key=lambda each: order[id(each.pool)] if each.pool else 0)
        if found != self.rough.questions:
            self.lose(
                0, "urutan soal berubah: soal di luar kelompok berdiri di depan, soal satu kelompok bersama"
            )
        return found

    def problems(self, markdown: str) -> tuple[tuple[int, Problem], ...]:
        _, found = parse(markdown, self.file)
        if len(markdown.encode()) > MAX_BYTES:
            message = f"Kuis melebihi {MAX_BYTES // 1000} KB; bagi menjadi beberapa berkas."
            found = [*found, Problem(self.file, 1, message)]
        return tuple((self.number_at(each.line), each) for each in sorted(found))

    def number_at(self, line: int) -> int:
        return next((number for first, last, number in self.spans if first <= line <= last), 0)

    def matter(self, title: str, minutes: int | None) -> list[str]:
        asked = sum(each.kind != "unknown" for each in self.rough.questions)
        settings = {name: value for name, value in self.rough.settings.items() if value is not None}
        settings["title"] = " ".join((self.rough.title or title or "Kuis").split())[:200]
        if minutes is not None:
            settings["minutes"] = minutes
        elif "minutes" not in settings:
            settings["minutes"] = max(1, int(asked * MINUTES_PER_QUESTION + Decimal("0.5")))
            self.lose(0, f"waktu rancangan diisi perkiraan {settings['minutes']} menit; sesuaikan `minutes`")
        self.shuffle(settings)
        for name in list(settings):
            try:
                decode({"title": "-", "minutes": 1} | {name: settings[name]}, {}, QuizMatter)
            except BadMatter as error:
                self.lose(0, f"pengaturan `{name}` tidak dipakai: {error.message}")
                del settings[name]
        limit, planned = settings.get("limit"), settings.get("minutes", 1)
        if isinstance(limit, int) and isinstance(planned, int) and limit < planned:
            settings["minutes"] = limit
        default = msgspec.to_builtins(QuizMatter(title="-", minutes=1))
        lines = ["---", "kind: quiz"]
        for field in msgspec.structs.fields(QuizMatter):
            name = field.encode_name
            wanted = name in ("title", "minutes") or settings.get(name, default[name]) != default[name]
            if name in settings and name not in ("kind", "id") and wanted:
                lines.append(f"{name}: {msgspec.json.encode(settings[name]).decode()}")
        return [*lines, "---", ""]

    def shuffle(self, settings: dict[str, object]) -> None:
        """Options are shuffled in the whole quiz or nowhere; what questions say is carried by the many."""
        if "shuffle" in settings:
            return
        asked = [each for each in self.rough.questions if each.shuffle is not None and each.kind != "unknown"]
        mixed = [each for each in asked if each.shuffle]
        if not mixed:
            return
        most = 2 * len(mixed) >= len(asked)
        settings["shuffle"] = "options" if most else "none"
        for each in asked:
            if each.shuffle is not most:
                word = "diacak" if each.shuffle else "tidak diacak"
                self.lose(
                    each.number,
                    f"di sumbernya pilihan soal ini {word}; di sini pengacakan berlaku untuk seluruh kuis",
                )

    def pool(self, pool: RoughPool) -> list[str]:
        title = heading_of(" ".join(pool.title.split()))
        draw = f" draw={pool.draw}" if pool.draw else ""
        return [f"# {title} {{#{self.new_id(pool.id, pool.title, 'kelompok')}{draw}}}"]

    def new_id(self, given: str, name: str, otherwise: str) -> str:
        wanted = given if is_stable_id(given) else _slug(given) or _slug(name)
        wanted = otherwise if not wanted or wanted in _GENERIC else wanted
        found, number = wanted, 1
        while found in self.ids:
            number += 1
            found = f"{wanted[:70]}-{number}"
        self.ids.add(found)
        return found

    # One question.

    def block(self, question: RoughQuestion) -> list[str]:
        """Its lines, with a comment of what could not be carried; the whole as a comment where it has no place."""
        writer = Writer(self.pictures, question)
        if question.kind != "unknown":
            settle(question)
        lines: list[str] = []
        if question.kind != "unknown" and self.written >= MAX_QUESTIONS:
            question.give_up(f"kuis paling banyak {MAX_QUESTIONS} soal")
        if question.kind != "unknown":
            question_id = self.new_id(question.id, question.name, f"soal-{question.number}")
            lines = self.checked(question, question_id, writer)
        if question.kind == "unknown":
            # its source tells all the rest
            self.lose(question.number, f"{question.reason}, disimpan sebagai komentar")
            return self.comment(question.number, question.reason, question.source)
        self.written += 1
        for message in question.lost:
            self.lose(question.number, message)
        for what, kept in question.kept:
            lines += ["", *self.comment(question.number, what, kept)]
        return lines

    def checked(self, question: RoughQuestion, question_id: str, writer: Writer) -> list[str]:
        """The question's Markdown, guarded where plain writing would be read as something else."""
        written = writer.question(question_id, guard=False)
        if _reads_as_meant(written):
            return written.lines
        guard = writer.question(question_id, guard=True)
        if _reads_as_meant(guard):
            question.lose(
                "daftar atau baris di dalam teks yang tampak seperti jawaban diberi garis miring terbalik"
            )
            return guard.lines
        if not _problems(written.lines):
            question.give_up("soal ini terbaca lain dari yang dimaksud bila ditulis di sini")
        return written.lines

    def comment(self, number: int, what: str, kept: str) -> list[str]:
        head = f"Soal {number}: {what}" if number else what
        if len(kept) > MAX_KEPT:
            self.lose(
                number,
                f"sumber yang disimpan sebagai komentar dipotong pada {MAX_KEPT:,} karakter".replace(
                    ",", "."
                ),
            )
            kept = kept[:MAX_KEPT]
        kept = _CLOSING.sub(r"--\1&gt;", kept)
        body = [line.rstrip() for line in kept.strip("\n").split("\n")]
        return [f"<!-- {_CLOSING.sub('—', ' '.join(head.split()))}", *body, "-->"]


def _problems(lines: list[str]) -> list[Problem]:
    return parse("\n".join(("---", "kind: quiz", "title: K", "minutes: 1", "---", *lines)), "k.md")[1]


def _reads_as_meant(meant: Meant) -> bool:
    quiz, _ = parse("\n".join(("---", "kind: quiz", "title: K", "minutes: 1", "---", *meant.lines)), "k.md")
    if quiz is None or len(quiz.questions) != 1 or quiz.pools:
        return False
    question: Question = quiz.questions[0]
    texts: tuple[str, ...] = ()
    match question:
        case Choice():
            texts = tuple(text for each in question.options for text in (each.text, each.feedback))
        case Matching():
            texts = tuple(
                text
                for pair in question.pairs
                for text in (pair.left.text if pair.left else "", pair.right.text)
            )
        case Ordering():
            texts = tuple(each.text for each in question.steps)
    return (question.kind, question.prompt, texts, question.explanation) == (
        meant.kind,
        meant.prompt,
        meant.texts,
        meant.explanation,
    )


def _slug(name: str) -> str:
    """A stable id made of a name, at most fifty characters, cut between words."""
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return slug if len(slug) <= 50 else slug[:51].rpartition("-")[0][:50] or slug[:50]
