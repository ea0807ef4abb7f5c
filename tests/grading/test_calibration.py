"""Practice before the queue: what counts as near, who is let in, and the pages for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from sqlalchemy import delete, func, select, update

from lms.courses.models import Cohort, CohortFacilitator
from lms.extensions import db
from lms.grading.allocation import actions as allocation
from lms.grading.calibration import actions, models, scoring
from lms.grading.calibration.models import (
    Calibrated,
    GoldSample,
    PracticeDraft,
    PracticeMark,
)
from lms.grading.content import Opinion, ReviewContent
from lms.grading.models import Review, ReviewDraft
from lms.people.models import Person
from lms.projects import models as projects
from lms.projects.reviewers import DeclaredRelation
from lms.refusals import Refused
from tests.cast import CODE, NOW, Cast
from tests.conftest import Browser
from tests.grading.disputes import second_grader
from tests.grading.offline.test_views import archive, bring, cell_of, workbook
from tests.grading.reviews import ACCEPTED, HOUR, handed_in, send
from tests.grading.test_actions import at_once
from tests.projects.work import ITEM, change_project

DAY = timedelta(days=1)
GOLD = ReviewContent(
    criteria={
        "isu": Opinion(level=3, comment="Data ada, akar masalahnya belum."),
        "sasaran": Opinion(level=4, comment="Semua sasaran terukur."),
    }
)
FAR = ReviewContent(criteria={"isu": Opinion(level=1), "sasaran": Opinion(level=3)})
NEAR = ReviewContent(criteria={"isu": Opinion(level=3), "sasaran": Opinion(level=3)})
SAME = ReviewContent(criteria={"isu": Opinion(level=3), "sasaran": Opinion(level=4)})
OVERVIEW = f"/telaah/angkatan/{CODE}/latihan/{ITEM}"


# What counts as near

LEVELS = st.integers(1, 4)


@given(st.lists(st.tuples(LEVELS, LEVELS), min_size=1, max_size=30))
def test_shares_are_exact_and_never_rounded_up(found: list[tuple[int, int]]) -> None:
    near = scoring.nearness(found)
    assert near.exact is not None
    assert near.adjacent is not None
    assert 0 <= near.exact <= near.adjacent <= 100
    assert (near.exact == 100) == all(one == other for one, other in found)
    assert near.reaches("exact", near.exact)
    assert not near.reaches("exact", near.exact + Decimal("0.000001"))
    if near.kappa is not None:
        assert near.kappa <= 100


def test_without_a_kappa_only_sameness_is_near() -> None:
    assert scoring.nearness([(3, 3), (3, 3)]).reaches("kappa", Decimal(60))
    assert not scoring.nearness([]).reaches("kappa", Decimal(1))
    assert not scoring.nearness([]).reaches("exact", Decimal(1))


def test_names_are_found_however_they_are_spaced_or_written() -> None:
    assert scoring.names_in(["Disusun oleh SARI\n wulandari."], {"Sari Wulandari": "Sari"}) == ["Sari"]
    assert scoring.names_in(["Sari Wulandari"], {"Sari  Wulandari": "Sari"}) == ["Sari"]
    assert scoring.names_in(["NIP 19860926 201505 2 001"], {"198609262015052001": "Sari"}) == ["Sari"]
    assert scoring.names_in(["Tanpa nama."], {"Sari Wulandari": "Sari", "": "Kosong"}) == []


# Who is let in


@pytest.fixture
def sample(cast: Cast, session: Any) -> GoldSample:
    """Sari's accepted work with agreed levels; three of four criteria right are not enough: all must be."""
    version = handed_in(cast)
    send(version, ACCEPTED, cast.people["dewi"])
    second_grader(cast)
    return actions.make_sample(version, ITEM, GOLD, by=cast.people["dewi"], now=NOW + 2 * HOUR)


def ask(cast: Cast, threshold: int | None) -> Any:
    return actions.set_threshold(
        cast.cohort_id,
        ITEM,
        "exact",
        None if threshold is None else Decimal(threshold),
        by=cast.people["dewi"],
        now=NOW + 3 * HOUR,
    )


def is_open(cast: Cast) -> bool:
    return models.is_open_to(cast.cohort_id, ITEM, cast.people["rekan"])


