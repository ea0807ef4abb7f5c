"""Words of the pages of grading: a page of fifty rows translates fifty words, not fifty times all of them."""

from __future__ import annotations

from typing import Any

from flask import Flask

from lms.grading.content import NOTE_KINDS
from lms.grading.state import WorkState
from lms.grading.views import words


def test_a_word_is_translated_alone(app: Flask, monkeypatch: Any) -> None:
    asked: list[str] = []

    def translated(text: str) -> str:
        asked.append(text)
        return f"<{text}>"

    monkeypatch.setattr(words, "gettext", translated)
    assert words.state_word(WorkState.RETURNED) == "<Dikembalikan>"
    assert words.state_word(None) == "<Belum dikumpulkan>"
    assert words.kind_word("praise") == "<Apresiasi>"
    assert words.kind_word("kelak") == "<Saran>"
    assert asked == ["Dikembalikan", "Belum dikumpulkan", "Apresiasi", "Saran"]


def test_every_state_and_kind_has_a_word_of_its_own() -> None:
    assert set(words.STATES) == {None, *WorkState}
    assert set(words.NOTE_KINDS) == set(NOTE_KINDS)
    for each in (words.STATES, words.NOTE_KINDS):
        assert len(set(each.values())) == len(each)
