"""Deadline night: everybody types, and everybody hands in, at a rate that does not care how the server is doing.

1,000 learners, each in three courses with a project of five sections (and in a fourth that nobody hands in tonight).
Each types in one section and saves every 3.3 seconds; after every twenty seconds they open the page for handing in,
look at it for a moment, and press the button. Together: 300 saves, 50 such pages and 50 hand-ins a second. Every tenth
presses twice. A request's time counts from the moment at which somebody did something, so a server that falls behind is
seen to; one that gives no answer is asked again, as the browser's scripts do.

Afterwards the database is read: every save that was confirmed must be in its draft and, where the work was handed in, in
its version; every hand-in that was confirmed must be one version, with its parts, one entry in the log, one mail.

``python -m tests.bench night`` runs this alone. ``python -m tests.bench.night seed|drive|count`` are its processes, JSON
from standard input to standard output.
"""

from __future__ import annotations

import gc
import gzip
import os
import re
import resource
import selectors
import socket
import sys
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar
from urllib.parse import quote_plus, urlencode

import msgspec
from sqlalchemy import select

from lms import audit
from lms.app import create_app
from lms.courses.models import Enrolment
from lms.extensions import db
from lms.mail import Mail
from lms.people.models import Person
from lms.projects import content
from lms.projects.actions import size_of
from lms.projects.content import ROW_ID
from lms.projects.models import Draft, SubmissionPart, SubmissionVersion, Work, WorkMember
from lms.projects.source import Project
from lms.settings import read
from tests import rpjmd
from tests.bench import servers
from tests.bench.cast import Scale
from tests.bench.crowd import signed_in
from tests.bench.databases import ROOT
from tests.bench.load import GZIP
from tests.bench.seed import Seed
from tests.bench.wire import Broken, Client, read_head

COURSES = 4  # three whose project is handed in, and one more to type in
ROUND = 20.0  # seconds from one hand-in of a learner to the next
SAVES = 6  # of a learner in a round
LOOKED_AT = 1.5  # seconds between the page for handing in and the button
TWICE = 10  # every so manyth presses twice
SECOND_PRESS = 0.03  # seconds after the first
PATIENCE = 30.0  # seconds until an answer is given up and the request sent again
DRAINED_WITHIN = 90.0
FAILURES_KEPT = 5
PYTHON = sys.executable

T = TypeVar("T")


class Learner(msgspec.Struct):
    """Somebody signed in; ``works`` by course, typing always in the same ``section``."""

    cookie: str
    token: str
    works: list[int]
    section: str


class Night(msgspec.Struct, kw_only=True):
    """Who comes; ``forms`` is by section what a save sends, up to where the marks are typed."""

    learners: list[Learner]
    forms: dict[str, str]


class Job(msgspec.Struct, kw_only=True):
    """How long to send on what port."""

    port: int
    night: Night
    seconds: float


