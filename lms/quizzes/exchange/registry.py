"""The formats, how one is told from another, and the way through them."""

from collections.abc import Mapping
from types import ModuleType

from lms.courses.source import is_stable_id, stable_id
from lms.quizzes.exchange import aiken, gift, moodle, qti12, qti21, text2qti
from lms.quizzes.exchange.composition import Imported, composed
from lms.quizzes.exchange.rough import Exported
from lms.quizzes.exchange.upload import opened
from lms.quizzes.source import Quiz
from lms.refusals import Refused

READ: tuple[ModuleType, ...] = (moodle, qti21, qti12, aiken, text2qti, gift)
"""Formats that are read, in the order in which they are asked whether a file is theirs; GIFT claims the most."""

WRITTEN: tuple[ModuleType, ...] = (gift, moodle)

MAX_QUESTIONS = 1000
"""Questions of one file; a quiz holds fewer, and what is more is kept as comments."""


def names(formats: tuple[ModuleType, ...]) -> tuple[tuple[str, str], ...]:
    """The formats' names and what people call them."""
    return tuple((each.NAME, each.TITLE) for each in formats)


def quiz_from(
    name: str,
    content: bytes,
    *,
    file: str = "",
    form: str = "",
    minutes: int | None = None,
    present: Mapping[str, bytes] | None = None,
) -> Imported:
    """A quiz of another platform as our Markdown.

    `name` is the file's name, `file` the path that the Markdown will have in its course, `form` the name of the
    format, found out by itself when empty; `minutes` and `present` as `composed` takes them. Raises Refused for a
    file that is hostile, damaged, or of no format that is read here.
    """
    upload = opened(name, content)
    chosen = next((each for each in READ if (form == each.NAME if form else each.claims(upload))), None)
    if chosen is None:
        raise Refused(
            "Format berkas itu tidak dikenali. Yang dibaca: %(formats)s.",
            formats=", ".join(title for _, title in names(READ)),
        )
    rough = chosen.read(upload)
    if upload.guessed:
        rough.lost.append("berkas bukan UTF-8 dan dibaca sebagai Windows-1252; periksa huruf khusus")
    if not rough.questions:
        raise Refused("Tidak ada soal yang ditemukan di berkas itu.")
    if len(rough.questions) > MAX_QUESTIONS:
        raise Refused(
            "Berkas itu berisi lebih dari %(limit)s soal. Bagi menjadi beberapa berkas.", limit=MAX_QUESTIONS
        )
    title = name.rpartition("/")[2].rpartition(".")[0]
    return composed(rough, file or f"01-{id_for(name)}.md", title=title, minutes=minutes, present=present)


def quiz_to(quiz: Quiz, form: str, files: Mapping[str, bytes]) -> Exported:
    """A quiz in a foreign format; `files` are the pictures that it shows, by the target written in it."""
    chosen = next(each for each in WRITTEN if form == each.NAME)
    exported: Exported = chosen.write(quiz, files)
    return exported


def extension_of(form: str) -> str:
    """What ends the name of a file of this format."""
    return str(next(each for each in WRITTEN if form == each.NAME).EXTENSION)


def id_for(name: str) -> str:
    """A stable id for the quiz of a file, made of the file's name."""
    plain = stable_id(name.lower())
    words = "-".join("".join(each if each.isascii() and each.isalnum() else " " for each in plain).split())
    return words[:60].strip("-") if is_stable_id(words[:60].strip("-")) else "kuis-impor"
