"""Quizzes from other platforms and to them; nothing here writes to the database."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from lms import files
from lms.access import Deed
from lms.courses.models import Course, CourseFile, CourseVersion, Item
from lms.courses.source import is_stable_id
from lms.extensions import csrf, db
from lms.guard import allowed
from lms.publishing.forms import DownloadForm, ImportForm
from lms.publishing.views.blueprint import blueprint
from lms.publishing.views.courses import MOST_VERSIONS
from lms.quizzes.exchange import registry
from lms.quizzes.exchange.composition import Imported
from lms.quizzes.exchange.losses import of_export
from lms.quizzes.exchange.pictures import FOLDER
from lms.quizzes.exchange.rough import Exported
from lms.quizzes.exchange.upload import MAX_BYTES
from lms.quizzes.paper import Paper, paper
from lms.refusals import Refused

FORM_BESIDE = 64 * 1024
"""Bytes that the rest of the form may take beside the file."""

MARKDOWN, ZIP = "text/markdown; charset=utf-8", "application/zip"


@blueprint.route("/kelola/impor-kuis", methods=["GET", "POST"])
@csrf.exempt  # checked below: the check reads the form, which must wait for this page's own limit
@allowed(Deed.MANAGE_COURSES)
def import_quiz() -> ResponseReturnValue:
    """A quiz of another platform → its Markdown and the report of every loss, to be downloaded; nothing is kept."""
    request.max_content_length = MAX_BYTES + FORM_BESIDE
    if request.method == "POST":
        csrf.protect()
    form = ImportForm()
    imported: Imported | None = None
    quiz_id = ""
    if form.validate_on_submit():
        # reading a large file can take seconds: nobody shall wait for this request's transaction meanwhile
        db.session.rollback()
        name = (form.file.data.filename or "")[:200]
        quiz_id = registry.id_for(name)
        try:
            imported = registry.quiz_from(
                name,
                form.file.data.read(MAX_BYTES + 1),
                file=f"{quiz_id}.md",
                form=form.format.data,
                minutes=form.minutes.data,
            )
        except Refused as refusal:
            form.file.errors = [_(refusal.message, **refusal.values)]
        if imported is not None and form.download.data:
            return _attachment(_zipped(quiz_id, imported), ZIP, f"{quiz_id}.zip")
    page = render_template(
        "publishing/import_quiz.html",
        form=form,
        imported=imported,
        quiz_id=quiz_id,
        formats=[title for _name, title in registry.names(registry.READ)],
        download=DownloadForm(formdata=None, markdown=imported.markdown, name=quiz_id) if imported else None,
    )
    return page, 422 if form.errors or form.file.errors else 200


def _zipped(quiz_id: str, imported: Imported) -> bytes:
    """The quiz, its files as they stand in a course folder, and the report."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{quiz_id}.md", imported.markdown)
        for name, content in sorted(imported.files.items()):
            archive.writestr(f"files/{name}", content)
        archive.writestr("laporan.txt", "\n".join((*_report(imported), "")))
    return out.getvalue()


def _report(imported: Imported) -> list[str]:
    problems = [
        f"Soal {number}: {problem}" if number else str(problem) for number, problem in imported.problems
    ]
    head = f"{imported.format}: {imported.written} dari {imported.asked} soal menjadi soal."
    return [head, *problems, *(str(loss) for loss in imported.losses)]


@blueprint.post("/kelola/impor-kuis/unduh")
@allowed(Deed.MANAGE_COURSES)
def download_quiz() -> ResponseReturnValue:
    """The Markdown that the page before showed, as a file."""
    form = DownloadForm()
    if not form.validate_on_submit():
        abort(400)
    name = form.name.data if is_stable_id(form.name.data or "") else "kuis-impor"
    markdown = (form.markdown.data or "").replace("\r\n", "\n")
    return _attachment(markdown.encode(), MARKDOWN, f"{name}.md")


# --- out of a version ----------------------------------------------------------------------------------------


def _shown_version(slug: str, number: int) -> CourseVersion | None:
    if number > MOST_VERSIONS:
        return None
    return db.session.scalar(
        select(CourseVersion).join(Course).where(Course.slug == slug, CourseVersion.number == number)
    )


@dataclass(frozen=True)
class _Row:
    """A quiz of a version, and by format what would be lost."""

    item: Item
    count: int
    losses: Mapping[str, tuple[str, ...]]


@blueprint.get("/kelola/pelatihan/<slug>/<int:number>/kuis")
@allowed(Deed.MANAGE_COURSES, _shown_version)
def version_quizzes(version: CourseVersion) -> ResponseReturnValue:
    """The quizzes of a version, to be taken to another platform, and what each format would leave behind."""
    rows = []
    for item in db.session.scalars(
        select(Item).where(Item.version_id == version.id, Item.kind == "quiz").order_by(Item.position)
    ):
        made = paper(item.definition)
        losses = {
            name: tuple(str(loss) for loss in of_export(made.quiz, name))
            for name, _title in registry.names(registry.WRITTEN)
        }
        rows.append(_Row(item, len(made.quiz.questions), losses))
    return render_template(
        "publishing/version_quizzes.html",
        version=version,
        rows=rows,
        formats=registry.names(registry.WRITTEN),
    )


@blueprint.get("/kelola/pelatihan/<slug>/<int:number>/kuis/<stable_id>.<form>")
@allowed(Deed.MANAGE_COURSES, _shown_version)
def export_quiz(version: CourseVersion, stable_id: str, form: str) -> ResponseReturnValue:
    """One quiz in the format of another platform; with its key, so for whoever manages courses only."""
    item = db.session.scalar(
        select(Item).where(Item.version_id == version.id, Item.kind == "quiz", Item.stable_id == stable_id)
    )
    if item is None or form not in dict(registry.names(registry.WRITTEN)):
        abort(404)
    exported = _exported(version, paper(item.definition), form)
    return _attachment(
        exported.content,
        "text/plain; charset=utf-8" if form == "gift" else "application/xml",
        f"{item.stable_id}.{registry.extension_of(form)}",
    )


def _exported(version: CourseVersion, made: Paper, form: str) -> Exported:
    """With the files that its texts name."""
    texts = "\n".join(
        text for each in made.quiz.questions for text in (each.prompt, each.explanation, *each.source())
    )
    shown: dict[str, bytes] = {}
    if FOLDER in texts:
        for file in db.session.scalars(select(CourseFile).where(CourseFile.version_id == version.id)):
            if f"{FOLDER}{file.name}" in texts:
                with files.store().open(file.sha256) as stream:
                    shown[f"{FOLDER}{file.name}"] = stream.read()
    return registry.quiz_to(made.quiz, form, shown)


def _attachment(content: bytes, media_type: str, name: str) -> Response:
    response = Response(content, content_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response
