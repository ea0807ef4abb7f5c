"""From what a foreign format told to our Markdown, with the report of all that did not come along.

Every question is written, read back by `lms.quizzes.source`, and compared with what was meant. One that has no place
here, or has no key, is kept as a comment with its source; nothing is dropped without a word.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple, TypeVar

import msgspec

from lms.courses.source import is_stable_id
from lms.frontmatter import BadMatter, decode
from lms.problems import Problem
from lms.quizzes.exchange.hypertext import MAX_TEXT, TOO_LONG, Converter, Piece
from lms.quizzes.exchange.pictures import DATA, Pictures
from lms.quizzes.exchange.rough import (
    FULL,
    Loss,
    RoughNumber,
    RoughOption,
    RoughPair,
    RoughPool,
    RoughQuestion,
    RoughQuiz,
    RoughWord,
    Text,
    grouped,
)
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
from lms.quizzes.kinds.choice import Choice
from lms.quizzes.kinds.matching import Matching
from lms.quizzes.kinds.numeric import Numeric
from lms.quizzes.kinds.ordering import Ordering
from lms.quizzes.kinds.question import Question
from lms.quizzes.source import MAX_POINTS, MAX_QUESTIONS, QuizMatter, parse

MAX_BYTES = 200_000
"""Bytes of a quiz file, as publishing reads it."""

MAX_KEPT = 20_000
"""Characters of one comment that keeps a source."""

MAX_ANSWERS = 200
"""Options, pairs or answers of one question; what is beyond any question costs no time."""

MINUTES_PER_QUESTION = Decimal("1.5")

_BLOCK_TAG = re.compile(r"<(?:p|div|ul|ol|table|h[1-6]|pre|blockquote|br)\b", re.IGNORECASE)
_CLOSING = re.compile(r"--(!?)>")
_GENERIC = frozenset(("question", "soal", "item", "untitled", "untitled-question", "new-question"))
_NOT_WORDS = re.compile(r"(?:[-*+>|#]|\d{1,9}[.)]\s|`{3}|~{3}|\$\$|!\[|={3}|:\s|<[a-zA-Z/])")


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
        title = _heading(" ".join(pool.title.split()))
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
        converted = _Words(self, question)
        if question.kind != "unknown":
            _settle(question)
        lines: list[str] = []
        if question.kind != "unknown" and self.written >= MAX_QUESTIONS:
            question.give_up(f"kuis paling banyak {MAX_QUESTIONS} soal")
        if question.kind != "unknown":
            question_id = self.new_id(question.id, question.name, f"soal-{question.number}")
            lines = self.checked(question, question_id, converted)
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

    def checked(self, question: RoughQuestion, question_id: str, words: "_Words") -> list[str]:
        """The question's Markdown, guarded where plain writing would be read as something else."""
        written = words.question(question_id, guard=False)
        if _reads_as_meant(written):
            return written.lines
        guard = words.question(question_id, guard=True)
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


class _Meant(NamedTuple):
    """A question as written, and what must be read from it."""

    lines: list[str]
    kind: str
    prompt: str
    texts: tuple[str, ...]
    explanation: str


def _problems(lines: list[str]) -> list[Problem]:
    return parse("\n".join(("---", "kind: quiz", "title: K", "minutes: 1", "---", *lines)), "k.md")[1]


def _reads_as_meant(meant: _Meant) -> bool:
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


class _Words:
    """Writes one question, its texts as Markdown."""

    def __init__(self, composer: _Composer, question: RoughQuestion) -> None:
        self.composer = composer
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
            return Converter(self.composer.pictures, self.lose, text.folder).pieces(words, flat)
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
            taken = self.composer.pictures.take(address, text.folder)
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

    def question(self, question_id: str, guard: bool) -> _Meant:
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
        return _Meant(lines, question.kind, prompt, tuple(texts), explanation)

    def prompt(self) -> tuple[str, str]:
        """The words of the heading, and what stands below it."""
        pieces = self.pieces(self.of.prompt)
        if pieces and pieces[0].words:
            first, _, rest = pieces[0].text.partition("\\\n")
            pieces = [*([Piece(rest)] if rest else []), *pieces[1:]]
        else:
            first = _heading(self.of.name) or f"Soal {self.of.number}"
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


# --- what keys and shares become -----------------------------------------------------------------------------


def _settle(question: RoughQuestion) -> None:
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


def _heading(words: str) -> str:
    """Words as they may stand in a heading, empty where nothing is left."""
    return at_start(escaped(" ".join(words.split()))[:300])


def _slug(name: str) -> str:
    """A stable id made of a name, at most fifty characters, cut between words."""
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return slug if len(slug) <= 50 else slug[:51].rpartition("-")[0][:50] or slug[:50]
