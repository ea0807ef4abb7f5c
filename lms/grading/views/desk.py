"""The review desk: a version beside its rubric, kept while it is written, sent once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lms import formats, markup
from lms.access import Deed
from lms.extensions import begin_reading, db
from lms.grading import actions, content, letters, models
from lms.grading.calibration.models import has_begun, is_open_to
from lms.grading.content import Note, ReviewContent
from lms.grading.forms import (
    Fields,
    TooLong,
    note_fields,
    refuse_long,
    review_in,
    revision_in,
    with_comment,
)
from lms.grading.leases import actions as leases
from lms.grading.models import NoteLine, ReviewDraft
from lms.grading.views import blueprint
from lms.grading.views.comments import bank, chosen_text
from lms.grading.views.deskpage import VIEWS, Desk, EarlierNote, Same, earlier_html
from lms.grading.views.noting import noting
from lms.grading.views.words import gap_word, kind_word, said
from lms.guard import allowed, person, wants_json
from lms.projects import models as projects
from lms.projects.content import decode as decode_part
from lms.projects.models import SubmissionVersion
from lms.projects.source import FilesSection, Section
from lms.refusals import N_
from lms.web import Splices, language, spliced, zone

PRACTISE_FIRST = N_(
    "Angkatan ini meminta Anda berlatih menilai dahulu. Buka hasil kerja ini untuk memulainya."
)


@blueprint.get("/telaah/<int:submission_id>")
@allowed(Deed.REVIEW, projects.submission)
def desk(version: SubmissionVersion) -> ResponseReturnValue:
    """A handed-in version with one section open, or with the summary of what is said."""
    if practises_first(version):
        return _practice_page(version), 403
    asked = request.args.get("tampil", "")
    opened = _opened(version, request.args.get("bagian", ""), asked)
    return _page(opened, asked=asked, bank_for=request.args.get("komentar", ""))


def practises_first(version: SubmissionVersion) -> bool:
    """Whether the cohort asks the person to practise before reviewing.

    Who leads it set the samples and is exempt, and so is whoever has begun to review the work already.
    """
    me = person()
    return (
        version.cohort_id not in me.leads
        and not is_open_to(version.cohort_id, version.work.stable_id, me.id)
        and not has_begun(version.work_id, me.id)
    )


def _practice_page(version: SubmissionVersion) -> str:
    return render_template(
        "grading/practice_first.html",
        project=projects.project(version.work.item_id),
        stable_id=version.work.stable_id,
        code=models.setting_of(version.work_id).code,
    )


def _opened(version: SubmissionVersion, section_id: str, view: str = "") -> Desk:
    """The desk with what is to be shown: a section, the summary, or whichever section comes first."""
    if view == "ringkasan":
        return Desk(version, "")
    known = projects.project(version.work.item_id).section(section_id)
    return Desk(version, section_id if known else None)


def _page(
    desk: Desk,
    *,
    asked: str = "",
    typed: ReviewContent | None = None,
    revision: int | None = None,
    problem: str = "",
    gaps: bool = False,
    bank_for: str = "",
) -> Response:
    """The page; ``typed`` is what could not be stored and must not be lost, ``bank_for`` the field that saved comments
    are wanted for.
    """
    view = asked if asked in VIEWS else ""
    said_now = desk.sent.content if desk.sent else typed if typed is not None else desk.stored
    summary = view == "ringkasan"
    section = None
    if not summary:
        first = desk.open[0].id if desk.open else desk.sections[0].id
        section = desk.project.section(desk.read if desk.read and desk.read in desk.parts else first)
    current = section.id if section else ""
    document = desk.document(section, view) if section else None
    own_draft = desk.draft if desk.writing else None
    context: dict[str, Any] = desk.nav(said_now, current, document.view if document else view)
    if summary:
        outcome, final = desk.outlook(said_now)
        context |= {
            "outcome": outcome,
            "final": final,
            "gaps": [(gap, gap_word(gap, desk.project, desk.rubric)) for gap in desk.gaps(said_now)],
            "commented": {name for name, opinion in said_now.criteria.items() if opinion.comment},
            "noted": {line.section.id: _noted(desk, said_now, line.section.id) for line in context["lines"]},
        }
    earlier = desk.earlier_of(current)
    links = projects.attachment_ids(desk.version.work_id) if isinstance(section, FilesSection) else {}
    names = projects.neutral_names(links) if desk.setting.masked else None
    places = noting(
        section,
        document.held if document else None,
        decode_part(desk.parts[current].text) if current else None,
        document.view if document else "",
        said_now.section(current).notes,
        earlier,
        names,
    )
    keep = Splices()
    html = render_template(
        "grading/summary.html" if summary else "grading/desk.html",
        **context,
        keep=keep,
        project=desk.project,
        rubric=desk.rubric,
        round=desk.rounds[desk.version.number],
        said=said_now,
        section=section,
        document=document,
        criteria=desk.criteria(said_now, current),
        total=desk.total(said_now),
        earlier=earlier,
        own=said_now.section(current),
        earlier_html=_earlier(desk, section, said_now, earlier, places["earlier_places"]),
        **places,
        own_texts=[markup.to_html(note.text, "people") for note in said_now.section(current).notes],
        revision=revision if revision is not None else own_draft.revision if own_draft else 0,
        saved_text=_saved(own_draft, automatic=False) if own_draft else "",
        local_key=local_key(desk.version, current),
        links=links,
        names=names,
        problem=problem,
        show_gaps=gaps,
        bank=bank(bank_for, desk.version.work.stable_id) if bank_for and desk.writing else None,
        now_at=desk.now,
        turn_until=desk.lease.until if desk.writing and desk.lease else None,
    )
    return spliced(html, keep.kept)


def _earlier(
    desk: Desk,
    section: Section | None,
    said_now: ReviewContent,
    earlier: Sequence[NoteLine],
    places: Mapping[int, Any],
) -> list[str]:
    """The notes that the open section answers, as HTML."""
    if section is None:
        return []
    opened = desk.writing and desk.parts[section.id].carried_from is None
    words, same = language(), Same(section)
    return [
        earlier_html(
            EarlierNote(
                note,
                number,
                note.author_id == desk.reviewer_id,
                opened,
                said_now.earlier.get(note.id),
                places.get(note.id),
                same,
            ),
            words,
        )
        for number, note in enumerate(earlier, start=1)
    ]


def _noted(desk: Desk, said_now: ReviewContent, section_id: str) -> list[tuple[Any, str, int]]:
    """The notes the team will read, as HTML: those still open of the version before, then the new ones.

    With each its kind, and the version it comes from.
    """
    still_open: list[tuple[str, str, int]] = [
        (note.text, note.kind, note.version)
        for note in desk.earlier_of(section_id)
        if said_now.earlier.get(note.id) == "open"
    ]
    new = [(note.text, note.kind, desk.version.number) for note in said_now.section(section_id).notes]
    return [(markup.to_html(text, "people"), kind, number) for text, kind, number in [*still_open, *new]]


def local_key(version: SubmissionVersion, section_id: str) -> str:
    """Where the browser keeps what it could not send yet."""
    return f"{person().id}/telaah/{version.id}/{section_id or 'ringkasan'}"


def _saved(draft: ReviewDraft, *, automatic: bool) -> str:
    time = formats.clock_time(draft.updated_at, zone(), language())
    if automatic:
        return gettext("Tersimpan otomatis %(time)s", time=time)
    return gettext("Tersimpan %(time)s", time=time)


@dataclass(frozen=True)
class Posted:
    """What the desk's form says: the whole review after it, what it was based on, where it was typed."""

    content: ReviewContent
    revision: int
    section_id: str
    view: str