class Result(msgspec.Struct, kw_only=True):
    """Latencies in microseconds by what was done; ``saves`` are (work, mark, revision), ``versions`` (work, id) of
    what was confirmed, ``sent`` the marks that were sent by work; ``late`` is how many seconds after the last deed the
    last answer came.
    """

    seconds: float
    late: float
    latencies: dict[str, list[int]]
    offered: dict[str, int]
    saves: list[tuple[int, int, int]]
    versions: list[tuple[int, int]]
    sent: dict[int, int]
    repeated: int
    failures: list[str]


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What the database says to what was confirmed."""

    saves: int
    versions: int
    lost_saves: int
    lost_versions: int
    doubled_saves: int
    doubled_versions: int
    torn: int


# The database of the night


class _NightSeed(Seed):
    def write(self) -> None:
        self.people()
        self.courses()
        self.cohorts()
        self.put(Enrolment, self.enrolments())
        self.projects()
        self.count_on()
        db.session.commit()

    def enrolments(self) -> Iterator[dict[str, Any]]:
        """Everybody in every course; an enrolment, its work and its member have one number."""
        for number, (course, person) in enumerate(self.places(), start=1):
            yield {
                "id": number,
                "cohort_id": course,
                "person_id": person,
                "enrolled_at": self.past,
                "removed_at": None,
            }

    def places(self) -> Iterator[tuple[int, int]]:
        for course in range(1, self.scale.courses + 1):
            for person in range(1, self.scale.learners + 1):
                yield course, person

    def projects(self) -> None:
        item = self.kind(1, "project")[0]
        project = msgspec.json.decode(item["definition"], type=Project)
        places = list(enumerate(self.places(), start=1))
        stable_id = item["stable_id"]
        self.put(
            Work,
            (
                {
                    "id": number,
                    "cohort_id": course,
                    "item_id": self.kind(course, "project")[0]["id"],
                    "stable_id": stable_id,
                    "name": "",
                    "created_at": self.past,
                }
                for number, (course, _) in places
            ),
        )
        self.put(
            WorkMember,
            (
                {
                    "id": number,
                    "work_id": number,
                    "enrolment_id": number,
                    "person_id": person,
                    "stable_id": stable_id,
                    "joined_at": self.past,
                    "left_at": None,
                }
                for number, (_, person) in places
            ),
        )
        held = rpjmd.contents(project)
        texts = {name: content.encode(each) for name, each in held.items()}
        self.put(
            Draft,
            (
                {
                    "work_id": number,
                    "section_id": section.id,
                    "content": texts[section.id],
                    "revision": 0 if content.is_empty(held[section.id]) else 1,
                    "findings": 0,
                    "size": size_of(held[section.id]),
                    "updated_at": self.past,
                    "updated_by": person,
                }
                for number, (_, person) in places
                for section in project.sections
            ),
        )


def seed(learners: int) -> Night:
    """Fill the empty database of the environment, and sign everybody in without a password."""
    app = create_app(read(os.environ, ROOT))
    scale = Scale(learners=learners, courses=COURSES, progress=0)
    with app.app_context():
        night = _NightSeed(scale, datetime.now(UTC).replace(microsecond=0))
        night.write()
        project = msgspec.json.decode(night.kind(1, "project")[0]["definition"], type=Project)
        people = db.session.scalars(select(Person).where(Person.learner).order_by(Person.id)).all()
        db.session.remove()
    # of five learners three write their text, one is at each of the tables
    sections = ("isu", "isu", "isu", "sasaran", "program")
    return Night(
        learners=[
            Learner(
                *signed_in(app, person),
                works=[at * learners + number + 1 for at in range(COURSES)],
                section=sections[number % len(sections)],
            )
            for number, person in enumerate(people)
        ],
        forms={name: _form(project, name) for name in set(sections)},
    )


_GROWS = {"isu": "text", "sasaran": "tujuan", "program": "pd"}  # where the marks are typed


def _form(project: Project, section_id: str) -> str:
    held = rpjmd.contents(project)[section_id]
    if isinstance(held, str):
        return urlencode({"text": f"{held}\n\nCatatan"})
    assert isinstance(held, content.Table)
    last = held.rows[-1]
    grows = (f"{last[ROW_ID]}.{_GROWS[section_id]}", last[_GROWS[section_id]])
    fields = [("row", row[ROW_ID]) for row in held.rows]
    fields += [
        (f"{row[ROW_ID]}.{column}", text)
        for row in held.rows
        for column, text in row.items()
        if column != ROW_ID and f"{row[ROW_ID]}.{column}" != grows[0]
    ]
    return urlencode([*fields, grows])


def _marks(count: int) -> str:
    """What somebody has typed after ``count`` saves: every save's mark is in all that follow."""
    return "".join(f" c{number}" for number in range(1, count + 1))


_MARK = re.compile(r"\bc(\d+)\b")


# Sending


class _Seat:
    """A learner at work: one thing at a time, in the order in which it was done."""

    def __init__(self, learner: Learner, port: int) -> None:
        self.learner = learner
        self.at = 0  # which of the works
        self.marks = 0
        self.revision = 1
        self.seen = ""
        self.todo: deque[tuple[float, str]] = deque()
        self.busy = False
        self.head = (
            f"{Client(port).headers}\r\nCookie: {learner.cookie}\r\nConnection: close\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
        )

    @property
    def work(self) -> int:
        return self.learner.works[self.at]

    def save(self, form: str) -> bytes:
        typed = quote_plus(_marks(self.marks))
        body = f"csrf_token={self.learner.token}&revision={self.revision}&{form}{typed}"
        return self.ask("POST", f"/proyek/kerja/{self.work}/{self.learner.section}", body, json=True)

    def hand_in(self) -> bytes:
        fields = {"csrf_token": self.learner.token, "expected": "1", "seen": self.seen, "integrity": "1"}
        return self.ask("POST", f"/proyek/kerja/{self.work}/kumpulkan", urlencode(fields))

    def page(self) -> bytes:
        return self.ask("GET", f"/proyek/kerja/{self.work}/kumpulkan")

    def ask(self, method: str, path: str, body: str = "", *, json: bool = False) -> bytes:
        accept = "application/json" if json else "text/html"
        head = f"{method} {path} HTTP/1.1\r\nAccept: {accept}\r\n{self.head}"
        return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


