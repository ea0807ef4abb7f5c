"""Reading the answers that a quiz's page, or its module, posts."""

from __future__ import annotations

import re
from datetime import timedelta

from werkzeug.datastructures import MultiDict

from lms.quizzes.actions import Given
from lms.quizzes.models import Sitting

LONGEST_AGO = 366 * 24 * 3600 * 1000
MOST_TURNS = 2**53
_WRITER = re.compile(r"[a-z0-9]{1,16}")


def read_given(form: MultiDict[str, str], sitting: Sitting) -> dict[str, Given]:
    """The answers in a form to what this attempt asks, by question id; all else is passed over.

    A question is in the form when its ``seen.<id>`` is: the sequence of the answer that the page showed.
    Without it, boxes of which none is ticked could not be told from boxes that are not there. ``answer.<id>``
    are the values. A module adds ``ago.<id>``, the milliseconds since they were given, and ``turn.<id>``, its count
    (then ``seen.<id>`` is all that it knew of); ``writer`` names it, or the page. Numbers that make no sense are 0.
    """
    questions = sitting.paper.questions
    writer = form.get("writer", "")
    if not _WRITER.fullmatch(writer):
        writer = ""
    return {
        shown.id: Given(
            answer=questions[shown.id].read(form.getlist(f"answer.{shown.id}")),
            seen=_number(form[f"seen.{shown.id}"], 2**31 - 1),
            ago=_ago(form.get(f"ago.{shown.id}")),
            writer=writer,
            turn=_number(form.get(f"turn.{shown.id}", ""), MOST_TURNS) if writer else 0,
        )
        for shown in sitting.asked
        if f"seen.{shown.id}" in form
    }


def read_flags(form: MultiDict[str, str], sitting: Sitting) -> dict[str, bool]:
    """The flags that the form changes, by question id.

    ``flagged.<id>`` is '1' where the page showed a flag, else '0', and ``flag.<id>`` is there where one is wanted.
    """
    wanted = {
        shown.id: (form[f"flagged.{shown.id}"] == "1", f"flag.{shown.id}" in form)
        for shown in sitting.asked
        if f"flagged.{shown.id}" in form
    }
    return {question_id: now for question_id, (before, now) in wanted.items() if now != before}


def _ago(text: str | None) -> timedelta | None:
    return None if text is None else timedelta(milliseconds=_number(text, LONGEST_AGO))


def _number(text: str, most: int) -> int:
    return min(int(text), most) if text.isdecimal() and text.isascii() and len(text) < 17 else 0
