"""The queue, the desk, results and release as browsers use them, with JavaScript's requests and without."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from lms.courses.models import CohortFacilitator, Enrolment, GradeEntry
from lms.extensions import db
from lms.files import Blob
from lms.grading import actions, blind, content, models
from lms.grading.content import Note, Opinion, ReviewContent, SectionReview
from lms.grading.models import Review, ReviewDraft
from lms.mail import Mail
from lms.people.models import Person
from lms.projects import actions as work_actions
from lms.projects import models as projects
from lms.projects.content import FileRef, Table, encode
from lms.projects.models import Attachment, Draft, ImprovementNote, SubmissionVersion
from tests.cast import CODE, NOW, OTHER, Cast
from tests.conftest import Browser
from tests.grading import releasing
from tests.grading.reviews import ACCEPT, ACCEPTED, HOUR, RETURNED, handed_in, second_version, send, work_of
from tests.page_checks import form_fields
from tests.projects.work import ROW, begin, change_project, fill, hand_in, save

SignIn = Callable[[str], Browser]
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)> **tebal** [x](javascript:alert(1))"


class World:
    """Ids of what the test arranged, read before its session was closed."""

    def __init__(self, version: SubmissionVersion) -> None:
        self.id = version.id
        self.work_id = version.work_id
        self.desk = f"/telaah/{version.id}"
        self.send = f"/telaah/{version.id}/kirim"
        self.result = f"/proyek/hasil/{version.work_id}"


@pytest.fixture
def arrange(app: Flask, cast: Cast) -> Callable[..., World]:
    """Run something in a session of its own, commit, and give the version it returns."""

    def run(deed: Callable[[], SubmissionVersion]) -> World:
        with app.app_context():
            try:
                world = World(deed())
                db.session.commit()
                return world
            finally:
                db.session.remove()

    return run


@pytest.fixture
def waiting(arrange: Any, cast: Cast) -> World:
    """Sari's first version, waiting."""
    return arrange(lambda: handed_in(cast))


@pytest.fixture
def returned(arrange: Any, cast: Cast) -> World:
    """Sari's first version, returned with two notes."""

    def deed() -> SubmissionVersion:
        version = handed_in(cast)
        send(version, RETURNED, cast.people["dewi"])
        return version

    return arrange(deed)


@pytest.fixture
def second(arrange: Any, cast: Cast) -> World:
    """Sari's second version, waiting; `sasaran` and `lampiran` were accepted in the first."""

    def deed() -> SubmissionVersion:
        version = handed_in(cast)
        send(version, RETURNED, cast.people["dewi"])
        return second_version(cast, version)

    return arrange(deed)


@pytest.fixture
def graded(arrange: Any, cast: Cast) -> World:
    """Sari's first version, accepted with 85 of 100; the grade is not out."""

    def deed() -> SubmissionVersion:
        version = handed_in(cast)
        send(version, ACCEPTED, cast.people["dewi"])
        return version

    return arrange(deed)


def text_of(response: Any) -> str:
    return str(response.get_data(as_text=True))


def form(section: str = "isu", revision: int = 0, **fields: Any) -> dict[str, Any]:
    """What the desk's form sends from one section."""
    return {
        "revision": str(revision),
        "section": section,
        "view": "",
        "comment.isu": "",
        "comment.sasaran": "",
        **fields,
    }


def complete_form(browser: Browser, world: World, **last: Any) -> dict[str, Any]:
    """Accept every section of a first version through the real forms; gives the summary's form."""
    for section in ("isu", "sasaran", "lampiran"):
        page = browser.get(f"{world.desk}?bagian={section}")
        browser.submit_form(page, world.desk, decision="accept", **{"level.isu": "3", "level.sasaran": "4"})
    fields = form_fields(browser.get(f"{world.desk}?tampil=ringkasan"), world.desk)
    return {**fields, **last}


# Who may


@pytest.mark.parametrize(
    "address", ["/telaah", "/telaah/berikutnya", "desk", "result", f"/telaah/angkatan/{CODE}"]
)
def test_nobody_in_particular_signs_in_first(browser: Browser, waiting: World, address: str) -> None:
    response = browser.get(getattr(waiting, address, address))
    assert response.status_code == 302
    assert response.location.startswith("/masuk")


RIGHTS = [
    # address, who, status
    ("/telaah", "dewi", 200),
    ("/telaah", "hasan", 200),
    ("/telaah", "sari", 403),
    ("/telaah", "ratna", 403),
    ("/telaah/berikutnya", "sari", 403),
    ("desk", "dewi", 200),
    ("desk", "hasan", 404),
    ("desk", "sari", 403),
    ("desk", "budi", 404),
    ("desk", "tono", 404),
    ("desk", "wati", 404),
    ("desk", "ratna", 403),
    ("result", "sari", 200),
    ("result", "dewi", 200),
    ("result", "ratna", 200),
    ("result", "budi", 404),
    ("result", "hasan", 404),
    ("result", "tono", 404),
    (f"/telaah/angkatan/{CODE}", "dewi", 200),
    (f"/telaah/angkatan/{CODE}", "ratna", 200),
    (f"/telaah/angkatan/{CODE}", "hasan", 404),
    (f"/telaah/angkatan/{CODE}", "sari", 403),
    (f"/telaah/angkatan/{CODE}", "tono", 404),
    (f"/telaah/angkatan/{OTHER}", "hasan", 200),
    ("/telaah/angkatan/tidak-ada", "dewi", 404),
    ("/telaah/999999", "dewi", 404),
    ("/telaah/99999999999999999999999", "dewi", 404),
    ("/proyek/hasil/999999", "sari", 404),
    ("/proyek/hasil/99999999999999999999999", "sari", 404),
]


@pytest.mark.parametrize(("address", "who", "status"), RIGHTS)
def test_each_page_is_for_whom_it_is_for(
    as_person: SignIn, waiting: World, address: str, who: str, status: int
) -> None:
    assert as_person(who).get(getattr(waiting, address, address)).status_code == status


