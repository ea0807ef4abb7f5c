"""Making a team, joining it, leaving it; putting people together and taking somebody out.

Until the first version is handed in a team changes freely, afterwards only a facilitator takes somebody out. Whoever
changes a membership holds the drafts of the works it is about, so that a hand-in of the same work comes before or
after, never in between. Nothing is deleted: who leaves has left at some time, and what they typed stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from lms import audit
from lms.courses.models import Enrolment
from lms.extensions import db
from lms.projects import actions as works
from lms.projects.models import Work, WorkMember
from lms.projects.source import Project
from lms.projects.teams import models, naming
from lms.refusals import N_, Refused

REASON_AT_MOST = 300
TOGETHER_AT_MOST = 100
"""People who are moved in one act."""

_FIXED = N_(
    "Tim ini sudah mengumpulkan versi pertamanya, jadi anggotanya tidak dapat berubah lagi. "
    "Hubungi fasilitator bila seorang anggota perlu dikeluarkan."
)
_UNKNOWN = N_("Kode itu tidak dikenal dalam proyek ini. Periksa setiap hurufnya, atau minta kode yang baru.")
_FULL = N_("Tim ini sudah penuh: paling banyak %(most)s orang.")


@dataclass(frozen=True, slots=True)
class Place:
    """A learner's place in a cohort's project, as acts on teams need it."""

    cohort_id: int
    item_id: int
    stable_id: str
    project: Project
    enrolment_id: int
    person_id: int


def _refuse_alone(project: Project) -> None:
    if project.team.max == 1:
        raise Refused(N_("Proyek ini dikerjakan sendiri, tanpa tim."))


def make(place: Place, name: str, *, now: datetime) -> int:
    """Make a team of one, out of the learner's own work where it has begun. Returns the work's id.

    Raises Refused: without a name, before the project opens, after the first version, or in a team already.
    """
    _refuse_alone(place.project)
    name = _named(name)
    work_id = models.works_by_enrolment([place.enrolment_id], place.stable_id).get(place.enrolment_id)
    if work_id is None:
        work_id = works.start(
            enrolment_id=place.enrolment_id,
            cohort_id=place.cohort_id,
            item_id=place.item_id,
            stable_id=place.stable_id,
            project=place.project,
            alone=False,
            by=place.person_id,
            now=now,
        )
    models.hold([work_id])
    if models.handed_in([work_id]):
        raise Refused(_FIXED)
    if not _become_team(work_id, name, by=place.person_id, now=now):
        raise Refused(N_("Anda sudah berada di sebuah tim."))
    return work_id


def _named(text: str) -> str:
    name = naming.tidy_name(text)
    if not name:
        raise Refused(N_("Tulis nama tim."))
    if len(name) > naming.NAME_AT_MOST:
        raise Refused(N_("Nama tim paling panjang %(limit)s karakter."), limit=naming.NAME_AT_MOST)
    return name


def _become_team(work_id: int, name: str, *, by: int, now: datetime) -> bool:
    """Give a work a team's name and a code; False where it has one."""
    changed = db.session.execute(
        update(Work)
        .where(Work.id == work_id, Work.join_code.is_(None))
        .values(name=name, join_code=naming.new_code())
        .returning(Work.id)
        .execution_options(synchronize_session="fetch")
    ).all()
    if changed:
        audit.record("make team", f"work:{work_id}", by=by, now=now)
    return bool(changed)


def join(place: Place, typed: str, *, now: datetime) -> int:
    """Join the team with this code and leave one's own work behind, where there is one. Returns the work's id.

    Raises Refused where the code is none of this cohort's project, the team is full or has handed in.
    """
    _refuse_alone(place.project)
    code = naming.read_code(typed)
    work_id = models.by_code(place.cohort_id, place.stable_id, code) if code else None
    if work_id is None:
        raise Refused(_UNKNOWN)
    own = models.works_by_enrolment([place.enrolment_id], place.stable_id).get(place.enrolment_id)
    if own == work_id:
        return work_id
    models.hold([work_id, *([own] if own else [])])
    _refuse_fixed(work_id, own)
    members = models.standing(work_id)
    if not members and not models.was_member(work_id, place.enrolment_id):
        raise Refused(_UNKNOWN)  # everybody has left: its drafts are theirs
    _refuse_full(place.project, len(members) + 1)
    if own is not None:
        _leave(own, place.enrolment_id, now=now)
    _enter(work_id, place.enrolment_id, place.person_id, place.stable_id, now=now)
    audit.record("join team", f"work:{work_id}", by=place.person_id, now=now, detail={"left": own})
    return work_id


