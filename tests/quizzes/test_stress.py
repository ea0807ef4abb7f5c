"""Two devices, killed tabs, wrong clocks, and a network that loses three of ten requests: nothing given is lost.

Each answer is stored once, and what counts is what was given last. The same check is run against clients and servers
with a mistake in them, to show that it would find it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from lms.extensions import db
from lms.quizzes import actions
from lms.quizzes.models import Answer, Answers, answers_of, current_answers, read_value
from tests.conftest import Browser
from tests.quizzes.device import Device, Given, Tab, World
from tests.quizzes.test_views import begin

QUESTIONS = ("angka", "singkat")
ANSWERS = 60


def an_hour(
    app: Any, make_browser: Any, monkeypatch: Any, seed: int, kind: type[Device] = Device
) -> tuple[World, list[Device]]:
    """What two devices of one learner do in bad weather, until the weather is good again."""
    world = World(seed)
    monkeypatch.setattr("lms.quizzes.views.attempt.utcnow", world.utcnow)
    browsers = [make_browser() for _ in range(2)]
    attempt = begin(browsers[0])
    # one clock is a month slow, the other an hour fast
    devices = [
        kind("telepon", world, browsers[0], attempt, clock=-2_600_000.0),
        kind("laptop", world, browsers[1], attempt, clock=3600.0),
    ]
    moment, at = 0.0, 0
    for number in range(ANSWERS):
        if world.dice.random() < 0.3:
            at = 1 - at
            moment += world.dice.uniform(1.5, 40)  # nobody is at the other device at once
        else:
            moment += world.dice.choice([0.05, 0.5, 3.0, 25.0])
        question, value = world.dice.choice(QUESTIONS), str(number)
        kill = world.dice.random() < 0.15

        def act(
            device: Device = devices[at], question: str = question, value: str = value, kill: bool = kill
        ) -> None:
            if kill:
                device.open()
            device.tab.give(question, value)

        world.after(moment - world.now, act)
    world.run(moment + 1)
    for device in devices:
        device.open()  # whatever was under way
        device.good = True
    world.run(moment + 600)
    return world, devices


def check(world: World) -> None:
    """Every answer is there once, in the order in which they were given, and the last one counts."""
    columns = (Answer.question_id, Answer.value, Answer.sequence)
    rows = db.session.execute(select(*columns).order_by(Answer.given_at, Answer.sequence)).all()
    stored = [(question, read_value(value)) for question, value, _ in rows]
    given = [(question, value) for _, question, value in sorted(world.given)]
    lost, extra = Counter(given) - Counter(stored), Counter(stored) - Counter(given)
    assert not lost, f"lost: {lost}"
    assert not extra, f"stored twice, or never given: {extra}"
    assert sorted(row.sequence for row in rows) == list(range(1, len(rows) + 1))
    for question in QUESTIONS:
        mine = [each for each in given if each[0] == question]
        assert [each for each in stored if each[0] == question] == mine
        assert current_answers(1).value(question) == answers_of(1).value(question) == mine[-1][1]


@pytest.fixture
def make_browser(app: Any, as_person: Any) -> Any:
    """Another browser of the learner's, signed in as the first one is."""

    def make() -> Browser:
        first = as_person("sari")
        other = Browser(app)
        other.client.set_cookie("lms", first.client.get_cookie("lms").value)
        return other

    return make


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_lost(app: Any, make_browser: Any, monkeypatch: Any, session: Any, seed: int) -> None:
    world, devices = an_hour(app, make_browser, monkeypatch, seed)
    assert world.lost > 0.15 * world.requests, "the weather was too good to show anything"
    assert all(not device.store for device in devices)
    check(world)


# Mistakes that it must find


class Forgetful(Device):
    """Lets go of what it sends before anybody has confirmed it."""

    def make_tab(self, known: int) -> Tab:
        class OfSent(Tab):
            def body(self, entries: list[Given]) -> dict[str, Any]:
                body = super().body(entries)
                self.forget(entries)
                return body

        return OfSent(self, known)


class OneKey(Device):
    """Keeps one answer of all."""

    def make_tab(self, known: int) -> Tab:
        class Narrow(Tab):
            def keep(self, given: Given) -> None:
                self.device.store = {given.turn: given}

        return Narrow(self, known)


class Nameless(Device):
    """Says of nothing whether it was sent before."""

    def make_tab(self, known: int) -> Tab:
        class New(Tab):
            def body(self, entries: list[Given]) -> dict[str, Any]:
                return super().body([replace(each, turn=self.device.next_turn()) for each in entries])

        return New(self, known)


class Ageless(Device):
    """Says of everything that it was given just now."""

    def make_tab(self, known: int) -> Tab:
        class Now(Tab):
            def body(self, entries: list[Given]) -> dict[str, Any]:
                return super().body([replace(each, at=self.device.time) for each in entries])

        return Now(self, known)


@pytest.mark.parametrize("kind", [Forgetful, OneKey, Nameless, Ageless])
def test_a_client_with_a_mistake_is_found(
    app: Any, make_browser: Any, monkeypatch: Any, session: Any, kind: type[Device]
) -> None:
    world, _ = an_hour(app, make_browser, monkeypatch, 0, kind)
    with pytest.raises(AssertionError):
        check(world)


@dataclass(frozen=True)
class Mistake:
    """A function of the server's with something else in its place."""

    name: str
    instead: Any


def _by_age_alone(_saves: Any, _given: Any, at: datetime) -> datetime:
    return at


def _as_new(_answers: Answers, _question_id: str, _given: Any) -> bool:
    return False


def _by_arrival(_sitting: Any, _given: Any, now: datetime) -> datetime:
    return now


@pytest.mark.parametrize(
    "mistake",
    [Mistake("_place", _by_age_alone), Mistake("_is_stored", _as_new), Mistake("_given_at", _by_arrival)],
    ids=lambda each: each.name,
)
def test_a_server_with_a_mistake_is_found(
    app: Any, make_browser: Any, monkeypatch: Any, session: Any, mistake: Mistake
) -> None:
    monkeypatch.setattr(actions, mistake.name, mistake.instead)
    world, _ = an_hour(app, make_browser, monkeypatch, 0)
    with pytest.raises(AssertionError):
        check(world)