@pytest.mark.parametrize(
    ("who", "status"), [("hasan", 404), ("sari", 403), ("budi", 404), ("ratna", 403), ("tono", 404)]
)
def test_writing_a_review_is_for_the_cohorts_facilitators(
    app: Flask, as_person: SignIn, waiting: World, who: str, status: int
) -> None:
    browser = as_person(who)
    for address in (waiting.desk, waiting.send):
        assert browser.post(address, data=form(decision="accept")).status_code == status
        assert browser.post_json(address, form(decision="accept")).status_code == status
    with app.app_context():
        assert db.session.scalar(select(func.count(ReviewDraft.id))) == 0
        assert db.session.scalar(select(func.count(Review.id))) == 0


@pytest.mark.parametrize(
    ("who", "status"), [("hasan", 404), ("sari", 403), ("budi", 404), ("ratna", 403), ("tono", 404)]
)
def test_releasing_is_for_the_cohorts_facilitators(
    app: Flask, as_person: SignIn, graded: World, who: str, status: int
) -> None:
    # an administrator reads what is open before a release, and does not release
    assert as_person(who).get(releasing.ADDRESS).status_code == (200 if who == "ratna" else status)
    response = as_person(who).post(releasing.ADDRESS, data={"plan": "x"})
    assert response.status_code == status
    with app.app_context():
        assert db.session.scalar(select(func.count(GradeEntry.id)).where(GradeEntry.state == "released")) == 0


def test_nobody_reviews_or_releases_their_own_work(
    app: Flask, as_person: SignIn, cast: Cast, graded: World
) -> None:
    """A facilitator who is also a learner of the cohort, with a work in it."""
    with app.app_context():
        sari = db.session.get_one(Person, cast.people["sari"])
        sari.facilitator = True
        db.session.add(CohortFacilitator(cohort_id=cast.cohort_id, person_id=sari.id, added_at=NOW))
        db.session.commit()
        db.session.remove()
    sari_browser = as_person("sari")
    assert sari_browser.get(graded.desk).status_code == 403
    assert sari_browser.post(graded.send, data=form()).status_code == 403
    assert graded.desk not in text_of(sari_browser.get("/telaah?keadaan=dinilai"))
    assert sari_browser.get(releasing.ADDRESS).status_code == 403
    assert sari_browser.post(releasing.ADDRESS, data={"plan": "x"}).status_code == 403


def test_an_enrolment_that_ended_keeps_the_result_and_ends_the_answers(
    app: Flask, as_person: SignIn, cast: Cast, returned: World
) -> None:
    with app.app_context():
        note_id = db.session.scalar(select(ImprovementNote.id).limit(1))
        db.session.get_one(Enrolment, cast.enrolments["sari"]).removed_at = NOW
        db.session.commit()
        db.session.remove()
    sari = as_person("sari")
    page = sari.get(returned.result)
    assert page.status_code == 200
    assert "Sebutkan sumber angka." in text_of(page)
    assert "<textarea" not in text_of(page)
    assert sari.post(f"/proyek/hasil/catatan/{note_id}", data={"reply": "x"}).status_code == 403


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("post", "/telaah"),
        ("get", "send"),
        ("put", "desk"),
        ("delete", "desk"),
        ("post", "result"),
        ("put", releasing.ADDRESS),
        ("get", "/proyek/hasil/catatan/1"),
    ],
)
def test_wrong_methods(as_person: SignIn, waiting: World, method: str, address: str) -> None:
    browser = as_person("dewi")
    target = getattr(waiting, address, address)
    response = browser.post(target) if method == "post" else browser.other(method, target)
    assert response.status_code in (
        400,
        405,
    )  # a put without a token is stopped before its method is looked at


def test_forms_need_their_token(as_person: SignIn, waiting: World) -> None:
    dewi = as_person("dewi")
    for address in (waiting.desk, waiting.send, releasing.ADDRESS):
        assert dewi.post(address, data=form(), token=False).status_code == 400


# The queue


def test_an_empty_queue_says_what_will_be_there(as_person: SignIn, cast: Cast) -> None:
    page = text_of(as_person("dewi").get("/telaah"))
    assert "Tidak ada yang menunggu telaah" in page
    assert "Mulai dari yang terlama" not in page


def test_the_queue_shows_what_waits_oldest_first(arrange: Any, as_person: SignIn, cast: Cast) -> None:
    later = arrange(lambda: handed_in(cast, "sari", now=NOW + 24 * HOUR))
    first = arrange(lambda: handed_in(cast, "budi", now=NOW))
    page = text_of(as_person("dewi").get("/telaah"))
    assert "Sari Wulandari" in page
    assert page.index(f'href="{first.desk}"') < page.rindex(f'href="{later.desk}"')
    assert page.count("Menunggu telaah") >= 3  # two rows, and the name of the filter
    assert "Proyek uji" in page
    assert "hasan" not in page
    assert first.desk not in text_of(as_person("hasan").get("/telaah"))


def test_the_queue_names_drafts_and_revisions(as_person: SignIn, second: World) -> None:
    dewi = as_person("dewi")
    page = text_of(dewi.get("/telaah"))
    assert "Revisi menunggu telaah" in page
    assert ">kembali kepada Anda<" in page
    assert "Anda sedang menelaah" not in page
    dewi.post_json(second.desk, form(decision="accept"))
    page = text_of(dewi.get("/telaah"))
    assert "Anda sedang menelaah" in page


def test_the_queue_is_filtered_by_cohort_and_state(as_person: SignIn, returned: World) -> None:
    dewi = as_person("dewi")
    assert returned.desk not in text_of(dewi.get("/telaah"))
    assert returned.desk in text_of(dewi.get("/telaah?keadaan=dikembalikan"))
    assert returned.desk in text_of(dewi.get(f"/telaah?keadaan=dikembalikan&angkatan={CODE}"))
    empty = text_of(dewi.get("/telaah?keadaan=dinilai"))
    assert returned.desk not in empty
    assert "Tampilkan semua" in empty
    for odd in ("?keadaan=x", "?angkatan=lain-1", "?after=@@@", "?after=", "?keadaan=dikembalikan&after=W10"):
        assert dewi.get(f"/telaah{odd}").status_code == 200


