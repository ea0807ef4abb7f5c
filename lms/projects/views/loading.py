"""What the views of ``projects`` load and have in common."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urljoin

from flask import abort, url_for
from flask_babel import gettext
from markupsafe import Markup

from lms import markup
from lms.access import kept_from
from lms.courses.models import Seat, current_grades, seat
from lms.guard import person
from lms.projects import models
from lms.projects.models import Work, Workspace
from lms.projects.source import Project, Section
from lms.refusals import Refused


def load_seat(code: str) -> Seat | None:
    """The person's seat in the cohort of an address."""
    return seat(code, person().id)


def load_work(work_id: int) -> Workspace | None:
    """The work of an address."""
    return models.workspace(work_id)


def find_section(work: Workspace, section_id: str) -> Section:
    """The section of an address, or 404."""
    section = work.project.section(section_id)
    if section is None:
        abort(404)
    return section


def said(error: Refused) -> str:
    """A refusal in the reader's language."""
    return gettext(error.message, **error.values)


def is_masked(work: Work | Workspace, enrolment_ids: Sequence[int] | None = None) -> bool:
    """Whether the person must not learn whose work it is: its reviewers, in a blind project, until the grade is
    out.

    Its members and whoever only runs the platform see names as they are. ``enrolment_ids`` are those of its standing
    members, where they are known.
    """
    me, blind = person(), models.is_blind(models.project(work.item_id))
    if not kept_from(me, work, blind=blind, released=False):
        return False
    if enrolment_ids is None:
        assert isinstance(work, Work)
        enrolment_ids = [member.enrolment_id for member in work.members if member.left_at is None]
    grades = current_grades(list(enrolment_ids))
    released = any(stable_id == work.stable_id for _, stable_id in grades)
    return kept_from(me, work, blind=blind, released=released)


def author_text(text: str, project: Project, code: str, stable_id: str) -> Markup:
    """An author's Markdown (brief, guide); relative targets lead where they lead from the cohort's reading
    pages.
    """
    reading = url_for("courses.item", code=code, item=stable_id)
    links = tuple(
        (target, markup.Link(urljoin(reading, link.href), link.width or None, link.height or None))
        for target, link in project.links
    )
    return markup.to_html(text, "course", links)
