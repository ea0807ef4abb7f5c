"""Every kind of question in a real browser: by keyboard alone, on the narrowest phone, with and without script."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, expect
from werkzeug.serving import make_server

from lms.extensions import db
from lms.quizzes.kinds import KINDS
from lms.quizzes.models import current_answers
from lms.quizzes.source import Quiz, parse
from tests.cast import CODE, Cast
from tests.quizzes.answers import change_quiz
from tests.walk.conftest import Server, Visitor

NARROW = 320
FRONT = f"/kuis/{CODE}/kuis-uji"
SOURCE = """\
---
kind: quiz
title: Semua jenis
minutes: 10
---
## RPJMD berlaku untuk jangka waktu berapa tahun? {#satu}
1. [ ] Satu tahun
2. [x] Lima tahun

## Mana yang termasuk dokumen perencanaan daerah? {#beberapa}
- [x] Rencana Pembangunan Jangka Panjang Daerah
- [x] Renstra
- [ ] APBN

## Berapa persen penurunan TPT dari 5,55 menjadi 4,64? {#angka}
= 16,4 +- 0,2

## Apa kepanjangan KLHS? {#singkat}
= Kajian Lingkungan Hidup Strategis

## Jodohkan dokumen dengan jangka waktu atau penyusunnya {#jodoh}
- Rencana Pembangunan Jangka Panjang Daerah => 20 tahun
- RPJMD => 5 tahun
- Renstra => disusun oleh setiap perangkat daerah, bukan oleh Bappeda, dengan jangka waktu lima tahun
- => 10 tahun

## Urutkan tahapannya {#urut}
1. Penyusunan rancangan awal
2. Musyawarah perencanaan pembangunan yang dihadiri seluruh pemangku kepentingan
3. Penyusunan rancangan akhir
4. Penetapan peraturan daerah