def test_a_long_queue_has_pages(
    app: Flask, arrange: Any, as_person: SignIn, cast: Cast, monkeypatch: Any
) -> None:
    first = arrange(lambda: handed_in(cast, "sari"))
    later = arrange(lambda: handed_in(cast, "budi", now=NOW + 24 * HOUR))
    whole = models.queue
    monkeypatch.setattr(models, "queue", lambda *args, **kwargs: whole(*args, **{**kwargs, "per_page": 1}))
    dewi = as_person("dewi")
    page = dewi.get("/telaah")
    assert later.desk not in text_of(page)
    following = text_of(page).split('rel="next" href="', 1)[1].split('"', 1)[0].replace("&amp;", "&")
    page = text_of(dewi.get(following))
    assert later.desk in page
    assert f'href="{first.desk}"' not in page.split("<main", 1)[1]


def test_next_leads_to_the_oldest_that_waits(as_person: SignIn, waiting: World) -> None:
    dewi = as_person("dewi")
    assert dewi.get("/telaah/berikutnya").location == waiting.desk
    # nothing else waits
    assert dewi.get(f"/telaah/berikutnya?setelah={waiting.id}").location == "/telaah"
    for odd in ("x", "-1", "9" * 30, "999999"):
        assert dewi.get(f"/telaah/berikutnya?setelah={odd}").location == waiting.desk
    assert as_person("hasan").get("/telaah/berikutnya").location == "/telaah"


# The desk


def test_the_desk_shows_the_document_beside_its_rubric(as_person: SignIn, waiting: World) -> None:
    page = text_of(as_person("dewi").get(waiting.desk))
    assert "Lama tinggal wisatawan hanya 1,3 hari" in page
    assert "Akar masalah</h3>" in page
    assert "Isu jelas." in page  # every level's descriptor is there
    assert "bobot 60" in page
    assert "Sari Wulandari" in page
    # a first version has nothing to compare with
    assert "tampil=perubahan" not in page
    table = text_of(as_person("dewi").get(f"{waiting.desk}?bagian=sasaran"))
    assert "5,55" in table
    assert "Pengangguran menurun" in table
    assert "Tidak ada berkas." in text_of(as_person("dewi").get(f"{waiting.desk}?bagian=lampiran"))


def test_criteria_of_the_open_section_come_first(as_person: SignIn, waiting: World) -> None:
    dewi = as_person("dewi")
    page = text_of(dewi.get(f"{waiting.desk}?bagian=sasaran"))
    assert (
        page.index('id="kriteria-sasaran"')
        < page.index("Kriteria lain (1)")
        < page.index('id="kriteria-isu"')
    )
    page = text_of(dewi.get(f"{waiting.desk}?bagian=isu"))
    assert (
        page.index('id="kriteria-isu"')
        < page.index("Kriteria lain (1)")
        < page.index('id="kriteria-sasaran"')
    )


@pytest.mark.parametrize(
    "query", ["?bagian=tidak-ada", "?tampil=x", "?bagian=isu&tampil=perubahan", "?bagian=%00"]
)
def test_odd_addresses_open_the_desk_or_are_refused(as_person: SignIn, waiting: World, query: str) -> None:
    response = as_person("dewi").get(waiting.desk + query)
    assert response.status_code == (400 if "%00" in query else 200)


def test_autosave_answers_with_the_next_revision(
    app: Flask, as_person: SignIn, cast: Cast, waiting: World
) -> None:
    dewi = as_person("dewi")
    fields = {
        "note": ["1", "2"],
        "note.1": "Sebutkan sumber.\r\nDan tahunnya.",
        "must.1": "on",
        "note.2": "   ",
        "decision": "return",
        "level.isu": "2",
        "comment.isu": "Belum bersumber.",
    }
    answer = dewi.post_json(waiting.desk, form(**fields)).get_json()
    assert answer["revision"] == "1"
    assert answer["saved"].startswith("Tersimpan otomatis ")
    assert "kembalikan" in answer["fragments"]["daftar-bagian"]
    assert "1 dari 3 bagian diputuskan · 1 dari 2 kriteria dinilai" in answer["fragments"]["kelengkapan"]
    with app.app_context():
        draft = models.draft_of(waiting.id, cast.people["dewi"])
        assert draft is not None
        assert content.decode(draft.content) == ReviewContent(
            sections={"isu": SectionReview("return", (Note("Sebutkan sumber.\nDan tahunnya."),))},
            criteria={"isu": Opinion(level=2, comment="Belum bersumber.")},
        )
    # saving the same again, and sections of their own
    assert dewi.post_json(waiting.desk, form(**fields)).get_json()["revision"] == "1"
    again = dewi.post_json(waiting.desk, form("sasaran", 1, decision="accept", **{"level.isu": "2"}))
    assert again.get_json()["revision"] == "2"
    page = text_of(dewi.get(waiting.desk))
    assert "Sebutkan sumber." in page
    assert 'name="revision" value="2"' in page


def test_looking_around_keeps_nothing(app: Flask, as_person: SignIn, waiting: World) -> None:
    dewi = as_person("dewi")
    page = dewi.get(waiting.desk)
    response = dewi.submit_form(page, waiting.desk, then="section:sasaran")
    assert response.location == f"{waiting.desk}?bagian=sasaran"
    assert dewi.submit_form(page, waiting.desk).status_code == 303
    with app.app_context():
        assert db.session.scalar(select(func.count(ReviewDraft.id))) == 0


@pytest.mark.parametrize(
    ("then", "address"),
    [
        ("save", "{desk}?bagian=isu&tampil=penuh"),
        ("section:lampiran", "{desk}?bagian=lampiran"),
        ("view:penuh", "{desk}?bagian=isu&tampil=penuh"),
        ("summary", "{desk}?tampil=ringkasan"),
        ("next", "/telaah/berikutnya?setelah={id}"),
        ("https://evil.example/", "{desk}?bagian=isu&tampil=penuh"),
        ("section://evil.example", "{desk}?bagian=//evil.example"),
    ],
)
def test_without_javascript_each_button_saves_and_leads_on(
    app: Flask, as_person: SignIn, waiting: World, then: str, address: str
) -> None:
    dewi = as_person("dewi")
    page = dewi.get(waiting.desk)
    response = dewi.submit_form(page, waiting.desk, then=then, decision="return")
    assert response.status_code == 303
    wanted = address.format(desk=waiting.desk, id=waiting.id)
    assert response.location.replace("%2F", "/") == wanted
    with app.app_context():
        assert db.session.scalar(select(ReviewDraft.revision)) == 1


