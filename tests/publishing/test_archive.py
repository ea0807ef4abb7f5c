"""Uploaded archives: a plain course folder is unpacked, everything else is refused."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from lms.publishing import archive
from lms.refusals import Refused
from tests.cast import SAMPLE


def zipped(target: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in entries.items():
            out.writestr(name, content)
    return target


def sample_entries(prefix: str = "") -> dict[str, bytes]:
    return {
        prefix + path.relative_to(SAMPLE).as_posix(): path.read_bytes()
        for path in SAMPLE.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("prefix", ["", "kursus-uji/"])
def test_a_course_folder(prefix: str, tmp_path: Path, target: Path) -> None:
    entries = sample_entries(prefix) | {"__MACOSX/x": b"", f"{prefix}.DS_Store": b""}
    folder = archive.unpack(zipped(tmp_path / "a.zip", entries), target)
    assert (folder / "course.yml").read_bytes() == (SAMPLE / "course.yml").read_bytes()
    assert not list(target.rglob(".DS_Store"))


@pytest.mark.parametrize(
    "name", ["../evil.md", "/etc/evil", "a/../../evil", "a\\..\\evil", "c:evil", "a/b/c/d/e/f.md", "x\x07.md"]
)
def test_paths_that_lead_elsewhere(name: str, tmp_path: Path, target: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"course.yml": b"", name: b"x"})
    with pytest.raises(Refused):
        archive.unpack(path, target)
    assert not list(tmp_path.glob("evil*"))


def test_links_are_refused(tmp_path: Path, target: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        entry = zipfile.ZipInfo("course.yml")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        out.writestr(entry, "/etc/passwd")
    with pytest.raises(Refused):
        archive.unpack(tmp_path / "a.zip", target)


def test_a_bomb_is_stopped_while_it_unpacks(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_BYTES", 2**20)
    path = zipped(tmp_path / "a.zip", {"course.yml": b"\0" * (20 * 2**20)})
    with pytest.raises(Refused, match="1 MB"):
        archive.unpack(path, target)
    assert sum(file.stat().st_size for file in target.rglob("*") if file.is_file()) <= 2**20


def test_too_many_files(tmp_path: Path, target: Path) -> None:
    path = zipped(tmp_path / "a.zip", dict.fromkeys((f"f{n}" for n in range(archive.MAX_FILES + 1)), b""))
    with pytest.raises(Refused, match="berkas"):
        archive.unpack(path, target)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 rubbish", b"not a zip"])
def test_what_is_no_zip(content: bytes, tmp_path: Path, target: Path) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(Refused):
        archive.unpack(tmp_path / "a.zip", target)


@pytest.mark.parametrize("names", [["x.md"], ["a/course.yml", "b/course.yml"]])
def test_not_one_course(names: list[str], tmp_path: Path, target: Path) -> None:
    with pytest.raises(Refused, match=r"course\.yml"):
        archive.unpack(zipped(tmp_path / "a.zip", dict.fromkeys(names, b"")), target)
