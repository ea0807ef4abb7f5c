"""The tables and the verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from tests.bench import crowd, night
from tests.bench.inside import Figure
from tests.bench.load import Result
from tests.bench.pages import PAGES

MOST_STATEMENTS = 8
FIRST_VISIT = 40_000  # bytes
MEMORY = 250_000_000  # bytes
COLD_START = 1.5  # times a bare Flask app's
CROWD_P99 = 20.0  # times the median of one learner alone
SAVE_STATEMENTS = 5
KEPT_UP = 2.0  # seconds that the last answers of deadline night may take
# What ten times the learners or courses may cost more: a page's time varies that much on a busy machine.
GROWTH = 1.3
MILLISECONDS = 1.0  # and differences below this one are noise at any ratio

DESK_STATEMENTS = 12
DESK_TIMES = 3.0  # what a submission of 15,000 words may take, in lesson pages

HELLO, FLASK, INSERT = "bare WSGI", "Flask limit", "Flask insert limit"
LIMITS = (HELLO, FLASK, INSERT)


@dataclass(frozen=True)
class Verdict:
    """A target in words and whether it was met."""

    words: str
    met: bool

    def __str__(self) -> str:
        return f"{'ok  ' if self.met else 'MISS'}  {self.words}"


@dataclass
class Measured:
    """All that one database's run found; rounds are in the order they were run."""

    database: str
    rounds: dict[str, list[Result]] = field(default_factory=dict)
    cpu: dict[str, list[float]] = field(default_factory=dict)  # milliseconds of the server per request
    figures: dict[str, Figure] = field(default_factory=dict)
    few_courses: dict[str, Figure] = field(default_factory=dict)
    few_learners: dict[str, Figure] = field(default_factory=dict)
    first_visit: int = 0
    later_visit: int = 0
    memory: int | None = None
    worker_memory: int | None = None
    crowd: crowd.Measured | None = None

    def ratio(self, name: str, limit: str) -> float | None:
        """The page's rate beside a limit's: the median of the rounds, because a busy moment meets both."""
        pairs = zip(self.rounds.get(name, ()), self.rounds.get(limit, ()), strict=False)
        ratios = [page.per_second / bare.per_second for page, bare in pairs if bare.latencies]
        return median(ratios) if ratios else None


def percentile(values: Iterable[int], share: float) -> int:
    """The smallest value that at least ``share`` (0 to 1) of the values do not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns under each other: the first to the left, numbers to the right."""
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def pages_table(measured: Measured) -> str:
    """One line per limit and page."""
    head = ("page", "req/s", "of limit", "of insert", "CPU ms", "p50 ms", "p99 ms", "SQL", "first", "bytes")
    rows = [_line(measured, name) for name in (*LIMITS, *(page.name for page in PAGES))]
    return table(head, [row for row in rows if row])


def _line(measured: Measured, name: str) -> list[str]:
    results = measured.rounds.get(name)
    if not results:
        return []
    latencies = [each for result in results for each in result.latencies]
    figure = measured.figures.get(name)
    return [
        name,
        f"{median(result.per_second for result in results):,.0f}",
        _share(measured.ratio(name, FLASK)),
        _share(measured.ratio(name, INSERT) if "POST" in name else None),
        f"{median(measured.cpu.get(name, [0.0])):.2f}",
        f"{percentile(latencies, 0.5) / 1000:.1f}",
        f"{percentile(latencies, 0.99) / 1000:.1f}",
        str(figure.statements) if figure else "",
        str(figure.first) if figure else "",
        f"{sum(result.bytes for result in results) // max(1, len(latencies)):,}",
    ]


