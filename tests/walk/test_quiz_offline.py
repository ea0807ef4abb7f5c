"""Answering a quiz as it really happens: no signal, lost replies, killed tabs, two devices, a session that ends."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from playwright.sync_api import Error as BrowserError
from sqlalchemy import select, update

from lms.extensions import db
from lms.quizzes.models import Answer, Attempt, AttemptFlag, answers_of, read_value
from tests.cast import CODE, Cast
from tests.quizzes.answers import RIGHT, WRONG, change_quiz
from tests.walk.conftest import WIDTHS, Server, Visitor

FRONT = f"/kuis/{CODE}/kuis-uji"
SAVES = "**/jawaban"
NETWORK = ("ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "ERR_CONNECTION")
BROKEN = "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }})"

pytestmark = pytest.mark.usefixtures("cast")


@pytest.fixture
def width() -> int:
    """Saving does not depend on the width; what does asks for both."""
    return WIDTHS["desktop"]


@pytest.fixture
def open_device(chromium: Browser, here: Server, cast: Cast, width: int) -> Iterator[Callable[..., Visitor]]:
    """Another device of sari's, signed in, with the running attempt open."""
    devices: list[Visitor] = []

    def open_one(*, script: str = "") -> Visitor:
        visitor = Visitor(chromium, here, width)
        devices.append(visitor)
        if script:
            visitor.context.add_init_script(script)
        visitor.sign_in(cast.emails["sari"])
        visitor.page.goto(FRONT)
        start = visitor.page.get_by_role("button", name="Mulai kuis")
        if start.count():
            start.click()
        else:
            visitor.page.get_by_role("link", name="Lanjutkan percobaan 1").click()
        visitor.page.wait_for_url("**/percobaan/*")
        return visitor

    yield open_one
    for visitor in devices:
        visitor.complaints[:] = [
            each
            for each in visitor.complaints
            if not any(words in each for words in NETWORK) and "400 (BAD REQUEST)" not in each
        ]
        visitor.leave()


def saved(app: Flask) -> list[tuple[str, Any]]:
    """Every save of the only attempt, in order."""
    with app.app_context():
        rows = db.session.execute(select(Answer.question_id, Answer.value).order_by(Answer.sequence))
        return [(question, read_value(value)) for question, value in rows]


def counting(app: Flask) -> dict[str, Any]:
    with app.app_context():
        return answers_of(1).values()


def choose(page: Page, option: str) -> None:
    page.locator(f'input[value="{option}"]').check()


def fill(page: Page, question: str, text: str) -> None:
    """Type an answer and leave the field, as one does before going on."""
    field = page.locator(f'input[name="answer.{question}"]')
    field.fill(text)
    field.blur()


def status(page: Page) -> Any:
    return page.locator("[data-say]")


def expect_saved(page: Page) -> None:
    expect(status(page)).to_have_text(re.compile(r"Tersimpan otomatis \d\d\.\d\d"), timeout=15_000)
    expect(status(page)).not_to_have_class(re.compile("saved-"))


def online_again(page: Page) -> None:
    """What a browser tells its pages when there is a network again; nobody waits for the next try."""
    page.evaluate("dispatchEvent(new Event('online'))")


def kill(page: Page) -> None:
    """A tab that ends without a word: what browsers try to send from a page that is closed goes nowhere."""
    dead = "() => void (window.fetch = () => new Promise(() => {}))"
    try:
        page.evaluate(dead)
    except BrowserError:  # it was reading itself again just then, to show what is newer
        page.wait_for_load_state()
        page.evaluate(dead)
    page.close()


def lose_reply(route: Route) -> None:
    """The server gets it; nobody hears of it."""
    route.fetch()
    route.abort()


# One device