def test_two_tabs_show_both(app: Flask, as_person: SignIn, cast: Cast, waiting: World) -> None:
    dewi = as_person("dewi")
    page = dewi.get(waiting.desk)
    first = {"note": "1", "note.1": "Dari tab pertama", "must.1": "on", "decision": "return"}
    dewi.submit_form(page, waiting.desk, **first)
    other = {"note": "1", "note.1": "Dari tab kedua", "decision": "accept", "level.isu": "4"}
    answer = dewi.post_json(waiting.desk, form(**other))
    assert answer.status_code == 409
    assert answer.get_json()["error"] == "conflict"
    conflict = dewi.submit_form(page, waiting.desk, **other)
    assert conflict.status_code == 409
    shown = text_of(conflict)
    assert "Dari tab pertama" in shown
    assert "Dari tab kedua" in shown
    with app.app_context():
        draft = models.draft_of(waiting.id, cast.people["dewi"])
        assert draft is not None
        assert "Dari tab pertama" in draft.content
    # the first form of the page takes what was typed there
    taken = dewi.submit_form(conflict, waiting.desk)
    assert taken.status_code == 303
    with app.app_context():
        draft = models.draft_of(waiting.id, cast.people["dewi"])
        assert draft is not None
        said = content.decode(draft.content)
        assert (draft.revision, said.section("isu").decision, said.opinion("isu").level) == (2, "accept", 4)
        assert [note.text for note in said.section("isu").notes] == ["Dari tab kedua"]


def test_a_stale_save_keeps_what_the_other_tab_said_elsewhere(
    app: Flask, as_person: SignIn, cast: Cast, waiting: World
) -> None:
    dewi = as_person("dewi")
    page = dewi.get(waiting.desk)
    dewi.post_json(waiting.desk, form("sasaran", decision="return"))
    conflict = dewi.submit_form(page, waiting.desk, decision="accept")
    assert conflict.status_code == 409
    dewi.submit_form(conflict, waiting.desk)
    with app.app_context():
        said = content.decode(models.draft_of(waiting.id, cast.people["dewi"]).content)  # type: ignore[union-attr]
        assert (said.section("isu").decision, said.section("sasaran").decision) == ("accept", "return")


def test_too_long_a_note_is_kept_on_the_page_and_not_stored(
    app: Flask, as_person: SignIn, waiting: World
) -> None:
    dewi = as_person("dewi")
    long = "kata " * 1200
    page = dewi.get(waiting.desk)
    response = dewi.submit_form(page, waiting.desk, **{"note": "1", "note.1": long, "decision": "return"})
    assert response.status_code == 413
    assert long.strip() in text_of(response)
    assert "paling panjang 5000 karakter" in text_of(response)
    answer = dewi.post_json(waiting.desk, form(**{"note": "1", "note.1": long}))
    assert (answer.status_code, answer.get_json()["error"]) == (413, "too_long")
    many = {"note": [str(n) for n in range(60)], **{f"note.{n}": "x" for n in range(60)}}
    assert dewi.post_json(waiting.desk, form(**many)).status_code == 413
    with app.app_context():
        assert db.session.scalar(select(func.count(ReviewDraft.id))) == 0


@pytest.mark.parametrize(
    "odd",
    [
        {"revision": "x"},
        {"revision": "-1"},
        {"revision": "9" * 40},
        {"section": "tidak-ada"},
        {"section": "lampiran\0"},
        {"level.isu": "99"},
        {"level.isu": "4' or 1=1"},
        {"decision": "maybe"},
        {
            "note": ["x", "../..", "1" * 500],
            "note.x": "a\0b\u202e",
            "earlier.7": "settled",
            "earlier.x": "open",
        },
        {"then": "section:" + "x" * 5000},
    ],
)
def test_odd_fields_do_no_harm(as_person: SignIn, waiting: World, odd: dict[str, Any]) -> None:
    response = as_person("dewi").post(waiting.desk, data={**form(), **odd})
    assert response.status_code in (303, 409)


def test_a_megabyte_of_nonsense_is_refused_in_words(as_person: SignIn, waiting: World) -> None:
    response = as_person("dewi").post(waiting.desk, data=form(**{"note": "1", "note.1": "[a" * 500_000}))
    assert response.status_code == 413
    assert "Belum tersimpan" in text_of(response)


def test_hostile_notes_are_text(app: Flask, as_person: SignIn, waiting: World) -> None:
    dewi = as_person("dewi")
    fields = complete_form(dewi, waiting)
    dewi.post(
        waiting.desk,
        data=form(
            "isu",
            int(fields["revision"]),
            **{"note": "1", "note.1": HOSTILE, "must.1": "on", "decision": "return"},
            **{"comment.isu": HOSTILE, "level.isu": "2", "level.sasaran": "4"},
        ),
    )
    pages = [text_of(dewi.get(waiting.desk)), text_of(dewi.get(f"{waiting.desk}?tampil=ringkasan"))]
    summary = dewi.get(f"{waiting.desk}?tampil=ringkasan")
    dewi.post(waiting.send, data={**form_fields(summary, waiting.desk), "summary": HOSTILE})
    pages += [text_of(dewi.get(waiting.desk)), text_of(as_person("sari").get(waiting.result))]
    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert 'href="javascript:' not in page
    assert "<strong>tebal</strong>" in pages[-1]


# Sending


def test_a_whole_review_by_plain_forms(app: Flask, as_person: SignIn, cast: Cast, waiting: World) -> None:
    dewi = as_person("dewi")
    fields = complete_form(dewi, waiting, summary="Layak dipakai.")
    page = text_of(dewi.get(f"{waiting.desk}?tampil=ringkasan"))
    assert "<dd>85</dd>" in page
    assert "Sebelum dikirim" not in page
    response = dewi.post(waiting.send, data=fields)
    assert (response.status_code, response.location) == (303, "/telaah")
    assert "terkirim: diterima" in text_of(dewi.get("/telaah"))
    with app.app_context():
        review = db.session.scalars(select(Review)).one()
        assert (review.outcome, review.points) == ("accepted", Decimal(85))
        assert content.decode(review.content).summary == "Layak dipakai."
        assert db.session.scalar(select(func.count(ReviewDraft.id))) == 0
        (letter,) = db.session.scalars(select(Mail)).all()
        assert letter.address == cast.emails["sari"]
        assert "Diterima" in letter.subject
        assert waiting.result in letter.body
        assert "85" not in letter.body


