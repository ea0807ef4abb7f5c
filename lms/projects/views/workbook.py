"""A table by way of Excel: the template with what is there, and what an uploaded one would bring."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from flask import abort, render_template, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lms.access import Deed
from lms.extensions import begin_reading, db, utcnow
from lms.guard import allowed
from lms.projects import content, models, previews, workbook
from lms.projects.forms import new_row_id, row_id
from lms.projects.models import DraftRow, Workspace
from lms.projects.source import MOST_ROWS, TableSection
from lms.projects.views import blueprint
from lms.projects.views.loading import find_section, load_work, said
from lms.projects.views.receiving import locked, received
from lms.projects.views.sheet import SheetRow, choices_of
from lms.projects.views.workspace import show
from lms.refusals import N_, Refused
from lms.web import SANDBOX


def _table(work: Workspace, section_id: str) -> TableSection:
    section = find_section(work, section_id)
    if not isinstance(section, TableSection):
        abort(404)
    return section


def _held(work: Workspace, section: TableSection) -> tuple[DraftRow, content.Table, dict[str, list[str]]]:
    """The section's draft, its table, and what its lists offer now."""
    rows = models.complete(work.project, models.drafts(work.id), now=utcnow())
    held = rows[section.id].content
    table = held if isinstance(held, content.Table) else content.Table()
    return rows[section.id], table, choices_of(section, models.contents_of(rows))


@blueprint.get("/proyek/kerja/<int:work_id>/<section_id>/tabel.xlsx")
@allowed(Deed.SEE_WORK, load_work)
def workbook_download(work: Workspace, section_id: str) -> ResponseReturnValue:
    """The table as a workbook to fill in."""
    section = _table(work, section_id)
    _row, table, choices = _held(work, section)
    db.session.rollback()
    words = workbook.Words(
        sheet=_("Isian"),
        choices=_("Pilihan"),
        guide=_("Petunjuk"),
        how=[
            _(
                "Isi lembar pertama, simpan, lalu unggah berkas ini di bagian “%(section)s”.",
                section=section.title,
            ),
            _("Jangan mengubah judul kolom. Kolom bertanda * wajib diisi."),
            _("Baris paling banyak %(count)s.", count=section.rows.max or MOST_ROWS),
        ],
    )
    response = send_file(
        io.BytesIO(workbook.write(section, table, choices, words)),
        mimetype=workbook.MEDIA_TYPE,
        as_attachment=True,
        download_name=f"{work.stable_id}-{section.id}.xlsx",
        max_age=0,
    )
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@blueprint.post("/proyek/kerja/<int:work_id>/<section_id>/tabel.xlsx")
@allowed(Deed.WRITE_WORK, load_work)
def workbook_preview(work: Workspace, section_id: str) -> ResponseReturnValue:
    """What an uploaded workbook would bring, cell by cell; nothing is stored before it is accepted."""
    section = _table(work, section_id)
    db.session.rollback()
    begin_reading()
    row, table, choices = _held(work, section)
    if not row.open:
        return locked(work, section)
    try:
        with received("xlsx", N_("Pilih berkas Excel (.xlsx) lebih dahulu.")) as upload:
            reading = previews.table(lambda: upload.path.open("rb"), section, choices)
    except (Refused, workbook.BadWorkbook) as error:
        return show(work, section, problem=said(error) if isinstance(error, Refused) else _why(error)), 400
    except previews.Busy:
        problem = _("Server sedang membuka berkas lain. Coba lagi sebentar lagi; isian Anda tidak berubah.")
        return show(work, section, problem=problem), 503
    except previews.Unshowable:  # it took too long or too much
        return show(work, section, problem=_why(workbook.BadWorkbook("large"))), 400
    return render_template(
        "projects/workbook.html",
        work=work,
        project=work.project,
        section=section,
        revision=row.revision,
        reading=reading,
        flaws=_flaws(),
        replacing=_numbered(reading.rows, {each.get(content.ROW_ID, "") for each in table.rows}),
        adding=_numbered((*table.rows, *({**each, content.ROW_ID: ""} for each in reading.rows)), None)
        if table.rows
        else [],
        before=len(table.rows),
    )


def _numbered(rows: Sequence[Mapping[str, str]], known: set[str] | None) -> list[SheetRow]:
    """The rows for the form; only ids that the table knows are kept (all, where ``known`` is None)."""
    listed = []
    for at, row in enumerate(rows, start=1):
        name = row.get(content.ROW_ID, "")
        keeps = name and (known is None or name in known)
        listed.append(SheetRow(row_id(name) if keeps else new_row_id(), at, row))
    return listed


def _why(error: workbook.BadWorkbook) -> str:
    return {
        "broken": _(
            "Berkas itu tidak dapat dibaca sebagai Excel. Simpan ulang sebagai .xlsx, lalu unggah lagi."
        ),
        "large": _("Isi berkas itu terlalu besar. Salin tabelnya ke berkas baru, lalu unggah lagi."),
        "heads": _(
            "Judul kolom tabel ini tidak ditemukan di lembar pertama. Unduh templatnya, lalu isi di sana."
        ),
    }[error.reason]


def _flaws() -> dict[str, str]:
    """What is to be said about a cell."""
    return {
        "number": _("bukan angka yang jelas"),
        "choice": _("tidak ada dalam daftar pilihan"),
        "formula": _("rumus tanpa hasil; buka di Excel, simpan, lalu unggah lagi"),
        "error": _("berisi galat Excel, jadi dikosongkan"),
        "long": _("terlalu panjang, jadi dipotong"),
        "date": _("tanggal, bukan angka"),
    }
