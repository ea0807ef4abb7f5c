"""What changed between any two handed-in versions of a work: words, cells, files."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from lms.access import Deed
from lms.grading import changes, models
from lms.grading.models import PartLine
from lms.grading.views import blueprint
from lms.grading.views.deskpage import Document, changed_text
from lms.guard import allowed, can
from lms.projects import models as projects
from lms.projects.content import Table, decode
from lms.projects.models import SubmissionVersion
from lms.projects.source import Section, TableSection
from lms.projects.views.loading import is_masked


@blueprint.get("/proyek/versi/<int:submission_id>/perubahan")
@allowed(Deed.SEE_SUBMISSION, projects.submission)
def compare(version: SubmissionVersion) -> ResponseReturnValue:
    """The version beside another one (``?dari=`` its number), by default the one before it."""
    work_id = version.work_id
    numbers = sorted(each.number for each in projects.versions_of(work_id))
    asked = request.args.get("dari", "")
    chosen = int(asked) if asked.isdecimal() and len(asked) < 6 else version.number - 1
    others = [number for number in numbers if number != version.number]
    other = chosen if chosen in others else next(iter(reversed(others)), None)
    own = can("see own", version)
    links = projects.attachment_ids(work_id)
    project = projects.project(version.work.item_id)
    parts = models.parts_of(work_id, [version.number, other or 0], None)
    older, newer = sorted((version.number, other or version.number))
    before, after = parts.get(older, {}), parts.get(newer, {})
    lines = []
    for number, section in enumerate(project.sections, start=1):
        was, now = before.get(section.id), after.get(section.id)
        if now is None or other is None:
            continue
        same = was is not None and was.sha256 == now.sha256
        document = None if same else _document(section, was, now)
        lines.append((number, section, document))
    return render_template(
        "grading/compare.html",
        version=version,
        project=project,
        others=others,
        older=older,
        newer=newer,
        lines=lines,
        links=links,
        names=projects.neutral_names(links) if is_masked(version.work) else None,
        own=own,
    )


def _document(section: Section, was: PartLine | None, now: PartLine) -> Document:
    """One section as its changes; a section that the older version lacks is new as a whole."""
    before, held = decode(was.text) if was else None, decode(now.text)
    if isinstance(held, str):
        return Document("perubahan", held, before, changed=changed_text(was, now, before, held))
    if isinstance(held, Table) and isinstance(section, TableSection):
        rows = changes.table_rows(
            before if isinstance(before, Table) else Table(), held, [column.id for column in section.columns]
        )
        return Document("perubahan", held, before, rows=rows)
    files = held if isinstance(held, tuple) else ()
    old = before if isinstance(before, tuple) else ()
    return Document("perubahan", held, before, files=changes.file_changes(old, files))