def mark(cast: Cast, sample: GoldSample, said: ReviewContent, after: timedelta = 4 * HOUR) -> bool:
    rekan = cast.people["rekan"]
    draft = models.draft_of(sample.id, rekan)
    revision = draft.revision if draft else 0
    return actions.send_mark(sample, said, revision=revision, by=rekan, now=NOW + after)[1]


def test_the_queue_opens_when_the_marks_come_near_enough(sample: GoldSample, cast: Cast) -> None:
    assert is_open(cast)
    ask(cast, 100)
    assert not is_open(cast)
    assert mark(cast, sample, NEAR)
    assert not is_open(cast)
    # again only after a day; the history stays
    assert not mark(cast, sample, SAME, 5 * HOUR)
    assert mark(cast, sample, SAME, 4 * HOUR + DAY)
    assert is_open(cast)
    assert [each.attempt for each in models.attempts_of(sample.id, cast.people["rekan"])] == [1, 2]
    # for others it is as closed as before
    assert not models.is_open_to(cast.cohort_id, ITEM, cast.people["hasan"])


def test_every_sample_has_to_be_marked(sample: GoldSample, cast: Cast) -> None:
    version = handed_in(cast, "budi")
    send(version, ACCEPTED, cast.people["dewi"])
    other = actions.make_sample(version, ITEM, GOLD, by=cast.people["dewi"], now=NOW + 2 * HOUR)
    ask(cast, 50)
    mark(cast, sample, SAME)
    assert not is_open(cast)
    mark(cast, other, FAR)
    assert is_open(cast)  # two of four levels
    near, marked = actions.nearness_of([sample, other], cast.people["rekan"])
    assert (near.n, near.exact, marked) == (4, Decimal(50), 2)


def test_a_lower_bound_lets_in_who_reaches_it_and_none_asks_nothing(sample: GoldSample, cast: Cast) -> None:
    ask(cast, 100)
    mark(cast, sample, NEAR)
    assert not is_open(cast)
    assert ask(cast, 100) is None
    ask(cast, 50)
    assert is_open(cast)
    ask(cast, 90)  # who was let in stays in
    assert is_open(cast)
    ask(cast, None)
    assert models.is_open_to(cast.cohort_id, ITEM, cast.people["hasan"])


def test_what_is_no_bound_is_refused(sample: GoldSample, cast: Cast) -> None:
    for wrong in (0, 101, -5):
        with pytest.raises(Refused, match="di antara"):
            ask(cast, wrong)


def test_nothing_can_be_asked_without_samples(cast: Cast, session: Any) -> None:
    with pytest.raises(Refused, match="satu contoh"):
        ask(cast, 60)


def test_a_sample_has_reasons_no_names_and_stays_as_it_is(cast: Cast, session: Any) -> None:
    version = handed_in(cast)
    dewi = cast.people["dewi"]
    with pytest.raises(Refused, match="sudah selesai"):
        actions.make_sample(version, ITEM, GOLD, by=dewi, now=NOW)
    send(version, ACCEPTED, dewi)
    with pytest.raises(actions.Incomplete) as caught:
        actions.make_sample(version, ITEM, SAME, by=dewi, now=NOW)
    assert caught.value.criteria == ["isu", "sasaran"]
    db.session.execute(update(Person).where(Person.id == cast.people["sari"]).values(name="akar masalah"))
    with pytest.raises(Refused, match="akar masalah") as named:
        actions.make_sample(version, ITEM, GOLD, by=dewi, now=NOW)
    assert "akar masalah" in str(named.value.values)
    change_project(blind="learner")
    with pytest.raises(Refused, match="dari timnya") as hidden:
        actions.make_sample(version, ITEM, GOLD, by=dewi, now=NOW)
    assert "akar masalah" not in f"{hidden.value}{hidden.value.values}"
    db.session.execute(update(Person).where(Person.id == cast.people["sari"]).values(name="Sari W"))
    db.session.expire_all()
    made = actions.make_sample(version, ITEM, GOLD, by=dewi, now=NOW)
    assert actions.make_sample(version, ITEM, FAR, by=dewi, now=NOW).id == made.id
    made.content = "{}"
    with pytest.raises(RuntimeError, match="immutable"):
        db.session.flush()
    db.session.rollback()