def _posted(desk: Desk) -> Posted:
    section_id = desk.read or ""
    decided = section_id if desk.is_open(section_id) else ""
    earlier = [note.id for note in desk.earlier_of(decided)] if decided else []
    held = decode_part(desk.parts[decided].text) if decided else ""
    review = review_in(_fields(), desk.stored, desk.rubric, decided, earlier, held)
    return Posted(review, revision_in(request.form), section_id, request.form.get("view", ""))


def _fields() -> Fields:
    """What is posted, with the saved comment that a button of the list puts in."""
    then, _, value = request.form.get("then", "").partition(":")
    number, _, target = value.partition(":")
    text = chosen_text(number) if then == "insert" else ""
    return with_comment(request.form, target, text) if text else request.form


@blueprint.post("/telaah/<int:submission_id>")
@allowed(Deed.REVIEW, projects.submission)
def save(version: SubmissionVersion) -> ResponseReturnValue:
    """Keep the draft: JSON for autosave.js; for the form's own buttons a redirect to where they lead."""
    desk = _opened(version, request.form.get("section", ""), request.form.get("view", ""))
    posted = _posted(desk)
    if desk.sent is None and practises_first(version):
        return _locked(desk, posted)
    try:
        refuse_long(posted.content)
        draft = actions.save_draft(
            version,
            desk.draft,
            posted.content,
            beginning=desk.beginning if desk.draft is None else ReviewContent(),
            revision=posted.revision,
            by=person().id,
            now=desk.now,
        )
        _turn(version, now=desk.now)
        desk.granted = True
    except actions.Stale as error:
        return _conflict(desk, posted, error)
    except leases.Taken as error:
        return _taken(desk, posted, error)
    except actions.Closed as error:
        return _closed(desk, posted, said(error))
    except TooLong as error:
        return _not_stored(desk, posted, said(error))
    if wants_json():
        answer = _answer(desk, posted, draft)
        db.session.commit()
        return jsonify(answer)
    db.session.commit()
    return redirect(_after(desk, posted), 303)