def _refuse_fixed(work_id: int, own: int | None) -> None:
    fixed = models.handed_in([work_id, *([own] if own else [])])
    if work_id in fixed:
        raise Refused(_FIXED)
    if own in fixed:
        raise Refused(N_("Anda sudah mengumpulkan proyek ini, jadi tidak dapat pindah tim lagi."))


def _refuse_full(project: Project, size: int) -> None:
    most = project.team.max
    if most is not None and size > most:
        raise Refused(_FULL, most=most)


def leave(place: Place, work_id: int, *, now: datetime) -> None:
    """Leave a team; what one typed stays with it. Leaving twice changes nothing.

    Raises Refused after the first version, and where the work is nobody's team.
    """
    models.hold([work_id])
    if place.enrolment_id not in models.standing(work_id):
        return
    if models.handed_in([work_id]):
        raise Refused(_FIXED)
    if db.session.scalar(select(Work.join_code).where(Work.id == work_id)) is None:
        raise Refused(N_("Anda mengerjakan proyek ini sendiri, jadi tidak ada tim yang ditinggalkan."))
    _leave(work_id, place.enrolment_id, now=now)
    audit.record("leave team", f"work:{work_id}", by=place.person_id, now=now)


def resume(place: Place, work_id: int, *, now: datetime) -> int:
    """Go back to a work that one left and nobody stands in. Returns its id.

    Raises Refused where it is none of one's own, somebody else works in it, or one works elsewhere.
    """
    own = models.works_by_enrolment([place.enrolment_id], place.stable_id).get(place.enrolment_id)
    if own == work_id:
        return work_id
    if own is not None:
        raise Refused(
            N_("Anda sedang mengerjakan proyek ini di tempat lain. Keluar dari tim itu lebih dahulu.")
        )
    models.hold([work_id])
    left = {each.work_id: each for each in models.left_behind(place.enrolment_id, place.stable_id)}
    if work_id not in left or not left[work_id].open:
        raise Refused(N_("Draf itu tidak dapat dilanjutkan lagi: orang lain mengerjakannya."))
    _enter(work_id, place.enrolment_id, place.person_id, place.stable_id, now=now)
    audit.record("return to work", f"work:{work_id}", by=place.person_id, now=now)
    return work_id


def _leave(
    work_id: int, enrolment_id: int, *, now: datetime, by: int | None = None, reason: str = ""
) -> None:
    db.session.execute(
        update(WorkMember)
        .where(
            WorkMember.work_id == work_id,
            WorkMember.enrolment_id == enrolment_id,
            WorkMember.left_at.is_(None),
        )
        .values(left_at=now, left_by=by, left_reason=reason)
        .execution_options(synchronize_session="fetch")
    )


def _enter(work_id: int, enrolment_id: int, person_id: int, stable_id: str, *, now: datetime) -> None:
    try:
        with db.session.begin_nested():
            db.session.add(
                WorkMember(
                    work_id=work_id,
                    enrolment_id=enrolment_id,
                    person_id=person_id,
                    stable_id=stable_id,
                    joined_at=now,
                )
            )
            db.session.flush()
    except IntegrityError as error:  # another tab, or a facilitator, was faster
        raise Refused(N_("Keanggotaan tim baru saja berubah. Muat ulang halaman, lalu coba lagi.")) from error


# What facilitators do


@dataclass(frozen=True, slots=True)
class Placed:
    """The team that people were put into, and who they are (ids of people, those who were there already not)."""

    work_id: int
    name: str
    person_ids: tuple[int, ...]