def test_a_draft_names_the_one_before(sample: GoldSample, cast: Cast) -> None:
    rekan = cast.people["rekan"]
    assert actions.save_draft(sample, ReviewContent(), revision=0, by=rekan, now=NOW) is None
    assert actions.save_draft(sample, FAR, revision=0, by=rekan, now=NOW).revision == 1  # type: ignore[union-attr]
    with pytest.raises(actions.Stale):
        actions.save_draft(sample, NEAR, revision=0, by=rekan, now=NOW)
    with pytest.raises(actions.Incomplete):
        mark(cast, sample, ReviewContent(criteria={"isu": Opinion(level=3)}))
    with pytest.raises(actions.Stale):
        actions.send_mark(sample, SAME, revision=0, by=rekan, now=NOW + 4 * HOUR)
    assert models.draft_of(sample.id, rekan) is not None
    mark(cast, sample, SAME)
    assert models.draft_of(sample.id, rekan) is None


def test_pressing_twice_at_once_marks_once(app: Flask, sample: GoldSample, cast: Cast) -> None:
    ask(cast, 50)
    sample_id = sample.id
    db.session.commit()

    def deed(_at: int) -> bool:
        found = models.sample(sample_id)
        assert found is not None
        return mark(cast, found, SAME)

    assert sorted(at_once(app, 3, deed)) == [False, False, True]
    db.session.expire_all()
    assert db.session.scalar(select(func.count(PracticeMark.id))) == 1
    assert db.session.scalar(select(func.count(Calibrated.id))) == 1


# Pages

SignIn = Callable[[str], Browser]


class World:
    sample = version = other = 0


@pytest.fixture
def world(app: Flask, cast: Cast) -> World:
    """Rekan does not lead the cohort and was given Budi's work; a sample was made of Sari's."""
    world = World()
    with app.app_context():
        try:
            version = handed_in(cast)
            send(version, ACCEPTED, cast.people["dewi"])
            rekan = second_grader(cast)
            db.session.execute(
                update(CohortFacilitator).where(CohortFacilitator.person_id == rekan).values(leads=False)
            )
            other = handed_in(cast, "budi")
            allocation.allocate(other.work_id, rekan, by=cast.people["dewi"], now=NOW)
            made = actions.make_sample(version, ITEM, GOLD, by=cast.people["dewi"], now=NOW)
            ask(cast, 100)
            world.sample, world.version, world.other = made.id, version.id, other.id
            db.session.commit()
        finally:
            db.session.remove()
    return world


def words(response: Any) -> str:
    return str(response.get_data(as_text=True))


def given_form(isu: int, sasaran: int, **fields: str) -> dict[str, str]:
    return {"revision": "0", "level.isu": str(isu), "level.sasaran": str(sasaran), **fields}


def test_the_desk_is_closed_until_the_marks_are_near_enough(
    world: World, as_person: SignIn, app: Flask
) -> None:
    rekan, desk, sample = as_person("rekan"), f"/telaah/{world.other}", f"/telaah/latihan/{world.sample}"
    refused = rekan.get(desk)
    assert refused.status_code == 403
    assert f'href="{OVERVIEW}"' in words(refused)
    saying = {"revision": "0", "section": "", "view": "ringkasan", "summary": "Simpan saya."}
    for address in (desk, f"{desk}/kirim"):
        kept = rekan.post(address, data=saying)
        assert kept.status_code == 409
        assert "Simpan saya." in words(kept)  # nothing typed is lost
    assert rekan.post_json(desk, saying).status_code == 409
    packed = rekan.get(f"/telaah/paket.zip?pilih={world.other}")
    assert packed.status_code == 422
    assert "berlatih menilai dahulu" in words(packed)
    assert rekan.post_json(f"{desk}/giliran").status_code == 409
    with app.app_context():
        assert db.session.scalar(select(func.count(Review.id))) == 1  # Dewi's
        assert db.session.scalar(select(func.count(ReviewDraft.id))) == 0  # nor is a review begun by it
        db.session.remove()
    assert "belum dinilai" in words(rekan.get(OVERVIEW))
    page = rekan.get(sample)
    assert "Data ada, akar masalahnya belum." not in words(page)  # the agreed reasons come afterwards
    assert rekan.post(f"{sample}/kirim", data=given_form(3, 4)).status_code == 303
    after = words(rekan.get(sample))
    assert "Data ada, akar masalahnya belum." in after
    assert "terbuka untuk Anda" in after
    assert rekan.get(desk).status_code == 200


