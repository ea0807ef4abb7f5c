"""Many learners who answer a quiz at once: an open loop, where nobody waits for anybody else's reply.

Each of them gives an answer every PACE seconds, at moments of their own, over a new connection, as phones do that were
idle for longer than a server keeps a connection. A save's time counts from the moment at which the answer was given, so
a server that falls behind is seen to. Beside that: one learner alone, save after save.

``python -m tests.bench.crowd seat|drive|count`` reads JSON from standard input and writes JSON to standard output:
``seat`` makes sessions (in the database that the LMS_* environment names), ``drive`` sends, ``count`` looks which of
the saves that were confirmed are in the database, and how often.
"""

from __future__ import annotations

import gc
import gzip
import os
import random
import selectors
import socket
import sys
from collections import Counter
from collections.abc import Mapping
from time import perf_counter
from typing import TypeVar
from urllib.parse import urlencode

import msgspec
from flask import Flask, Response, session
from flask_login import login_user
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select

from lms.app import create_app
from lms.courses.models import Enrolment
from lms.extensions import db
from lms.people.models import Person, account_of
from lms.quizzes.models import Answer, Attempt, paper_of
from lms.settings import read
from tests.bench import servers
from tests.bench.databases import ROOT
from tests.bench.filling import values
from tests.bench.load import GZIP
from tests.bench.wire import TIMEOUT, Broken, Client, read_head

PACE = 5.0  # seconds from one answer of a learner to the next
WRITER = "ramai"
FAILURES_KEPT = 5
PYTHON = sys.executable

T = TypeVar("T")


class Member(msgspec.Struct):
    """A learner in the middle of an attempt; ``answers`` are two form values for each question."""

    attempt_id: int
    cookie: str
    token: str
    answers: list[tuple[str, str, str]]
    turn: int = 0
    known: int = 0


class Job(msgspec.Struct, kw_only=True):
    """Send for ``seconds``: the whole crowd at its pace, or (``alone``) the first member, reply after reply.

    With no seconds each of them answers once, all in one moment.
    """

    port: int
    members: list[Member]
    seconds: float
    alone: bool = False


class Result(msgspec.Struct, kw_only=True):
    """Latencies in microseconds; ``confirmed`` are (attempt, turn, sequence) of the saves that were answered."""

    seconds: float
    latencies: list[int]
    confirmed: list[tuple[int, int, int]]
    failures: list[str]
    members: list[Member]


class Tally(msgspec.Struct, frozen=True):
    """Of the saves that were confirmed: how many are not in the database, and how many are there twice."""

    lost: int
    doubled: int


# Sessions


def seat(count: int) -> list[Member]:
    """Sign the first learners in, without their passwords: hashing is measured elsewhere."""
    app = create_app(read(os.environ, ROOT))
    with app.app_context():
        running = db.session.execute(
            select(Attempt, Person)
            .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
            .join(Person, Person.id == Enrolment.person_id)
            .where(Attempt.submitted_at.is_(None), Person.active)
            .order_by(Attempt.id)
            .limit(count)
        ).all()
        answers = {attempt.id: _answers(attempt) for attempt, _ in running}
    # outside of that context: what one request keeps in `g` is not the next one's
    return [Member(attempt.id, *signed_in(app, person), answers[attempt.id]) for attempt, person in running]


def _answers(attempt: Attempt) -> list[tuple[str, str, str]]:
    questions = paper_of(attempt.item_id).quiz.questions
    return [(each.id, *values(each)[:2]) for each in questions]  # type: ignore[misc]


def signed_in(app: Flask, person: Person) -> tuple[str, str]:
    """A session's cookie and the token of its forms; needs that no app context is open."""
    with app.test_request_context("/"):
        session.permanent = True
        login_user(account_of(person))
        token = generate_csrf()
        response = Response()
        app.session_interface.save_session(app, session, response)  # type: ignore[arg-type]
    return response.headers["Set-Cookie"].partition(";")[0], token


# Sending