## Jelaskan hubungan RPJMD dan Renstra. {#esai points=5 words=3..50}
____
"""
parsed, _ = parse(SOURCE, "kuis.md")
assert parsed is not None
QUIZ: Quiz = parsed
QUESTIONS = {each.id: each for each in QUIZ.questions}
STEPS = [each.text for each in QUESTIONS["urut"].steps]  # type: ignore[attr-defined]
ESSAY = "Renstra menjabarkan RPJMD."
NUMBERS = {str(each.kind): at for at, each in enumerate(QUIZ.questions, start=1)}


@pytest.fixture
def here(app: Flask, cast: Cast, tmp_path: Path) -> Iterator[Server]:
    """The app of the tests behind a real socket; its quiz asks one question of each kind."""
    with app.app_context():
        change_quiz(questions=QUIZ.questions, title=QUIZ.title)
        db.session.commit()
        db.session.remove()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield Server(f"http://127.0.0.1:{server.server_port}", tmp_path)
    server.shutdown()
    thread.join(10)
    server.server_close()


def begin(chromium: Browser, here: Server, cast: Cast, **options: Any) -> Visitor:
    """Sari on a narrow phone with a keyboard, at the running attempt."""
    visitor = Visitor(chromium, here, NARROW, **options)
    page = visitor.page
    page.goto("/masuk")
    page.get_by_label("NIP atau surel").fill(cast.emails["sari"])
    page.get_by_label("Kata sandi", exact=True).fill("belajar-asn-2026")
    page.get_by_role("button", name="Masuk").click()
    page.goto(FRONT)
    tab_to(page, page.get_by_role("button", name="Mulai kuis"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/percobaan/*")
    return visitor


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until it has the focus, as somebody without a mouse must."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            assert wanted.evaluate("element => getComputedStyle(element).visibility") == "visible"
            return
    raise AssertionError(f"{wanted} cannot be reached with Tab")


def question(page: Page, kind: str) -> Locator:
    return page.locator(f"#soal-{NUMBERS[kind]}")


def choose(page: Page, select: Locator, words: str) -> None:
    """Choose from a list by typing the beginning of what it says."""
    tab_to(page, select)
    page.keyboard.type(words)
    expect(select.locator("option:checked")).to_contain_text(words)


def answer_all(page: Page) -> None:
    """All but the ordering, by keyboard alone."""
    radios = question(page, "single").get_by_role("radio")
    tab_to(page, radios.nth(0))
    page.keyboard.press("ArrowDown")
    expect(radios.nth(1)).to_be_checked()
    for name in ("Rencana Pembangunan Jangka Panjang Daerah", "Renstra"):
        tab_to(page, question(page, "multiple").get_by_role("checkbox", name=name))
        page.keyboard.press("Space")
    tab_to(page, question(page, "numeric").get_by_role("textbox", name="Jawaban Anda"))
    page.keyboard.type("16,4")
    tab_to(page, question(page, "short").get_by_role("textbox", name="Jawaban Anda"))
    page.keyboard.type("kajian lingkungan hidup strategis.")
    matching = question(page, "matching")
    for stem, right in (("Rencana Pem", "20 tahun"), ("RPJMD", "5 tahun"), ("Renstra", "disusun")):
        choose(page, matching.get_by_role("combobox", name=stem), right)
    tab_to(page, question(page, "essay").get_by_role("textbox", name="Jawaban Anda"))
    page.keyboard.type(ESSAY)


def hand_in(page: Page) -> None:
    """By way of the summary."""
    tab_to(page, page.locator("[value=ringkasan]"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/ringkasan")
    fits(page)
    tab_to(page, page.locator("[data-submit]"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/hasil")


def fits(page: Page) -> None:
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert over <= 0, f"{page.url} scrolls sideways by {over} px"


def check_result(page: Page) -> None:
    """Everything is right; the essay waits."""
    assert page.get_by_text("✓ Benar", exact=True).count() == len(QUESTIONS) - 1
    expect(page.get_by_text("… Menunggu penilaian", exact=True)).to_be_visible()
    expect(page.locator(".told-essay")).to_have_text(ESSAY)


def test_one_of_each_kind_is_asked() -> None:
    assert {type(each) for each in QUIZ.questions} == set(KINDS)


def test_by_keyboard_alone(app: Flask, chromium: Browser, here: Server, cast: Cast) -> None:
    visitor = begin(chromium, here, cast)
    page = visitor.page
    visitor.look()
    answer_all(page)
    expect(page.locator(f"#kata-{NUMBERS['essay']}")).to_have_text("3")
    ordering = question(page, "ordering")
    page.evaluate(
        "document.querySelector('.steps').closest('[data-question]').querySelector('select').focus()"
    )
    for place, step in enumerate(STEPS):
        up = ordering.get_by_role("button", name=f"Naikkan {step}")
        at = [each.strip() for each in ordering.locator(".steps label").all_inner_texts()].index(step)
        if at > place:
            tab_to(page, up)
            for _ in range(at - place):
                page.keyboard.press("Enter")
            focused = page.evaluate("document.activeElement.getAttribute('aria-labelledby')")
            assert focused, "the focus stays with the step that moves"
    assert [each.strip() for each in ordering.locator(".steps label").all_inner_texts()] == STEPS
    expect(ordering.get_by_role("status")).to_contain_text("dari 4")
    expect(page.locator("[data-count]").first).to_have_text("7 dari 7 terjawab")
    expect(page.locator("[data-say]").first).to_contain_text("Tersimpan otomatis")
    visitor.look()
    page.reload()
    assert [each.strip() for each in ordering.locator(".steps label").all_inner_texts()] == STEPS, (
        "as it was left"
    )
    hand_in(page)
    check_result(page)
    visitor.look()
    visitor.leave()


def test_a_number_chosen_moves_the_step_and_keeps_the_focus(
    app: Flask, chromium: Browser, here: Server, cast: Cast
) -> None:
    visitor = begin(chromium, here, cast)
    page = visitor.page
    ordering = question(page, "ordering")
    first = ordering.get_by_role("combobox").first
    name = ordering.locator(".steps label").first.inner_text()
    tab_to(page, first)
    page.keyboard.type("3")
    expect(ordering.locator(".steps label").nth(2)).to_have_text(name)
    assert [each.input_value()[-1] for each in ordering.get_by_role("combobox").all()] == ["1", "2", "3", "4"]
    assert page.evaluate("document.activeElement.closest('li').querySelector('label').innerText") == name
    page.keyboard.press("Home")  # nothing chosen: taken back
    expect(page.locator("[data-count]").first).to_have_text("0 dari 7 terjawab")
    assert [each.input_value() for each in ordering.get_by_role("combobox").all()] == [""] * 4
    visitor.leave()


def test_what_the_device_kept_comes_back(app: Flask, chromium: Browser, here: Server, cast: Cast) -> None:
    visitor = begin(chromium, here, cast)
    page = visitor.page
    page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('no network')); }")
    matching, ordering = question(page, "matching"), question(page, "ordering")
    matching.get_by_role("combobox", name="RPJMD").select_option(label="5 tahun")
    ordering.get_by_role("button", name="Turunkan").first.click()
    question(page, "essay").get_by_role("textbox").fill(ESSAY)
    order = ordering.locator(".steps label").all_inner_texts()
    expect(page.locator("[data-say]").first).to_contain_text("Tersimpan di perangkat ini")
    address = page.url
    page.close()  # as when a phone runs out of power
    page = visitor.page = visitor.context.new_page()
    page.goto(address)
    matching, ordering = question(page, "matching"), question(page, "ordering")
    expect(matching.get_by_role("combobox", name="RPJMD").locator("option:checked")).to_have_text("5 tahun")
    expect(question(page, "essay").get_by_role("textbox")).to_have_value(ESSAY)
    assert ordering.locator(".steps label").all_inner_texts() == order
    expect(page.locator("[data-say]").first).to_contain_text("Tersimpan otomatis")
    with app.app_context():
        saved = current_answers(int(address.rsplit("/", 1)[1])).values()
        db.session.remove()
    assert saved["esai"] == ESSAY
    assert len(saved["urut"]) == 4  # type: ignore[arg-type]
    assert len(saved["jodoh"]) == 1  # type: ignore[arg-type]
    visitor.leave()


def test_without_javascript(app: Flask, chromium: Browser, here: Server, cast: Cast) -> None:
    visitor = begin(chromium, here, cast, java_script_enabled=False)
    page = visitor.page
    fits(page)
    ordering = question(page, "ordering")
    expect(ordering.get_by_role("button")).to_have_count(0)
    answer_all(page)
    page.locator("h1").click()  # Tab begins again at the top
    for label in [each.strip() for each in ordering.locator(".steps label").all_inner_texts()]:
        choose(page, ordering.get_by_role("combobox", name=label), str(STEPS.index(label) + 1))
    hand_in(page)
    fits(page)
    check_result(page)
    visitor.leave()