def test_what_is_answered_offline_is_sent_in_order_and_once(app: Flask, open_device: Any) -> None:
    page = (device := open_device()).page
    device.context.set_offline(True)
    choose(page, WRONG)
    expect(status(page)).to_have_text("Tersimpan di perangkat ini, akan dikirim saat daring")
    fill(page, "angka", "16,4")
    choose(page, RIGHT["satu"])
    for option in RIGHT["beberapa"]:
        choose(page, option)
    expect(page.locator("[data-count]")).to_have_text("3 dari 4 terjawab")
    page.get_by_role("button", name="Periksa dan kumpulkan").click()
    expect(status(page)).to_have_text(re.compile("luring.*setelah daring"))
    assert saved(app) == []
    device.context.set_offline(False)
    expect_saved(page)
    both = RIGHT["beberapa"]
    assert sorted(map(str, saved(app))) == sorted(
        map(
            str,
            [
                ("satu", WRONG),
                ("satu", RIGHT["satu"]),
                ("angka", "16,4"),
                ("beberapa", both[:1]),
                ("beberapa", both),
            ],
        )
    )
    assert counting(app) == {"satu": RIGHT["satu"], "angka": "16,4", "beberapa": both}
    assert page.evaluate("Object.keys(localStorage).filter((key) => /:[af]:/.test(key))") == []


def test_a_save_whose_reply_is_lost_is_stored_once(app: Flask, open_device: Any) -> None:
    page = open_device().page
    page.route(SAVES, lose_reply, times=2)
    choose(page, WRONG)
    expect(status(page)).to_have_text(re.compile("akan dikirim saat daring"))
    online_again(page)
    expect(status(page)).to_have_text(re.compile("akan dikirim saat daring"))
    choose(page, RIGHT["satu"])
    expect_saved(page)
    assert saved(app) == [("satu", WRONG), ("satu", RIGHT["satu"])]


def test_what_is_changed_while_a_save_is_under_way_counts(app: Flask, open_device: Any) -> None:
    page = open_device().page
    held: list[Route] = []
    page.route(SAVES, lambda route: held.append(route), times=1)  # noqa: PLW0108 (a builtin will not do)
    choose(page, WRONG)
    expect(status(page)).to_have_text("Menyimpan …")
    choose(page, RIGHT["satu"])
    page.wait_for_timeout(50)
    assert len(held) == 1, "one post at a time"
    held[0].continue_()
    expect_saved(page)
    assert saved(app) == [("satu", WRONG), ("satu", RIGHT["satu"])]
    assert counting(app) == {"satu": RIGHT["satu"]}


def test_what_is_given_before_the_module_arrives_is_saved(app: Flask, open_device: Any) -> None:
    page = open_device().page
    choose(page, WRONG)
    expect_saved(page)
    held: list[Route] = []
    page.route("**/outbox.js", lambda route: held.append(route))  # noqa: PLW0108 (a builtin will not do)
    page.goto(page.url, wait_until="commit")
    choose(page, RIGHT["satu"])
    page.locator('input[name="answer.angka"]').fill("16,4")
    page.locator('[name="flag.singkat"]').check()
    held[0].continue_()
    expect(page.locator("[data-count]")).to_have_text("2 dari 4 terjawab")
    expect_saved(page)
    assert saved(app)[0] == ("satu", WRONG)
    assert sorted(saved(app)[1:]) == [("angka", "16,4"), ("satu", RIGHT["satu"])]
    with app.app_context():
        assert list(db.session.scalars(select(AttemptFlag.question_id))) == ["singkat"]


def test_a_killed_tab_loses_nothing(app: Flask, open_device: Any) -> None:
    device = open_device()
    page = device.page
    device.context.route(SAVES, lambda route: route.abort())
    choose(page, RIGHT["satu"])
    fill(page, "singkat", "klhs")
    page.locator('[name="flag.angka"]').check()
    expect(status(page)).to_have_text(re.compile("akan dikirim saat daring"))
    address = page.url
    kill(page)
    assert saved(app) == []
    device.context.unroute(SAVES)
    page = device.context.new_page()
    page.goto(address)
    expect(page.locator(f'input[value="{RIGHT["satu"]}"]')).to_be_checked()
    expect(page.locator('input[name="answer.singkat"]')).to_have_value("klhs")
    expect(page.locator('[name="flag.angka"]')).to_be_checked()
    expect_saved(page)
    assert counting(app) == {"satu": RIGHT["satu"], "singkat": "klhs"}
    with app.app_context():
        assert list(db.session.scalars(select(AttemptFlag.question_id))) == ["angka"]


