"""The main job, end to end: read, quiz, draft, hand in, review, return, improve, accept, grade, see why."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from lms.quizzes import source as quiz_source
from tests import rpjmd
from tests.walk.conftest import OWN_LEARNER

ROOT = Path(__file__).parent.parent.parent
QUIZ = ROOT / "content/penyusunan-rpjmd/01-kerangka/05-kuis-kerangka.md"
COHORT = "rpjmd-angkatan-3"
# each width tells its story with a learner and a facilitator of its own: one database serves both
CAST = {
    360: ("peserta@contoh.id", "fasilitator@contoh.id"),
    1280: (OWN_LEARNER, "fasilitator2@contoh.id"),
}


def test_the_whole_story(visit: Any, width: int, tmp_path: Path) -> None:
    learner_email, facilitator_email = CAST[width]
    learner = visit(width)
    page: Page = learner.page
    learner.sign_in(learner_email)
    learner.look()
    read_a_lesson(learner)
    take_the_quiz(learner)
    work = draft_the_project(learner, tmp_path)
    code = hand_in(learner, work, 1)

    # anybody can check the receipt, without signing in
    stranger = visit(width)
    stranger.page.goto(f"/verifikasi/{code}")
    expect(stranger.page.get_by_text("Bukti ini asli")).to_be_visible()
    stranger.look()

    # the facilitator returns one section and accepts the others
    reviewer = visit(1280 if width > 500 else 360)
    reviewer.sign_in(facilitator_email)
    reviewer.look()
    open_desk(reviewer, 1)
    assert "Contoh" not in reviewer.page.locator("main").inner_text(), "the project hides whose work it is"
    decide(reviewer, {"isu": "Sebutkan sumber angka lama tinggal dan tahunnya."})
    send(reviewer)

    # the learner sees the note, answers it, improves, hands in again
    page.goto(f"/proyek/{COHORT}/rancangan-rpjmd")
    learner.look()
    page.goto(f"{work}/isu")
    expect(page.get_by_text("Sebutkan sumber angka lama tinggal dan tahunnya.")).to_be_visible()
    learner.look()
    answer_the_note(learner)
    page.locator("#teks").fill(
        rpjmd.ISSUES.replace("(contoh latihan)", "(Dinas Pariwisata, 2025, contoh latihan)", 1)
    )
    saved(page)
    page.goto(f"{work}/sasaran")
    expect(page.get_by_text("sudah diterima pada versi 1")).to_be_visible()
    learner.look()
    hand_in(learner, work, 2)

    # the facilitator sees what changed, accepts, scores, sends, releases
    open_desk(reviewer, 2)
    expect(reviewer.page.locator("ins").first).to_be_visible()
    reviewer.look()
    decide(reviewer, {})
    score(reviewer)
    send(reviewer)
    page.goto("/nilai")
    expect(page.get_by_text("Rancangan awal RPJMD")).to_have_count(0)
    release(reviewer)

    # the learner sees the grade, and why
    page.goto("/nilai")
    learner.look()
    page.get_by_role("link", name="Rancangan awal RPJMD").first.click()
    learner.look()
    page.goto(work.replace("/proyek/kerja/", "/proyek/hasil/"))
    learner.look()
    main = page.locator("main")
    expect(main.get_by_text("Lulus").first).to_be_visible()
    expect(main.get_by_text("Mutu indikator dan target").first).to_be_visible()
    expect(main.get_by_text("Sebagian besar indikator SMART dan lengkap").first).to_be_visible()
    expect(main.get_by_text("Indikator sudah jelas.").first).to_be_visible()
    for number in (1, 2):
        expect(main.get_by_role("link", name=re.compile(rf"versi {number}", re.I)).first).to_be_visible()


def read_a_lesson(learner: Any) -> None:
    page = learner.page
    page.goto("/pelatihan")
    learner.look()
    page.get_by_role("link", name="Penyusunan RPJMD").first.click()
    learner.look()
    page.goto(f"/belajar/{COHORT}/isu-strategis")
    learner.look()
    page.get_by_role("button", name=re.compile("^Selesai|^Lanjut")).last.click()
    page.wait_for_url("**/menelaah-klhs")
    page.goto("/pelatihan/penyusunan-rpjmd")
    expect(page.get_by_text(re.compile(r"\d+ dari 24"))).to_have_count(1)


def take_the_quiz(learner: Any) -> None:
    page = learner.page
    quiz, _ = quiz_source.parse(QUIZ.read_text(), "kuis")
    assert quiz is not None
    page.goto(f"/kuis/{COHORT}/kuis-kerangka")
    learner.look()
    page.get_by_role("button", name=re.compile("Mulai|Lanjutkan")).click()
    page.wait_for_url("**/percobaan/*")
    learner.look()
    for question in quiz.questions:
        kind = question.kind
        if kind in ("single", "multiple"):
            for option in question.options:
                if option.right:
                    page.locator(f'input[value="{option.id}"]').check()
        elif kind == "numeric":
            value = question.explain(None).key[0]
            page.locator(f'input[name="answer.{question.id}"]').fill(re.findall(r"-?[\d.,]+\d|\d", value)[0])
        else:
            page.locator(f'input[name="answer.{question.id}"]').fill(question.explain(None).key[0])
    expect(page.get_by_text(re.compile("Tersimpan otomatis")).first).to_be_visible()
    page.reload()
    learner.look()
    page.get_by_role("button", name="Periksa dan kumpulkan").click()
    page.wait_for_url("**/ringkasan")
    learner.look()
    page.get_by_role("button", name=re.compile("^Kumpulkan")).click()
    page.wait_for_url("**/hasil*")
    learner.look()
    expect(page.get_by_role("region", name=re.compile(r"10 dari 10 poin \(100%\)"))).to_be_visible()


def saved(page: Page) -> None:
    """Wait until the server has confirmed what was typed."""
    expect(page.get_by_text(re.compile(r"Tersimpan otomatis \d\d\.\d\d WIB")).first).to_be_visible(
        timeout=20_000
    )
    page.wait_for_timeout(300)


def paste_into_sheet(page: Page, block: str) -> None:
    """Paste a block as it comes from a spreadsheet into the first cell."""
    first = page.locator("#tabel tbody tr").first.locator(".cell").first
    first.focus()
    first.evaluate(
        """(cell, text) => {
            const data = new DataTransfer();
            data.setData('text/plain', text);
            cell.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}));
        }""",
        block,
    )


def draft_the_project(learner: Any, tmp_path: Path) -> str:
    page = learner.page
    page.goto(f"/proyek/{COHORT}/rancangan-rpjmd")
    learner.look()
    page.get_by_role("button", name="Mulai proyek").click()
    page.wait_for_load_state()
    learner.look()
    page.get_by_role("link", name=re.compile("Permasalahan dan isu strategis")).first.click()
    page.wait_for_url("**/isu")
    work = page.url.rsplit("/", 1)[0]
    learner.look()
    page.locator("#teks").fill(rpjmd.ISSUES)
    saved(page)
    learner.look()
    for section, block in (
        ("sasaran", rpjmd.GOALS),
        ("kapasitas", rpjmd.CAPACITY),
        ("program", rpjmd.PROGRAMMES),
    ):
        page.goto(f"{work}/{section}")
        learner.look()
        paste_into_sheet(page, block)
        saved(page)
        page.reload()
        learner.look()
    page.goto(f"{work}/lampiran")
    learner.look()
    attachment = tmp_path / "matriks.pdf"
    attachment.write_bytes(rpjmd.PDF)
    page.locator("#file").set_input_files(attachment)
    upload = page.get_by_role("button", name="Unggah", exact=True)
    if not page.get_by_role("link", name="matriks.pdf").count():
        upload.click()
    expect(page.get_by_role("link", name=re.compile("matriks.pdf")).first).to_be_visible()
    learner.look()
    return work


def hand_in(learner: Any, work: str, number: int) -> str:
    page = learner.page
    page.goto(f"{work}/kumpulkan")
    learner.look()
    for reason in page.locator("textarea.reason").all():
        reason.fill("Sudah dipertimbangkan bersama tim.")
    page.locator("#pernyataan").check()
    page.get_by_role("button", name=f"Kumpulkan versi {number}").click()
    page.wait_for_url("**/proyek/bukti/*")
    learner.look()
    found = re.search(r"/verifikasi/([A-Z0-9-]+)", page.content())
    assert found, "the receipt names its public address"
    return found[1]


def open_desk(reviewer: Any, number: int) -> None:
    page = reviewer.page
    page.goto("/telaah")
    reviewer.look()
    # the demo has one that waits since yesterday: today's first version comes after it, what was returned before it
    lines = page.locator("ol.queue > li", has_text=f"Versi {number}")
    lines.last.get_by_role("link").click()
    page.wait_for_url("**/telaah/*")
    expect(page.get_by_text(re.compile(rf"Versi {number}")).first).to_be_visible()
    reviewer.look()


def answer_the_note(learner: Any) -> None:
    page = learner.page
    reply = page.locator("textarea[name=reply]").first
    reply.fill("Sumber ditambahkan: Dinas Pariwisata, 2025.")
    with page.expect_response(lambda answer: answer.request.method == "POST" and answer.ok):
        page.get_by_role("button", name=re.compile("tindak lanjut", re.I)).first.click()
    page.reload()
    expect(page.locator("textarea[name=reply]").first).to_have_value(re.compile("Sumber ditambahkan"))


SECTIONS = ("isu", "sasaran", "program", "kapasitas", "lampiran")


def decide(reviewer: Any, notes: dict[str, str]) -> None:
    """Decide every section that is open: return those with a note, accept the others."""
    page = reviewer.page
    desk = page.url.split("?")[0]
    for section in SECTIONS:
        page.goto(f"{desk}?bagian={section}")
        choice = page.locator('input[name="decision"]')
        if not choice.count():
            continue  # accepted with an earlier version
        if section in notes:
            page.locator("#note-1").fill(notes[section])
        page.locator(f'input[name="decision"][value="{"return" if section in notes else "accept"}"]').check(
            force=True
        )
        saved(page)
        reviewer.look()


def score(reviewer: Any) -> None:
    """Choose a level for every criterion, with a comment on one."""
    page = reviewer.page
    to_summary(page)
    for fieldset in page.locator("fieldset.criterion").all():
        fieldset.locator("label.level", has=page.locator('input[value="3"]')).click()
    indicator = page.locator("#kriteria-indikator")
    indicator.locator("summary").click()
    indicator.locator("textarea").fill("Indikator sudah jelas.")
    saved(page)
    expect(page.locator("#jumlah")).to_have_text("75")
    reviewer.look()


def to_summary(page: Page) -> None:
    if not page.locator("[data-send]").count():
        page.get_by_role("button", name="Tinjau dan kirim").click()
        page.locator("[data-send]").wait_for()


def send(reviewer: Any) -> None:
    page = reviewer.page
    to_summary(page)
    reviewer.look()
    with page.expect_navigation():
        page.get_by_role("button", name="Kirim hasil telaah").click()
    gaps = page.locator("#kurang, #galat")
    assert not gaps.count(), gaps.first.inner_text()
    expect(page.locator("[data-send]")).to_have_count(0)
    expect(page.get_by_text(re.compile("terkirim|dikirim", re.I)).first).to_be_visible()
    reviewer.look()


def release(reviewer: Any) -> None:
    page = reviewer.page
    page.goto(f"/telaah/angkatan/{COHORT}")
    reviewer.look()
    with page.expect_navigation():
        page.get_by_role("link", name="Periksa dan umumkan").first.click()
    reviewer.look()
    for left_out in page.get_by_role("checkbox", name=re.compile("Tidak diumumkan")).all():
        left_out.check()
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile("Umumkan .* nilai sekarang")).click()
    expect(page.get_by_text(re.compile("diumumkan", re.I)).first).to_be_visible()
    reviewer.look()


def test_brackets_grow_around_a_fraction(visit: Any) -> None:
    learner = visit(1280)
    learner.sign_in("peserta@contoh.id")
    page: Page = learner.page
    page.goto(f"/belajar/{COHORT}/membaca-data")
    formula = page.locator("math:has(msup mfrac)").first
    bracket, fraction = formula.locator("mo[form=prefix]").first, formula.locator("mfrac").first
    tall = [part.evaluate("part => part.getBoundingClientRect().height") for part in (bracket, fraction)]
    assert tall[0] >= 0.9 * tall[1], tall
