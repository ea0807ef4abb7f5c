"""The page of a section and its fragments, put together from what the models hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app, render_template, request
from flask_babel import get_locale, gettext

from lms import formats, markup
from lms.extensions import utcnow
from lms.guard import person
from lms.projects import actions, checks, content, models, places, uploads
from lms.projects.checks import Finding
from lms.projects.models import DraftRow, ImprovementNote, Workspace
from lms.projects.source import FilesSection, Section, TableSection, TextSection
from lms.projects.teams.models import writing_now
from lms.projects.views.findings import marks_of
from lms.projects.views.loading import author_text
from lms.projects.views.sheet import (
    NEW_ROW,
    SheetRow,
    choices_of,
    is_wide,
    key_column,
    rows_of,
    shared_lists,
    sums_of,
)
from lms.web import zone

KIND_NAMES = {"pdf": "PDF", "docx": "Word", "xlsx": "Excel", "png": "PNG", "jpg": "JPG"}


@dataclass(frozen=True)
class Needs:
    """What a text must hold, and whether it does: its length, and each heading with whether it stands
    there.
    """

    words: int
    fits: bool
    headings: tuple[tuple[str, bool], ...]


def needs_of(section: TextSection, text: str, count: int) -> Needs:
    """The needs of a text section, met or not; ``count`` is the number of its words."""
    there = set(content.headings(text))
    return Needs(
        words=count,
        fits=section.words.holds(count),
        headings=tuple((title, content.heading_key(title) in there) for title in section.requires),
    )


def saved_words(at: datetime, now: datetime) -> str:
    """When something was saved: the time of a moment today, else with its date."""
    language = str(get_locale())
    today = formats.local(at, zone()).date() == formats.local(now, zone()).date()
    time = (formats.clock_time if today else formats.medium_datetime)(at, zone(), language)
    return gettext("Tersimpan %(time)s", time=time)


def local_key(work: Workspace, section_id: str) -> str:
    """Where the browser keeps what it could not send yet; the person's id keeps two people at one device
    apart.
    """
    return f"{person().id}/proyek/{work.id}/{section_id}"


Writing = Mapping[str, tuple[str, ...]]
"""The names of the others who write a section now, by section id."""


def others_writing(work: Workspace) -> Writing:
    """Who else of the team writes where now; nothing is asked for who works alone."""
    if len(work.member_ids) < 2:
        return {}
    return writing_now(work.id, besides=person().id, now=utcnow())


def shared(
    work: Workspace,
    section: Section,
    rows: Mapping[str, DraftRow],
    findings: Iterable[Finding],
    notes: Iterable[ImprovementNote],
    held: content.Content,
    writing: Writing,
) -> dict[str, Any]:
    """What the page and its fragments have in common."""
    lines = models.lines_of(work.project, rows, notes)
    return {
        "work": work,
        "project": work.project,
        "section": section,
        "lines": lines,
        "line": next(line for line in lines if line.section.id == section.id),
        "row": rows[section.id],
        "current": section.id,
        "held": held,
        "writing": writing,
        "marks": marks_of(section, findings, held),
        "needs": needs_of(section, held, rows[section.id].size)
        if isinstance(section, TextSection) and isinstance(held, str)
        else None,
    }


def show(
    work: Workspace,
    section: Section,
    *,
    problem: str = "",
    typed: str | None = None,
    typed_sheet: list[SheetRow] | None = None,
    revision: int | None = None,
    reply: tuple[int, str] | None = None,
) -> str:
    """The page of a section; ``typed``, ``typed_sheet`` or ``reply`` (a note's id and text) is what could
    not be stored and must not be lost.
    """
    now = utcnow()
    rows = models.complete(work.project, models.drafts(work.id), now=now)
    row = rows[section.id]
    contents = models.contents_of(rows)
    held = contents[section.id]
    notes = models.newest_notes(work.id, rows)
    own_notes = [note for note in notes if note.section_id == section.id]
    findings = checks.run(work.project, contents, section.id)
    context = shared(work, section, rows, findings, notes, held, others_writing(work))
    preview = request.args.get("tampil") == "pratinjau"
    rendered = markup.to_html(held, "people") if isinstance(held, str) and (preview or not row.open) else None
    extra = request.args.get("tambah", "")
    if isinstance(section, TableSection) and isinstance(held, content.Table):
        sheet = typed_sheet or rows_of(held.rows, int(extra) if extra in ("2", "3", "5", "10", "20") else 1)
        choices = choices_of(section, contents)
        context |= {
            "sheet": sheet,
            "choices": choices,
            "shared_lists": shared_lists(section, choices, len(sheet)),
            "cells": context["marks"].cells if typed_sheet is None else {},
            "new_row": NEW_ROW,
            "sums": sums_of(section, held),
            "key": key_column(section),
        }
    if isinstance(section, FilesSection):
        context |= files_context(section)
    first_column = section.columns[0].id if isinstance(section, TableSection) else ""
    return render_template(
        "projects/section.html",
        **context,
        wide=isinstance(section, TableSection) and is_wide(section),
        revision=row.revision if revision is None else revision,
        guide=author_text(section.guide, work.project, work.code, work.stable_id)
        if section.guide.strip()
        else None,
        saved_text=saved_words(row.updated_at, now) if row.revision else "",
        local_key=local_key(work, section.id),
        problem=problem,
        typed=reply[1] if reply and not row.open else typed,
        replies=dict([reply]) if reply else {},
        notes=own_notes,
        note_places={note.id: places.place(note.place, held) for note in own_notes},
        note_ways={note.id: places.way(note.place, held, first_column) for note in own_notes if row.open},
        note_texts={note.id: markup.to_html(note.text, "people") for note in own_notes},
        can_reply=row.open,
        next_round=models.last_counts(work.id)[1] + 1 if own_notes and work.project.rounds else 0,
        rendered=rendered,
        preview=rendered if preview else None,
        links=models.attachment_ids(work.id) if isinstance(section, FilesSection) else {},
        inspections=uploads.inspections(each.sha256 for each in held) if isinstance(held, tuple) else {},
    )


def files_context(section: FilesSection) -> dict[str, Any]:
    """What the upload form says about what it takes."""
    most_mb = upload_limit_mb(section)
    return {
        "most_mb": most_mb,
        "most_bytes": most_mb * 1024 * 1024,
        "accept": [KIND_NAMES[kind] for kind in section.accept],
        "accept_types": ",".join(f".{kind}" for kind in section.accept)
        + (",.jpeg" if "jpg" in section.accept else ""),
    }


def upload_limit_mb(section: FilesSection) -> int:
    """The largest file a section takes: the author's limit, or the platform's where that is smaller."""
    return min(section.max_mb, current_app.config["LMS"].upload_max_mb)


def answer(
    work: Workspace,
    section: Section,
    saved: actions.Saved,
    notes: Iterable[ImprovementNote],
    held: content.Content,
    writing: Writing,
) -> dict[str, Any]:
    """What our modules get after a save: the new revision, the time in words, and what changed on the
    page.
    """
    context = shared(work, section, saved.rows, saved.findings, notes, held, writing)
    fragments = {
        "temuan": render_template("projects/_findings.html", **context),
        "daftar-bagian": render_template("projects/_outline.html", **context),
    }
    if len(work.member_ids) > 1:
        fragments["hadir"] = render_template("projects/_writing.html", **context)
    if context["needs"] is not None:
        fragments["syarat"] = render_template("projects/_needs.html", **context)
    time = formats.clock_time(saved.at, zone(), str(get_locale()))
    return {
        "revision": str(saved.revision),
        "saved": gettext("Tersimpan otomatis %(time)s", time=time),
        "fragments": fragments,
    }