def put_together(
    cohort_id: int,
    item_id: int,
    stable_id: str,
    project: Project,
    enrolment_ids: Sequence[int],
    *,
    into: int | None,
    name: str,
    by: int,
    now: datetime,
) -> Placed:
    """Put learners into one team: that of the learner ``into`` (an enrolment), or (None) a new one with this name.

    Whoever works elsewhere leaves that work behind. All or nobody: raises Refused where one of the works has a version,
    the team would be too large, or somebody is no learner of the cohort.
    """
    _refuse_alone(project)
    people = _learners(cohort_id, enrolment_ids)
    opens_at = models.opens_at(cohort_id, stable_id)
    if opens_at is not None and now < opens_at:
        raise Refused(N_("Proyek ini belum dibuka."))
    own = models.works_by_enrolment([*people, *([into] if into else [])], stable_id)
    if into is None:
        name = _named(name)
        work_id = works.begin(cohort_id, item_id, stable_id, project, by=by, now=now)
    elif into in own:
        work_id = own[into]
    else:
        raise Refused(N_("Tim yang dipilih tidak ada lagi. Muat ulang halaman, lalu pilih lagi."))
    moving = {
        enrolment_id: own.get(enrolment_id) for enrolment_id in people if own.get(enrolment_id) != work_id
    }
    left = {each for each in moving.values() if each is not None}
    models.hold([work_id, *left])
    if models.handed_in([work_id, *left]):
        raise Refused(
            N_("Seorang di antaranya, atau tim tujuannya, sudah mengumpulkan. Tidak ada yang dipindahkan.")
        )
    _refuse_full(project, len(models.standing(work_id)) + len(moving))
    known = db.session.scalar(select(Work.name).where(Work.id == work_id)) or ""
    if into is not None and not known:
        known = _named(name)  # somebody's own work becomes a team's
    name = known or name
    _become_team(work_id, name, by=by, now=now)
    for enrolment_id, before in moving.items():
        if before is not None:
            _leave(before, enrolment_id, by=by, now=now)
        _enter(work_id, enrolment_id, people[enrolment_id], stable_id, now=now)
        audit.record(
            "put into team",
            f"work:{work_id}",
            by=by,
            now=now,
            detail={"enrolment": enrolment_id, "left": before},
        )
    return Placed(work_id, name, tuple(people[enrolment_id] for enrolment_id in moving))


def _learners(cohort_id: int, enrolment_ids: Sequence[int]) -> dict[int, int]:
    """The people of these standing enrolments, by enrolment."""
    wanted = list(dict.fromkeys(enrolment_ids))
    if not wanted:
        raise Refused(N_("Pilih dahulu peserta yang dimaksud."))
    if len(wanted) > TOGETHER_AT_MOST:
        raise Refused(N_("Paling banyak %(most)s peserta sekaligus."), most=TOGETHER_AT_MOST)
    rows = db.session.execute(
        select(Enrolment.id, Enrolment.person_id).where(
            Enrolment.id.in_(wanted), Enrolment.cohort_id == cohort_id, Enrolment.removed_at.is_(None)
        )
    )
    people = {row.id: row.person_id for row in rows}
    if len(people) < len(wanted):
        raise Refused(N_("Sebagian yang dipilih bukan lagi peserta angkatan ini. Muat ulang halaman."))
    return {enrolment_id: people[enrolment_id] for enrolment_id in wanted}


def take_out(
    cohort_id: int, stable_id: str, enrolment_ids: Sequence[int], reason: str, *, by: int, now: datetime
) -> dict[int, tuple[str, int]]:
    """Take learners out of their teams, also after a version was handed in. Returns (team, person) by enrolment.

    All or nobody: raises Refused without a reason, where somebody is in no team, has a grade already, or would leave a
    handed-in work without anybody.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise Refused(N_("Tulis alasan mengeluarkan peserta dari tim."))
    if len(reason) > REASON_AT_MOST:
        raise Refused(N_("Alasan paling panjang 300 karakter."))
    people = _learners(cohort_id, enrolment_ids)
    own = models.works_by_enrolment(people, stable_id)
    if own:
        models.hold(set(own.values()))
    teams = {
        row.id: row.name
        for row in db.session.execute(
            select(Work.id, Work.name).where(Work.id.in_(set(own.values())), Work.join_code.is_not(None))
        )
    }
    if len(own) < len(people) or not set(own.values()) <= set(teams):
        raise Refused(N_("Sebagian yang dipilih tidak berada dalam tim."))
    if models.graded(people, stable_id):
        raise Refused(
            N_(
                "Nilainya sudah diputuskan, jadi anggota tim tidak dapat dikeluarkan. Sesuaikan nilai perorangannya."
            )
        )
    fixed = models.handed_in(teams)
    for work_id in fixed:
        if models.standing(work_id).keys() <= people.keys():
            raise Refused(N_("Tim yang sudah mengumpulkan tidak dapat ditinggalkan semua anggotanya."))
    for work_id in teams:  # who was taken out knows the code, and shall not come back with it
        db.session.execute(
            update(Work)
            .where(Work.id == work_id)
            .values(join_code=naming.new_code())
            .execution_options(synchronize_session="fetch")
        )
    for enrolment_id, work_id in own.items():
        _leave(work_id, enrolment_id, by=by, reason=reason, now=now)
        audit.record(
            "take out of team", f"work:{work_id}", by=by, now=now, detail={"enrolment": enrolment_id}
        )
    return {enrolment_id: (teams[own[enrolment_id]], people[enrolment_id]) for enrolment_id in people}
