"""What the formats that we write do not carry, told before somebody relies on it."""

import re

from lms.quizzes.exchange.rough import Loss, grouped
from lms.quizzes.kinds.choice import Multiple
from lms.quizzes.kinds.essay import Essay
from lms.quizzes.kinds.ordering import Ordering
from lms.quizzes.kinds.question import Question
from lms.quizzes.kinds.short import Short
from lms.quizzes.source import Quiz, print_quiz

_RELATIVE = re.compile(r"!?\[[^\[\]\n]{0,1000}\]\(<?(?![a-zA-Z][a-zA-Z0-9+.-]*:|//|#)([^\s()<>]{1,300})")
SHARES = frozenset((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20))
"""Parts of a hundred percent that Moodle knows."""


def of_export(quiz: Quiz, name: str) -> tuple[Loss, ...]:
    """The losses of a quiz in a format, with the numbers of its questions in order."""
    found: list[tuple[int, str]] = []
    if told := _settings(quiz, name):
        found.append((0, f"pengaturan {told} hanya terbaca bila berkas ini diimpor kembali ke platform ini"))
    for pool in quiz.pools:
        if pool.draw != len(pool.questions):
            found.append((0, f"penarikan acak kelompok “{pool.title}” ({pool.draw} soal) tidak ikut"))
    for number, question in enumerate(quiz.questions, start=1):
        found += [(number, message) for message in _question(question, name)]
    return grouped(found)


def _settings(quiz: Quiz, name: str) -> str:
    head = print_quiz(quiz).split("---")[1]
    names = [line.partition(":")[0] for line in head.strip().split("\n")]
    carried = {"kind", "id", "title"} | (
        {"shuffle"} if name == "moodle" and quiz.shuffle == "options" else set()
    )
    return ", ".join(f"`{each}`" for each in names if each not in carried)


def _question(question: Question, name: str) -> list[str]:
    found: list[str] = []
    if name == "gift" and question.points != 1:
        found.append("GIFT tidak memuat bobot soal (`points`)")
    if isinstance(question, Multiple):
        right = sum(each.right for each in question.options)
        if not question.partial:
            found.append("Moodle menilai pilihan majemuk sebagian, tidak semua-atau-nol")
        if right not in SHARES:
            found.append(f"Moodle tidak mengenal bagian nilai 1/{right}; pilih pembulatan saat mengimpor")
    if isinstance(question, Short) and question.patterns:
        found.append("pola `~=` tidak dikenal di Moodle; hanya jawaban `=` yang diterima di sana")
    if isinstance(question, Short) and name == "gift" and any("->" in each for each in question.accepts):
        found.append("jawaban yang memuat `->` dibaca Moodle sebagai soal menjodohkan")
    if isinstance(question, Ordering):
        found.append("soal mengurutkan memerlukan jenis soal Ordering di Moodle")
    if isinstance(question, Essay) and (question.rubric or question.least or question.most):
        told = "rubrik" if name == "moodle" else "batas kata dan rubrik"
        if name != "moodle" or question.rubric:
            found.append(f"{told} esai tidak ikut")
    texts = (question.prompt, question.explanation, *question.source())
    targets = {target for text in texts for target in _RELATIVE.findall(text)}
    pictures = {target for target in targets if name == "gift" or not target.startswith("../files/")}
    found += [f"gambar atau tautan `{target}` tidak ikut" for target in sorted(pictures)]
    return found