def test_who_has_begun_a_review_goes_on(world: World, as_person: SignIn, app: Flask, cast: Cast) -> None:
    rekan, desk = as_person("rekan"), f"/telaah/{world.other}"
    saying = {"revision": "0", "section": "", "view": "ringkasan", "summary": "Sudah mulai."}
    with app.app_context():
        ask(cast, None)
        db.session.commit()
        db.session.remove()
    assert rekan.post(desk, data=saying).status_code == 303
    book = workbook(archive(rekan.get(f"/telaah/paket.zip?pilih={world.other}")))
    cell_of(book.worksheets[1], "umum", "E").value = "Dari lembar."
    with app.app_context():
        ask(cast, 100)
        db.session.commit()
        db.session.remove()
    assert rekan.get(desk).status_code == 200
    assert rekan.post(desk, data={**saying, "revision": "1", "summary": "Terus."}).status_code == 303
    with app.app_context():
        db.session.execute(delete(ReviewDraft))
        db.session.commit()
        db.session.remove()
    assert rekan.get(desk).status_code == 403
    assert "berlatih menilai dahulu" in words(bring(rekan, book))
    with app.app_context():
        assert db.session.scalar(select(func.count(ReviewDraft.id))) == 0
        db.session.remove()


def test_who_is_close_to_its_team_does_not_practise_on_a_sample(
    world: World, as_person: SignIn, app: Flask, cast: Cast
) -> None:
    with app.app_context():
        rekan = db.session.scalar(select(Person.id).where(Person.name == "Rekan Penilai")) or 0
        db.session.add(
            DeclaredRelation(
                reviewer_id=rekan,
                learner_id=cast.people["sari"],
                reason="Bersaudara.",
                declared_by=rekan,
                declared_at=NOW,
            )
        )
        db.session.commit()
        db.session.remove()
    assert as_person("rekan").get(f"/telaah/latihan/{world.sample}").status_code == 403
    assert f"/telaah/latihan/{world.sample}" not in words(as_person("rekan").get(OVERVIEW))
    assert as_person("sari").get(f"/telaah/latihan/{world.sample}").status_code == 403


def test_who_leads_is_exempt(world: World, as_person: SignIn) -> None:
    assert as_person("dewi").get(f"/telaah/{world.other}").status_code == 200


def test_a_sample_shows_no_names_and_no_files(world: World, as_person: SignIn) -> None:
    page = words(as_person("rekan").get(f"/telaah/latihan/{world.sample}"))
    for secret in ("Sari Wulandari", "Dewi Anggraini", "/proyek/berkas", "198609262015052001"):
        assert secret not in page


def test_autosave_and_what_is_missing(world: World, as_person: SignIn, app: Flask) -> None:
    rekan, sample = as_person("rekan"), f"/telaah/latihan/{world.sample}"
    answer = rekan.post_json(sample, given_form(1, 2)).get_json()
    assert answer["revision"] == "1"
    assert rekan.post_json(sample, given_form(2, 2)).status_code == 409
    stale = rekan.post(sample, data=given_form(4, 2, **{"comment.isu": "tetap di sini"}))
    assert stale.status_code == 409
    assert "tetap di sini" in words(stale)
    half = rekan.post(f"{sample}/kirim", data={"revision": "1", "level.isu": "3", "comment.isu": "setengah"})
    assert half.status_code == 422
    assert 'href="#kriteria-sasaran"' in words(half)
    assert "setengah" in words(half)
    over = rekan.post(f"{sample}/kirim", data=given_form(4, 2, **{"comment.isu": "dari tab lain"}))
    assert over.status_code == 409
    assert "dari tab lain" in words(over)
    long = given_form(1, 3, revision="1", **{"comment.isu": "panjang " * 700 + "ujung"})
    for address in (sample, f"{sample}/kirim"):
        kept = rekan.post(address, data=long)
        assert kept.status_code == 413
        assert "panjang ujung" in words(kept)
    assert rekan.post(sample, data=given_form(1, 3, revision="1")).status_code == 303
    with app.app_context():
        assert db.session.scalar(select(func.count(PracticeDraft.id))) == 1
        db.session.remove()