def test_tabs_of_one_device_lose_nothing_of_each_other(app: Flask, open_device: Any) -> None:
    device = open_device()
    one, other = device.page, device.context.new_page()
    other.goto(one.url)
    device.context.route(SAVES, lambda route: route.abort())
    choose(one, RIGHT["satu"])
    fill(other, "angka", "16,4")
    # each shows what the other was given
    expect(other.locator(f'input[value="{RIGHT["satu"]}"]')).to_be_checked()
    expect(one.locator('input[name="answer.angka"]')).to_have_value("16,4")
    address = one.url
    for page in (one, other):
        expect(status(page)).to_have_text(re.compile("akan dikirim saat daring"))
        kill(page)
    device.context.unroute(SAVES)
    page = device.context.new_page()
    page.goto(address)
    expect_saved(page)
    assert sorted(saved(app)) == [("angka", "16,4"), ("satu", RIGHT["satu"])]


def test_a_session_that_ends_in_the_middle(app: Flask, open_device: Any, cast: Cast) -> None:
    device = open_device()
    page = device.page
    choose(page, WRONG)
    expect_saved(page)
    device.context.clear_cookies()
    choose(page, RIGHT["satu"])
    expect(status(page)).to_have_text(re.compile("Sesi Anda berakhir"))
    address, page_behind = page.url, page
    device.page = device.context.new_page()
    device.sign_in(cast.emails["sari"])
    device.page.goto(address)  # another tab of the device sends it, too
    page_behind.evaluate("dispatchEvent(new Event('focus'))")
    expect_saved(page_behind)
    assert saved(app) == [("satu", WRONG), ("satu", RIGHT["satu"])]


def test_where_the_browser_keeps_nothing(app: Flask, open_device: Any) -> None:
    device = open_device(script=BROKEN)
    page = device.page
    choose(page, WRONG)
    expect_saved(page)
    page.route(SAVES, lambda route: route.abort())
    choose(page, RIGHT["satu"])
    expect(status(page)).to_have_text(re.compile("Belum tersimpan. Jangan tutup"))
    page.unroute(SAVES)
    online_again(page)
    expect_saved(page)
    assert saved(app) == [("satu", WRONG), ("satu", RIGHT["satu"])]


def test_a_clock_that_is_set_does_not_matter(app: Flask, open_device: Any) -> None:
    device = open_device()
    page = device.page
    for option, change in ((WRONG, "0"), (RIGHT["satu"], "-5e9"), (WRONG, "+9e9")):  # months back and on
        page.evaluate(f"{{ const now = Date.now; Date.now = () => now() + {change}; }}")
        with page.expect_response(SAVES):
            choose(page, option)
    expect_saved(page)
    assert [value for _, value in saved(app)] == [WRONG, RIGHT["satu"], WRONG]
    assert counting(app) == {"satu": WRONG}


# Two devices


def test_an_older_answer_of_another_device_replaces_nothing(app: Flask, open_device: Any) -> None:
    phone, laptop = open_device(), open_device()
    phone.page.route(SAVES, lambda route: route.abort())
    fill(phone.page, "angka", "1")
    choose(phone.page, RIGHT["satu"])
    expect(status(phone.page)).to_have_text(re.compile("akan dikirim saat daring"))
    phone.page.wait_for_timeout(30)
    fill(laptop.page, "angka", "2")
    expect_saved(laptop.page)
    phone.page.unroute(SAVES)
    online_again(phone.page)
    # what counts is shown
    expect(phone.page.locator('input[name="answer.angka"]')).to_have_value("2")
    assert counting(app) == {"angka": "2", "satu": RIGHT["satu"]}
    assert sorted(map(str, saved(app))) == sorted(
        map(str, [("angka", "2"), ("angka", "1"), ("satu", RIGHT["satu"])])
    )
    # and what this device answers from now on is newer
    fill(phone.page, "angka", "3")
    expect_saved(phone.page)
    assert counting(app)["angka"] == "3"


def test_after_another_device_has_handed_in(app: Flask, open_device: Any) -> None:
    phone, laptop = open_device(), open_device()
    phone.page.route(SAVES, lambda route: route.abort())
    fill(phone.page, "angka", "1")
    expect(status(phone.page)).to_have_text(re.compile("akan dikirim saat daring"))
    laptop.page.get_by_role("button", name="Periksa dan kumpulkan").click()
    laptop.page.get_by_role("button", name="Tetap kumpulkan").click()
    laptop.page.wait_for_url("**/hasil")
    phone.page.unroute(SAVES)
    online_again(phone.page)
    phone.page.wait_for_url("**/hasil")
    phone.complaints[:] = [each for each in phone.complaints if "409" not in each]