def _turn(version: SubmissionVersion, *, now: datetime) -> None:
    """What the pressed button does with the turn to write: take it, or give it back."""
    then = request.form.get("then", "")
    if then == "start":
        leases.take(version, by=person().id, now=now)
    elif then == "release" and leases.give_back(version, by=person().id):
        flash(gettext("Giliran menelaah dilepas. Draf Anda tersimpan dan dapat dilanjutkan."), "ok")


@blueprint.post("/telaah/<int:submission_id>/giliran")
@allowed(Deed.REVIEW, projects.submission)
def turn(version: SubmissionVersion) -> ResponseReturnValue:
    """Take the turn to write, or renew it: what desk.js asks on opening, and while somebody reads."""
    if practises_first(version):
        return jsonify(error="locked", message=gettext(PRACTISE_FIRST)), 409
    desk = Desk(version)
    if leases.hold(version) is None and desk.pending:
        try:
            leases.take(version, by=person().id, now=desk.now)
        except leases.Taken as error:
            problem = said(error)
            db.session.rollback()
            if wants_json():
                return jsonify(error="taken", message=problem), 409
            flash(problem, "bad")
            return redirect(desk.address(), 303)
    until = desk.lease.until if desk.lease else None
    answer = {"fragments": {"giliran": render_template("grading/_turn.html", turn_until=until)}}
    db.session.commit()
    return jsonify(answer) if wants_json() else redirect(desk.address(), 303)


def _answer(desk: Desk, posted: Posted, draft: ReviewDraft | None) -> dict[str, Any]:
    """What autosave.js gets: the new revision, the time in words, and what changed on the page."""
    context = desk.nav(posted.content, posted.section_id, posted.view)
    answer: dict[str, Any] = {
        "fragments": {
            "daftar-bagian": render_template("grading/_nav.html", **context),
            "kelengkapan": render_template("grading/_progress.html", **context, rubric=desk.rubric),
        }
    }
    if draft is not None:
        if draft.updated_at == desk.now:  # saved just now, which renewed the turn
            turn = render_template("grading/_turn.html", turn_until=desk.now + leases.LASTS)
            answer["fragments"]["giliran"] = turn
        answer |= {"revision": str(draft.revision), "saved": _saved(draft, automatic=True)}
    return answer


def _after(desk: Desk, posted: Posted) -> str:
    """Where the pressed button leads."""
    then, _, value = request.form.get("then", "").partition(":")
    if then == "section":
        return desk.address(value)
    if then == "view":
        return desk.address(posted.section_id, value)
    if then == "summary":
        return desk.address("", "ringkasan")
    if then == "bank":
        return f"{desk.address(posted.section_id, posted.view, value)}#bank"
    if then == "insert":
        return f"{desk.address(posted.section_id, posted.view)}#{_id_of(posted, value.partition(':')[2])}"
    if then == "comments":
        return url_for("grading.comments")
    if then == "next":
        return url_for("grading.following", setelah=desk.version.id)
    if then == "release":
        return url_for("grading.queue")
    return desk.address(posted.section_id, posted.view)


def _id_of(posted: Posted, target: str) -> str:
    """The id of the field that a saved comment was put into."""
    if target == "note":
        return f"note-{len(posted.content.section(posted.section_id).notes)}"
    return target.replace(".", "-", 1)


