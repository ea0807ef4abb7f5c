"""What is in a published version: it never changes, so it is read once per process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import msgspec
from sqlalchemy import select

from lms import markup
from lms.addresses import Link
from lms.courses import source
from lms.courses.models.versions import Course, CourseFile, CourseVersion, Item
from lms.courses.outline import ItemLine, ModuleLine, Outline
from lms.courses.reading import pieces
from lms.extensions import db
from lms.splice import Kept, keep


@lru_cache(maxsize=256)
def outline(version_id: int) -> Outline:
    """The version's table of contents; cached, because a version never changes. Raises LookupError."""
    from_version = db.session.execute(
        select(
            CourseVersion.number,
            CourseVersion.course_id,
            Course.slug,
            CourseVersion.title,
            CourseVersion.summary,
            CourseVersion.language,
            CourseVersion.jp,
            CourseVersion.definition,
        )
        .join(Course)
        .where(CourseVersion.id == version_id)
    ).first()
    if from_version is None:
        raise LookupError(f"no course version {version_id}")
    number, course_id, slug, title, summary, language, jp, definition = from_version
    rows = db.session.execute(
        select(Item.id, Item.stable_id, Item.kind, Item.title, Item.minutes, Item.module, Item.definition)
        .where(Item.version_id == version_id, Item.kind != "rubric")
        .order_by(Item.position)
    ).all()
    lines: list[ItemLine] = []
    for line_id, stable_id, kind, line_title, minutes, module, item_definition in rows:
        within = sum(1 for line in lines if line.module == module) + 1
        gate = _GATE.decode(item_definition)
        lines.append(
            ItemLine(line_id, stable_id, kind, line_title, minutes, module, within, gate.requires, gate.open)
        )
    course = _COURSE.decode(definition)
    return Outline(
        version_id=version_id,
        version_number=number,
        course_id=course_id,
        slug=slug,
        title=title,
        summary=summary,
        language=language,
        jp=jp,
        modules=tuple(
            ModuleLine(at, module.title, module.summary, tuple(line for line in lines if line.module == at))
            for at, module in enumerate(course.modules, start=1)
        ),
        items=tuple(lines),
        audience=course.audience,
        objectives=course.objectives,
        authors=course.authors,
        certificate=course.certificate,
    )


class _Gate(msgspec.Struct, frozen=True):
    """What an outline needs of any item's definition."""

    requires: tuple[str, ...] = ()
    open: bool = False


# made while loading, for the sake of threads
_GATE = msgspec.json.Decoder(_Gate)
_COURSE = msgspec.json.Decoder(source.Course)
_LESSON = msgspec.json.Decoder(source.Lesson)


@lru_cache(maxsize=1024)
def item_source(item_id: int) -> tuple[str, str]:
    """An item's (source, definition); cached, because an item never changes. Raises LookupError."""
    row = db.session.execute(select(Item.source, Item.definition).where(Item.id == item_id)).first()
    if row is None:
        raise LookupError(f"no item {item_id}")
    return row.source, row.definition


@lru_cache(maxsize=512)
def item_id(version_id: int, stable_id: str) -> int | None:
    """The item of a version by its stable id, rubrics included."""
    return db.session.scalar(
        select(Item.id).where(Item.version_id == version_id, Item.stable_id == stable_id)
    )


@lru_cache(maxsize=512)
def version_of(item_id: int) -> int:
    """The course version of an item. Raises LookupError."""
    found = db.session.scalar(select(Item.version_id).where(Item.id == item_id))
    if found is None:
        raise LookupError(f"no item {item_id}")
    return found


@dataclass(frozen=True, slots=True)
class LessonPiece:
    """A stretch of a lesson's HTML, compressed, and the reflecting heading whose note box follows it."""

    html: Kept
    reflect: markup.Heading | None


@dataclass(frozen=True, slots=True, eq=False)
class LessonPage:
    """A lesson as it is read: HTML cut where its reader writes, the outline of its text, what it aims at."""

    pieces: tuple[LessonPiece, ...]
    headings: tuple[markup.Heading, ...]
    objectives: tuple[str, ...]

    def heading(self, heading_id: str) -> markup.Heading | None:
        """The heading with this id."""
        return next((heading for heading in self.headings if heading.id == heading_id), None)


def _is_file(link: Link) -> bool:
    return link.href.startswith("berkas/")


# Compressed, a lesson takes some 6 KB: all lessons of a busy platform fit, and pages need it compressed anyway.
@lru_cache(maxsize=2048)
def lesson_page(item_id: int) -> LessonPage:
    """A lesson's page; cached, because an item never changes. Raises LookupError."""
    row = db.session.execute(
        select(Item.source, Item.definition, Item.version_id).where(Item.id == item_id)
    ).first()
    if row is None:
        raise LookupError(f"no item {item_id}")
    lesson = _LESSON.decode(row.definition)
    # files carry their version, so that browsers may keep them for good
    links = tuple(
        (target, link._replace(href=f"{link.href}?v={row.version_id}") if _is_file(link) else link)
        for target, link in lesson.links
    )
    page = markup.page(row.source, links)
    cut = tuple(LessonPiece(keep(piece.html.encode()), piece.reflect) for piece in pieces(page))
    return LessonPage(cut, page.headings, lesson.objectives)


@lru_cache(maxsize=1024)
def course_file(version_id: int, name: str) -> tuple[str, str] | None:
    """A version's picture or download as (sha256, media type); cached, because a version never changes."""
    row = db.session.execute(
        select(CourseFile.sha256, CourseFile.media_type).where(
            CourseFile.version_id == version_id, CourseFile.name == name
        )
    ).first()
    return (row.sha256, row.media_type) if row else None


@lru_cache(maxsize=256)
def open_hrefs(version_id: int) -> frozenset[str]:
    """Where the links of a version's open lessons lead: files among them may be seen without enrolling."""
    definitions = db.session.scalars(
        select(Item.definition).where(Item.version_id == version_id, Item.kind == "lesson")
    )
    lessons = (_LESSON.decode(definition) for definition in definitions)
    return frozenset(link.href for lesson in lessons if lesson.open for _, link in lesson.links)


def forget_cached() -> None:
    """Empty the per-process caches (tests delete rows and count ids from 1 again)."""
    outline.cache_clear()
    item_source.cache_clear()
    item_id.cache_clear()
    version_of.cache_clear()
    lesson_page.cache_clear()
    course_file.cache_clear()
    open_hrefs.cache_clear()