def test_who_leads_makes_samples_and_sets_the_bound(
    world: World, as_person: SignIn, app: Flask, cast: Cast
) -> None:
    with app.app_context():
        version = projects.submission(world.other)
        assert version is not None
        send(version, ACCEPTED, cast.people["dewi"])
        db.session.commit()
        db.session.remove()
    dewi, new = as_person("dewi"), f"/telaah/{world.other}/contoh"
    assert f'href="{new}"' in words(dewi.get(OVERVIEW))
    page = dewi.get(new)
    assert "Budi" not in words(page)
    half = dewi.post(new, data={"level.isu": "3", "comment.isu": "Alasan yang cukup panjang."})
    assert half.status_code == 422
    assert "Alasan yang cukup panjang." in words(half)
    done = dewi.submit_form(
        page,
        new,
        **{
            "level.isu": "3",
            "level.sasaran": "2",
            "comment.isu": "Alasan yang cukup panjang.",
            "comment.sasaran": "Alasan lain yang cukup panjang.",
        },
    )
    assert done.status_code == 303
    assert dewi.post(OVERVIEW, data={"measure": "kappa", "threshold": "60"}).status_code == 303
    assert "Kappa" in words(dewi.get(OVERVIEW))
    wrong = dewi.post(OVERVIEW, data={"measure": "kappa", "threshold": "banyak"})
    assert wrong.status_code == 400
    assert "banyak" in words(wrong)
    with app.app_context():
        assert db.session.scalar(select(func.count(GoldSample.id))) == 2
        db.session.remove()


@pytest.mark.parametrize(
    ("who", "seen", "changed"),
    [("hasan", 404, 404), ("sari", 403, 403), ("tono", 404, 404), ("ratna", 200, 200), ("rekan", 200, 403)],
)
def test_who_may_practise_and_who_may_decide(
    world: World, as_person: SignIn, who: str, seen: int, changed: int
) -> None:
    browser = as_person(who)
    assert browser.get(f"/telaah/latihan/{world.sample}").status_code == seen
    assert browser.get(f"/telaah/{world.version}/contoh").status_code == changed
    tried = browser.post(OVERVIEW, data={"measure": "exact", "threshold": "70"}).status_code
    assert tried == (303 if changed == 200 else changed)
    assert browser.get("/telaah/latihan/999999").status_code == 404


# Samples that are retired and taken over


def test_a_retired_sample_is_asked_of_nobody_and_what_was_answered_stays(
    sample: GoldSample, cast: Cast
) -> None:
    rekan, dewi = cast.people["rekan"], cast.people["dewi"]
    other = handed_in(cast, "budi")
    send(other, ACCEPTED, dewi)
    second = actions.make_sample(other, ITEM, GOLD, by=dewi, now=NOW + 2 * HOUR)
    ask(cast, 100)
    actions.send_mark(sample, SAME, revision=0, by=rekan, now=NOW + 4 * HOUR)
    assert not is_open(cast)  # one of two is marked
    with pytest.raises(Refused, match="mengapa"):
        actions.retire(second, "  ", by=dewi, now=NOW + 5 * HOUR)
    with pytest.raises(Refused, match="300"):
        actions.retire(second, "x" * 301, by=dewi, now=NOW + 5 * HOUR)
    row = actions.retire(second, "Rubriknya terlalu mudah.", by=dewi, now=NOW + 5 * HOUR)
    assert actions.retire(second, "Lagi", by=dewi, now=NOW + 6 * HOUR).id == row.id
    assert models.samples_of(cast.cohort_id, ITEM) == [sample]
    assert models.retired_samples(cast.cohort_id, ITEM) == [(second, row)]
    assert is_open(cast)  # near enough over what is left
    assert db.session.scalar(select(func.count(PracticeMark.id))) == 1
    for late in (actions.save_draft, actions.send_mark):
        with pytest.raises(actions.Retired):
            late(second, SAME, revision=0, by=rekan, now=NOW + 7 * HOUR)
    with pytest.raises(Refused, match="pernah menjadi contoh"):
        actions.make_sample(other, ITEM, GOLD, by=dewi, now=NOW + 8 * HOUR)


