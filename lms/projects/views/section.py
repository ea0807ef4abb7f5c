"""One section of a work: reading and writing it."""

from __future__ import annotations

from typing import Any

from flask import abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext

from lms import formats
from lms.access import Deed
from lms.extensions import begin_reading, db, utcnow, write_from_here
from lms.guard import allowed, person, wants_json
from lms.projects import actions, content, diff, merge, models
from lms.projects.forms import TooLong, moved, new_row_id, revision_in, table_in, text_in
from lms.projects.models import DraftRow, Workspace
from lms.projects.source import Section, TableSection, TextSection
from lms.projects.views import blueprint
from lms.projects.views.loading import find_section, load_work, said
from lms.projects.views.sheet import SheetRow, choices_of, shared_lists, typed_rows
from lms.projects.views.workspace import answer, local_key, others_writing, show
from lms.web import zone


@blueprint.get("/proyek/kerja/<int:work_id>/<section_id>")
@allowed(Deed.SEE_WORK, load_work)
def section(work: Workspace, section_id: str) -> ResponseReturnValue:
    """The workspace with one section open."""
    return show(work, find_section(work, section_id))


@blueprint.post("/proyek/kerja/<int:work_id>/<section_id>")
@allowed(Deed.WRITE_WORK, load_work, late=True)
def save(work: Workspace, section_id: str) -> ResponseReturnValue:
    """Save a section: JSON for autosave.js, a redirect for the form's own buttons."""
    section = find_section(work, section_id)
    try:
        if isinstance(section, TextSection):
            new: content.Content = text_in(request.form)
        elif isinstance(section, TableSection):
            new = table_in(request.form, section)
            if request.form.get("then") == "move":
                new = moved(new, request.form)
        else:
            abort(405)
    except TooLong as error:
        return _not_stored(work, section, said(error), "too_long", 413)
    write_from_here()
    try:
        saved = actions.save_section(
            work, section, new, revision=revision_in(request.form), by=person().id, now=utcnow()
        )
    except actions.Locked as error:
        return _not_stored(work, section, said(error), "locked", 409)
    except actions.Stale as error:
        return conflict(work, section, new, error.row)
    notes = models.newest_notes(work.id, saved.rows) if wants_json() else []
    writing = others_writing(work) if wants_json() else {}
    db.session.commit()
    if wants_json():
        return jsonify(answer(work, section, saved, notes, new, writing))
    then = request.form.get("then")
    where: dict[str, Any] = {"work_id": work.id, "section_id": section.id}
    if then == "preview":
        where |= {"tampil": "pratinjau", "_anchor": "pratinjau"}
    elif then == "move":
        where |= {"_anchor": "tabel"}
    elif then == "add":
        where |= {"tambah": 5, "_anchor": "tabel"}
    return redirect(url_for("projects.section", **where), 303)


def _only_read() -> None:
    """Nothing is going to be written: let others write while this page is put together."""
    db.session.rollback()
    begin_reading()


def _not_stored(
    work: Workspace, section: Section, problem: str, error: str, status: int
) -> ResponseReturnValue:
    """Say why nothing was stored, with everything that was typed still on the page."""
    _only_read()
    if wants_json():
        return jsonify(error=error, message=problem), status
    revision = revision_in(request.form)
    if isinstance(section, TableSection):
        sheet = typed_rows(request.form, section)
        lines = ("\t".join(row.cells[column.id] for column in section.columns) for row in sheet)
        page = show(
            work, section, problem=problem, typed="\n".join(lines), typed_sheet=sheet, revision=revision
        )
    else:
        typed = request.form.get("text", "")
        page = show(work, section, problem=problem, typed=typed, revision=revision)
    return page, status


def conflict(
    work: Workspace, section: Section, typed: content.Content, stored: DraftRow
) -> ResponseReturnValue:
    """Both states of a section that was saved from two places, and three ways on; nothing is stored yet."""
    _only_read()
    who = gettext("Anda, di tab atau perangkat lain")
    if stored.updated_by is not None and stored.updated_by != person().id:
        who = models.member_names([stored.updated_by]).get(stored.updated_by, who)
    when = formats.medium_datetime(stored.updated_at, zone(), str(get_locale()))
    if wants_json():
        message = gettext(
            "Bagian ini juga disimpan oleh %(who)s, %(when)s. Tulisan Anda masih ada di sini.",
            who=who,
            when=when,
        )
        return jsonify(error="conflict", message=message), 409
    held = stored.content
    page = render_template(
        "projects/conflict.html",
        work=work,
        project=work.project,
        section=section,
        stored=held,
        typed=typed,
        saved_by=who,
        when=when,
        distance=formats.distance(stored.updated_at, now=utcnow(), language=str(get_locale())),
        revision=stored.revision,
        local_key=local_key(work, section.id),
        **_compared(work, section, held, typed),
    )
    return page, 409


def _compared(
    work: Workspace, section: Section, stored: content.Content, typed: content.Content
) -> dict[str, Any]:
    """The differences between two states and both put together."""
    if isinstance(stored, str) and isinstance(typed, str):
        return {"changes": diff.texts(stored, typed), "merged": merge.texts(stored, typed)}
    if (
        isinstance(section, TableSection)
        and isinstance(stored, content.Table)
        and isinstance(typed, content.Table)
    ):
        words = {"stored": gettext("Tersimpan"), "typed": gettext("Milik Anda"), "": ""}
        both = [
            SheetRow(row.cells.get(content.ROW_ID) or new_row_id(), at, row.cells, words[row.whose])
            for at, row in enumerate(merge.tables(stored, typed, new_row_id), start=1)
        ]
        contents = models.contents_of(models.drafts(work.id))
        choices = choices_of(section, contents)
        return {
            "sheet": both,
            "choices": choices,
            "shared_lists": shared_lists(section, choices, len(both)),
            "cells": {},
        }
    return {}