@blueprint.post("/telaah/<int:submission_id>/kirim")
@allowed(Deed.REVIEW, projects.submission)
def send(version: SubmissionVersion) -> ResponseReturnValue:
    """Send the review, once."""
    desk = _opened(version, request.form.get("section", ""), request.form.get("view", ""))
    posted = _posted(desk)
    now = desk.now
    if desk.sent is None and practises_first(version):
        return _locked(desk, posted)
    try:
        refuse_long(posted.content)
        review, made, settled = actions.send(
            version,
            desk.project,
            desk.rubric,
            posted.content,
            revision=posted.revision,
            by=person().id,
            now=now,
        )
    except actions.Incomplete:
        return _incomplete(desk, posted)
    except actions.Stale as error:
        return _conflict(desk, posted, error)
    except actions.RubricChanged as error:
        return _judged_anew(desk, posted, error)
    except leases.Taken as error:
        return _taken(desk, posted, error)
    except actions.Closed as error:
        return _closed(desk, posted, said(error))
    except TooLong as error:
        return _not_stored(desk, posted, said(error))
    returned = review.outcome == "returned"
    if settled:
        # what one of several returns comes back, whatever this review says
        returned = any(
            each.returned_in == version.number for each in projects.standings(version.work_id).values()
        )
    if made and settled:
        letters.reviewed(version, desk.project, returned=returned, now=now)
    referred = not settled and actions.is_referred(version)
    if made and referred:
        letters.referred(version, desk.project, now=now)
    db.session.commit()
    if referred:
        flash(
            gettext(
                "Telaah Anda terkirim. Nilai para penelaah berbeda jauh, jadi seorang moderator memutuskan."
            ),
            "ok",
        )
    elif not settled:
        flash(
            gettext("Telaah Anda terkirim. Hasilnya sampai kepada peserta setelah semua penelaah mengirim."),
            "ok",
        )
    elif returned:
        flash(
            gettext(
                "Hasil telaah versi %(number)s terkirim: dikembalikan kepada peserta.", number=version.number
            ),
            "ok",
        )
    else:
        flash(
            gettext(
                "Hasil telaah versi %(number)s terkirim: diterima. Nilainya belum diumumkan.",
                number=version.number,
            ),
            "ok",
        )
    return redirect(url_for("grading.queue"), 303)


def _incomplete(desk: Desk, posted: Posted) -> ResponseReturnValue:
    """Keep what was typed, and show what is missing."""
    try:
        draft = actions.save_draft(
            desk.version,
            desk.draft,
            posted.content,
            beginning=desk.beginning,
            revision=posted.revision,
            by=person().id,
            now=desk.now,
        )
    except actions.Stale as error:
        return _conflict(desk, posted, error)
    except actions.Closed as error:
        return _closed(desk, posted, said(error))
    db.session.commit()
    begin_reading()
    page = _page(
        desk,
        asked="ringkasan",
        typed=posted.content,
        revision=draft.revision if draft else 0,
        gaps=True,
    )
    return page, 422


def _only_read() -> None:
    """Nothing is going to be written: let others write while the page is put together."""
    db.session.rollback()
    begin_reading()


def _not_stored(desk: Desk, posted: Posted, problem: str) -> ResponseReturnValue:
    """Say why nothing was stored, with everything that was typed still on the page."""
    if wants_json():
        db.session.rollback()
        return jsonify(error="too_long", message=problem), 413
    page = _page(desk, asked=posted.view, typed=posted.content, revision=posted.revision, problem=problem)
    _only_read()
    return page, 413


def _locked(desk: Desk, posted: Posted) -> ResponseReturnValue:
    """Practice comes first: no draft is begun, or it would count as a review begun; what was typed stays on the page."""
    problem = gettext(PRACTISE_FIRST)
    if wants_json():
        db.session.rollback()
        return jsonify(error="locked", message=problem), 409
    page = _page(desk, asked=posted.view, typed=posted.content, revision=posted.revision, problem=problem)
    _only_read()
    return page, 409


def _kept(desk: Desk, posted: Posted) -> ReviewDraft | None:
    """Keep what was typed as the private draft, though it cannot be saved as a review now; commits."""
    draft = actions.keep_draft(
        desk.version,
        desk.draft,
        posted.content,
        beginning=desk.beginning,
        revision=posted.revision,
        by=person().id,
        now=desk.now,
    )
    db.session.commit()
    begin_reading()
    return draft


def _closed(desk: Desk, posted: Posted, problem: str) -> ResponseReturnValue:
    """The version is not this reviewer's to write about any more; what others' decision met is kept."""
    try:
        if desk.sent is None and _kept(desk, posted) is not None:
            problem = f"{problem} {gettext('Isian terakhir Anda tersimpan sebagai draf pribadi.')}"
    except actions.Stale as error:
        return _conflict(desk, posted, error)
    except actions.Closed:
        _only_read()
    if wants_json():
        return jsonify(error="locked", message=problem), 409
    flash(problem, "bad")
    return redirect(desk.address(posted.section_id), 303)