# Pages


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
def test_one_question_a_page_to_the_end(app: Flask, open_device: Any, session: Any) -> None:
    change_quiz(per_page=1)
    session.commit()
    device = open_device()
    page = device.page
    device.look()
    choose(page, RIGHT["satu"])
    page.get_by_label("Tandai untuk ditinjau lagi").check()
    page.get_by_role("button", name="Selanjutnya").click()
    page.wait_for_url("**?hal=2")
    expect(page.get_by_role("heading", name="Soal 2 dari 4")).to_be_visible()
    assert saved(app) == [("satu", RIGHT["satu"])]
    device.look()
    page.get_by_role("button", name=re.compile("Soal 4.*belum dijawab")).click()
    page.wait_for_url("**?hal=4")
    # typed, and sent at once because one moves on
    page.locator('input[name="answer.singkat"]').fill("klhs")
    page.get_by_role("button", name="Sebelumnya").click()
    page.wait_for_url("**?hal=3")
    assert saved(app)[-1] == ("singkat", "klhs")
    # nothing is left behind where there is no network
    device.context.set_offline(True)
    fill(page, "angka", "16,4")
    page.get_by_role("button", name="Selanjutnya").click()
    expect(status(page)).to_have_text(re.compile("sedang luring"))
    device.context.set_offline(False)
    expect_saved(page)
    page.get_by_role("button", name="Periksa dan kumpulkan").click()
    page.wait_for_url("**/ringkasan")
    device.look()
    main = page.locator("main")
    expect(main.get_by_text("3 dari 4 terjawab")).to_be_visible()
    expect(main.locator(".quiz-checks .quiz-map").first.get_by_role("link")).to_have_text(["Soal 2"])
    expect(main.locator(".quiz-checks .quiz-map").nth(1).get_by_role("link")).to_have_text(["Soal 1⚑"])
    page.get_by_role("button", name="Tetap kumpulkan").dblclick()
    page.wait_for_url("**/hasil")
    assert counting(app) == {"satu": RIGHT["satu"], "singkat": "klhs", "angka": "16,4"}


