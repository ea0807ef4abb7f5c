"""The sample quiz: right answers by question, and a way to change its rules for one test."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import select, update

from lms.courses import models as course_models
from lms.courses.models import Item
from lms.extensions import db
from lms.quizzes.kinds.choice import derived_id
from lms.quizzes.paper import paper
from lms.quizzes.source import Quiz

RIGHT: dict[str, Any] = {
    "satu": derived_id("satu", "Benar"),
    "beberapa": [derived_id("beberapa", "Alfa"), derived_id("beberapa", "Beta")],
    "angka": "16,4",
    "singkat": "Kajian Lingkungan Hidup Strategis",
}
WRONG = derived_id("satu", "Salah")
QUIZ = "kuis-uji"


def change_quiz(**values: Any) -> Quiz:
    """Give the published sample quiz other rules (published items never change: only a test may do this)."""
    item = db.session.execute(select(Item.id, Item.definition).where(Item.stable_id == QUIZ)).one()
    quiz = msgspec.structs.replace(paper(item.definition).quiz, **values)
    definition = msgspec.json.encode(quiz).decode()
    db.session.execute(
        update(Item)
        .where(Item.id == item.id)
        .values(definition=definition)
        .execution_options(synchronize_session=False)
    )
    course_models.forget_cached()
    return quiz