def test_an_incomplete_review_is_kept_and_says_what_is_missing(
    app: Flask, as_person: SignIn, waiting: World
) -> None:
    dewi = as_person("dewi")
    summary = dewi.get(f"{waiting.desk}?tampil=ringkasan")
    response = dewi.post(waiting.send, data={**form_fields(summary, waiting.desk), "summary": "Sementara"})
    assert response.status_code == 422
    page = text_of(response)
    assert "Telaah belum terkirim: 3 hal belum lengkap" in page
    assert "Bagian “Isu strategis” belum diputuskan" in page
    assert 'role="alert"' in page
    assert 'name="revision" value="1"' in page
    with app.app_context():
        assert db.session.scalar(select(func.count(Review.id))) == 0
        assert "Sementara" in (db.session.scalar(select(ReviewDraft.content)) or "")
    # every section decided, no criterion scored
    for section in ("isu", "sasaran", "lampiran"):
        dewi.submit_form(dewi.get(f"{waiting.desk}?bagian={section}"), waiting.desk, decision="accept")
    page = text_of(dewi.get(f"{waiting.desk}?tampil=ringkasan"))
    assert "Kriteria “Isu strategis” belum dinilai." in page


def test_a_returned_section_needs_a_note(as_person: SignIn, waiting: World) -> None:
    dewi = as_person("dewi")
    fields = complete_form(dewi, waiting)
    sent = dewi.post(waiting.send, data={**form("isu", int(fields["revision"])), "decision": "return"})
    assert sent.status_code == 422
    assert "dikembalikan tanpa catatan" in text_of(sent)


