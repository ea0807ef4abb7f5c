"""text2qti: Markdown with a mark before each part, `1.` a question, `*a)` the right option, `=` a number.

Read as its documentation and its reader say; code that a file asks to run is never run.
"""

import re
from decimal import Context, Decimal

from lms.quizzes.exchange import notes
from lms.quizzes.exchange.rough import (
    FULL,
    RoughNumber,
    RoughOption,
    RoughPool,
    RoughQuestion,
    RoughQuiz,
    RoughWord,
    Text,
)
from lms.quizzes.exchange.upload import Upload
from lms.quizzes.kinds.numeric import Accepted

NAME = "text2qti"
TITLE = "text2qti"

_WIDE = Context(prec=100)
_MARKS = {
    "question": r"\d+\.[ \t]+(?=\S)",
    "right": r"\*[a-zA-Z]\)[ \t]+(?=\S)",
    "wrong": r"[a-zA-Z]\)[ \t]+(?=\S)",
    "tick": r"\[\*\][ \t]+(?=\S)",
    "blank": r"\[ ?\][ \t]+(?=\S)",
    "word": r"\*[ \t]+(?=\S)",
    "feedback": r"\.\.\.[ \t]+(?=\S)",
    "praise": r"\+[ \t]+(?=\S)",
    "blame": r"-[ \t]+(?=\S)",
    "solution": r"![ \t]+(?=\S)",
    "essay": r"_{3,}\s*$",
    "upload": r"\^{3,}\s*$",
    "number": r"=[ \t]+(?=\S)",
    "gap": r"(?:<>|\{[* ]?\})[ \t]+(?=\S)",
    "title": r"[Tt]itle:[ \t]*",
    "points": r"[Pp]oints:[ \t]*",
    "text": r"[Tt]ext(?: [Tt]itle)?:[ \t]*",
    "quiz_title": r"[Qq]uiz [Tt]itle:[ \t]*",
    "description": r"[Qq]uiz [Dd]escription:[ \t]*",
    "shuffle": r"[Ss]huffle [Aa]nswers:[ \t]*",
    "setting": r"(?:[Ss]how [Cc]orrect|[Oo]ne [Qq]uestion|[Cc]an't [Gg]o|[Ff]eedback [Ii]s|[Ss]olutions|[Ii]nstructions)[^:\n]{0,60}:[ \t]*",
    "group": r"GROUP\s*$",
    "end_group": r"END_GROUP\s*$",
    "pick": r"[Pp]ick:[ \t]*",
    "points_each": r"[Pp]oints per question:[ \t]*",
    "code": r"`{3,}\s*\{[^}\n]{0,80}\.run[^}\n]{0,80}\}\s*$",
}
_START = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _MARKS.items()))
_LONG = frozenset(
    (
        "question",
        "right",
        "wrong",
        "tick",
        "blank",
        "feedback",
        "praise",
        "blame",
        "solution",
        "text",
        "description",
    )
)
_WHOLE = re.compile(r"[+-]?\d+(?:_\d+)*")
_UNITS = re.compile(r"\\(?:num|si|SI|unit|qty)\{")
_SURE = re.compile(r"^(?:\*[a-zA-Z]\)[ \t]|\[\*\][ \t]|_{3,}\s*$|Quiz [Tt]itle:)", re.MULTILINE)
_QUESTION = re.compile(r"^\d+\.[ \t]+\S", re.MULTILINE)
_ANSWER = re.compile(r"^[=*][ \t]+\S", re.MULTILINE)
_BRACES = re.compile(r"\{\s*$|^[^\S\n]*\}|\{[^{}\n]{0,200}[=~#]", re.MULTILINE)


def claims(upload: Upload) -> bool:
    """Whether the file looks like text2qti: numbered questions, and answers by its marks outside braces."""
    if upload.text is None or upload.root is not None or not _QUESTION.search(upload.text):
        return False
    if _SURE.search(upload.text):
        return True
    return _ANSWER.search(upload.text) is not None and not _BRACES.search(upload.text)


def read(upload: Upload) -> RoughQuiz:
    """Read the questions of a file; nothing is refused, what cannot be read is kept."""
    return _Reader((upload.text or "").split("\n")).quiz


