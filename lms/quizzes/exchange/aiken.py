"""Aiken: a question, its options `A. ...` or `A) ...`, and a line `ANSWER: A`."""

import re
from decimal import Decimal

from lms.quizzes.exchange.rough import FULL, RoughOption, RoughQuestion, RoughQuiz, Text
from lms.quizzes.exchange.upload import Upload

NAME = "aiken"
TITLE = "Aiken"

_OPTION = re.compile(r"\s*([A-Za-z])[.)]\s+(\S.*)")
_ANSWER = re.compile(r"\s*ANSWER\s*:\s*(.*)", re.IGNORECASE)
_CLAIM = re.compile(r"^[^\S\n]*ANSWER\s*:\s*[A-Za-z]\s*$", re.MULTILINE | re.IGNORECASE)


def claims(upload: Upload) -> bool:
    """Whether the file looks like Aiken."""
    return upload.text is not None and upload.root is None and _CLAIM.search(upload.text) is not None


def read(upload: Upload) -> RoughQuiz:
    """Read the questions of a file; nothing is refused, what cannot be read is kept."""
    quiz = RoughQuiz(TITLE)
    draft = _Draft(0)
    for number, line in enumerate((upload.text or "").split("\n"), start=1):
        if not line.strip():
            continue
        if found := _ANSWER.fullmatch(line):
            draft.lines.append(line)
            draft.answer = found[1].strip()
            _end(quiz, draft or _Draft(number), number)
            draft = _Draft(0)
            continue
        option = _OPTION.fullmatch(line)
        if option is None and draft.options:
            _end(quiz, draft, number)  # words after options begin the next question: its answer is missing
            draft = _Draft(0)
        if not draft.lines:
            draft.first = number
        draft.lines.append(line)
        if option and draft.words:
            draft.options.append((option[1].upper(), option[2].strip()))
        else:
            draft.words.append(line.strip())
    if draft.lines:
        _end(quiz, draft, len((upload.text or "").split("\n")))
    return quiz


class _Draft:
    """A question while its lines are being gathered."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.lines: list[str] = []
        self.words: list[str] = []
        self.options: list[tuple[str, str]] = []
        self.answer: str | None = None


def _end(quiz: RoughQuiz, draft: _Draft, line: int) -> None:
    question = RoughQuestion(
        len(quiz.questions) + 1, draft.first or line, "\n".join(draft.lines), kind="single"
    )
    question.prompt = Text("\n".join(draft.words))
    question.options = [
        RoughOption(Text(text), FULL if letter == (draft.answer or "").upper() else Decimal(0))
        for letter, text in draft.options
    ]
    letters = [letter for letter, _ in draft.options]
    where = f"di soal pada baris {question.line}"
    if draft.answer is None:
        question.give_up(f"tidak ada baris `ANSWER:` {where}")
    elif not draft.options:
        question.give_up(f"tidak ada pilihan {where}")
    elif len(set(letters)) < len(letters):
        question.give_up(f"huruf pilihan dipakai dua kali {where}")
    elif draft.answer.upper() not in letters:
        question.give_up(f"`ANSWER: {draft.answer[:20]}` di baris {line} bukan salah satu pilihan")
    quiz.questions.append(question)
