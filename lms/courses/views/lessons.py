"""Reading: a cohort's lessons, ticks, the place where reading stopped, private notes."""

from __future__ import annotations

from flask import abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from werkzeug.wrappers import Response

from lms import formats
from lms.access import Deed
from lms.courses import actions, progress
from lms.courses.actions import StaleNote
from lms.courses.models import (
    ItemLine,
    LessonPage,
    NoteLine,
    Reader,
    Seat,
    lesson_page,
    notes_of,
    progress_of,
    reader_of,
)
from lms.courses.models import seat as find_seat
from lms.courses.progress import Mark
from lms.courses.views import pictures
from lms.courses.views.blueprint import blueprint
from lms.extensions import db, utcnow
from lms.guard import allowed, person, wants_json
from lms.markup import Heading
from lms.refusals import Refused
from lms.web import spliced, zone

FRONTS = {"lesson": "courses.item", "quiz": "quizzes.front", "project": "projects.front"}


def seat_of(code: str) -> Seat | None:
    """The asking person's seat in the cohort with this code."""
    return find_seat(code, person().id)


def address_of(code: str, line: ItemLine) -> str:
    """Where an item of a cohort is worked on."""
    return url_for(FRONTS[line.kind], code=code, item=line.stable_id)


def _lesson(seat: Seat, stable_id: str) -> ItemLine:
    line = seat.outline.item(stable_id)
    if line is None or line.kind != "lesson":
        abort(404)
    return line


def _marks(seat: Seat) -> dict[str, Mark]:
    return progress_of(seat.enrolment_id) if seat.enrolment_id is not None else {}


@blueprint.get("/belajar/<code>")
@allowed(Deed.SEE_COHORT, seat_of)
def resume(seat: Seat) -> ResponseReturnValue:
    """Lead to the one next step of a cohort; to its course page when nothing is left to do."""
    marks = _marks(seat)
    step = progress.next_step(seat.outline, progress.completed_of(marks), marks)
    if step is None:
        return redirect(url_for("courses.course", slug=seat.outline.slug))
    return redirect(address_of(seat.code, step.line))


@blueprint.get("/belajar/<code>/<item>")
@allowed(Deed.SEE_COHORT, seat_of)
def item(seat: Seat, item: str) -> ResponseReturnValue:
    """A lesson as a cohort reads it; quizzes and projects have fronts of their own."""
    course = seat.outline
    line = course.item(item)
    if line is None:
        abort(404)
    if line.kind != "lesson":
        return redirect(address_of(seat.code, line))
    reader = Reader() if seat.enrolment_id is None else reader_of(seat.enrolment_id, item)
    completed = reader.completed
    if seat.enrolment_id is not None:
        missing = progress.missing_requirements(course, completed, item)
        begun = seat.starts_at <= utcnow()
        if missing or not begun:
            return render_template(
                "courses/locked.html",
                seat=seat,
                course=course,
                line=line,
                completed=completed,
                missing=missing,
                begun=begun,
            )
    page = lesson_page(line.id)
    before, after = course.around(item)
    notes = notes_of(seat.enrolment_id, item) if seat.enrolment_id is not None else {}
    html = render_template(
        "courses/lesson.html",
        seat=seat,
        course=course,
        line=line,
        page=page,
        completed=completed,
        resume=_resume(page, reader, item),
        learns=seat.enrolment_id is not None,
        notes=notes,
        no_note=NoteLine(),
        note_at_most=actions.NOTE_AT_MOST,
        before=before,
        after=after,
    )
    return spliced(html, [piece.html for piece in page.pieces])


def _resume(page: LessonPage, reader: Reader, stable_id: str) -> Heading | None:
    """The heading where reading stopped, unless that is the beginning or the end."""
    if stable_id in reader.completed or reader.percent < progress.BEGUN:
        return None
    return page.heading(reader.place)


@blueprint.get("/belajar/<code>/berkas/<name>")
@allowed(Deed.SEE_COHORT, seat_of)
def file(seat: Seat, name: str) -> ResponseReturnValue:
    """A picture or download of the version that the cohort learns from."""
    return pictures.send(seat.version_id, name)


