"""When an attempt ends, and a browser in a few words: arithmetic on given moments and texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lms.quizzes import clock
from lms.quizzes.device import device

BEGAN = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("limit", "extra", "date", "dated", "ends"),
    [
        (None, 0, 60, False, None),
        (None, 30, 60, False, None),
        (30, 0, 60, False, 30),
        (30, 15, 60, False, 45),
        # the closing date cuts, but not what somebody was granted beyond the rules
        (30, 0, 20, False, 20),
        (30, 15, 20, False, 45),
        # without a limit only a quiz that tells its key on the closing date ends with it
        (None, 0, 60, True, 60),
        (None, 15, 60, True, 75),
        (30, 0, 20, True, 20),
    ],
)
def test_when_an_attempt_ends(
    limit: int | None, extra: int, date: int, dated: bool, ends: int | None
) -> None:
    found = clock.closing(BEGAN, limit=limit, extra=extra, date=BEGAN + date * MINUTE, dated=dated)
    assert found == (None if ends is None else BEGAN + ends * MINUTE)


def test_past_and_over() -> None:
    end = BEGAN
    assert not clock.is_past(end, end)
    assert clock.is_past(end, end + SECOND)
    assert not clock.is_over(end, end + clock.GRACE)
    assert clock.is_over(end, end + clock.GRACE + SECOND)
    assert not clock.is_past(None, end)
    assert not clock.is_over(None, end)


def test_the_seconds_left_are_rounded_up_and_never_negative() -> None:
    assert clock.seconds_left(BEGAN + timedelta(milliseconds=1200), BEGAN) == 2
    assert clock.seconds_left(BEGAN, BEGAN) == 0
    assert clock.seconds_left(BEGAN, BEGAN + MINUTE) == 0


CHROME = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (CHROME, "Chrome, Android"),
        (CHROME.replace("Linux; Android 10; K", "Windows NT 10.0") + " Edg/130.0", "Edge, Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/1 Safari/604.1",
            "Safari, iPhone",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0", "Firefox, Linux"),
    ],
)
def test_a_browser_in_words(agent: str, words: str) -> None:
    found = device(agent, "one session")
    assert found.startswith(f"{words}, ")
    assert len(found) == len(words) + 6
    assert device(agent, "one session") == found != device(agent, "another session")


def test_an_unknown_browser_is_its_session_only() -> None:
    assert len(device("curl/8 <script>", "one")) == 4
