"""What the projects of published versions ask: read once, because it never changes."""

from __future__ import annotations

from functools import lru_cache

import msgspec
from sqlalchemy import select

from lms.courses.models import Item, item_source
from lms.courses.models import item_id as find_item
from lms.extensions import db
from lms.projects.source import FilesSection, Project, TableSection
from lms.rubric import Rubric


def project(item_id: int) -> Project:
    """The definition of a project item. Raises LookupError."""
    return _decoded(item_source(item_id)[1])


# Made while loading: what msgspec knows of a type comes with the first use of it, and two threads that use it first
# at the same moment crash the process.
_DEFINITION = msgspec.json.Decoder(Project)
_RUBRIC = msgspec.json.Decoder(Rubric)


@lru_cache(maxsize=256)
def _decoded(definition: str) -> Project:
    return _DEFINITION.decode(definition)


def affected(item_id: int, section_id: str) -> dict[str, frozenset[str]]:
    """The sections whose findings can change with this one, itself first; each with all that its checks read.

    Raises LookupError.
    """
    read = _reads(item_source(item_id)[1])
    names = [
        section_id,
        *(name for name, others in read.items() if section_id in others and name != section_id),
    ]
    return {name: read.get(name, frozenset()) | {name} for name in names}


@lru_cache(maxsize=256)
def _reads(definition: str) -> dict[str, frozenset[str]]:
    """By section: the other sections that its checks and lists read."""
    found = {}
    for section in _decoded(definition).sections:
        addresses: set[str] = set()
        if not isinstance(section, FilesSection):
            addresses |= {use.address for check in section.checks for use in check.uses()}
        if isinstance(section, TableSection):
            addresses |= {column.ref for column in section.columns if column.ref}
        found[section.id] = frozenset(address.split(".")[0] for address in addresses if "." in address)
    return found


def is_blind(project: Project) -> bool:
    """Whether reviewers must not know whose work it is until its grade is out."""
    return project.blind in ("learner", "both")


def rubric_of(version_id: int, project: Project) -> Rubric:
    """The rubric that a project of a course version names. Raises LookupError."""
    found = find_item(version_id, project.rubric)
    if found is None:
        raise LookupError(f"no rubric {project.rubric!r} in course version {version_id}")
    return _decoded_rubric(item_source(found)[1])


@lru_cache(maxsize=256)
def _decoded_rubric(definition: str) -> Rubric:
    return _RUBRIC.decode(definition)


def version_of(item_id: int) -> int:
    """The course version that an item belongs to. Raises LookupError."""
    found = db.session.scalar(select(Item.version_id).where(Item.id == item_id))
    if found is None:
        raise LookupError(f"no item {item_id}")
    return found


def brief(item_id: int) -> str:
    """The Markdown of a project's brief. Raises LookupError."""
    return item_source(item_id)[0]
