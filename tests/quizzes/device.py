"""A model of how a learner's devices answer a quiz (static/outbox.js), over a network that loses what it is given.

Time is simulated: what happens is a queue of moments, so an hour of bad network takes a second, and the same seed is
the same hour. The server is the real one; only its clock is ours.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from tests.conftest import Browser

GIVE_UP = 20.0  # seconds
LONGEST_WAIT = 60.0
DROPPED = 0.3
_KNOWN = re.compile(r'data-known="(\d+)"')


class World:
    """The moments to come, the only true clock, and what was given when."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.now = 0.0
        self.epoch = datetime.now(UTC) + timedelta(seconds=1)
        self.given: list[tuple[float, str, str]] = []  # when, question, value
        self.requests = 0
        self.lost = 0
        self._moments: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def utcnow(self) -> datetime:
        """What the server's clock says."""
        return self.epoch + timedelta(seconds=self.now)

    def after(self, seconds: float, deed: Callable[[], None]) -> None:
        """Let something happen later."""
        heapq.heappush(self._moments, (self.now + seconds, next(self._order), deed))

    def run(self, until: float) -> None:
        """Let happen what happens until then."""
        while self._moments and self._moments[0][0] <= until:
            self.now, _, deed = heapq.heappop(self._moments)
            deed()
        self.now = max(self.now, until)


@dataclass
class Given:
    """One answer on a device; ``at`` is what the device's own clock, which may be wrong, said."""

    turn: int
    question: str
    value: str
    seen: int
    at: float


@dataclass
class Device:
    """A phone or a laptop: its browser's store outlives its tabs."""

    name: str
    world: World
    browser: Browser
    attempt: str
    clock: float  # how wrong its clock is
    token: str = ""
    store: dict[int, Given] = field(default_factory=dict)
    turn: int = 0
    good: bool = False  # whether the network is
    tab: Tab = field(init=False)

    def __post_init__(self) -> None:
        self.token = self.browser.csrf_token()
        self.open()

    @property
    def time(self) -> float:
        """What this device believes."""
        return self.world.now + self.clock

    def open(self) -> None:
        """A new tab on the attempt's page; what was in the one before is gone, what is in the store is not."""
        page = self.browser.get(self.attempt, check=False).get_data(as_text=True)
        found = _KNOWN.search(page)
        assert found, "the attempt's page"
        self.tab = self.make_tab(int(found[1]))
        self.tab.send()

    def make_tab(self, known: int) -> Tab:
        return Tab(self, known)

    def next_turn(self) -> int:
        self.turn = max(self.turn + 1, round(1000 * self.time))
        return self.turn


class Tab:
    """One open page."""

    def __init__(self, device: Device, known: int) -> None:
        self.device = device
        self.world = device.world
        self.known = known
        self.waiting: list[Given] = sorted(device.store.values(), key=lambda each: each.turn)
        self.flying = False
        self.tries = 0
        self.timer = 0

    @property
    def alive(self) -> bool:
        return self.device.tab is self

    def give(self, question: str, value: str) -> None:
        """The learner answers."""
        given = Given(self.device.next_turn(), question, value, self.known, self.device.time)
        self.world.given.append((self.world.now, question, value))
        self.waiting.append(given)
        self.keep(given)
        self.send()

    def keep(self, given: Given) -> None:
        self.device.store[given.turn] = given

    def forget(self, entries: list[Given]) -> None:
        self.waiting = [each for each in self.waiting if each not in entries]
        for each in entries:
            self.device.store.pop(each.turn, None)

    def batch(self) -> list[Given]:
        """The oldest answer to each question."""
        first: dict[str, Given] = {}
        for each in self.waiting:
            first.setdefault(each.question, each)
        return list(first.values())

    def body(self, entries: list[Given]) -> dict[str, Any]:
        fields: dict[str, Any] = {"csrf_token": self.device.token, "writer": self.device.name}
        for each in entries:
            fields[f"seen.{each.question}"] = each.seen
            fields[f"turn.{each.question}"] = each.turn
            fields[f"ago.{each.question}"] = round(1000 * max(0.0, self.device.time - each.at))
            fields[f"answer.{each.question}"] = each.value
        return fields

    def send(self) -> None:
        """Send what waits, one post at a time."""
        if self.flying or not self.waiting or not self.alive:
            return
        entries = self.batch()
        body = self.body(entries)
        self.flying = True
        world, luck = self.world, self.world.dice.random()
        world.requests += 1
        there, back = world.dice.uniform(0.02, 0.4), world.dice.uniform(0.02, 0.4)
        dropped = 0.0 if self.device.good else DROPPED
        if luck < dropped:
            world.lost += 1
        if luck < dropped / 2:
            world.after(GIVE_UP, lambda: self.failed())  # it never arrives
            return
        heard = luck >= dropped

        def arrive() -> None:
            response = self.device.browser.post_json(f"{self.device.attempt}/jawaban", body)
            assert response.status_code == 200, response.get_data(as_text=True)
            if heard:
                answer = response.get_json()
                world.after(back, lambda: self.saved(entries, answer))

        world.after(there, arrive)
        if not heard:
            world.after(GIVE_UP, lambda: self.failed())
        if world.dice.random() < 0.1:
            # a network in between delivers it once more, long after it was given up
            late = dict(body)
            world.after(
                world.dice.uniform(1, 90),
                lambda: self.device.browser.post_json(f"{self.device.attempt}/jawaban", late) and None,
            )

    def saved(self, entries: list[Given], answer: dict[str, Any]) -> None:
        if not self.alive:
            return
        self.flying, self.tries = False, 0
        self.known = max(self.known, answer["known"])
        self.forget(entries)
        self.send()

    def failed(self) -> None:
        self.flying = False
        self.tries += 1
        self.world.after(min(LONGEST_WAIT, 2.0**self.tries), self.send)
