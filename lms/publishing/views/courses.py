"""The administrator's front door, courses and their versions."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select

from lms.access import Deed
from lms.courses.models import Cohort, Course, CourseVersion, Enrolment
from lms.courses.source import is_stable_id, stable_id
from lms.extensions import csrf, db, utcnow
from lms.guard import allowed, person
from lms.people.models import Person
from lms.problems import Problem
from lms.publishing import actions
from lms.publishing.archive import unpack
from lms.publishing.check import check_folder
from lms.publishing.forms import UploadForm
from lms.publishing.source import Draft
from lms.publishing.views.blueprint import blueprint
from lms.refusals import Refused

ARCHIVE_AT_MOST = 60 * 1024 * 1024
MOST_VERSIONS = 100_000


@dataclass(frozen=True)
class Figures:
    """What stands on the administrator's front page."""

    courses: int
    cohorts: int
    enrolments: int
    people: int


def _figures() -> Figures:
    now = utcnow()
    row = db.session.execute(
        select(
            select(func.count(Course.id)).scalar_subquery(),
            select(func.count(Cohort.id)).where(Cohort.ends_at >= now).scalar_subquery(),
            select(func.count(Enrolment.id)).where(Enrolment.removed_at.is_(None)).scalar_subquery(),
            select(func.count(Person.id)).where(Person.active).scalar_subquery(),
        )
    ).one()
    return Figures(*row)


@blueprint.get("/kelola")
@allowed(Deed.MANAGE_COURSES)
def manage() -> ResponseReturnValue:
    """Where an administrator begins: courses, cohorts, people."""
    return render_template("publishing/manage.html", figures=_figures())


@blueprint.route("/kelola/pelatihan", methods=["GET", "POST"])
@csrf.exempt  # checked below: the check reads the form, which must wait for this page's own limit
@allowed(Deed.MANAGE_COURSES)
def courses() -> ResponseReturnValue:
    """Every course with its newest version, and the upload of a course folder."""
    request.max_content_length = ARCHIVE_AT_MOST
    if request.method == "POST":
        csrf.protect()
    form = UploadForm()
    problems: list[Problem] = []
    checked: Draft | None = None
    if form.validate_on_submit():
        # rendering every page can take seconds: nobody shall wait for the write lock meanwhile
        db.session.rollback()
        try:
            checked, problems = _read_upload(form)
        except Refused as refusal:
            form.archive.errors = [_(refusal.message, **refusal.values)]
        if checked is not None and form.publish.data:
            outcome = actions.publish(checked, by=person().id, now=utcnow())
            db.session.commit()
            if outcome.created:
                flash(
                    _(
                        "%(title)s versi %(number)s terbit.",
                        title=checked.course.title,
                        number=outcome.number,
                    ),
                    "ok",
                )
            else:
                flash(
                    _(
                        "Isi tidak berubah: tetap versi %(number)s, tidak ada yang ditulis.",
                        number=outcome.number,
                    )
                )
            return redirect(url_for("publishing.course", slug=checked.slug), 303)
    wrong = bool(problems or form.errors)
    page = render_template(
        "publishing/courses.html",
        form=form,
        rows=_newest_versions(),
        problems=sorted(problems),
        checked=checked,
    )
    return page, 422 if wrong else 200


def _read_upload(form: UploadForm) -> tuple[Draft | None, list[Problem]]:
    with tempfile.TemporaryDirectory(prefix="lms-course-") as folder:
        archive = Path(folder) / "upload.zip"
        form.archive.data.save(archive)
        target = Path(folder) / "content"
        target.mkdir()
        course = unpack(archive, target)
        # a ZIP without a folder of its own is named after its file
        slug = stable_id(form.archive.data.filename or "") if course == target else course.name
        if not is_stable_id(slug):
            raise Refused(
                "Nama folder pelatihan menjadi alamatnya. Pakai huruf kecil, angka, dan tanda hubung, misalnya %(name)s.",
                name="penyusunan-rpjmd",
            )
        return check_folder(course, slug=slug)


def _newest_versions() -> list[CourseVersion]:
    newest = select(func.max(CourseVersion.id)).group_by(CourseVersion.course_id)
    return list(
        db.session.scalars(
            select(CourseVersion).where(CourseVersion.id.in_(newest)).order_by(CourseVersion.title).limit(200)
        )
    )


def _course(slug: str) -> Course | None:
    return db.session.scalar(select(Course).where(Course.slug == slug))


@blueprint.get("/kelola/pelatihan/<slug>")
@allowed(Deed.MANAGE_COURSES, _course)
def course(course: Course) -> ResponseReturnValue:
    """A course's versions, newest first, each with the cohorts that learn from it."""
    counts = (
        select(Cohort.version_id, func.count(Cohort.id).label("cohorts"))
        .group_by(Cohort.version_id)
        .subquery()
    )
    rows = db.session.execute(
        select(CourseVersion, Person.name, func.coalesce(counts.c.cohorts, 0))
        .outerjoin(Person, Person.id == CourseVersion.published_by)
        .outerjoin(counts, counts.c.version_id == CourseVersion.id)
        .where(CourseVersion.course_id == course.id)
        .order_by(CourseVersion.number.desc())
        .limit(100)
    ).all()
    return render_template("publishing/course.html", course=course, rows=rows)


def _version(slug: str, number: int) -> CourseVersion | None:
    if number > MOST_VERSIONS:
        return None
    return db.session.scalar(
        select(CourseVersion)
        .join(Course)
        .where(Course.slug == slug, CourseVersion.number == number)
        .with_for_update()
    )


@blueprint.post("/kelola/pelatihan/<slug>/<int:number>/tarik")
@allowed(Deed.MANAGE_COURSES, _version)
def retire(version: CourseVersion) -> ResponseReturnValue:
    """Stop offering a version."""
    actions.retire(version, by=person().id, now=utcnow())
    db.session.commit()
    flash(
        _(
            "Versi %(number)s tidak lagi ditawarkan. Angkatan yang memakainya tetap berjalan.",
            number=version.number,
        ),
        "ok",
    )
    return redirect(url_for("publishing.course", slug=version.course.slug), 303)


@blueprint.post("/kelola/pelatihan/<slug>/<int:number>/tawarkan")
@allowed(Deed.MANAGE_COURSES, _version)
def offer_again(version: CourseVersion) -> ResponseReturnValue:
    """Offer a retired version again."""
    actions.offer_again(version, by=person().id, now=utcnow())
    db.session.commit()
    flash(_("Versi %(number)s ditawarkan kembali.", number=version.number), "ok")
    return redirect(url_for("publishing.course", slug=version.course.slug), 303)
