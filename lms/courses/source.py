"""What authors write about a course, its modules and its lessons; a version stores the same Structs."""

import re
from typing import Annotated, Literal

import msgspec

from lms.addresses import Link
from lms.frontmatter import BadMatter, decode, load_yaml, split
from lms.problems import Problem

MAX_ID = 80
"""Characters of a stable id, as the tables store it."""

ID_RULE = "Pakai huruf kecil, angka, dan tanda hubung, paling banyak 80 karakter, misalnya `data-isu`."

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Sentence = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Minutes = Annotated[int, msgspec.Meta(ge=1, le=6000)]
PassMark = Annotated[int, msgspec.Meta(ge=0, le=100)]

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def is_stable_id(text: str) -> bool:
    """Whether the text may name an item, a question, an option; it lasts for years in rows and addresses."""
    return len(text) <= MAX_ID and _ID.fullmatch(text) is not None


def stable_id(file_name: str) -> str:
    """The id that a file gives its item: the name without folders, leading number and extension."""
    name = file_name.rpartition("/")[2]
    return re.sub(r"\A\d+[-_. ]+", "", name.rpartition(".")[0] or name)


Links = tuple[tuple[str, Link], ...]
"""Pairs of a target as an author wrote it and where it leads."""


class LessonMatter(msgspec.Struct, frozen=True, kw_only=True):
    """The front matter of a lesson; `minutes` is the designed time, `requires` are ids to complete first."""

    kind: Literal["lesson"] = "lesson"
    title: Title
    id: str = ""
    minutes: Minutes
    objectives: tuple[Sentence, ...] = ()
    requires: tuple[str, ...] = ()
    open: bool = False


class Lesson(LessonMatter, frozen=True, kw_only=True):
    """A lesson; `open` may be read without enrolling, `links` says where relative targets lead."""

    links: Links = ()


class ModuleMatter(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in a `module.yml`."""

    title: Title
    summary: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class Module(ModuleMatter, frozen=True, kw_only=True):
    """A module; `folder` is the name of its folder, `number` its place in the course from 1."""

    number: int
    folder: str


class CourseMatter(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in a `course.yml`; `jp` are training hours, `pass_mark` (written `pass`) a percentage."""

    title: Title
    summary: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    language: Literal["id", "en"] = "id"
    jp: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 0
    audience: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    objectives: tuple[Sentence, ...] = ()
    authors: tuple[Sentence, ...] = ()
    pass_mark: PassMark = msgspec.field(name="pass", default=70)
    certificate: bool = False


class Course(CourseMatter, frozen=True, kw_only=True):
    """A course with its modules in order."""

    modules: tuple[Module, ...] = ()


def parse_course(text: str, file: str) -> tuple[CourseMatter | None, list[Problem]]:
    """Read a `course.yml`."""
    try:
        matter = load_yaml(text)
        return decode(matter.values, matter.lines, CourseMatter), []
    except BadMatter as error:
        return None, error.problems(file)


def parse_module(text: str, file: str) -> tuple[ModuleMatter | None, list[Problem]]:
    """Read a `module.yml`."""
    try:
        matter = load_yaml(text)
        return decode(matter.values, matter.lines, ModuleMatter), []
    except BadMatter as error:
        return None, error.problems(file)


def parse_lesson(text: str, file: str) -> tuple[Lesson | None, list[Problem]]:
    """Read a lesson's front matter; its links are left to whoever knows the whole folder."""
    try:
        matter = split(text)
        written = decode(matter.values, matter.lines, LessonMatter)
    except BadMatter as error:
        return None, error.problems(file)
    if not matter.body.strip():
        return None, [Problem(file, matter.body_line, "Materi belum berisi apa pun; tulis isinya.")]
    values = msgspec.structs.asdict(written) | {"id": written.id or stable_id(file)}
    return Lesson(**values), []