class _Save:
    """One save under way."""

    def __init__(self, port: int, member: Member, due: float) -> None:
        self.member = member
        self.due = due
        self.turn = member.turn = member.turn + 1
        self.data = bytearray()
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(self.request(port))

    def request(self, port: int) -> bytes:
        member = self.member
        question, *choices = member.answers[self.turn % len(member.answers)]
        fields = {
            "csrf_token": member.token,
            "writer": WRITER,
            f"seen.{question}": str(member.known),
            f"turn.{question}": str(self.turn),
            f"ago.{question}": "0",
            f"answer.{question}": choices[self.turn // len(member.answers) % 2],
        }
        body = urlencode(fields)
        head = (
            f"POST /kuis/percobaan/{member.attempt_id}/jawaban HTTP/1.1\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nAccept: application/json\r\nConnection: close\r\n"
            f"{Client(port).headers}\r\nCookie: {member.cookie}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return (head + body).encode()

    def receive(self) -> bool:
        """Take what arrived; True once the reply is whole. Raises Broken."""
        chunk = self.socket.recv(65_536)
        self.data += chunk
        head = read_head(self.data)
        if head is not None and len(self.data) >= head.end:
            return True
        if not chunk:
            raise Broken("the server hung up in the middle of a reply")
        return False

    def sequence(self) -> int:
        """The sequence under which the server says it stored the answer. Raises Broken."""
        head = read_head(self.data)
        assert head is not None
        body = bytes(self.data[head.body : head.end])
        body = gzip.decompress(body) if body.startswith(GZIP) else body
        if head.status != 200:
            raise Broken(f"status {head.status}: {body[:300]!r}")
        answer = msgspec.json.decode(body)
        self.member.known = int(answer["known"])
        ((_, sequence),) = answer["saved"].items()
        return int(sequence)


class _Crowd:
    def __init__(self, job: Job) -> None:
        self.job = job
        self.selector = selectors.DefaultSelector()
        self.latencies: list[int] = []
        self.confirmed: list[tuple[int, int, int]] = []
        self.failures: list[str] = []
        self.flying = 0

    def run(self) -> Result:
        begun = perf_counter()
        try:
            self.alone() if self.job.alone else self.together(begun)
        except OSError as error:
            self.failures.append(f"{type(error).__name__}: {error}")
        return Result(
            seconds=perf_counter() - begun,
            latencies=self.latencies,
            confirmed=self.confirmed,
            failures=self.failures[:FAILURES_KEPT],
            members=self.job.members,
        )

    def alone(self) -> None:
        end = perf_counter() + self.job.seconds
        while perf_counter() < end and not self.failures:
            self.send(self.job.members[0], perf_counter())
            self.wait(TIMEOUT, until_idle=True)

    def together(self, begun: float) -> None:
        dice = random.Random(1)
        members = list(self.job.members)
        dice.shuffle(members)
        step = PACE / len(members) if self.job.seconds else 0.0
        count = int(self.job.seconds / step) if step else len(members)
        # each in its own moment of the pace, give or take half of what lies between two of them
        moments = [begun + (at + dice.random() - 0.5) * step for at in range(count)]
        for at, due in sorted(enumerate(moments), key=lambda pair: pair[1]):
            self.wait(due - perf_counter())
            if len(self.failures) >= FAILURES_KEPT:
                return
            self.send(members[at % len(members)], due)
        self.wait(TIMEOUT, until_idle=True)
        if self.flying:
            self.failures.append(f"{self.flying} without a reply within {TIMEOUT:.0f} s")

    def send(self, member: Member, due: float) -> None:
        save = _Save(self.job.port, member, due)
        self.flying += 1
        self.selector.register(save.socket, selectors.EVENT_READ, save)

    def wait(self, seconds: float, *, until_idle: bool = False) -> None:
        """Take in replies for so long, or until none is under way."""
        end = perf_counter() + seconds
        while not (until_idle and not self.flying):
            for key, _ in self.selector.select(max(0.0, end - perf_counter())):
                self.receive(key.data)
            if perf_counter() >= end:
                return

    def receive(self, save: _Save) -> None:
        try:
            if not save.receive():
                return
            self.latencies.append(round((perf_counter() - save.due) * 1e6))
            self.confirmed.append((save.member.attempt_id, save.turn, save.sequence()))
        except (Broken, OSError, KeyError, ValueError) as error:
            self.failures.append(f"{type(error).__name__}: {error}")
        self.selector.unregister(save.socket)
        save.socket.close()
        self.flying -= 1


# What is in the database


def count_saves(confirmed: list[tuple[int, int, int]]) -> Tally:
    """Look for every save that was confirmed."""
    with create_app(read(os.environ, ROOT)).app_context():
        query = select(Answer.attempt_id, Answer.turn, Answer.sequence).where(Answer.writer == WRITER)
        rows = [tuple(row) for row in db.session.execute(query)]
        db.session.remove()
        db.engine.dispose()
    times = Counter((attempt_id, turn) for attempt_id, turn, _ in rows)
    return Tally(
        lost=len(set(confirmed) - set(rows)),
        doubled=sum(1 for number in times.values() if number > 1),
    )


# A whole run


class Measured(msgspec.Struct, frozen=True):
    """A crowd's saves, beside one learner's alone, and what happens when all of them come in one moment."""

    alone: Result
    together: Result
    moment: Result
    tally: Tally


def measure(port: int, env: Mapping[str, str], count: int, *, seconds: float) -> Measured:
    """Let a crowd answer. Raises RuntimeError when one of the processes fails."""
    members = _ask("seat", count, env, list[Member])
    warm = _ask("drive", Job(port=port, members=members, seconds=PACE), env, Result)
    alone = _ask("drive", Job(port=port, members=warm.members, seconds=seconds / 4, alone=True), env, Result)
    together = _ask("drive", Job(port=port, members=alone.members, seconds=seconds), env, Result)
    moment = _ask("drive", Job(port=port, members=together.members, seconds=0), env, Result)
    confirmed = [each for one in (warm, alone, together, moment) for each in one.confirmed]
    return Measured(alone, together, moment, _ask("count", confirmed, env, Tally))


def _ask(deed: str, what: object, env: Mapping[str, str], kind: type[T]) -> T:
    said = servers.run([PYTHON, "-m", "tests.bench.crowd", deed], env, data=msgspec.json.encode(what))
    return msgspec.json.decode(said, type=kind)


def main() -> None:
    """One deed, from standard input to standard output."""
    data = sys.stdin.buffer.read()
    answer: object
    match sys.argv[1:]:
        case ["seat"]:
            answer = seat(msgspec.json.decode(data, type=int))
        case ["drive"]:
            gc.disable()  # a collection in the middle would count as the server's time
            answer = _Crowd(msgspec.json.decode(data, type=Job)).run()
        case ["count"]:
            answer = count_saves(msgspec.json.decode(data, type=list[tuple[int, int, int]]))
        case _:
            sys.exit("seat, drive or count")
    sys.stdout.buffer.write(msgspec.json.encode(answer))


if __name__ == "__main__":
    main()
