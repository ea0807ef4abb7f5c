"""A kind is one file, one template and one test: nothing else in the house knows it by name."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lms.quizzes.kinds import KINDS

ROOT = Path(__file__).parent.parent.parent.parent
TEMPLATES = ROOT / "lms/templates/quizzes/kinds"

NEW = '''
"""Questions answered with yes or no."""

import re
from fractions import Fraction

from lms.quizzes.kinds.question import Feedback, Question

_LINE = re.compile(r"\\?\\s+(ya|tidak)")


class YesNo(Question, frozen=True, kw_only=True, tag_field="kind", tag="yesno"):
    """`? ya` or `? tidak`."""

    rank = 80
    attributes = frozenset({"yakin"})

    yes: bool

    @classmethod
    def begins(cls, lines):
        return next((at for at, line in enumerate(lines) if line.live and line.text.startswith("? ")), None)

    @classmethod
    def parse(cls, block):
        match = _LINE.fullmatch(block.lines[0].text)
        if match is None:
            block.complain(block.lines[0].number, "Tulis `? ya` atau `? tidak`.")
        return cls(yes=bool(match) and match[1] == "ya", **block.shared)

    def read(self, values):
        return next((each for each in values if each in ("ya", "tidak")), None)

    def score(self, answer):
        return Fraction(answer == ("ya" if self.yes else "tidak"))

    def is_answered(self, answer):
        return answer in ("ya", "tidak")

    def explain(self, answer, language="id"):
        key = "ya" if self.yes else "tidak"
        given = (answer,) if self.is_answered(answer) else ()
        return Feedback(self.outcome(answer), given, (key,), (), self.explanation)

    def source(self):
        return ["? ya" if self.yes else "? tidak"]
'''

TEMPLATE = """<label><input type="checkbox" name="answer.{{ entry.id }}" value="ya"> {{ entry.text.head }}</label>\n"""

STORY = """
from types import SimpleNamespace

import jinja2, msgspec

from lms.quizzes.kinds import KINDS
from lms.quizzes.paper import Paper
from lms.quizzes.scoring import score
from lms.quizzes.source import Quiz, parse, print_quiz

HEAD = "---\\nkind: quiz\\ntitle: Kuis\\nminutes: 10\\n---\\n"
assert "yesno" in [kind.__struct_config__.tag for kind in KINDS]
quiz, problems = parse(HEAD + "## Lima tahun? {#a yakin points=2}\\n? ya\\n\\n> Ya.\\n\\n## B {#b}\\n= 5\\n", "kuis.md")
assert problems == [], problems
assert [each.kind for each in quiz.questions] == ["yesno", "numeric"]
assert parse(print_quiz(quiz), "kuis.md") == (quiz, [])
assert msgspec.json.decode(msgspec.json.encode(quiz), type=Quiz) == quiz
_, problems = parse(HEAD + "## A {#a}\\n? mungkin\\n", "kuis.md")
assert [(each.line, each.message) for each in problems] == [(7, "Tulis `? ya` atau `? tidak`.")]

paper = Paper(quiz)
shown = paper.asked(1)[0]
texts = paper.question_texts("")
pages = jinja2.Environment(loader=jinja2.FileSystemLoader("lms/templates"), autoescape=True)
entry = SimpleNamespace(id=shown.id, text=texts[shown.id])
assert "Lima tahun?" in pages.get_template(f"quizzes/kinds/{shown.kind}.html").render(entry=entry)

question = paper.questions["a"]
answer = question.read(["ya"])
assert score(quiz, {"a": answer}).points == 2
assert score(quiz, {"a": "tidak"}).points == 0
assert question.explain(answer).outcome == "right" and question.explain(None).outcome == "blank"
print("all of it")
"""


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__struct_config__.tag)
def test_every_kind_has_its_template(kind: type) -> None:
    assert (TEMPLATES / f"{kind.__struct_config__.tag}.html").is_file()  # type: ignore[attr-defined]


def test_no_template_is_left_over() -> None:
    assert {path.stem for path in TEMPLATES.iterdir()} == {str(kind.__struct_config__.tag) for kind in KINDS}


def test_kinds_that_look_alike_are_asked_in_a_fixed_order() -> None:
    assert len({kind.rank for kind in KINDS}) == len(KINDS)


def test_a_new_kind_is_one_file_and_one_template(tmp_path: Path) -> None:
    """Parsed, printed, stored, shown, read, scored and explained, with nothing else changed."""
    shutil.copytree(ROOT / "lms", tmp_path / "lms", ignore=shutil.ignore_patterns("__pycache__", "static"))
    (tmp_path / "lms/quizzes/kinds/yesno.py").write_text(NEW)
    (tmp_path / "lms/templates/quizzes/kinds/yesno.html").write_text(TEMPLATE)
    told = subprocess.run(
        [sys.executable, "-c", STORY], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert told.stdout == "all of it\n", told.stderr