def _taken(desk: Desk, posted: Posted, taken: leases.Taken) -> ResponseReturnValue:
    """Somebody else writes about the version now: what was typed is kept as a private draft, and shown."""
    try:
        draft = _kept(desk, posted)
    except actions.Stale as error:
        return _conflict(desk, posted, error)
    except actions.Closed as error:
        return _closed(desk, posted, said(error))
    if wants_json():
        answer = {"error": "taken", "message": said(taken)}
        return jsonify(answer | ({"revision": str(draft.revision)} if draft else {})), 409
    page = render_template(
        "grading/taken.html",
        desk=desk,
        version=desk.version,
        project=desk.project,
        holders=taken.holders,
        kept=_differences(desk, ReviewContent(), posted.content) if draft else [],
        back=desk.address(posted.section_id, posted.view),
        local_key=local_key(desk.version, posted.section_id),
    )
    return page, 409


def _judged_anew(desk: Desk, posted: Posted, error: actions.RubricChanged) -> ResponseReturnValue:
    """Keep what was typed, and open the summary with the rubric that counts now."""
    try:
        _kept(desk, posted)
    except actions.Stale as stale:
        return _conflict(desk, posted, stale)
    flash(said(error), "bad")
    return redirect(desk.address("", "ringkasan"), 303)


@dataclass(frozen=True)
class Difference:
    """A field that differs between what is stored and what was typed."""

    label: str
    stored: str
    typed: str


def _conflict(desk: Desk, posted: Posted, stale: actions.Stale) -> ResponseReturnValue:
    """Both states of a draft that was saved from two places; nothing is stored yet."""
    stored = content.decode(stale.row.content) if stale.row else desk.beginning
    revision = stale.row.revision if stale.row else 0
    saved_at = stale.row.updated_at if stale.row else None
    if wants_json():
        db.session.rollback()
        return jsonify(error="conflict", message=said(stale)), 409
    # typed again over what is stored now: other sections keep what the other place saved
    section_id = posted.section_id if desk.is_open(posted.section_id) else ""
    earlier = [note.id for note in desk.earlier_of(section_id)] if section_id else []
    held = decode_part(desk.parts[section_id].text) if section_id else ""
    typed = review_in(request.form, stored, desk.rubric, section_id, earlier, held)
    fields = [
        (name, value)
        for name, values in request.form.lists()
        if name not in ("csrf_token", "revision", "then")
        for value in values
    ]
    mine = set(typed.section(section_id).notes)
    kept = [note for note in stored.section(section_id).notes if note not in mine] if section_id else []
    page = render_template(
        "grading/conflict.html",
        desk=desk,
        version=desk.version,
        project=desk.project,
        differences=_differences(desk, stored, typed),
        missing=[field for at, note in enumerate(kept, start=1) for field in note_fields(note, f"s{at}")],
        fields=fields,
        revision=revision,
        saved_at=saved_at,
        back=desk.address(posted.section_id, posted.view),
        local_key=local_key(desk.version, posted.section_id),
    )
    _only_read()
    return page, 409


def _differences(desk: Desk, stored: ReviewContent, typed: ReviewContent) -> list[Difference]:
    found: list[Difference] = []

    def compare(label: str, before: str, after: str) -> None:
        if before != after:
            found.append(Difference(label, before, after))

    decisions = {
        "": gettext("belum diputuskan"),
        "accept": gettext("Terima"),
        "return": gettext("Kembalikan"),
    }
    for section in desk.sections:
        before, after = stored.section(section.id), typed.section(section.id)
        compare(
            gettext("Keputusan: %(title)s", title=section.title),
            decisions[before.decision],
            decisions[after.decision],
        )
        compare(
            gettext("Catatan: %(title)s", title=section.title), _listed(before.notes), _listed(after.notes)
        )
    for criterion in desk.rubric.criteria:
        one, two = stored.opinion(criterion.id), typed.opinion(criterion.id)
        compare(
            gettext("Tingkat: %(title)s", title=criterion.title),
            _level(desk, one.level),
            _level(desk, two.level),
        )
        compare(gettext("Angka: %(title)s", title=criterion.title), one.points, two.points)
        compare(gettext("Komentar: %(title)s", title=criterion.title), one.comment, two.comment)
    words = {"settled": gettext("Selesai"), "open": gettext("Belum"), None: ""}
    for note in desk.earlier:
        compare(
            gettext("Catatan sebelumnya: %(text)s", text=markup.plain(note.text)[:60]),
            words[stored.earlier.get(note.id)],
            words[typed.earlier.get(note.id)],
        )
    compare(gettext("Rekomendasi umum"), stored.summary, typed.summary)
    return found


def _listed(notes: tuple[Note, ...]) -> str:
    return "\n\n".join(f"{kind_word(note.kind)}: {note.text}" for note in notes)


def _level(desk: Desk, level_id: int | None) -> str:
    level = desk.rubric.level(level_id) if level_id is not None else None
    return f"{level.id} {level.label}" if level else gettext("belum dinilai")
