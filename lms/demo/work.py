"""The demo learner's work: a draft RPJMD of exercise figures, handed in once through the actions that everybody uses."""

from __future__ import annotations

import importlib
import io
from datetime import datetime, timedelta
from pathlib import Path

from lms import files
from lms.projects import actions, models
from lms.projects.content import ROW_ID, Content, Table
from lms.projects.models import Workspace
from lms.projects.source import FilesSection, Section, TableSection

PROJECT = "rancangan-rpjmd"
TEXTS = Path(__file__).parent / "rancangan"
REASON = (
    "Penyebab genangan belum diukur dan sebagian kewenangannya berada pada pemerintah provinsi. Kajiannya dilakukan "
    "dahulu; programnya dimasukkan pada perubahan rencana (contoh)."
)
ATTACHED = "definisi-operasional-contoh.xlsx"


def hand_in(
    enrolment_id: int, cohort_id: int, item_id: int, *, key: bytes, by: int, first: datetime, last: datetime
) -> None:
    """Begin the project at ``first``, write section after section, and hand version 1 in at ``last``.

    ``key`` is the one that receipts are signed with.
    """
    project = models.project(item_id)
    work_id = actions.start(
        enrolment_id=enrolment_id,
        cohort_id=cohort_id,
        item_id=item_id,
        stable_id=PROJECT,
        project=project,
        by=by,
        now=first,
    )
    work = models.workspace(work_id)
    assert work is not None
    for at, section in enumerate(project.sections):
        _write(work, section, by=by, now=first + timedelta(hours=20 * at))
    ready = actions.readiness(work)
    actions.hand_in(
        work,
        expected=ready.number,
        seen=ready.seen,
        reasons={each.key: REASON for each in ready.questions},
        integrity=True,
        key=key,
        by=by,
        now=last,
    )


def _write(work: Workspace, section: Section, *, by: int, now: datetime) -> None:
    if not isinstance(section, FilesSection):
        actions.save_section(work, section, written(section), revision=0, by=by, now=now)
        return
    book = _workbook(section.id)
    upload = files.receive(io.BytesIO(book), ATTACHED, accept=section.accept, max_bytes=len(book))
    try:
        actions.add_file(work, section, upload, ATTACHED, by=by, now=now)
    finally:
        upload.path.unlink(missing_ok=True)


def written(section: Section) -> Content:
    """What stands in a text or table section of the work."""
    if not isinstance(section, TableSection):
        return (TEXTS / f"{section.id}.md").read_text(encoding="utf-8")
    names = [column.id for column in section.columns]
    return Table(
        tuple(
            {ROW_ID: f"baris{number}", **dict(zip(names, row, strict=True))}
            for number, row in enumerate(_rows(section.id), start=1)
        )
    )


def _rows(name: str) -> list[list[str]]:
    lines = (TEXTS / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines]


def _workbook(name: str) -> bytes:
    """The matrix that is attached, as a workbook."""
    book = importlib.import_module("openpyxl").Workbook()  # loaded only where a demo is made
    book.active.title = "Definisi operasional"
    for row in _rows(name):
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
