"""How a learner stands with a quiz, and a quiz's rules in words: what its front and its results both show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from flask_babel import gettext

from lms import formats
from lms.extensions import utcnow
from lms.quizzes import clock
from lms.quizzes.models import Scored, Terms, Window, quiz_grade
from lms.quizzes.source import Quiz


@dataclass(frozen=True, slots=True)
class Try:
    """A past or running attempt in the front's table; ``percent`` is rounded for display."""

    id: int
    number: int
    started_at: datetime
    submitted_at: datetime | None
    percent: Decimal | None
    passed: bool
    closes_at: datetime | None
    by_clock: bool

    @property
    def waiting(self) -> bool:
        """Handed in, but essays wait to be marked."""
        return self.submitted_at is not None and self.percent is None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a learner stands with a quiz: attempts, the percentage that counts, what can be done now.

    ``expired`` says that the running attempt has no time left; ``most`` is how many attempts one has, extra ones
    included; ``extra`` are minutes beyond the quiz's limit, ``cut`` the end of an attempt that begins now where the
    closing date shortens it.
    """

    tries: Sequence[Try]
    running: Try | None
    expired: bool
    most: int | None
    left: int | None
    grade: Decimal | None
    passed: bool
    window: Window
    is_early: bool
    is_over: bool
    extra: int
    cut: datetime | None

    @property
    def waiting(self) -> bool:
        """There is no grade yet because essays wait to be marked."""
        return self.grade is None and any(each.waiting for each in self.tries)

    @property
    def may_begin(self) -> bool:
        """Dates and number of attempts allow another one."""
        return self.left != 0 and not (self.is_early or self.is_over)


def standing_of(quiz: Quiz, attempts: Sequence[Scored], terms: Terms) -> Standing:
    """How the attempts, in order, leave a learner now."""
    now, window, most = utcnow(), terms.window, terms.attempts(quiz)
    tries = [try_of(attempt, quiz) for attempt in attempts]
    grade = quiz_grade(attempts, quiz)
    running = next((each for each in tries if each.submitted_at is None), None)
    end = terms.closing(quiz, now)
    full = now + timedelta(minutes=(quiz.limit or 0) + terms.extra_minutes)
    return Standing(
        tries=tries,
        running=running,
        expired=running is not None and clock.is_past(running.closes_at, now),
        most=most,
        left=None if most is None else max(0, most - len(tries)),
        grade=None if grade is None else formats.grade(grade, quiz.pass_mark),
        passed=any(each.passed for each in tries),
        window=window,
        is_early=window.is_early(now),
        is_over=window.is_over(now),
        extra=terms.extra_minutes,
        cut=end if quiz.limit is not None and end is not None and end < full else None,
    )


def try_of(scored: Scored, quiz: Quiz) -> Try:
    """An attempt as tables show it, with the score that counts now."""
    attempt, percent = scored.attempt, scored.percent
    return Try(
        attempt.id,
        attempt.number,
        attempt.started_at,
        attempt.submitted_at,
        None if percent is None else formats.grade(percent, quiz.pass_mark),
        percent is not None and percent >= quiz.pass_mark,
        attempt.closes_at,
        attempt.closed_by == "clock",
    )


def shown_points(points: Decimal) -> Decimal:
    """Rounded to two decimals, for display."""
    return points.quantize(Decimal("0.01"), ROUND_HALF_UP)


def rule_in_words(quiz: Quiz) -> str:
    """Which of several attempts counts."""
    return {
        "best": gettext("Nilai tertinggi dari semua percobaan"),
        "last": gettext("Nilai percobaan terakhir"),
        "first": gettext("Nilai percobaan pertama"),
        "average": gettext("Nilai rata-rata semua percobaan"),
    }[quiz.grade]


def feedback_in_words(quiz: Quiz) -> str:
    """When key and feedback may be seen."""
    return {
        "each": gettext("Terlihat per soal, begitu jawabannya Anda periksa"),
        "submitted": gettext("Terlihat setelah percobaan dikumpulkan"),
        "passed": gettext("Terlihat setelah Anda lulus"),
        "closed": gettext("Terlihat setelah kuis ditutup"),
        "never": gettext("Tidak diperlihatkan"),
    }[quiz.feedback]