def test_the_last_sample_stays_while_practice_is_asked(sample: GoldSample, cast: Cast) -> None:
    ask(cast, 100)
    with pytest.raises(Refused, match="contoh terakhir"):
        actions.retire(sample, "Sudah lama.", by=cast.people["dewi"], now=NOW + 5 * HOUR)
    ask(cast, None)
    assert actions.retire(sample, "Sudah lama.", by=cast.people["dewi"], now=NOW + 5 * HOUR)
    with pytest.raises(Refused, match="paling sedikit satu contoh"):
        ask(cast, 100)


def next_cohort(cast: Cast) -> Cohort:
    """Another cohort of the same course, which Dewi leads and where Rekan reviews."""
    here = db.session.get_one(Cohort, cast.cohort_id)
    later = Cohort(
        code="rpjmd-uji-2",
        name="Angkatan berikutnya",
        version_id=here.version_id,
        starts_at=here.starts_at,
        ends_at=here.ends_at,
        created_at=NOW,
    )
    db.session.add(later)
    db.session.flush()
    for who, leads in (("dewi", True), ("rekan", False)):
        db.session.add(
            CohortFacilitator(cohort_id=later.id, person_id=cast.people[who], added_at=NOW, leads=leads)
        )
    db.session.flush()
    return later


def item_of(sample: GoldSample) -> int:
    return sample.submission.work.item_id


def test_samples_of_another_cohort_come_over_with_what_was_agreed(sample: GoldSample, cast: Cast) -> None:
    later, dewi = next_cohort(cast), cast.people["dewi"]
    assert [each.code for each in models.sources_for(later.id, ITEM, None)] == [CODE]
    assert models.sources_for(later.id, ITEM, [later.id]) == []
    assert models.sources_for(cast.cohort_id, ITEM, None) == []
    (taken,) = actions.take_over(cast.cohort_id, later.id, ITEM, item_of(sample), by=dewi, now=NOW + DAY)
    assert (taken.content, taken.version_id, taken.is_taken) == (sample.content, sample.version_id, True)
    assert not sample.is_taken
    assert models.sources_for(later.id, ITEM, None) == []
    with pytest.raises(Refused, match="tidak memiliki contoh lain"):
        actions.take_over(cast.cohort_id, later.id, ITEM, item_of(sample), by=dewi, now=NOW + DAY)
    # a mark there counts there, and retiring it there leaves the first one
    actions.set_threshold(later.id, ITEM, "exact", Decimal(100), by=dewi, now=NOW + DAY)
    assert not models.is_open_to(later.id, ITEM, cast.people["rekan"])
    actions.send_mark(taken, SAME, revision=0, by=cast.people["rekan"], now=NOW + DAY)
    assert models.is_open_to(later.id, ITEM, cast.people["rekan"])
    assert models.calibrated(cast.cohort_id, ITEM, cast.people["rekan"]) is None
    actions.set_threshold(later.id, ITEM, "exact", None, by=dewi, now=NOW + DAY)
    actions.retire(taken, "Tidak cocok.", by=dewi, now=NOW + DAY)
    assert models.samples_of(cast.cohort_id, ITEM) == [sample]
    # what was retired here does not come back by taking it once more
    assert models.sources_for(later.id, ITEM, None) == []


def test_who_is_close_is_kept_from_a_sample_that_was_taken_over(sample: GoldSample, cast: Cast) -> None:
    later = next_cohort(cast)
    (taken,) = actions.take_over(
        cast.cohort_id, later.id, ITEM, item_of(sample), by=cast.people["dewi"], now=NOW + DAY
    )
    assert taken.barred_ids == frozenset()
    allocation.declare(
        cast.people["rekan"],
        learner_id=cast.people["sari"],
        reason="Saudara",
        by=cast.people["rekan"],
        now=NOW,
    )
    db.session.expire_all()
    assert taken.barred_ids == sample.barred_ids == {cast.people["rekan"]}
    # of the other cohort's facilitators only
    hasan = cast.people["hasan"]
    db.session.add(CohortFacilitator(cohort_id=later.id, person_id=hasan, added_at=NOW))
    allocation.declare(hasan, learner_id=cast.people["sari"], reason="Saudara", by=hasan, now=NOW)
    db.session.expire_all()
    assert taken.barred_ids == {cast.people["rekan"], hasan}
    assert sample.barred_ids == {cast.people["rekan"]}