class _Call:
    """A request under way, over a connection of its own, as phones have that were idle for a while."""

    def __init__(self, seat: _Seat, what: str, due: float, request: bytes, work: int, mark: int) -> None:
        self.seat, self.what, self.due, self.request, self.work, self.mark = (
            seat,
            what,
            due,
            request,
            work,
            mark,
        )
        self.socket: socket.socket | None = None
        self.data = bytearray()
        self.begun = 0.0

    def send(self, port: int) -> socket.socket:
        self.data.clear()
        self.begun = perf_counter()
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(self.request)
        return self.socket

    def receive(self) -> bool:
        """Take what arrived; True once the answer is whole. Raises Broken, OSError."""
        assert self.socket is not None
        chunk = self.socket.recv(262_144)
        self.data += chunk
        head = read_head(self.data)
        if head is not None and len(self.data) >= head.end:
            return True
        if not chunk:
            raise Broken("the server hung up in the middle of an answer")
        return False

    def answer(self, status: int) -> tuple[bytes, bytes]:
        """Head and body. Raises Broken where the status is another one."""
        head = read_head(self.data)
        assert head is not None
        body = bytes(self.data[head.body : head.end])
        body = gzip.decompress(body) if body.startswith(GZIP) else body
        if head.status != status:
            raise Broken(f"{self.what}: status {head.status} instead of {status}: {body[:300]!r}")
        return bytes(self.data[: head.body]), body


class _Saved(msgspec.Struct):
    revision: str


_SAVED = msgspec.json.Decoder(_Saved)
_SEEN = re.compile(rb'name="seen" value="([^"]*)"')
_RECEIPT = re.compile(rb"\r\nlocation: [^\r]*/proyek/bukti/(\d+)", re.IGNORECASE)


def schedule(learners: int, seconds: float) -> list[tuple[float, int, str]]:
    """(when, who, what) of a whole night, in order: at every moment as much as at any other."""
    pause = ROUND / SAVES
    deeds = []
    for number in range(learners):
        first = LOOKED_AT + ROUND * number / learners  # when this learner hands in first
        for turn in range(-1, round(seconds / ROUND) + 1):
            begun = first + turn * ROUND
            # the last of the saves is over before the page for handing in is opened
            deeds += [(begun + pause * (at + 0.25), number, "save") for at in range(SAVES)]
            if 0 <= turn < COURSES - 1:
                deeds += [(begun - LOOKED_AT, number, "page"), (begun, number, "hand-in")]
    return sorted(deed for deed in deeds if 0 <= deed[0] < seconds)