def test_where_the_rubric_just_changed_what_was_typed_is_kept(
    app: Flask, as_person: SignIn, waiting: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    dewi = as_person("dewi")
    data = complete_form(dewi, waiting, summary="Layak dipakai.")
    monkeypatch.setattr("lms.grading.actions.is_judged_by", lambda *_: False)
    answer = dewi.post(waiting.send, data=data)
    assert answer.status_code == 303
    page = dewi.get(answer.headers["Location"])
    assert "Rubrik hasil kerja ini baru saja berubah" in text_of(page)
    with app.app_context():
        assert db.session.scalar(select(func.count(Review.id))) == 0
        draft = db.session.scalars(select(ReviewDraft)).one()
        assert content.decode(draft.content).summary == data["summary"]


def test_pressing_send_twice_sends_once(app: Flask, as_person: SignIn, waiting: World) -> None:
    dewi = as_person("dewi")
    fields = complete_form(dewi, waiting)
    assert dewi.post(waiting.send, data=fields).status_code == 303
    assert dewi.post(waiting.send, data=fields).status_code == 303
    with app.app_context():
        assert db.session.scalar(select(func.count(Review.id))) == 1
        assert db.session.scalar(select(func.count(Mail.id))) == 1
        assert db.session.scalar(select(func.count(GradeEntry.id))) == 1


def test_a_sent_review_is_read_only(app: Flask, as_person: SignIn, returned: World) -> None:
    dewi = as_person("dewi")
    page = text_of(dewi.get(returned.desk))
    assert "tidak dapat diubah" in page
    assert "Sebutkan sumber angka." in page
    assert 'id="telaah"' not in page
    summary = text_of(dewi.get(f"{returned.desk}?tampil=ringkasan"))
    assert "Perbaiki isu." in summary
    assert "Kirim hasil telaah" not in summary
    late = dewi.post_json(returned.desk, form(decision="accept"))
    assert (late.status_code, late.get_json()["error"]) == (409, "locked")
    plain = dewi.post(returned.desk, data=form(decision="accept"))
    assert (plain.status_code, plain.location) == (303, f"{returned.desk}?bagian=isu")
    with app.app_context():
        assert db.session.scalar(select(func.count(ReviewDraft.id))) == 0


def test_somebody_elses_review_closes_the_version(
    app: Flask, as_person: SignIn, cast: Cast, returned: World
) -> None:
    with app.app_context():
        db.session.add(
            CohortFacilitator(cohort_id=cast.cohort_id, person_id=cast.people["hasan"], added_at=NOW)
        )
        db.session.commit()
        db.session.remove()
    hasan = as_person("hasan")
    page = text_of(hasan.get(returned.desk))
    assert "Versi ini sudah selesai ditelaah" in page
    assert "Sebutkan sumber angka." not in page
    assert hasan.post_json(returned.desk, form(decision="accept")).status_code == 409
    sent = hasan.post(returned.send, data=form(decision="accept"))
    assert (sent.status_code, sent.location) == (303, f"{returned.desk}?bagian=isu")
    with app.app_context():  # nothing that was typed is lost
        kept = models.draft_of(returned.id, cast.people["hasan"])
        assert kept is not None
        assert content.decode(kept.content).section("isu").decision == "accept"


# The second version


def test_the_desk_shows_what_changed(as_person: SignIn, second: World) -> None:
    dewi = as_person("dewi")
    page = text_of(dewi.get(second.desk))
    assert "<del>" in page
    assert "<ins>" in page
    assert "(BPS, 2025)" in page
    assert "Anda, versi 1" in page
    assert "Sebutkan sumber angka." in page
    assert "Sumber ditambahkan." in page
    full = text_of(dewi.get(f"{second.desk}?bagian=isu&tampil=penuh"))
    assert "<ins>" not in full
    assert "(BPS, 2025)" in full
    before = text_of(dewi.get(f"{second.desk}?bagian=isu&tampil=sebelumnya"))
    assert "1,3 hari" in before
    assert "(BPS, 2025)" not in before.split("desk-right", 1)[0]


def test_accepted_sections_are_locked_on_the_desk(
    app: Flask, as_person: SignIn, cast: Cast, second: World
) -> None:
    dewi = as_person("dewi")
    page = dewi.get(f"{second.desk}?bagian=sasaran")
    assert "diterima di versi 1 dan sejak itu dikunci" in text_of(page)
    assert 'name="decision"' not in text_of(page)
    # what the page does not offer is not read
    dewi.submit_form(
        page, second.desk, decision="return", **{"note": "1", "note.1": "Lagi", "comment.isu": "x"}
    )
    with app.app_context():
        said = content.decode(models.draft_of(second.id, cast.people["dewi"]).content)  # type: ignore[union-attr]
        assert said.section("sasaran") == SectionReview()


def test_the_second_version_is_accepted_and_ends_the_round(
    app: Flask, as_person: SignIn, cast: Cast, second: World
) -> None:
    dewi = as_person("dewi")
    with app.app_context():
        first, advice = projects.notes_of(second.work_id, 1)
        names = {f"earlier.{first.id}": "settled", f"earlier.{advice.id}": "settled"}
    page = dewi.get(second.desk)
    dewi.submit_form(
        page, second.desk, decision="accept", **names, **{"level.isu": "3", "level.sasaran": "4"}
    )
    summary = dewi.get(f"{second.desk}?tampil=ringkasan")
    assert "Diterima di versi 1" in text_of(summary)
    assert dewi.post(second.send, data=form_fields(summary, second.desk)).status_code == 303
    with app.app_context():
        assert [note.resolved_in for note in projects.notes_of(second.work_id, 1)] == [2, 2]
        assert db.session.scalar(select(GradeEntry.points)) == Decimal(85)
        rows = db.session.scalars(select(Draft).where(Draft.work_id == second.work_id)).all()
        assert {row.section_id: row.accepted_in for row in rows} == {"isu": 2, "sasaran": 1, "lampiran": 1}


def test_a_changed_table_marks_its_cells(arrange: Any, as_person: SignIn, cast: Cast) -> None:
    back = ReviewContent(
        sections={
            "isu": ACCEPT,
            "sasaran": SectionReview("return", (Note("Perbaiki target."),)),
            "lampiran": ACCEPT,
        }
    )

    def deed() -> SubmissionVersion:
        version = handed_in(cast)
        send(version, back, cast.people["dewi"])
        for note in projects.notes_of(version.work_id, 1):
            work_actions.reply(note, "Diperbaiki.", by=version.submitted_by, now=NOW + HOUR)
        work = work_of(version)
        added = {**ROW, "_id": "baris2", "sasaran": "Kemiskinan <b>menurun</b>", "t0": "2,72", "t1": "2,60"}
        save(work, "sasaran", Table(({**ROW, "t1": "4,90"}, added)), by=version.submitted_by)
        return hand_in(work, version.submitted_by, now=NOW + 2 * HOUR)

    world = arrange(deed)
    page = text_of(as_person("dewi").get(f"{world.desk}?bagian=sasaran"))
    assert "cell-changed" in page
    assert "<del>5,2" in page
    assert "<ins>4,9" in page
    assert "Kemiskinan &lt;b&gt;menurun&lt;/b&gt;" in page
    assert ">baru<" in page


def test_files_are_listed_with_their_links(app: Flask, arrange: Any, as_person: SignIn, cast: Cast) -> None:
    world = arrange(lambda: with_file(cast))
    page = text_of(as_person("dewi").get(f"{world.desk}?bagian=lampiran"))
    assert "Lampiran Sari.pdf" in page
    assert "/proyek/berkas/" in page


def with_file(cast: Cast) -> SubmissionVersion:
    work = begin(cast)
    fill(work, cast.people["sari"])
    db.session.add(Blob(sha256="a" * 64, size=8, media_type="application/pdf", created_at=NOW))
    db.session.flush()
    db.session.add(
        Attachment(
            work_id=work.id,
            section_id="lampiran",
            sha256="a" * 64,
            name="Lampiran Sari.pdf",
            media_type="application/pdf",
            size=8,
            added_by=cast.people["sari"],
            added_at=NOW,
        )
    )
    row = db.session.scalars(
        select(Draft).where(Draft.work_id == work.id, Draft.section_id == "lampiran")
    ).one()
    row.content = encode((FileRef("a" * 64, "Lampiran Sari.pdf", 8, "application/pdf"),))
    db.session.flush()
    db.session.expire_all()
    return hand_in(work, cast.people["sari"])


# Blind review


def test_blind_review_hides_who_it_is_on_every_page(
    app: Flask, arrange: Any, as_person: SignIn, cast: Cast, settings: Any
) -> None:
    def deed() -> SubmissionVersion:
        change_project(blind="learner")
        return with_file(cast)

    world = arrange(deed)
    name = f"Peserta {blind.code(settings.secret_key, world.work_id)} (disamarkan)"
    dewi = as_person("dewi")
    pages = [
        "/telaah",
        world.desk,
        f"{world.desk}?bagian=lampiran",
        f"{world.desk}?tampil=ringkasan",
        world.result,
    ]
    for address in pages:
        page = text_of(dewi.get(address))
        assert name in page or address == world.desk + "?bagian=lampiran", address
        for told in ("Wulandari", "Lampiran Sari", "sari@", cast.nips["sari"]):
            assert told not in page, (address, told)
    assert "lampiran-1.pdf" in text_of(dewi.get(f"{world.desk}?bagian=lampiran"))
    fields = complete_form(dewi, world)
    dewi.post(world.send, data=fields)
    # graded and not yet out: the list for release hides it, and so does the table of the cohort's learners
    page = text_of(dewi.get(f"/telaah/angkatan/{CODE}"))
    assert name in page
    assert "Disamarkan" in page
    assert "<strong>85</strong>" in page
    assert world.result not in page
    assert name in text_of(dewi.get(releasing.ADDRESS))
    assert releasing.released(dewi).status_code == 303
    page = text_of(dewi.get(f"/telaah/angkatan/{CODE}"))
    assert name not in page
    assert world.result in page
    assert "Sari Wulandari" in text_of(dewi.get(world.desk))


def test_a_reviewer_can_be_hidden_from_the_learner(arrange: Any, as_person: SignIn, cast: Cast) -> None:
    def deed() -> SubmissionVersion:
        change_project(blind="both")
        version = handed_in(cast)
        send(version, RETURNED, cast.people["dewi"])
        return version

    world = arrange(deed)
    assert "Dewi" not in text_of(as_person("sari").get(world.result))
    assert "Wulandari" not in text_of(as_person("dewi").get(world.result))


def test_without_blind_review_the_learner_sees_who_reviewed(as_person: SignIn, returned: World) -> None:
    assert "Dewi Anggraini" in text_of(as_person("sari").get(returned.result))


# The result


def test_before_anything_is_handed_in_or_reviewed(
    arrange: Any, as_person: SignIn, cast: Cast, app: Flask
) -> None:
    with app.app_context():
        work_id = begin(cast).id
        db.session.commit()
        db.session.remove()
    page = text_of(as_person("sari").get(f"/proyek/hasil/{work_id}"))
    assert "Belum ada yang dikumpulkan" in page
    world = arrange(lambda: handed_in(cast, "budi"))
    page = text_of(as_person("budi").get(world.result))
    assert "Versi 1 sedang menunggu telaah" in page
    assert "Lembar telaah" not in page


def test_a_returned_version_shows_its_notes_and_no_points(as_person: SignIn, returned: World) -> None:
    page = text_of(as_person("sari").get(returned.result))
    assert "Sebutkan sumber angka." in page
    assert "Wajib diperbaiki" in page
    assert "Perbaiki isu." in page
    assert page.count("Dikembalikan") >= 2
    assert "Komentar per kriteria" in page
    assert "Belum bersumber." in page, "what a reviewer wrote of a criterion and sent"
    # RETURNED scores 70: neither the sum, nor a level
    for secret in (">70<", "70,0", "Isu umum.", "Nilai per kriteria", "Nilai akhir"):
        assert secret not in page


def test_the_summary_shows_the_comments_that_the_team_will_read(
    arrange: Any, as_person: SignIn, cast: Cast, returned: World
) -> None:
    waiting = arrange(lambda: handed_in(cast, "budi"))
    dewi = as_person("dewi")
    page = text_of(dewi.get(f"{returned.desk}?tampil=ringkasan"))
    sheet = page[page.index("Yang dibaca peserta") : page.index("Rekomendasi umum")]
    assert "Belum bersumber." in sheet
    assert "Komentar per kriteria" not in text_of(dewi.get(f"{waiting.desk}?tampil=ringkasan"))


def test_nothing_of_a_grade_is_in_the_page_before_it_is_out(as_person: SignIn, graded: World) -> None:
    for who in ("sari", "dewi", "ratna"):
        page = text_of(as_person(who).get(graded.result))
        assert "Diterima" in page
        for secret in (">85<", "85,0", "85.0", "Isu jelas.", "Isu didukung data.", "Nilai per kriteria"):
            assert secret not in page, (who, secret)


def test_when_all_is_accepted_the_result_is_the_front_s_main_action(as_person: SignIn, graded: World) -> None:
    page = text_of(as_person("sari").get(f"/proyek/{CODE}/proyek-uji"))
    assert page.count("button-primary") == 1
    assert f'class="button button-primary" href="{graded.result}"' in page


def test_a_released_grade_is_explained(app: Flask, as_person: SignIn, cast: Cast, graded: World) -> None:
    dewi = as_person("dewi")
    table = dewi.get(f"/telaah/angkatan/{CODE}")
    assert "<strong>85</strong>" in text_of(table)
    response = releasing.released(dewi)
    assert (response.status_code, response.location) == (303, f"/telaah/angkatan/{CODE}")
    page = text_of(dewi.get(f"/telaah/angkatan/{CODE}"))
    assert "Nilai 1 hasil kerja diumumkan, tanpa 1 peserta" in page
    assert "Nilai diumumkan" in page
    result = text_of(as_person("sari").get(graded.result))
    for told in (
        ">85<",
        "Lulus",
        "nilai ambang kelulusan 70",
        ">45 <",  # 60 x 3/4
        ">40 <",
        "3 Baik.",
        "Isu jelas.",
        "Isu didukung data.",
        "Layak dipakai.",
        "Bukti pengumpulan",
    ):
        assert told in result, told
    assert "Keterlambatan" not in result
    assert "85" in text_of(as_person("sari").get("/nilai"))
    with app.app_context():
        letter = db.session.scalars(select(Mail)).one()
        assert letter.address == cast.emails["sari"]
        assert "85" not in letter.body


def test_lateness_is_explained(app: Flask, as_person: SignIn, cast: Cast, arrange: Any) -> None:
    def deed() -> SubmissionVersion:
        work = begin(cast)
        assert work.due_at is not None
        fill(work, cast.people["sari"], now=work.due_at)
        version = hand_in(work, cast.people["sari"], now=work.due_at + timedelta(hours=30))
        send(version, ACCEPTED, cast.people["dewi"])
        actions.release(cast.cohort_id, [version.work_id], by=cast.people["dewi"], now=NOW)
        return version

    page = text_of(as_person("sari").get(arrange(deed).result))
    assert "<dd>75</dd>" in page
    assert "−10: versi 1 terlambat 2 hari; 5 poin per hari yang dimulai" in page


def test_administrators_look_and_do_not_release(as_person: SignIn, graded: World) -> None:
    page = text_of(as_person("ratna").get(f"/telaah/angkatan/{CODE}"))
    assert "<strong>85</strong>" in page
    assert f'action="{releasing.ADDRESS}"' not in page
    assert f'href="{releasing.ADDRESS}">Lihat kesiapan pengumuman' in page
    assert graded.desk not in page


def test_a_learner_sees_both_versions(as_person: SignIn, second: World) -> None:
    page = text_of(as_person("sari").get(second.result))
    assert "Versi 2 sedang menunggu telaah" in page
    assert page.count("Bukti pengumpulan") == 2
    assert "Sumber ditambahkan." in page
    # answered and handed in: the follow-up is part of the version now
    assert "<textarea" not in page


# Follow-ups


def test_the_team_answers_each_note(app: Flask, as_person: SignIn, returned: World) -> None:
    sari = as_person("sari")
    page = sari.get(returned.result)
    assert text_of(page).count("<textarea") == 2
    with app.app_context():
        note_id = db.session.scalar(select(ImprovementNote.id).order_by(ImprovementNote.id).limit(1))
    address = f"/proyek/hasil/catatan/{note_id}"
    response = sari.submit_form(page, address, reply="Sumber ditambahkan <b>2025</b>.")
    assert (response.status_code, response.location) == (303, f"{returned.result}#catatan-{note_id}")
    page = text_of(sari.get(returned.result))
    assert "Sumber ditambahkan &lt;b&gt;2025&lt;/b&gt;." in page
    answer = sari.post_json(address, {"reply": "Diganti."})
    assert answer.status_code == 200
    assert answer.get_json()["saved"].startswith("Tersimpan otomatis")
    # a facilitator reads it, without a box to write in
    page = text_of(as_person("dewi").get(returned.result))
    assert "Diganti." in page
    assert "<textarea" not in page


def test_follow_ups_are_the_members_own(app: Flask, as_person: SignIn, returned: World) -> None:
    with app.app_context():
        note_id = db.session.scalar(select(ImprovementNote.id).limit(1))
    address = f"/proyek/hasil/catatan/{note_id}"
    for who, status in (("budi", 404), ("tono", 404), ("hasan", 404), ("dewi", 403), ("ratna", 403)):
        assert as_person(who).post(address, data={"reply": "x"}).status_code == status
    assert as_person("sari").post("/proyek/hasil/catatan/999999", data={"reply": "x"}).status_code == 404


def test_too_long_a_follow_up_is_kept_on_the_page(app: Flask, as_person: SignIn, returned: World) -> None:
    with app.app_context():
        note_id = db.session.scalar(select(ImprovementNote.id).limit(1))
    long = "kata " * 500
    sari = as_person("sari")
    response = sari.post(f"/proyek/hasil/catatan/{note_id}", data={"reply": long})
    assert response.status_code == 413
    assert long.strip() in text_of(response)
    assert sari.post_json(f"/proyek/hasil/catatan/{note_id}", {"reply": long}).status_code == 413


def test_after_the_next_hand_in_a_follow_up_stands(app: Flask, as_person: SignIn, second: World) -> None:
    with app.app_context():
        note_id = db.session.scalar(select(ImprovementNote.id).limit(1))
    response = as_person("sari").post(f"/proyek/hasil/catatan/{note_id}", data={"reply": "Lain"})
    assert response.status_code == 409
    assert "sudah dikumpulkan bersama versi berikutnya" in text_of(response)


# Languages and cost


def test_the_desk_speaks_english_where_it_is_wanted(
    app: Flask, as_person: SignIn, cast: Cast, second: World
) -> None:
    with app.app_context():
        db.session.get_one(Person, cast.people["dewi"]).language = "en"
        db.session.commit()
        db.session.remove()
    page = as_person("dewi").get(second.desk)
    assert page.status_code == 200
    assert '<html lang="en">' in text_of(page)
    assert 'data-language="en"' in text_of(page)


def test_pages_cost_few_statements(
    as_person: SignIn, second: World, graded_too: World, count_statements: Any
) -> None:
    dewi = as_person("dewi")
    pages = [
        "/telaah",
        "/telaah?keadaan=dinilai",
        second.desk,
        f"{second.desk}?bagian=lampiran",
        f"{second.desk}?tampil=ringkasan",
        f"{second.desk}?tampil=sebelumnya",
        f"/telaah/angkatan/{CODE}",
        second.result,
        graded_too.result,
        graded_too.desk,
    ]
    for address in pages:
        dewi.get(address)  # what never changes is read once per process
        with count_statements() as counted:
            dewi.get(address)
        assert len(counted) <= 9, (address, counted.statements)
    for who, address in (("sari", second.result), ("budi", graded_too.result)):
        as_person(who).get(address)
        with count_statements() as counted:
            as_person(who).get(address)
        assert len(counted) <= 8, (address, counted.statements)


@pytest.fixture
def graded_too(arrange: Any, cast: Cast) -> World:
    """Budi's version, accepted and released."""

    def deed() -> SubmissionVersion:
        version = handed_in(cast, "budi")
        send(version, ACCEPTED, cast.people["dewi"])
        actions.release(cast.cohort_id, [version.work_id], by=cast.people["dewi"], now=NOW + 2 * HOUR)
        return version

    return arrange(deed)


def test_an_autosave_costs_few_statements(as_person: SignIn, second: World, count_statements: Any) -> None:
    dewi = as_person("dewi")
    dewi.post_json(second.desk, form(decision="accept"))
    token = dewi.csrf_token()
    with count_statements() as counted:
        answer = dewi.client.post(
            second.desk,
            data={**form(revision=1, decision="return"), "csrf_token": token},
            headers={"Accept": "application/json", "Sec-Fetch-Site": "same-origin"},
        )
    assert answer.get_json()["revision"] == "2"
    # three of them read who asks and whose work it is, two hold the version and renew the turn to write
    assert len(counted) <= 10, counted.statements


def test_what_pages_cost_does_not_grow_with_learners(
    app: Flask, as_person: SignIn, cast: Cast, waiting: World, count_statements: Any
) -> None:
    dewi = as_person("dewi")

    def cost() -> list[int]:
        counts = []
        for address in ("/telaah", waiting.desk, f"/telaah/angkatan/{CODE}", waiting.result):
            dewi.get(address)
            with count_statements() as counted:
                dewi.get(address)
            counts.append(len(counted))
        return counts

    before = cost()
    with app.app_context():
        for number in range(12):
            person = Person(
                name=f"Peserta {number}",
                sort_name=f"peserta {number:02}",
                email=f"p{number}@uji.example",
                learner=True,
                created_at=NOW,
            )
            db.session.add(person)
            db.session.flush()
            enrolment = Enrolment(cohort_id=cast.cohort_id, person_id=person.id, enrolled_at=NOW)
            db.session.add(enrolment)
            db.session.flush()
            cast.people[f"p{number}"], cast.enrolments[f"p{number}"] = person.id, enrolment.id
            version = handed_in(cast, f"p{number}", now=NOW + timedelta(minutes=number))
            if number % 3 == 0:
                send(version, ACCEPTED, cast.people["dewi"])
        db.session.commit()
        db.session.remove()
    assert cost() == before
