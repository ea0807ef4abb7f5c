"""Reading the answers that a quiz's page, or its module, posts."""

from __future__ import annotations

from datetime import timedelta

from werkzeug.datastructures import MultiDict

from lms.quizzes.actions import Given
from lms.quizzes.models import Sitting

LONGEST_AGO = 366 * 24 * 3600 * 1000


def read_given(form: MultiDict[str, str], sitting: Sitting) -> dict[str, Given]:
    """The answers in a form to what this attempt asks, by question id; all else is passed over.

    A question is in the form when its ``seen.<id>`` is: the sequence of the answer that the page showed.
    Without it, boxes of which none is ticked could not be told from boxes that are not there. ``answer.<id>``
    are the values, ``ago.<id>`` the milliseconds since they were given. Numbers that make no sense are 0.
    """
    questions = sitting.paper.questions
    return {
        shown.id: Given(
            answer=questions[shown.id].read(form.getlist(f"answer.{shown.id}")),
            seen=_number(form[f"seen.{shown.id}"], 2**31 - 1),
            ago=timedelta(milliseconds=_number(form.get(f"ago.{shown.id}", ""), LONGEST_AGO)),
        )
        for shown in sitting.asked
        if f"seen.{shown.id}" in form
    }


def _number(text: str, most: int) -> int:
    return min(int(text), most) if text.isdecimal() and text.isascii() and len(text) < 16 else 0