class _Driver:
    def __init__(self, job: Job) -> None:
        self.job = job
        self.selector = selectors.DefaultSelector()
        self.seats = [_Seat(each, job.port) for each in job.night.learners]
        self.latencies: dict[str, list[int]] = {"save": [], "page": [], "hand-in": [], "again": []}
        self.offered: Counter[str] = Counter()
        self.saves: list[tuple[int, int, int]] = []
        self.versions: list[tuple[int, int]] = []
        self.sent: dict[int, int] = {}
        self.failures: list[str] = []
        self.repeated = 0
        self.flying: dict[_Call, None] = {}  # in the order in which they were sent
        self.presses: deque[tuple[float, _Call]] = deque()
        self.pressed = 0

    def run(self) -> Result:
        deeds = schedule(len(self.seats), self.job.seconds)
        begun = perf_counter()
        for when, who, what in deeds:
            self.wait_until(begun + when)
            self.offered[what] += 1
            seat = self.seats[who]
            seat.todo.append((begun + when, what))
            self.go_on(seat)
        ended = perf_counter()
        while (self.flying or self.presses) and perf_counter() < ended + DRAINED_WITHIN:
            self.wait_until(perf_counter() + 0.2)
        late = perf_counter() - ended
        if self.flying:
            self.failures.append(f"{len(self.flying)} without an answer after {DRAINED_WITHIN:.0f} s")
        return Result(
            seconds=ended - begun,
            late=late,
            latencies=self.latencies,
            offered=dict(self.offered),
            saves=self.saves,
            versions=self.versions,
            sent=self.sent,
            repeated=self.repeated,
            failures=self.failures,
        )

    def go_on(self, seat: _Seat) -> None:
        """The next thing that this learner does, once the one before is answered."""
        if seat.busy or not seat.todo:
            return
        due, what = seat.todo.popleft()
        seat.busy = True
        if what == "save":
            seat.marks += 1
            self.sent[seat.work] = seat.marks
            request = seat.save(self.job.night.forms[seat.learner.section])
        else:
            request = seat.page() if what == "page" else seat.hand_in()
        self.send(_Call(seat, what, due, request, seat.work, seat.marks))
        if what == "hand-in":
            self.pressed += 1
            if self.pressed % TWICE == 0:
                due += SECOND_PRESS
                self.presses.append((due, _Call(seat, "again", due, request, seat.work, seat.marks)))

    def send(self, call: _Call) -> None:
        try:
            self.selector.register(call.send(self.job.port), selectors.EVENT_READ, call)
        except OSError as error:
            self.fail(f"{type(error).__name__}: {error}")
        self.flying[call] = None

    def fail(self, words: str) -> None:
        if len(self.failures) < FAILURES_KEPT:
            self.failures.append(words)

    def wait_until(self, moment: float) -> None:
        """Take in answers until then."""
        while True:
            while self.presses and self.presses[0][0] <= perf_counter():
                self.send(self.presses.popleft()[1])
            left = moment - perf_counter()
            if self.presses:
                left = min(left, self.presses[0][0] - perf_counter())
            for key, _ in self.selector.select(max(0.0, left)):
                self.receive(key.data)
            self.lose_patience()
            if perf_counter() >= moment:
                return

    def lose_patience(self) -> None:
        now = perf_counter()
        while self.flying:
            call = next(iter(self.flying))
            if now - call.begun < PATIENCE:
                return
            self.send_again(call)

    def send_again(self, call: _Call) -> None:
        self.close(call)
        self.repeated += 1
        self.send(call)

    def close(self, call: _Call) -> None:
        del self.flying[call]
        if call.socket is not None:
            if call.socket.fileno() >= 0 and call.socket in self.selector.get_map():
                self.selector.unregister(call.socket)
            call.socket.close()

    def receive(self, call: _Call) -> None:
        try:
            if not call.receive():
                return
        except (Broken, OSError):
            self.send_again(call)
            return
        self.close(call)
        self.latencies[call.what].append(round((perf_counter() - call.due) * 1e6))
        try:
            self.learn(call)
        except (Broken, msgspec.DecodeError) as error:
            self.fail(f"{type(error).__name__}: {error}")
        if call.what != "again":
            call.seat.busy = False
            self.go_on(call.seat)

    def learn(self, call: _Call) -> None:
        """What an answer confirms."""
        seat = call.seat
        if call.what == "save":
            _, body = call.answer(200)
            seat.revision = int(_SAVED.decode(body).revision)
            self.saves.append((call.work, call.mark, seat.revision))
        elif call.what == "page":
            _, body = call.answer(200)
            found = _SEEN.search(body)
            if found is None:
                raise Broken(f"a page for handing in without its form: {body[:300]!r}")
            seat.seen = found[1].decode()
        else:
            if call.what == "hand-in":
                seat.at += 1
                seat.marks, seat.revision = 0, 1
            head, _ = call.answer(303)
            found = _RECEIPT.search(head)
            if found is None:
                raise Broken(f"handed in without a receipt: {head!r}")
            self.versions.append((call.work, int(found[1])))


# What is in the database