def test_samples_of_another_rubric_stay_where_they_are(
    sample: GoldSample, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = next_cohort(cast)
    real = actions.rubric_of(sample.version_id, projects.project(item_of(sample)))
    changed = structs.replace(real, levels=real.levels[:-1])
    monkeypatch.setattr(actions, "_rubric", lambda _sample: changed)
    with pytest.raises(Refused, match="rubrik lain"):
        actions.take_over(
            cast.cohort_id, later.id, ITEM, item_of(sample), by=cast.people["dewi"], now=NOW + DAY
        )
    assert models.samples_of(later.id, ITEM) == []


THERE = f"/telaah/angkatan/rpjmd-uji-2/latihan/{ITEM}"


def test_retiring_and_taking_over_on_the_page(
    world: World, as_person: SignIn, app: Flask, cast: Cast
) -> None:
    with app.app_context():
        next_cohort(cast)
        db.session.commit()
        db.session.remove()
    dewi, retire = as_person("dewi"), f"/telaah/latihan/{world.sample}/pensiun"
    page = dewi.get(THERE)
    assert "Ambil contoh angkatan lain" in words(page)
    assert dewi.post(f"{THERE}/ambil", data={"source": "lain-1"}).status_code == 422
    assert dewi.submit_form(page, f"{THERE}/ambil", source=CODE).status_code == 303
    after = words(dewi.get(THERE))
    assert "dari angkatan lain" in after
    assert "Ambil contoh angkatan lain" not in after
    last = dewi.submit_form(dewi.get(OVERVIEW), retire, reason="Sudah lama.")
    assert last.status_code == 422
    assert "contoh terakhir" in words(last)
    assert dewi.post(OVERVIEW, data={"measure": "exact", "threshold": ""}).status_code == 303
    rekan, desk = as_person("rekan"), f"/telaah/latihan/{world.sample}"
    assert rekan.post_json(desk, given_form(2, 4, **{"comment.isu": "Baru separuh."})).status_code == 200
    assert dewi.submit_form(dewi.get(OVERVIEW), retire, reason="Sudah lama.").status_code == 303
    assert "Sudah lama." in words(dewi.get(OVERVIEW))
    assert f'href="{desk}"' not in words(rekan.get(OVERVIEW))
    gone = words(rekan.get(desk))
    assert "tidak dipakai lagi" in gone
    assert "Baru separuh." in gone  # what was typed is still there to read
    assert '<form method="post" id="latihan"' not in gone
    for address in (desk, f"{desk}/kirim"):
        late = rekan.post(address, data=given_form(3, 4, **{"comment.isu": "Terlambat satu menit."}))
        assert late.status_code == 409
        assert "Terlambat satu menit." in words(late)


@pytest.mark.parametrize(
    ("who", "retired", "taken"),
    [("hasan", 404, 404), ("sari", 403, 403), ("budi", 404, 403), ("tono", 404, 404), ("rekan", 403, 403)],
)
def test_nobody_else_retires_or_takes_over(
    world: World, as_person: SignIn, app: Flask, who: str, retired: int, taken: int
) -> None:
    browser = as_person(who)
    answer = browser.post(f"/telaah/latihan/{world.sample}/pensiun", data={"reason": "Iseng"})
    assert answer.status_code == retired
    assert browser.post(f"{OVERVIEW}/ambil", data={"source": CODE}).status_code == taken
    with app.app_context():
        assert models.retirement_of(world.sample) is None


def test_a_lead_takes_nothing_from_a_cohort_that_others_lead(
    world: World, as_person: SignIn, app: Flask, cast: Cast
) -> None:
    with app.app_context():
        later = next_cohort(cast)
        db.session.add(CohortFacilitator(cohort_id=later.id, person_id=cast.people["hasan"], added_at=NOW))
        db.session.commit()
        db.session.remove()
    hasan = as_person("hasan")
    assert "Ambil contoh angkatan lain" not in words(hasan.get(THERE))
    assert hasan.post(f"{THERE}/ambil", data={"source": CODE}).status_code == 422
    assert as_person("ratna").post(f"{THERE}/ambil", data={"source": CODE}).status_code == 303