@pytest.mark.parametrize("width", [320])
def test_by_keyboard_alone_on_the_narrowest_phone(app: Flask, open_device: Any, session: Any) -> None:
    change_quiz(per_page=1)
    session.commit()
    device = open_device()
    page = device.page
    with app.app_context():
        db.session.execute(update(Attempt).values(closes_at=datetime.now(UTC) + timedelta(minutes=9)))
        db.session.commit()
    page.reload()

    def walk_to(test: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate(f"document.activeElement.matches('{test}')"):
                return
        pytest.fail(f"{test} is not reached by Tab")

    walk_to("[type=radio]")
    page.keyboard.press("ArrowDown")
    walk_to("[data-flag]")
    page.keyboard.press("Space")
    expect_saved(page)
    walk_to(".quiz-nav .button-primary")
    page.keyboard.press("Enter")
    page.wait_for_url("**?hal=2")
    device.look()
    walk_to("[value=ringkasan]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ringkasan")
    device.look()
    walk_to("[data-submit]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/hasil")
    assert [question for question, _ in saved(app)] == ["satu"]


def test_the_summary_sends_what_another_tab_left_behind(app: Flask, open_device: Any) -> None:
    device = open_device()
    page = device.page
    device.context.route(SAVES, lambda route: route.abort())
    fill(page, "angka", "16,4")
    expect(status(page)).to_have_text(re.compile("akan dikirim saat daring"))
    address = page.url
    kill(page)
    page = device.context.new_page()
    page.goto(f"{address}/ringkasan")
    expect(page.locator("main").get_by_text("0 dari 4 terjawab")).to_be_visible()
    page.get_by_role("button", name="Tetap kumpulkan").click()
    expect(status(page)).to_have_text(re.compile("belum dapat dikirim"))  # the press has come to its end
    assert page.url.endswith("/ringkasan")
    device.context.unroute(SAVES)
    online_again(page)
    expect(page.locator("main").get_by_text("1 dari 4 terjawab")).to_be_visible()
    page.get_by_role("button", name="Tetap kumpulkan").click()
    page.wait_for_url("**/hasil")
    assert counting(app) == {"angka": "16,4"}


def test_the_time_left_is_told_and_ends(app: Flask, open_device: Any) -> None:
    device = open_device()
    page = device.page
    page.clock.install()
    with app.app_context():
        now = datetime.now(UTC)
        db.session.execute(update(Attempt).values(closes_at=now + timedelta(seconds=330)))
        db.session.commit()
    page.reload()
    clock, voice = page.locator("[data-clock-text]"), page.locator("[data-clock] [role=status]")
    expect(clock).to_have_text(re.compile(r"Sisa waktu 5:(30|2\d)"))
    expect(voice).to_have_text("")
    page.clock.fast_forward(40_000)
    expect(voice).to_have_text("Sisa waktu 5 menit")
    page.clock.fast_forward(250_000)
    expect(voice).to_have_text("Sisa waktu 1 menit")
    # a save says what is left by the server's clock, for which no time has passed
    with page.expect_response(SAVES):
        choose(page, WRONG)
    page.clock.run_for(1000)
    expect(clock).to_have_text(re.compile(r"Sisa waktu 5:"))
    # no network in the last minute: what was given is sent once there is one, and within the grace it counts
    page.route(SAVES, lambda route: route.abort())
    with app.app_context():
        db.session.execute(update(Attempt).values(closes_at=datetime.now(UTC) + timedelta(seconds=0.3)))
        db.session.commit()
    choose(page, RIGHT["satu"])
    page.clock.run_for(400_000)
    expect(clock).to_have_text("Waktu habis")
    page.unroute(SAVES)
    online_again(page)
    expect(page.get_by_role("heading", name="Waktu percobaan ini sudah habis")).to_be_visible()
    device.look()
    assert [value for _, value in saved(app)] == [WRONG, RIGHT["satu"]]


def test_what_waits_is_sent_before_an_answer_is_checked(app: Flask, open_device: Any, session: Any) -> None:
    change_quiz(feedback="each")
    session.commit()
    page = open_device().page
    page.locator('input[name="answer.angka"]').fill("16,4")
    page.get_by_role("button", name=re.compile("Periksa jawaban.*Soal 3")).click()
    expect(page.get_by_text("Penjelasan soal angka.")).to_be_visible()
    assert saved(app) == [("angka", "16,4")]
    expect(page.locator("[data-count]")).to_have_text("1 dari 4 terjawab")
    choose(page, WRONG)
    expect(page.locator("[data-count]")).to_have_text("2 dari 4 terjawab")


# All of it at once


def test_a_bad_network_two_devices_and_killed_tabs_lose_nothing(app: Flask, open_device: Any) -> None:
    dice, luck_of = random.Random(20261124), random.Random(7)
    devices: list[BrowserContext] = [open_device().context for _ in range(2)]
    address = devices[0].pages[0].url

    def weather(route: Route) -> None:
        luck = luck_of.random()
        with suppress(BrowserError):  # its page may be gone by now
            if luck < 0.15:
                route.abort()
            elif luck < 0.3:
                lose_reply(route)
            else:
                route.continue_()

    for context in devices:
        context.route(SAVES, weather)
    given: dict[str, Any] = {}
    history: list[tuple[str, Any]] = []  # what was typed, each time something else
    for number in range(40):
        context = devices[number % 2] if number < 4 else dice.choice(devices)
        page = context.pages[0]
        if dice.random() < 0.1:
            kill(page)
            page = context.new_page()
            page.goto(address)
        if dice.random() < 0.5:
            given["satu"] = (
                WRONG if page.locator(f'input[value="{RIGHT["satu"]}"]').is_checked() else RIGHT["satu"]
            )
            choose(page, given["satu"])
        else:
            question = dice.choice(["angka", "singkat"])
            fill(page, question, str(number))
            given[question] = str(number)
            history.append((question, str(number)))
        if dice.random() < 0.3:
            with suppress(BrowserError):  # it may be reading itself again just now, to show what is newer
                online_again(page)
    for context in devices:
        context.unroute(SAVES)
        page = context.new_page()
        page.goto(address)
        page.wait_for_function("() => !Object.keys(localStorage).some((key) => /:[af]:/.test(key))")
    assert counting(app) == given
    found = saved(app)
    for each in history:
        assert found.count(each) == 1, each