def _share(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"


def growth_table(measured: Measured) -> str:
    """What the pages cost with a tenth of the courses, a tenth of the learners, and all of both."""
    head = ("growth", "few courses", "few learners", "all", "x courses", "x learners")
    rows = []
    for page in PAGES:
        states = [
            each.get(page.name) for each in (measured.few_courses, measured.few_learners, measured.figures)
        ]
        if page.growth and all(states):
            a, b, c = (each for each in states if each)
            rows.append(
                [
                    page.name,
                    *(f"{each.statements} SQL {each.milliseconds:.1f} ms" for each in (a, b, c)),
                    f"{b.milliseconds / a.milliseconds:.2f}",
                    f"{c.milliseconds / b.milliseconds:.2f}",
                ]
            )
    return table(head, rows) if rows else ""


def grows(less: Figure, more: Figure) -> bool:
    """Whether a page costs noticeably more where there is ten times as much."""
    longer = more.milliseconds - less.milliseconds
    return more.statements > less.statements or (
        more.milliseconds > GROWTH * less.milliseconds and longer > MILLISECONDS
    )


def verdicts(measured: Measured) -> list[Verdict]:
    """Every target that this run can say something about."""
    found = []
    for page in PAGES:
        results = measured.rounds.get(page.name)
        if results is None:
            continue
        failures = [words for result in results for words in result.failures]
        if failures:
            found.append(Verdict(f"{page.name}: {failures[0]}", False))
        limits = [
            measured.ratio(page.name, limit) for limit in ((FLASK, INSERT) if page.writes else (FLASK,))
        ]
        ratios = [ratio for ratio in limits if ratio is not None]
        if page.target is not None and ratios:
            words = f"{page.name} serves {min(ratios):.2f} of the limit (at least {page.target})"
            found.append(Verdict(words, min(ratios) >= page.target))
    found += _statements(measured.figures) + _desk(measured) + _growth(measured) + _crowd(measured)
    if measured.first_visit:
        words = (
            f"first visit to a lesson {measured.first_visit / 1000:.1f} KB (at most {FIRST_VISIT // 1000})"
        )
        found.append(Verdict(words, measured.first_visit <= FIRST_VISIT))
    if measured.memory is not None:
        words = f"web server, all its processes, {measured.memory / 1e6:.0f} MB (at most {MEMORY // 10**6})"
        found.append(Verdict(words, measured.memory <= MEMORY))
    return found


def _statements(figures: Mapping[str, Figure]) -> list[Verdict]:
    if not figures:
        return []
    most = max(figures, key=lambda name: figures[name].statements)
    count = figures[most].statements
    words = f"no page needs more than {count} SQL statements ({most}; at most {MOST_STATEMENTS})"
    return [Verdict(words, count <= MOST_STATEMENTS)]


def _desk(measured: Measured) -> list[Verdict]:
    """A large submission on the desk beside a lesson, both as the production server sends them."""
    large, lesson = measured.figures.get("large review"), measured.figures.get("lesson")
    if large is None or lesson is None:
        return []
    found = [
        Verdict(
            f"a large submission opens with {large.statements} SQL statements (at most {DESK_STATEMENTS})",
            large.statements <= DESK_STATEMENTS,
        )
    ]
    times = measured.ratio("lesson", "large review")
    if times is not None:
        inside = large.milliseconds / lesson.milliseconds
        words = f"it takes {times:.1f} times a lesson page (at most {DESK_TIMES:g}; {inside:.1f} without the server)"
        found.append(Verdict(words, times <= DESK_TIMES))
    return found


def _growth(measured: Measured) -> list[Verdict]:
    if not measured.few_courses or not measured.few_learners:
        return []
    growing = [
        f"{page.name} with {what}"
        for page in PAGES
        if page.growth and page.name in measured.figures
        for what, less, more in (
            ("courses", measured.few_courses, measured.few_learners),
            ("learners", measured.few_learners, measured.figures),
        )
        if grows(less[page.name], more[page.name])
    ]
    words = f"grows: {', '.join(growing)}" if growing else "no page grows with learners or courses"
    return [Verdict(words, not growing)]


def crowd_lines(measured: crowd.Measured) -> str:
    """What a crowd got, in two lines."""
    alone, together, moment = (
        each.latencies for each in (measured.alone, measured.together, measured.moment)
    )
    count = len(measured.together.members)

    def figures(latencies: Sequence[int]) -> str:
        return (
            f"p50 {percentile(latencies, 0.5) / 1000:.1f} ms, p99 {percentile(latencies, 0.99) / 1000:.1f} ms"
        )

    return (
        f"{count} learners who answer every {crowd.PACE:.0f} s: {len(together) / measured.together.seconds:,.0f} saves/s, "
        f"{figures(together)}; one alone: {figures(alone)}\n"
        f"all {count} in one moment: the last one saved after {max(moment, default=0) / 1e6:.2f} s"
    )


def _crowd(measured: Measured) -> list[Verdict]:
    found = []
    figure = measured.figures.get("answer POST")
    if figure:
        words = f"an answer's save needs {figure.statements} SQL statements (at most {SAVE_STATEMENTS})"
        found.append(Verdict(words, figure.statements <= SAVE_STATEMENTS))
    if measured.crowd is None:
        return found
    alone, together, tally = measured.crowd.alone, measured.crowd.together, measured.crowd.tally
    runs = (alone, together, measured.crowd.moment)
    for failure in (words for run in runs for words in run.failures):
        found.append(Verdict(f"a save of the crowd: {failure}", False))
    words = (
        f"of {sum(len(run.confirmed) for run in runs):,} saves of the crowd {tally.lost} lost, "
        f"{tally.doubled} doubled"
    )
    found.append(Verdict(words, not tally.lost and not tally.doubled and bool(together.confirmed)))
    if alone.latencies and together.latencies:
        times = percentile(together.latencies, 0.99) / percentile(alone.latencies, 0.5)
        words = f"p99 of a save in the crowd {times:.1f} x the p50 of one alone (at most {CROWD_P99:.0f})"
        found.append(Verdict(words, times <= CROWD_P99))
    return found


def night_table(measured: night.Measured) -> str:
    """What deadline night offered and how long everybody waited."""
    result = measured.result
    rows = [
        [
            name,
            f"{count:,}",
            f"{count / result.seconds:,.0f}",
            *(f"{percentile(latencies, share) / 1000:,.0f}" for share in (0.5, 0.9, 0.99, 1.0)),
        ]
        for name, latencies in result.latencies.items()
        if (count := result.offered.get(name, len(latencies)))
    ]
    answered = sum(map(len, result.latencies.values()))
    lines = [
        table(("deed", "offered", "per s", "p50 ms", "p90 ms", "p99 ms", "longest"), rows),
        f"{answered:,} answered in {result.seconds + result.late:.1f} s "
        f"({answered / (result.seconds + result.late):,.0f}/s), {result.late:.1f} s of it after the last deed; "
        f"{result.repeated} sent again",
        f"the server used {measured.cpu:.2f} processors ({1000 * measured.cpu * (result.seconds + result.late) / max(1, answered):.1f} ms "
        f"per request), everything else on this machine {measured.others:.2f}",
    ]
    return "\n".join(lines)


def night_verdicts(measured: night.Measured) -> list[Verdict]:
    """Whether anything was lost or doubled, and whether the server kept up."""
    result, tally = measured.result, measured.tally
    found = [Verdict(f"deadline night: {failure}", False) for failure in result.failures]
    found.append(
        Verdict(
            f"of {tally.saves:,} confirmed saves {tally.lost_saves} lost, {tally.doubled_saves} doubled",
            bool(tally.saves) and not tally.lost_saves and not tally.doubled_saves,
        )
    )
    found.append(
        Verdict(
            f"of {tally.versions:,} versions {tally.lost_versions} lost, {tally.doubled_versions} doubled, "
            f"{tally.torn} without all that belongs to one",
            bool(tally.versions) and not (tally.lost_versions or tally.doubled_versions or tally.torn),
        )
    )
    words = f"the last answer came {result.late:.1f} s after the last deed (at most {KEPT_UP:.0f})"
    found.append(Verdict(words, result.late <= KEPT_UP))
    return found


def cold_start(ours: float, bare: float) -> Verdict:
    """The web server's start beside a bare app's."""
    words = f"cold start {ours:.2f} s, {ours / bare:.2f} x a bare app's {bare:.2f} s (at most {COLD_START})"
    return Verdict(words, ours <= COLD_START * bare)
