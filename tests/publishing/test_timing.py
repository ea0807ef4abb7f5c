"""Pages that take too long are found without hanging, and cost the others nothing."""

import io
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lms.markup import Link
from lms.publishing import timing
from lms.publishing.timing import NotStarted, slow_pages

ORDINARY = "# Judul\n\nIsi dengan [tautan](02-b.md), *tekanan*, $x^2$.\n\n- a\n- b\n" * 20
LINKS = (("02-b.md", Link("b")), ("files/c.svg", Link("berkas/c.svg", 10, 20)))
HOSTILE = "[a" * 20_000  # minutes, when nobody stops it


def test_ordinary_pages_pass() -> None:
    assert slow_pages([(f"{n}.md", ORDINARY + "\ud800é", LINKS) for n in range(40)]) == []


def test_no_pages_start_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", None)
    assert slow_pages([]) == []


def test_slow_pages_are_named_and_the_rest_still_rendered() -> None:
    start = time.monotonic()
    pages = [("a.md", ORDINARY, LINKS), ("b.md", HOSTILE, ()), ("c.md", ORDINARY, ()), ("d.md", HOSTILE, ())]
    assert slow_pages(pages, seconds=1) == ["b.md", "d.md"]
    assert time.monotonic() - start < 30


def test_a_page_that_cannot_be_rendered_is_failed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(text: str, links: object) -> None:
        if text == "dalam":
            raise RecursionError

    monkeypatch.setattr(timing, "strict_page", broken)
    monkeypatch.setattr("sys.stdin", io.StringIO('["dalam", []]\n["biasa", [["a", ["b", null, null]]]]\n'))
    timing._serve()
    assert capsys.readouterr().out == "failed\nok\n"


def test_a_page_that_kills_the_process_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dies_on_b = tmp_path / "python"
    body = "import sys\nfor line in sys.stdin:\n    if 'b' in line: break\n    print('ok', flush=True)\n"
    dies_on_b.write_text(f"#!{sys.executable}\n{body}")
    dies_on_b.chmod(0o755)
    monkeypatch.setattr(timing.sys, "executable", str(dies_on_b))
    assert slow_pages([("1.md", "a", ()), ("2.md", "b", ()), ("3.md", "c", ())]) == ["2.md"]


def test_one_process_renders_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[object] = []
    popen = subprocess.Popen

    def counting(*args, **kwargs):
        started.append(popen(*args, **kwargs))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", counting)
    slow_pages([(f"{n}.md", ORDINARY, ()) for n in range(10)])
    assert len(started) == 1
    assert started[0].poll() is not None  # and it is gone


def test_a_process_that_does_not_start_is_no_page_s_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing.sys, "executable", "/bin/false")
    with pytest.raises(NotStarted):
        slow_pages([("a.md", ORDINARY, ())])