class _Reader:
    """Reads line by line; `at` is the next line."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.at = 0
        self.quiz = RoughQuiz(TITLE)
        self.now: RoughQuestion | None = None
        self.pool: RoughPool | None = None
        self.each = Decimal(1)
        self.name = ""
        self.points: Decimal | None = None
        self.begun = 0  # the line of the question, or of what stands before it
        while self.at < len(lines):
            self.step(lines[self.at])
        self.end(len(lines))

    def step(self, line: str) -> None:
        """Read what begins on this line."""
        if not line.strip():
            self.at += 1
        elif line.startswith("%"):
            self.at += 1
            self.once("baris komentar (`%`, `COMMENT`) tidak dibawa")
        elif line.startswith("COMMENT"):
            self.skip("END_COMMENT")
            self.once("baris komentar (`%`, `COMMENT`) tidak dibawa")
        elif found := _START.match(line):
            first = self.at
            text = self.whole(line, found)
            self.take(str(found.lastgroup), text, first + 1)
        else:
            self.odd(self.at + 1)
            self.at += 1

    def once(self, message: str) -> None:
        if message not in self.quiz.lost:
            self.quiz.lost.append(message)

    def skip(self, closing: str) -> list[str]:
        """Pass over lines until one that begins with `closing`; returns them."""
        first = self.at
        self.at += 1
        while self.at < len(self.lines) and not self.lines[self.at].startswith(closing):
            self.at += 1
        self.at += 1
        return self.lines[first : self.at]

    def whole(self, line: str, found: re.Match[str]) -> str:
        """The text after a mark, with the lines that stand under it."""
        parts = [line[found.end() :].rstrip()]
        self.at += 1
        indent = len(line[: found.end()].expandtabs(4))
        while found.lastgroup in _LONG and self.at < len(self.lines):
            below = self.lines[self.at].expandtabs(4)
            if below.strip() and not below.startswith(" " * indent):
                break
            parts.append(below[indent:].rstrip())
            self.at += 1
        return "\n".join(parts).strip()

    def odd(self, line: int) -> None:
        """A line that is nothing: the question it stands in cannot be read."""
        if self.now is not None:
            self.now.give_up(f"baris {line} tidak dapat dibaca")
        else:
            self.quiz.lost.append(
                f"baris {line} di luar soal tidak dapat dibaca: {self.lines[line - 1].strip()[:80]}"
            )

    def end(self, line: int) -> None:
        """The question that was being read is complete; `line` is the last of its lines."""
        question, self.now = self.now, None
        if question is None:
            return
        question.source = "\n".join(self.lines[self.begun - 1 : line]).strip("\n")
        if question.kind == "unknown" and not question.reason:
            question.give_up(f"tidak ada jawaban di soal pada baris {question.line}")
        if question.kind == "single" and [each.text.text.lower() for each in question.options] in (
            ["true", "false"],
            ["false", "true"],
        ):
            for each in question.options:
                each.text = Text("Benar" if each.text.text.lower() == "true" else "Salah")
        if _UNITS.search(question.source):
            question.lose("notasi siunitx (`\\num`, `\\si`, `\\SI`) tidak diubah; tulis ulang angkanya")

    def take(self, mark: str, text: str, line: int) -> None:
        """A part by its mark."""
        if mark == "question":
            if not (self.name or self.points is not None):
                self.end(line - 1)
                self.begun = line
            self.now = RoughQuestion(len(self.quiz.questions) + 1, line, "", name=self.name)
            self.now.prompt = Text(text, "markdown")
            self.now.points = self.each if self.points is None else self.points
            self.now.pool = self.pool
            self.name, self.points = "", None
            self.quiz.questions.append(self.now)
        elif mark in ("title", "points", "group", "end_group", "text", "code"):
            self.between(mark, text, line)
        elif mark in ("quiz_title", "description", "shuffle", "setting", "pick", "points_each"):
            self.setting(mark, text, line)
        elif self.now is None or self.now.reason:
            self.odd(line)
        else:
            self.answer(self.now, mark, text, line)

    def between(self, mark: str, text: str, line: int) -> None:
        if not (self.name or self.points is not None):
            self.end(line - 1)
            self.begun = line
        if mark == "title":
            self.name = text
        elif mark == "points":
            self.points = self.number(text, line)
        elif mark == "group":
            self.pool = RoughPool(
                f"Kelompok {sum(each.pool is not None for each in self.quiz.questions) + 1}", draw=1
            )
        elif mark == "end_group":
            self.pool, self.each = None, Decimal(1)
        elif mark == "text":
            self.quiz.lost.append(f"teks di antara soal pada baris {line} disimpan sebagai komentar")
            self.quiz.kept.append((f"teks di antara soal, baris {line}", text))
        else:
            self.at -= 1
            kept = self.skip("```")
            self.quiz.lost.append(
                f"kode yang diminta dijalankan di baris {line} tidak dijalankan; disimpan sebagai komentar"
            )
            self.quiz.kept.append((f"kode di baris {line}", "\n".join(kept)))

    def number(self, text: str, line: int) -> Decimal | None:
        found = notes.number(text)
        if found is None:
            self.quiz.lost.append(f"angka `{text[:20]}` di baris {line} tidak dapat dibaca")
        return found

    def setting(self, mark: str, text: str, line: int) -> None:
        if mark == "quiz_title":
            self.quiz.title = text
        elif mark == "description":
            self.quiz.lost.append("keterangan kuis disimpan sebagai komentar")
            self.quiz.kept.append(("keterangan kuis", text))
        elif mark == "shuffle":
            self.quiz.settings["shuffle"] = "options" if text.lower() == "true" else "none"
        elif mark == "setting":
            self.quiz.lost.append(f"pengaturan `{self.lines[line - 1].strip()[:80]}` tidak dibawa")
        elif mark == "pick" and self.pool is not None:
            self.pool.draw = int(text) if re.fullmatch(r"\d{1,3}", text) else 1
        else:
            self.each = self.number(text, line) or Decimal(1)

    def answer(self, question: RoughQuestion, mark: str, text: str, line: int) -> None:
        words = Text(text, "markdown")
        match mark:
            case "right" | "wrong":
                self.option(question, "single", words, mark == "right", line)
            case "tick" | "blank":
                self.option(question, "multiple", words, mark == "tick", line)
            case "word" if question.kind in ("unknown", "short"):
                question.kind = "short"
                question.words.append(RoughWord(text))
            case "number" if question.kind == "unknown":
                question.kind = "numeric"
                accepted = accepted_in(text)
                if accepted is None:
                    question.give_up(f"jawaban angka di baris {line} tidak dapat dibaca")
                else:
                    question.numbers.append(RoughNumber(accepted))
            case "essay" if question.kind == "unknown":
                question.kind = "essay"
            case "upload":
                question.give_up("pengumpulan berkas tidak didukung")
            case "gap":
                question.give_up("isian beberapa bagian tidak didukung")
            case "feedback" if question.options:
                question.options[-1].feedback = words
            case "feedback" if not question.explanation:
                question.explanation = words
            case "praise":
                question.lose(
                    "umpan balik untuk jawaban benar disimpan sebagai komentar", text, "umpan balik benar"
                )
            case "blame":
                question.lose(
                    "umpan balik untuk jawaban salah disimpan sebagai komentar", text, "umpan balik salah"
                )
            case "solution":
                question.lose("pembahasan (`!`) disimpan sebagai komentar", text, "pembahasan")
            case _:
                self.odd(line)

    def option(self, question: RoughQuestion, kind: str, text: Text, right: bool, line: int) -> None:
        if question.kind not in ("unknown", kind):
            self.odd(line)
            return
        question.kind = "single" if kind == "single" else "multiple"
        question.partial = False if kind == "multiple" else None
        question.options.append(RoughOption(text, FULL if right else Decimal(0)))


def accepted_in(text: str) -> Accepted | None:
    """What stands after `=`: `[low, high]`, `number +- margin`, a margin in percent, or a whole number."""
    if text.startswith("["):
        low, comma, high = text[1:].rstrip("] ").partition(",")
        ends = notes.number(low), notes.number(high)
        if not comma or ends[0] is None or ends[1] is None or ends[0] > ends[1]:
            return None
        return Accepted(ends[0], ends[1])
    value, sign, margin = text.partition("+-")
    middle = notes.number(value.replace("_", "") if _WHOLE.fullmatch(value.strip()) else value)
    around = notes.number(margin.strip().rstrip("%")) if sign else Decimal(0)
    if middle is None or around is None or around < 0:
        return None
    if margin.strip().endswith("%"):
        around = _WIDE.divide(_WIDE.multiply(abs(middle), around), Decimal(100))
    return Accepted(_WIDE.subtract(middle, around), _WIDE.add(middle, around), middle)
