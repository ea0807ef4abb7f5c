"""The comment bank: what the desk offers where `/` is typed, and the page to keep, change and delete it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lms.access import Deed
from lms.courses.models import outline
from lms.extensions import begin_reading, db, utcnow
from lms.grading.comments import actions, models
from lms.grading.comments.models import SavedComment
from lms.grading.forms import typed
from lms.grading.models import cohorts_facilitated
from lms.grading.views import blueprint
from lms.grading.views.words import said
from lms.guard import allowed, person, wants_json
from lms.projects import models as projects
from lms.projects.source import Project
from lms.rubric import Rubric

COMMENT = "comment."


@dataclass(frozen=True)
class Bank:
    """Saved comments that fit one field of the desk: ``target`` is its name, ``note`` for the next note."""

    target: str
    comments: Sequence[SavedComment]

    @property
    def criterion_id(self) -> str:
        """The criterion that the field comments on, '' for none."""
        return self.target.removeprefix(COMMENT) if self.target.startswith(COMMENT) else ""


def bank(target: str, stable_id: str) -> Bank | None:
    """What fits a field of the desk on a project, its criterion's own first; None where no field is named."""
    found = Bank(target, ())
    if target not in ("note", "summary") and not found.criterion_id:
        return None
    fits = [
        each
        for each in models.offered(person().id, stable_id)
        if each.criterion_id in ("", found.criterion_id)
    ]
    return Bank(target, sorted(fits, key=lambda each: not each.criterion_id))


def chosen_text(number: str) -> str:
    """The words of one of the person's own comments, '' where it is not theirs or gone."""
    known = number.isascii() and number.isdecimal() and len(number) < 19
    row = models.saved_comment(int(number)) if known else None
    return row.text if row is not None and row.person_id == person().id else ""


def _place(name: str, values: Mapping[str, str]) -> str:
    return values.get(name, "").strip()[:80]


@blueprint.get("/telaah/komentar")
@allowed(Deed.SEE_QUEUE)
def comments() -> ResponseReturnValue:
    """The reviewer's comments: a page of them, or (for comments.js) those that fit a project."""
    if wants_json():
        found = models.offered(person().id, _place("proyek", request.args))
        return jsonify(
            comments=[{"id": each.id, "criterion": each.criterion_id, "text": each.text} for each in found]
        )
    return _page()


def _page(text: str = "", problem: str = "") -> str:
    page = models.comments_of(person().id, request.args.get("after"))
    return render_template(
        "grading/comments.html", page=page, places=_places(page.rows), text=text, problem=problem
    )


def _places(rows: Sequence[SavedComment]) -> dict[int, str]:
    """What the comments of one criterion or project are for, by their ids, in the words of their project."""
    wanted = {each.stable_id for each in rows if each.stable_id}
    if not wanted:
        return {}
    known: dict[str, tuple[Project, Rubric]] = {}
    for cohort in reversed(cohorts_facilitated(person())):  # the latest last: its words count
        for line in outline(cohort.version_id).items:
            if line.stable_id in wanted and line.kind == "project":
                project = projects.project(line.id)
                known[line.stable_id] = (project, projects.rubric_of(cohort.version_id, project))
    found = {}
    for each in rows:
        if each.stable_id in known:
            project, rubric = known[each.stable_id]
            criterion = rubric.criterion(each.criterion_id)
            found[each.id] = f"{criterion.title} · {project.title}" if criterion else project.title
    return found


@blueprint.post("/telaah/komentar")
@allowed(Deed.SEE_QUEUE)
def keep_comment() -> ResponseReturnValue:
    """Keep a comment, typed here or on the desk."""
    text = typed(request.form.get("text", ""))
    try:
        row = actions.keep(
            text,
            stable_id=_place("project", request.form),
            criterion_id=_place("criterion", request.form) if request.form.get("project") else "",
            by=person().id,
            now=utcnow(),
        )
    except actions.CannotKeep as error:
        return _refused(text, said(error))
    answer = {"id": row.id, "criterion": row.criterion_id, "text": row.text}
    db.session.commit()
    if wants_json():
        return jsonify(answer)
    flash(gettext("Komentar tersimpan."), "ok")
    return redirect(url_for("grading.comments"), 303)


def _refused(text: str, problem: str) -> ResponseReturnValue:
    db.session.rollback()
    begin_reading()
    if wants_json():
        return jsonify(error="refused", message=problem), 422
    return _page(text, problem), 422


@blueprint.post("/telaah/komentar/<int:comment_id>")
@allowed(Deed.SEE_OWN, models.saved_comment)
def change_comment(comment: SavedComment) -> ResponseReturnValue:
    """Change a comment's text, or delete it."""
    if request.form.get("then") == "delete":
        actions.delete(comment)
        db.session.commit()
        flash(gettext("Komentar dihapus. Catatan yang sudah memakainya tetap."), "ok")
        return redirect(url_for("grading.comments"), 303)
    text = typed(request.form.get("text", ""))
    try:
        actions.change(comment, text)
    except actions.CannotKeep as error:
        return _refused(text, said(error))
    db.session.commit()
    flash(gettext("Komentar tersimpan."), "ok")
    return redirect(url_for("grading.comments"), 303)
