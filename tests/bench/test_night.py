"""Deadline night offers what it says it offers, and its count finds what is missing."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
from sqlalchemy import delete

from lms import mail
from lms.extensions import db
from lms.projects.models import SubmissionPart
from tests.bench.night import Result, Tally, count, schedule
from tests.cast import NOW, Cast
from tests.projects.work import TABLE, TEXT, begin, hand_in, save


def test_as_much_is_offered_at_every_moment() -> None:
    deeds = schedule(1_000, 60.0)
    per_second = Counter((int(when), what) for when, _, what in deeds)
    assert {per_second[second, "save"] for second in range(60)} == {300}
    assert {per_second[second, "hand-in"] for second in range(2, 60)} == {50}
    assert {per_second[second, "page"] for second in range(58)} == {50}


def test_nobody_types_between_the_page_and_the_button() -> None:
    for who in (0, 1, 499, 999):
        own = [what for _, learner, what in schedule(1_000, 60.0) if learner == who]
        assert own.count("hand-in") >= 2
        assert [own[at - 1] for at, what in enumerate(own) if what == "hand-in" and at] == ["page"] * (
            own.count("hand-in")
        )


EMPTY = Result(
    seconds=1, late=0, latencies={}, offered={}, saves=[], versions=[], sent={}, repeated=0, failures=[]
)


def test_the_count_finds_what_is_lost_doubled_or_torn(cast: Cast, session: Any) -> None:
    sari, work = cast.people["sari"], begin(cast)
    save(work, "sasaran", TABLE, by=sari)
    save(work, "isu", f"{TEXT} c1", by=sari)
    save(work, "isu", f"{TEXT} c1 c2", by=sari)
    version = hand_in(work, sari)
    confirmed = msgspec.structs.replace(
        EMPTY, saves=[(work.id, 1, 1), (work.id, 2, 2)], versions=[(work.id, version.id)], sent={work.id: 2}
    )
    nothing = Tally(
        saves=2,
        versions=1,
        lost_saves=0,
        lost_versions=0,
        doubled_saves=0,
        doubled_versions=0,
        torn=1,  # no mail was written
    )
    assert count(confirmed) == nothing
    mail.queue(f"receipt:{version.receipt}:{sari}", "sari@uji.example", "s", "b", now=NOW)
    db.session.flush()
    whole = msgspec.structs.replace(nothing, torn=0)
    assert count(confirmed) == whole
    more = msgspec.structs.replace(
        confirmed,
        saves=[*confirmed.saves, (work.id, 3, 3), (work.id, 2, 4)],
        versions=[*confirmed.versions, (work.id, 99)],
        sent={work.id: 0},
    )
    assert count(more) == msgspec.structs.replace(
        whole, saves=4, lost_saves=2, lost_versions=1, doubled_saves=1
    )
    db.session.execute(delete(SubmissionPart).where(SubmissionPart.section_id == "isu"))
    assert count(confirmed) == msgspec.structs.replace(whole, lost_saves=2, torn=1)