def _writable(seat: Seat, stable_id: str) -> ItemLine:
    """The lesson, when its reader may tick it and write on it now. Raises Refused."""
    line = _lesson(seat, stable_id)
    if seat.starts_at > utcnow():
        raise Refused("Angkatan ini belum dimulai.")
    return line


@blueprint.post("/belajar/<code>/<item>/selesai")
@allowed(Deed.LEARN, seat_of)
def complete(seat: Seat, item: str) -> ResponseReturnValue:
    """Tick a lesson and go on to what follows it."""
    assert seat.enrolment_id is not None
    try:
        line = _writable(seat, item)
        completed = progress.completed_of(progress_of(seat.enrolment_id))
        if progress.missing_requirements(seat.outline, completed, item):
            raise Refused("Materi ini masih terkunci. Selesaikan prasyaratnya lebih dahulu.")
    except Refused as error:
        flash(gettext(error.message, **error.values), "bad")
        return redirect(url_for("courses.item", code=seat.code, item=item), 303)
    actions.complete(seat.enrolment_id, line.stable_id, now=utcnow())
    db.session.commit()
    _, after = seat.outline.around(item)
    if after is not None:
        return redirect(address_of(seat.code, after), 303)
    flash(gettext("“%(title)s” selesai. Itu bagian terakhir pelatihan ini.", title=line.title), "ok")
    return redirect(url_for("courses.course", slug=seat.outline.slug), 303)


@blueprint.post("/belajar/<code>/<item>/tempat")
@allowed(Deed.LEARN, seat_of)
def place(seat: Seat, item: str) -> ResponseReturnValue:
    """Keep where reading stopped; sent by the page itself while it is read and when it is left."""
    assert seat.enrolment_id is not None
    heading = request.form.get("heading", "")
    percent = request.form.get("percent", "")
    try:
        line = _writable(seat, item)
    except Refused:
        abort(409)
    if not percent.isascii() or not percent.isdecimal() or int(percent[:4]) > 100:
        abort(400)
    if heading and lesson_page(line.id).heading(heading) is None:
        abort(400)
    actions.remember_place(seat.enrolment_id, line.stable_id, heading, int(percent), now=utcnow())
    db.session.commit()
    return Response(status=204, mimetype="application/json")


@blueprint.post("/belajar/<code>/<item>/catatan")
@allowed(Deed.LEARN, seat_of)
def note(seat: Seat, item: str) -> ResponseReturnValue:
    """Save a private note; a stale one overwrites nothing, both are shown."""
    assert seat.enrolment_id is not None
    line = _lesson(seat, item)
    anchor = request.form.get("anchor", "")
    revision = request.form.get("revision", "")
    text = request.form.get("text", "").replace("\r\n", "\n")
    if anchor:
        heading = lesson_page(line.id).heading(anchor)
        if heading is None or not heading.reflect:
            abort(400)
    if not revision.isascii() or not revision.isdecimal() or len(revision) > 9:
        abort(400)
    now = utcnow()
    try:
        _writable(seat, item)
        saved = actions.save_note(seat.enrolment_id, item, anchor, text, int(revision), now=now)
    except Refused as error:
        db.session.rollback()
        return _note_refused(seat, line, anchor, text, int(revision), error)
    db.session.commit()
    if wants_json():
        at = formats.clock_time(now, zone(), str(get_locale()))
        return jsonify(revision=saved, saved=gettext("Tersimpan otomatis %(at)s", at=at))
    flash(gettext("Catatan Anda tersimpan."), "ok")
    back = url_for("courses.item", code=seat.code, item=item, _anchor=note_id(anchor))
    return redirect(back, 303)


def note_id(anchor: str) -> str:
    """The id of a note's text box in its page."""
    return f"catatan-{anchor}"


def _note_refused(
    seat: Seat, line: ItemLine, anchor: str, text: str, revision: int, error: Refused
) -> ResponseReturnValue:
    stale = error if isinstance(error, StaleNote) else None
    code = 409 if stale else 400
    message = gettext(error.message, **error.values)
    if wants_json():
        return jsonify(error="conflict" if stale else "refused", message=message), code
    page = render_template(
        "courses/note.html",
        seat=seat,
        line=line,
        anchor=anchor,
        text=text,
        revision=stale.revision if stale else revision,
        message=message,
        stale=stale,
    )
    return Response(page, code, mimetype="text/html")
