"""The administrator's courses: upload, check, publish, retire."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from sqlalchemy import func, select

from lms.courses.models import CourseVersion, Item
from lms.publishing import actions
from tests.cast import NOW, SAMPLE, sample

PAGES = ("/kelola", "/kelola/pelatihan", "/kelola/pelatihan/kursus-uji")


def archive(changes: dict[str, str | None] | None = None, folder: str = "kursus-uji") -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for path in sorted(SAMPLE.rglob("*")):
            name = path.relative_to(SAMPLE).as_posix()
            if path.is_file() and (changes or {}).get(name, "") is not None:
                target.writestr(f"{folder}/{name}", (changes or {}).get(name) or path.read_bytes())
    out.seek(0)
    return out


def upload(who: Any, content: io.BytesIO, button: str = "publish", name: str = "kursus.zip") -> Any:
    return who.post("/kelola/pelatihan", data={"archive": (content, name), button: "ya"})


def versions(session: Any) -> int:
    return int(session.scalar(select(func.count()).select_from(CourseVersion)))


@pytest.mark.parametrize("address", PAGES)
def test_administrators_only(address: str, as_person: Any, browser: Any, count_statements: Any) -> None:
    ratna = as_person("ratna")
    ratna.get(address)
    with count_statements() as counted:
        assert ratna.get(address).status_code == 200
    assert len(counted) <= 8, counted.statements
    for name in ("sari", "dewi"):
        assert as_person(name).get(address).status_code == 403
    assert browser.get(address).status_code == 302


def test_an_unknown_course(as_person: Any) -> None:
    assert as_person("ratna").get("/kelola/pelatihan/tidak-ada").status_code == 404


def test_publish_what_changed(as_person: Any, session: Any) -> None:
    ratna = as_person("ratna")
    lesson = (SAMPLE / "01-awal/01-pembuka.md").read_text() + "\nKalimat baru.\n"
    answer = upload(ratna, archive({"01-awal/01-pembuka.md": lesson}))
    assert answer.status_code == 303
    page = ratna.get("/kelola/pelatihan/kursus-uji").get_data(as_text=True)
    assert "versi 2 terbit" in page
    assert versions(session) == 2
    assert "Kalimat baru." in session.scalar(
        select(Item.source).join(CourseVersion).where(CourseVersion.number == 2, Item.stable_id == "pembuka")
    )


def test_unchanged_content_writes_nothing(as_person: Any, session: Any) -> None:
    answer = upload(as_person("ratna"), archive())
    assert answer.status_code == 303
    assert "tidak berubah" in as_person("ratna").get("/kelola/pelatihan").get_data(as_text=True)
    assert versions(session) == 1


def test_checking_publishes_nothing(as_person: Any, session: Any) -> None:
    lesson = (SAMPLE / "01-awal/01-pembuka.md").read_text() + "\nKalimat baru.\n"
    answer = upload(as_person("ratna"), archive({"01-awal/01-pembuka.md": lesson}), "check")
    assert answer.status_code == 200
    page = answer.get_data(as_text=True)
    assert "Tidak ada masalah pada Kursus uji" in page
    assert "4 bagian siap diterbitkan" in page, "a rubric is no part of the outline"
    assert versions(session) == 1


def test_every_problem_with_file_and_line(as_person: Any, session: Any) -> None:
    changes: dict[str, str | None] = {
        "01-awal/01-pembuka.md": "---\ntitle: Pembuka\nminuts: 10\n---\n[mati](99-tidak-ada.md)\n",
        "02-proyek/rubrik-uji.yml": None,
    }
    answer = upload(as_person("ratna"), archive(changes))
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "01-awal/01-pembuka.md:3" in page
    assert "02-proyek/01-proyek-uji.md" in page
    assert versions(session) == 1


@pytest.mark.parametrize(
    ("content", "name"), [(b"not a zip", "a.zip"), (b"", "a.zip"), (b"PK\x03\x04rubbish", "a.zip")]
)
def test_hostile_uploads(content: bytes, name: str, as_person: Any, session: Any) -> None:
    answer = upload(as_person("ratna"), io.BytesIO(content), name=name)
    assert answer.status_code == 422
    assert versions(session) == 1


def test_an_archive_may_be_larger_than_a_form(as_person: Any, session: Any) -> None:
    large = {"files/besar.csv": "x" * 1}
    content = archive(large)
    padded = io.BytesIO(content.getvalue())
    with zipfile.ZipFile(padded, "a", zipfile.ZIP_STORED) as target:
        target.writestr("__MACOSX/padding", b"\0" * (6 * 2**20))
    padded.seek(0)
    answer = upload(as_person("ratna"), padded, "check")
    assert answer.status_code in (200, 422)
    assert "terlalu besar" not in answer.get_data(as_text=True)


def test_an_upload_needs_the_token(as_person: Any, session: Any) -> None:
    answer = as_person("ratna").post(
        "/kelola/pelatihan", data={"archive": (archive(), "kursus.zip"), "publish": "ya"}, token=False
    )
    assert answer.status_code == 400
    assert versions(session) == 1


def test_a_course_needs_a_name_that_can_be_its_address(as_person: Any, session: Any) -> None:
    answer = upload(as_person("ratna"), archive(folder="Kursus Uji"))
    assert answer.status_code == 422
    assert "huruf kecil" in answer.get_data(as_text=True)
    assert versions(session) == 1


def test_no_file_at_all(as_person: Any) -> None:
    answer = as_person("ratna").post("/kelola/pelatihan", data={"publish": "ya"})
    assert answer.status_code == 422
    assert "Pilih berkas ZIP." in answer.get_data(as_text=True)


def test_retire_and_offer_again_through_the_real_forms(as_person: Any, session: Any) -> None:
    ratna = as_person("ratna")
    page = ratna.get("/kelola/pelatihan/kursus-uji")
    answer = ratna.submit_form(page, "/kelola/pelatihan/kursus-uji/1/tarik")
    assert answer.status_code == 303
    page = ratna.get("/kelola/pelatihan/kursus-uji")
    assert "Ditarik" in page.get_data(as_text=True)
    # whoever learns from it goes on
    assert as_person("sari").get("/belajar/rpjmd-uji-1/pembuka").status_code == 200
    assert ratna.submit_form(page, "/kelola/pelatihan/kursus-uji/1/tawarkan").status_code == 303
    session.expire_all()
    assert session.scalar(select(CourseVersion.retired_at)) is None


@pytest.mark.parametrize("deed", ["tarik", "tawarkan"])
def test_retiring_is_refused_to_others(deed: str, as_person: Any, browser: Any) -> None:
    address = f"/kelola/pelatihan/kursus-uji/1/{deed}"
    for name in ("sari", "dewi"):
        assert as_person(name).post(address).status_code == 403
    assert browser.post(address).status_code == 401
    assert as_person("ratna").get(address).status_code == 405
    assert as_person("ratna").post(f"/kelola/pelatihan/kursus-uji/9/{deed}").status_code == 404
    assert as_person("ratna").post(f"/kelola/pelatihan/kursus-uji/{2**70}/{deed}").status_code == 404


def test_a_published_version_cannot_be_changed(cast: Any, session: Any) -> None:
    version = session.get(CourseVersion, cast.version_id)
    version.title = "Judul lain"
    with pytest.raises(RuntimeError, match="immutable"):
        session.flush()
    session.rollback()


def test_retired_content_published_again_is_a_new_version(cast: Any, session: Any) -> None:
    version = session.get(CourseVersion, cast.version_id)
    actions.retire(version, by=cast.people["ratna"], now=NOW)
    outcome = actions.publish(sample(), by=cast.people["ratna"], now=NOW)
    assert (outcome.created, outcome.number) == (True, 2)
    assert actions.publish(sample(), by=cast.people["ratna"], now=NOW).created is False
