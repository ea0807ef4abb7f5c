"""``python -m tests.bench``: seed, serve, load, print; see the package's docstring."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tests.bench import crowd, databases, load, night, report, servers, weight
from tests.bench.cast import Cast, Scale
from tests.bench.inside import Figure, Plan
from tests.bench.pages import PAGES, Page, Session, chosen_pages, sign_in_all, visitors
from tests.bench.report import FLASK, HELLO, INSERT, Measured
from tests.bench.wire import Client

PYTHON = sys.executable
INSIDE_PASSES = 2
WARM_PASSES = 5  # of every request, over two processes that each have their own caches
WORKER_SETTLES = 4.0  # seconds
CROWD_SECONDS = 15.0


@dataclass(frozen=True)
class Options:
    """What the command line says."""

    what: str | None
    seconds: float
    warmup: float
    rounds: int
    connections: int
    crowd: int
    night: float
    night_learners: int
    scale: Scale
    databases: tuple[str, ...]
    pages: tuple[str, ...]
    quick: bool
    strict: bool
    folder: Path | None


def options(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line; SystemExit on what it does not know."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("night",), help="only that; everything without it")
    parser.add_argument("--seconds", type=float, default=4.0, help="measured per page (default 4)")
    parser.add_argument("--warmup", type=float, default=1.0, help="before that, unmeasured (default 1)")
    parser.add_argument("--rounds", type=int, default=2, help="the seconds are spread over these (default 2)")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument(
        "--crowd", type=int, default=500, help="learners who answer at once (default 500; 0: none)"
    )
    parser.add_argument(
        "--night", type=float, default=60.0, help="seconds of deadline night (default 60; 0: none)"
    )
    parser.add_argument(
        "--night-learners",
        type=int,
        default=1_000,
        help="who comes; 1,000 (the default) offer 300 saves and 50 hand-ins a second",
    )
    parser.add_argument("--learners", type=int, default=2_000)
    parser.add_argument("--courses", type=int, default=40)
    parser.add_argument("--progress", type=int, default=50_000, help="rows of progress")
    parser.add_argument("--only", choices=("sqlite", "postgresql"), action="append", help="one database")
    parser.add_argument("--page", choices=[page.name for page in PAGES], action="append", help="one page")
    parser.add_argument("--quick", action="store_true", help="no growth check, no cold start, no worker")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a target is missed")
    parser.add_argument("--folder", type=Path, help="where the temporary instance is made")
    given = parser.parse_args(arguments)
    return Options(
        what=given.what,
        seconds=given.seconds,
        warmup=given.warmup,
        rounds=max(1, given.rounds),
        connections=given.connections,
        crowd=given.crowd,
        night=given.night,
        night_learners=given.night_learners,
        scale=Scale(learners=given.learners, courses=given.courses, progress=given.progress),
        databases=tuple(given.only or ("sqlite", "postgresql")),
        pages=tuple(given.page or (page.name for page in PAGES)),
        quick=given.quick,
        strict=given.strict,
        folder=given.folder,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code."""
    chosen = options(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything started is also ended
    missed = 0
    for database in chosen.databases:
        server = databases.postgresql_server() if database == "postgresql" else None
        if database == "postgresql" and server is None:
            say("postgresql: not reachable, left out (set LMS_BENCH_DATABASE_URL)")
            continue
        if chosen.what is None:
            missed += _report(_measured(database, server, chosen))
        if chosen.night:
            missed += _night(database, server, chosen)
    if not chosen.quick and chosen.what is None:
        with place("sqlite", None, chosen) as (instance, url):
            migrate(servers.environment(instance, url))
            verdict = report.cold_start(*servers.cold_starts(servers.environment(instance, url)))
        say(str(verdict))
        missed += not verdict.met
    return 1 if missed and chosen.strict else 0


def say(words: str = "") -> None:
    """Print at once: a run takes minutes."""
    print(words, flush=True)


@contextlib.contextmanager
def place(database: str, server: str | None, chosen: Options) -> Iterator[tuple[Path, str]]:
    """A temporary instance folder and the address of an empty database."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(databases.instance(chosen.folder))
        if server is not None:
            yield folder, stack.enter_context(databases.postgresql(server))
        else:
            yield folder, f"sqlite:///{folder / 'lms.db'}"


def migrate(env: dict[str, str]) -> None:
    """Bring the database to the newest schema, as in production."""
    servers.run([PYTHON, "-m", "flask", "--app", "wsgi", "db", "upgrade"], env)


def seeded(env: dict[str, str], scale: Scale) -> Cast:
    """Migrate and fill a database."""
    migrate(env)
    printed = servers.run([PYTHON, "-m", "tests.bench.seed"], env, data=msgspec.json.encode(scale))
    return msgspec.json.decode(printed, type=Cast)


def inside(env: dict[str, str], plan: Plan) -> dict[str, Figure]:
    """Statements and time of the plan's pages on that database."""
    printed = servers.run([PYTHON, "-m", "tests.bench.inside"], env, data=msgspec.json.encode(plan))
    return msgspec.json.decode(printed, type=dict[str, Figure])


def _measured(database: str, server: str | None, chosen: Options) -> Measured:
    measured = Measured(database)
    with place(database, server, chosen) as (instance, url):
        env = servers.environment(instance, url)
        begun = time.monotonic()
        cast = seeded(env, chosen.scale)
        counts = ", ".join(
            f"{cast.rows[name]:,} {name}"
            for name in ("person", "item", "progress", "answer", "draft", "submission_version")
        )
        say(f"\n== {database}: seeded in {time.monotonic() - begun:.0f} s: {counts}")
        _costs(measured, env, cast, chosen, server)
        env["LMS_BENCH_PAGE_BYTES"] = str(measured.figures["lesson"].size)
        env["LMS_BENCH_PAGE_PACKED"] = str(measured.figures["lesson"].packed)
        servers.run([PYTHON, "-m", "tests.bench.limits"], env)
        _loads(measured, env, cast, chosen, instance)
    return measured


# What happens inside: statements, time, growth


def _plan(cast: Cast, pages: tuple[str, ...]) -> Plan:
    few = msgspec.structs.replace(cast, learners=cast.learners[:4], facilitators=cast.facilitators[:1])
    return Plan(cast=few, pages=pages)


def _costs(measured: Measured, env: dict[str, str], cast: Cast, chosen: Options, server: str | None) -> None:
    wanted = tuple({*chosen.pages, "lesson"})
    measured.figures = inside(env, _plan(cast, wanted))
    if chosen.quick:
        return
    growing = tuple(page.name for page in PAGES if page.growth and page.name in wanted)
    tenth = max(chosen.scale.learners // 10, chosen.scale.sessions)
    few_learners = msgspec.structs.replace(
        chosen.scale,
        learners=tenth,
        progress=chosen.scale.progress * tenth // chosen.scale.learners,
        waiting=chosen.scale.waiting // 1000,
    )
    few_courses = msgspec.structs.replace(few_learners, courses=max(1, chosen.scale.courses // 10))
    with contextlib.ExitStack() as stack:
        plans = [(measured.figures, env, _plan(cast, growing))]
        for target, scale in ((measured.few_learners, few_learners), (measured.few_courses, few_courses)):
            other = servers.environment(*stack.enter_context(place(measured.database, server, chosen)))
            plans.append((target, other, _plan(seeded(other, scale), growing)))
        # in turn, so that a busy moment of the machine meets all of them
        for _ in range(INSIDE_PASSES):
            for target, where, plan in plans:
                _keep_fastest(target, inside(where, plan))


def _keep_fastest(known: dict[str, Figure], new: dict[str, Figure]) -> None:
    for name, figure in new.items():
        before = known.get(name)
        if before is None:
            known[name] = figure
        else:
            fastest = min(before.milliseconds, figure.milliseconds)
            known[name] = msgspec.structs.replace(before, milliseconds=fastest)


# What happens under load


def _loads(measured: Measured, env: dict[str, str], cast: Cast, chosen: Options, instance: Path) -> None:
    with contextlib.ExitStack() as stack:
        start = [
            stack.enter_context(servers.gunicorn(app, env, instance / f"{name}.log"))
            for name, app in (
                ("wsgi", "wsgi:app"),
                ("limits", "tests.bench.limits:create_app()"),
                ("hello", "tests.bench.limits:hello"),
            )
        ]
        platform, limits, hello = start
        pages = chosen_pages(chosen.pages)
        sessions = sign_in_all(cast, pages, lambda: Client(platform.port))
        jobs = _limit_jobs(limits, hello, cast, chosen)
        jobs += [(page.name, platform, _job(platform.port, page, sessions, chosen)) for page in pages]
        for turn in range(chosen.rounds):
            for name, server, job in jobs:
                job.warmup = chosen.warmup if turn == 0 else min(0.2, chosen.warmup)
                sent, used = job.sent, server.cpu()
                result = load.run(job)
                job.visitors = result.visitors
                measured.rounds.setdefault(name, []).append(result)
                measured.cpu.setdefault(name, []).append(
                    1000 * (server.cpu() - used) / max(1, job.sent - sent)
                )
        if chosen.crowd and "answer POST" in chosen.pages:
            measured.crowd = crowd.measure(platform.port, env, chosen.crowd, seconds=CROWD_SECONDS)
        measured.memory = platform.memory()
        learner = cast.learners[0]
        browser = sessions[0].browser
        assert isinstance(browser, Client)
        visits = [weight.visit(browser, f"/belajar/{learner.code}/{each}") for each in learner.lessons]
        measured.first_visit, measured.later_visit = max(visits)
        if not chosen.quick:
            worker = [PYTHON, "-m", "flask", "--app", "wsgi", "worker"]
            process = stack.enter_context(servers.running(worker, env, instance / "worker.log"))
            time.sleep(WORKER_SETTLES)
            measured.worker_memory = servers.memory([process.pid, *servers.children(process.pid)])


def _job(port: int, page: Page, sessions: Sequence[Session], chosen: Options) -> load.Job:
    def headers(session: Session) -> str:
        assert isinstance(session.browser, Client)
        return session.browser.headers

    return _plain_job(port, visitors(page, sessions, headers), chosen)


def _plain_job(port: int, people: list[load.Visitor], chosen: Options) -> load.Job:
    return load.Job(
        port=port,
        visitors=people,
        connections=chosen.connections,
        passes=WARM_PASSES,
        seconds=chosen.seconds / chosen.rounds,
    )


def _limit_jobs(
    limits: servers.Server, hello: servers.Server, cast: Cast, chosen: Options
) -> list[tuple[str, servers.Server, load.Job]]:
    """The three bare limits, the Flask ones with as many people signed in as the platform's pages have."""
    get, post = [], []
    form = "Content-Type: application/x-www-form-urlencoded\r\nAccept: application/json\r\n"
    for number in range(1, len(cast.learners) + 1):
        client = Client(limits.port)
        client.get(f"/in/{number}")
        get.append(load.Visitor(requests=(load.Request(f"GET /page HTTP/1.1\r\n{client.headers}"),)))
        insert = load.Request(f"POST /insert HTTP/1.1\r\n{form}{client.headers}", "text=Jawaban+@n@")
        post.append(load.Visitor(requests=(insert,)))
    bare = load.Request(f"GET / HTTP/1.1\r\n{Client(hello.port).headers}")
    plain = [load.Visitor(requests=(bare,)) for _ in range(chosen.connections)]
    return [
        (HELLO, hello, _plain_job(hello.port, plain, chosen)),
        (FLASK, limits, _plain_job(limits.port, get, chosen)),
        (INSERT, limits, _plain_job(limits.port, post, chosen)),
    ]


def _night(database: str, server: str | None, chosen: Options) -> int:
    """Deadline night on a database of its own, printed; the number of targets missed."""
    with place(database, server, chosen) as (instance, url):
        env = servers.environment(instance, url)
        migrate(env)
        measured = night.measure(env, instance, learners=chosen.night_learners, seconds=chosen.night)
    say(f"\n== {database}: deadline night")
    say(report.night_table(measured))
    found = report.night_verdicts(measured)
    for verdict in found:
        say(str(verdict))
    return sum(not verdict.met for verdict in found)


def _report(measured: Measured) -> int:
    """Print one database's figures; the number of targets missed."""
    say(report.pages_table(measured))
    say()
    if growth := report.growth_table(measured):
        say(growth)
        say()
    if measured.crowd is not None:
        say(report.crowd_lines(measured.crowd))
    web, worker = ((each or 0) / 1e6 for each in (measured.memory, measured.worker_memory))
    say(f"lesson: first visit {measured.first_visit:,} bytes, later visits {measured.later_visit:,}")
    say(f"memory: web server {web:.0f} MB and worker {worker:.0f} MB, together {web + worker:.0f} MB")
    found = report.verdicts(measured)
    for verdict in found:
        say(str(verdict))
    return sum(not verdict.met for verdict in found)


if __name__ == "__main__":
    sys.exit(main())
