"""Deciding between reviews that differ: what it comes to, once, by somebody who graded nothing of it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from lms import audit, rubric
from lms.access import Deed, Person, may
from lms.courses.models import GradeEntry
from lms.extensions import db
from lms.grading import models, verdict
from lms.grading.content import Opinion, ReviewContent
from lms.grading.models import AWAITING, Review
from lms.grading.moderation import actions, content
from lms.grading.moderation import models as moderation
from lms.grading.moderation.content import Choice, Gap, Ruling, Side
from lms.grading.moderation.models import Moderation, ModerationDraft
from lms.grading.state import WorkState
from lms.people.models import Person as PersonRow
from lms.projects import models as projects
from lms.projects.models import SubmissionVersion
from lms.projects.source import Late, Project, Reconcile
from lms.rubric import Criterion, Level, Rubric
from tests.cast import NOW, Cast
from tests.grading.disputes import OWN, REASON, case_of, disputed
from tests.grading.reviews import HOUR, committed, handed_in
from tests.grading.test_actions import at_once, ledger, state_of
from tests.projects.work import change_project

RUBRIC = Rubric(
    title="R",
    levels=tuple(Level(id=each, label=str(each)) for each in (4, 3, 2, 1)),
    criteria=(
        Criterion(id="isu", title="Isu", weight=Decimal(60), range=True),
        Criterion(id="sasaran", title="Sasaran", weight=Decimal("40")),
    ),
)
A = Side(1, ReviewContent(criteria={"isu": Opinion(3), "sasaran": Opinion(4)}), Decimal(85))
B = Side(2, ReviewContent(criteria={"isu": Opinion(1, "12,5"), "sasaran": Opinion(4)}), Decimal("47.5"))


# Content


def test_a_ruling_is_kept_as_it_was_typed() -> None:
    said = Ruling(
        whole=2, criteria={"z": Choice(take=1), "a": Choice(level=3, points="70", comment="Ya.")}, reason="x"
    )
    assert content.decode(content.encode(said)) == said
    assert content.encode(Ruling(criteria={"a": Choice()})) == content.encode(Ruling())


def test_each_criterion_follows_a_review_or_stands_on_its_own() -> None:
    said = Ruling(criteria={"isu": Choice(take=2, comment="Setuju B."), "sasaran": Choice(level=1)})
    assert content.opinions(said, [A, B]) == {
        "isu": Opinion(1, "12,5", "Setuju B."),
        "sasaran": Opinion(1),
    }
    assert content.points(RUBRIC, said, [A, B]) == Decimal("17.5")


def test_a_review_taken_whole_decides_all_whatever_else_was_chosen() -> None:
    said = Ruling(whole=2, criteria={"isu": Choice(level=4, comment="Lihat data.")}, reason=REASON)
    assert content.points(RUBRIC, said, [A, B]) == Decimal("47.5")
    assert content.opinions(said, [A, B])["isu"] == Opinion(1, "12,5", "Lihat data.")
    assert content.gaps(RUBRIC, said, [A, B]) == ()


def test_what_is_missing_is_named_in_the_order_of_the_page() -> None:
    assert content.gaps(RUBRIC, Ruling(), [A, B]) == (
        Gap("unscored", "isu"),
        Gap("unscored", "sasaran"),
        Gap("short_reason"),
    )
    wrong = Ruling(
        criteria={"isu": Choice(level=2, points="90"), "sasaran": Choice(take=9)}, reason="a  " * 20
    )
    assert content.gaps(RUBRIC, wrong, [A, B]) == (Gap("bad_points", "isu"), Gap("unscored", "sasaran"))
    assert content.gaps(RUBRIC, Ruling(whole=1, reason=" " * 30 + "terlalu pendek"), [A, B]) == (
        Gap("short_reason"),
    )


def test_how_far_reviews_are_apart_is_counted_in_levels() -> None:
    order = [10, 7, 3]
    assert content.apart([10, 3], order) == 2
    assert content.apart([7, 7], order) == 0
    assert content.apart([7, None], order) is None
    assert content.apart([], order) is None


# The rule of several reviews, as algebra

POINTS = st.decimals(0, 100, places=4)


def project(graders: int, how: str, above: Decimal = Decimal(0)) -> Project:
    return Project(
        title="P",
        minutes=60,
        graders=graders,
        rubric="r",
        reconcile=Reconcile(how=how, above=above),  # type: ignore[arg-type]
    )


def sent(points: Decimal) -> verdict.Sent:
    return verdict.Sent(ReviewContent(), "accepted", points)


@given(st.lists(POINTS, min_size=1, max_size=5), st.randoms())
def test_a_mean_is_the_same_in_any_order_between_the_extremes_and_exact(
    points: list[Decimal], luck: Any
) -> None:
    average = project(len(points), "average")
    one = verdict.mark(average, [sent(each) for each in points])
    mixed = points.copy()
    luck.shuffle(mixed)
    other = verdict.mark(average, [sent(each) for each in mixed])
    assert one == other
    assert type(one.points) is Decimal
    assert min(points) <= one.points <= max(points)
    # one rounding, far below what is shown
    assert abs(one.points * len(points) - sum(points)) <= Decimal("5e-12") * len(points)
    if len(points) in (1, 2, 4, 5):  # these divide without rest
        assert one.points * len(points) == sum(points)


@given(POINTS, POINTS, st.decimals(0, 60, places=2))
def test_a_moderator_is_asked_exactly_where_the_bound_is_passed(
    first: Decimal, second: Decimal, above: Decimal
) -> None:
    moderated = project(2, "moderator", above)
    reviews = [sent(first), sent(second)]
    far = abs(first - second) > above
    assert verdict.is_disputed(moderated, reviews) == far
    assert verdict.is_disputed(moderated, reviews[::-1]) == far
    assert verdict.is_settled(moderated, reviews) == (not far)
    if far:
        with pytest.raises(ValueError, match="disputed"):
            verdict.mark(moderated, reviews)
    else:
        assert verdict.mark(moderated, reviews) == verdict.mark(moderated, reviews[::-1])


@given(POINTS, POINTS, POINTS)
def test_what_a_moderator_decides_is_the_grade_to_the_last_digit(
    first: Decimal, second: Decimal, ruled: Decimal
) -> None:
    moderated = project(2, "moderator", Decimal(10))
    mark = verdict.mark(moderated, [sent(first), sent(second)], ruled)
    assert mark == verdict.Mark(ruled, "moderated")
    assert str(mark.points) == str(ruled)


@given(st.sampled_from([1, 2, 3, 4]), st.sampled_from([1, 2, 3, 4]), st.sampled_from([1, 2]))
def test_an_own_decision_is_what_the_rubric_gives(isu: int, sasaran: int, taken: int) -> None:
    own = Ruling(criteria={"isu": Choice(level=isu), "sasaran": Choice(level=sasaran)})
    assert content.points(RUBRIC, own, [A, B]) == rubric.points(RUBRIC, {"isu": isu, "sasaran": sasaran})
    side = (A, B)[taken - 1]
    piecewise = Ruling(criteria={name: Choice(take=taken) for name in ("isu", "sasaran")})
    assert content.points(RUBRIC, piecewise, [A, B]) == side.points


@given(st.lists(POINTS, min_size=1, max_size=3))
def test_a_return_is_never_a_dispute(points: list[Decimal]) -> None:
    reviews = [*(sent(each) for each in points), verdict.Sent(ReviewContent(), "returned", None)]
    moderated = project(len(reviews), "moderator", Decimal(0))
    assert not verdict.is_disputed(moderated, reviews)
    assert verdict.is_settled(moderated, reviews)


# Actions


@pytest.fixture
def version(cast: Cast, session: Any) -> SubmissionVersion:
    return disputed(cast)


def decide(
    version: SubmissionVersion, said: Ruling, by: int, *, revision: int = 0, now: datetime = NOW + 5 * HOUR
) -> tuple[Moderation, bool]:
    found = projects.project(version.work.item_id)
    criteria = models.rubric_of(models.setting_of(version.work_id).version_id, found)
    return actions.decide(case_of(version), found, criteria, said, revision=revision, by=by, now=now)


def keep(version: SubmissionVersion, said: Ruling, by: int, revision: int = 0) -> ModerationDraft | None:
    return actions.save_draft(case_of(version), said, revision=revision, by=by, now=NOW + 4 * HOUR)


def test_a_decision_settles_the_version_with_exactly_its_points(
    version: SubmissionVersion, cast: Cast
) -> None:
    before = [
        (row.id, row.content, row.points) for row in db.session.scalars(select(Review).order_by(Review.id))
    ]
    row, made = decide(version, OWN, cast.people["hasan"])
    assert made
    assert (row.decision, row.review_id, row.points, row.reason) == ("own", None, Decimal(70), REASON)
    assert ledger(cast) == [("proposed", Decimal(85)), ("proposed", Decimal(55)), ("moderated", Decimal(70))]
    entry = db.session.scalars(select(GradeEntry).order_by(GradeEntry.id.desc())).first()
    assert entry is not None
    assert (entry.source, entry.decided_by) == (f"moderation:{row.id}", cast.people["hasan"])
    assert entry.reason == "Versi 1, nilai rubrik 70 menurut moderator atas 2 telaah"
    assert state_of(version, cast) is WorkState.GRADED
    assert version.settled_at == NOW + 5 * HOUR
    after = [
        (each.id, each.content, each.points)
        for each in db.session.scalars(select(Review).order_by(Review.id))
    ]
    assert after == before
    told = db.session.scalars(select(audit.AuditEntry).order_by(audit.AuditEntry.id.desc())).first()
    assert told is not None
    assert (told.deed, told.actor_id) == ("moderate grade", cast.people["hasan"])


def test_a_review_can_be_taken_as_it_is(version: SubmissionVersion, cast: Cast) -> None:
    sides = actions.sides_of(version.id)
    row, _ = decide(version, Ruling(whole=sides[1].id, reason=REASON), cast.people["hasan"])
    assert (row.decision, row.review_id, row.points) == ("review", sides[1].id, Decimal(55))
    assert ledger(cast)[-1] == ("moderated", Decimal(55))


def test_lateness_is_taken_off_a_moderated_grade_too(version: SubmissionVersion, cast: Cast) -> None:
    change_project(late=Late(grace=0, per_day=Decimal(5), max=Decimal(25)))
    db.session.execute(  # the first version came two hours after its deadline
        SubmissionVersion.__table__.update().values(late_seconds=7200)  # type: ignore[attr-defined]
    )
    db.session.expire_all()
    decide(version, OWN, cast.people["hasan"])
    assert ledger(cast)[-1] == ("moderated", Decimal(65))


def test_what_is_not_complete_decides_nothing(version: SubmissionVersion, cast: Cast) -> None:
    with pytest.raises(actions.Incomplete) as caught:
        decide(version, Ruling(criteria={"isu": Choice(level=3)}), cast.people["hasan"])
    assert caught.value.gaps == (Gap("unscored", "sasaran"), Gap("short_reason"))
    assert db.session.scalar(select(func.count(Moderation.id))) == 0
    assert state_of(version, cast) is WorkState.MODERATION


@pytest.mark.parametrize("who", ["dewi", "rekan", "sari"])
def test_graders_and_members_decide_nothing_even_past_the_guard(
    version: SubmissionVersion, cast: Cast, who: str
) -> None:
    with pytest.raises(ValueError, match="tidak dapat memoderasinya"):
        decide(version, OWN, cast.people[who])
    assert db.session.scalar(select(func.count(Moderation.id))) == 0


def test_the_table_of_rights_knows_graders_from_moderators(version: SubmissionVersion, cast: Cast) -> None:
    case = case_of(version)
    here = frozenset((cast.cohort_id,))
    for who, allowed in (("hasan", True), ("dewi", False), ("rekan", False), ("sari", False)):
        person = Person(id=cast.people[who], facilitator=True, facilitates=here, leads=here)
        assert may(person, Deed.MODERATE, case) == allowed, who
    ratna = Person(id=cast.people["ratna"], administrator=True)
    assert may(ratna, Deed.MODERATE, case)
    row = db.session.get_one(PersonRow, ratna.id)
    row.organization_id = cast.organizations["Bapperida"]  # Sari's
    db.session.flush()
    assert not may(ratna, Deed.MODERATE, case_of(version))


def test_administrators_are_asked_where_no_lead_may(version: SubmissionVersion, cast: Cast) -> None:
    assert moderation.moderators_of(version) == {cast.people["hasan"]}
    db.session.get_one(PersonRow, cast.people["hasan"]).active = False
    db.session.flush()
    assert moderation.moderators_of(version) == {cast.people["ratna"]}


def test_who_only_reviews_does_not_moderate(version: SubmissionVersion, cast: Cast) -> None:
    case, here = case_of(version), frozenset((cast.cohort_id,))
    only_reviews = Person(id=cast.people["hasan"], facilitator=True, facilitates=here)
    assert not may(only_reviews, Deed.MODERATE, case)


def test_only_a_referred_version_is_a_case(cast: Cast, session: Any) -> None:
    assert moderation.case(handed_in(cast).id) is None
    assert moderation.case(10**15) is None


def test_pressing_twice_decides_once_and_others_come_too_late(version: SubmissionVersion, cast: Cast) -> None:
    first, made = decide(version, OWN, cast.people["hasan"])
    again, made_again = decide(version, Ruling(whole=1, reason=REASON), cast.people["hasan"])
    assert (made, made_again, again.id) == (True, False, first.id)
    with pytest.raises(actions.Closed):
        decide(version, OWN, cast.people["ratna"])
    with pytest.raises(actions.Closed):
        keep(version, OWN, cast.people["ratna"])


def test_each_save_of_a_draft_names_the_one_before(version: SubmissionVersion, cast: Cast) -> None:
    hasan = cast.people["hasan"]
    assert keep(version, Ruling(), hasan) is None
    first = keep(version, Ruling(reason="satu"), hasan)
    assert first is not None
    assert first.revision == 1
    second = keep(version, Ruling(reason="dua"), hasan, 1)
    assert second is not None
    assert second.revision == 2
    with pytest.raises(actions.Stale) as caught:
        keep(version, Ruling(reason="tiga"), hasan, 1)
    assert caught.value.row is not None
    assert content.decode(caught.value.row.content).reason == "dua"
    with pytest.raises(actions.Stale):
        decide(version, OWN, hasan, revision=1)
    # another moderator's draft is another one's
    other = keep(version, Ruling(reason="lain"), cast.people["ratna"])
    assert other is not None
    decide(version, OWN, hasan, revision=2)
    assert moderation.draft_of(version.id, hasan) is None
    assert moderation.draft_of(version.id, cast.people["ratna"]) is not None


def test_a_decision_never_changes(version: SubmissionVersion, cast: Cast) -> None:
    row, _ = decide(version, OWN, cast.people["hasan"])
    row.points = Decimal(100)
    with pytest.raises(RuntimeError, match="immutable"):
        db.session.flush()
    db.session.rollback()


def test_a_dispute_is_a_state_of_its_own_in_every_list(version: SubmissionVersion, cast: Cast) -> None:
    here = frozenset((cast.cohort_id,))
    for who in ("hasan", "dewi"):
        person = Person(id=cast.people[who], facilitator=True, facilitates=here, leads=here)
        listed = {
            state: [each.submission_id for each in models.queue(person, states=[state]).rows]
            for state in WorkState
        }
        assert {state for state, ids in listed.items() if ids} == {WorkState.MODERATION}
        counts = models.waiting_counts(person)
        assert (counts.moderation, counts.in_review, counts.total) == (1, 0, 1)
        assert [each.submission_id for each in models.queue(person, states=AWAITING).rows] == [version.id]
        # nobody is led to a desk on which nothing can be written
        assert models.following(person, now=NOW) is None


# At once


def test_two_moderators_who_decide_at_once_are_one(app: Flask, cast: Cast, session: Any) -> None:
    version_id = committed(disputed(cast)).id
    moderators = [cast.people["hasan"], cast.people["ratna"]]

    def deed(at: int) -> bool:
        version = projects.submission(version_id)
        assert version is not None
        return decide(version, OWN, moderators[at % 2])[1]

    results = at_once(app, 4, deed)
    assert results.count(True) == 1, results
    assert sum(isinstance(each, actions.Closed) for each in results) == 2, results
    assert results.count(False) == 1, results  # the second press of whoever was first
    session.expire_all()
    assert session.scalar(select(func.count(Moderation.id))) == 1
    assert [state for state, _ in ledger(cast)] == ["proposed", "proposed", "moderated"]


def test_drafts_saved_at_once_lose_nothing(app: Flask, cast: Cast, session: Any) -> None:
    version_id = committed(disputed(cast)).id

    def deed(at: int) -> tuple[str, str]:
        version = projects.submission(version_id)
        assert version is not None
        try:
            row = keep(version, Ruling(reason=f"tulisan {at}"), cast.people["hasan"])
        except actions.Stale as stale:
            return "stale", content.decode(stale.row.content).reason if stale.row else ""
        assert row is not None
        return "kept", content.decode(row.content).reason

    results = at_once(app, 4, deed)
    assert sorted(what for what, _ in results) == ["kept", "stale", "stale", "stale"], results
    # whoever came too late is shown what is there
    assert len({reason for _, reason in results}) == 1


def test_a_decision_during_a_save_leaves_the_save_nothing_to_write(
    app: Flask, cast: Cast, session: Any
) -> None:
    version = disputed(cast)
    hasan, version_id, work_id = cast.people["hasan"], version.id, version.work_id
    keep(version, OWN, hasan)
    db.session.commit()

    def deed(at: int) -> Any:
        found = projects.submission(version_id)
        assert found is not None
        if at:
            return keep(found, Ruling(reason="belum selesai"), hasan, 1)
        return decide(found, OWN, hasan, revision=1)[1]

    decided, saved = at_once(app, 2, deed)
    session.expire_all()
    if (
        decided is True
    ):  # the decision was first, or the save was, and the decision said the same as before it
        assert isinstance(saved, actions.Closed), saved
        assert ledger(cast)[-1] == ("moderated", Decimal(70))
        assert moderation.draft_of(version_id, hasan) is None
    else:
        assert isinstance(decided, actions.Stale), decided
        assert content.decode(moderation.draft_of(version_id, hasan).content).reason == "belum selesai"  # type: ignore[union-attr]
    assert projects.workspace(work_id) is not None