def count(result: Result) -> Tally:
    """Look for everything that was confirmed, and for what nobody asked for; needs an app context."""
    typed = select(Draft.work_id, Draft.revision, Draft.content).where(
        Draft.work_id.in_(result.sent), Draft.section_id.in_(_GROWS)
    )
    drafts = {
        work_id: (revision, _marks_in(text))
        for work_id, revision, text in db.session.execute(typed)
        if _marks_in(text)
    }
    versions = db.session.execute(
        select(SubmissionVersion.id, SubmissionVersion.work_id, SubmissionVersion.receipt)
    ).all()
    parts: dict[int, list[str]] = {}
    for key, text in db.session.execute(select(SubmissionPart.submission_id, SubmissionPart.content)):
        parts.setdefault(key, []).append(text)
    told = Counter(
        db.session.scalars(select(audit.AuditEntry.thing).where(audit.AuditEntry.deed == "hand in"))
    )
    mails = Counter(
        key.split(":")[1] for key in db.session.scalars(select(Mail.key)) if key.startswith("receipt:")
    )
    sections = Counter(db.session.scalars(select(Draft.work_id)))
    whole = [
        len(parts.get(key, ())) == sections[work_id]
        and told[f"submission:{key}"] == 1
        and mails[receipt] == 1
        for key, work_id, receipt in versions
    ]
    taken = {work_id: set().union(*map(_marks_in, parts.get(key, ()))) for key, work_id, _ in versions}
    lost = 0
    for work_id, mark, revision in result.saves:
        last, marks = drafts.get(work_id, (0, set()))
        lost += mark not in marks or revision > last or mark not in taken.get(work_id, marks)
    return Tally(
        saves=len(result.saves),
        versions=len(versions),
        lost_saves=lost,
        lost_versions=len(set(result.versions) - {(work_id, key) for key, work_id, _ in versions}),
        doubled_saves=sum(last - 1 > result.sent.get(work_id, 0) for work_id, (last, _) in drafts.items()),
        doubled_versions=len(versions) - len(taken),
        torn=whole.count(False) + abs(len(told) - len(versions)) + (audit.first_broken() is not None),
    )


def _marks_in(text: str) -> set[int]:
    return {int(each) for each in _MARK.findall(text)}


# A whole run


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """A night; ``cpu`` is what the server's processes used in all, ``others`` what everybody else on this machine did
    meanwhile (the database server and the load's own process too), both in processors.
    """

    result: Result
    tally: Tally
    cpu: float
    others: float


def measure(env: Mapping[str, str], folder: Path, *, seconds: float, learners: int) -> Measured:
    """Fill a migrated database, serve, send, and look. Raises RuntimeError when one of the processes fails."""
    night = _ask("seed", learners, env, Night)
    with servers.gunicorn("wsgi:app", env, folder / "night.log") as server:
        before, used = _machine(), server.cpu()
        result = _ask("drive", Job(port=server.port, night=night, seconds=seconds), env, Result)
        busy, used = _machine() - before, server.cpu() - used
    span = result.seconds + result.late
    return Measured(
        result=result, tally=_ask("count", result, env, Tally), cpu=used / span, others=(busy - used) / span
    )


def _machine() -> float:
    """The seconds of processor time that this machine has worked so far; 0 where it does not tell."""
    try:
        fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    except OSError:
        return 0.0
    user, nice, system, _idle, _wait, *interrupts = map(int, fields[:7])
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


def _ask(deed: str, what: object, env: Mapping[str, str], kind: type[T]) -> T:
    said = servers.run([PYTHON, "-m", "tests.bench.night", deed], env, data=msgspec.json.encode(what))
    return msgspec.json.decode(said, type=kind)


def main() -> None:
    """One deed, from standard input to standard output."""
    data = sys.stdin.buffer.read()
    answer: object
    match sys.argv[1:]:
        case ["seed"]:
            answer = seed(msgspec.json.decode(data, type=int))
        case ["drive"]:
            _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
            gc.disable()  # a collection in the middle would count as the server's time
            answer = _Driver(msgspec.json.decode(data, type=Job)).run()
        case ["count"]:
            with create_app(read(os.environ, ROOT)).app_context():
                answer = count(msgspec.json.decode(data, type=Result))
                db.session.remove()
                db.engine.dispose()
        case _:
            sys.exit("seed, drive or count")
    sys.stdout.buffer.write(msgspec.json.encode(answer))


if __name__ == "__main__":
    main()
