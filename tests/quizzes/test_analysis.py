"""The item analysis of a cohort's quiz, as its facilitators see it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from sqlalchemy import insert, select, update
from werkzeug.test import TestResponse

from lms.courses.models import CourseVersion, Enrolment, Item
from lms.extensions import db, utcnow
from lms.people.models import Person
from lms.publishing import actions as publishing
from lms.quizzes import scoring
from lms.quizzes.kinds.choice import derived_id
from lms.quizzes.kinds.essay import Essay
from lms.quizzes.marking import actions as marking
from lms.quizzes.marking.models import Target, plan_of
from lms.quizzes.models import Answer, Attempt, EssayMark, paper_of, store_value
from tests.cast import CODE, NOW, Cast, sample
from tests.quizzes.answers import QUIZ, RIGHT, WRONG, change_quiz
from tests.quizzes.test_views import begin, take, text

PAGE = f"/kuis/angkatan/{CODE}/{QUIZ}"
QUESTIONS_FILE = f"{PAGE}/analisis/soal.csv"
OPTIONS_FILE = f"{PAGE}/analisis/pilihan.csv"
OTHER_WRONG = derived_id("satu", "Keliru")
GAMA = derived_id("beberapa", "Gama")
PACE = timedelta(seconds=20)


def quiz_item() -> int:
    """The item of the newest version."""
    return db.session.scalars(
        select(Item.id).where(Item.stable_id == QUIZ).order_by(Item.id.desc()).limit(1)
    ).one()


def handed_in(
    cast: Cast, papers: Sequence[Mapping[str, Any]], *, item_id: int = 0, pace: timedelta = PACE
) -> list[int]:
    """New learners who answered like this, one question after the other, each in ``pace``; the attempts' ids."""
    item_id = item_id or quiz_item()
    quiz, found = paper_of(item_id).quiz, []
    for answers in papers:
        at = (db.session.scalar(select(Person.id).order_by(Person.id.desc()).limit(1)) or 0) + 1
        somebody = Person(
            name=f"Peserta Rahasia {at}",
            sort_name=f"peserta rahasia {at}",
            email=f"rahasia{at}@uji.example",
            kind="pns",
            password_hash="",
            learner=True,
            created_at=NOW,
        )
        db.session.add(somebody)
        db.session.flush()
        enrolment = Enrolment(cohort_id=cast.cohort_id, person_id=somebody.id, enrolled_at=NOW)
        db.session.add(enrolment)
        db.session.flush()
        result = scoring.score(quiz, answers)
        attempt = Attempt(
            enrolment_id=enrolment.id,
            stable_id=QUIZ,
            item_id=item_id,
            number=1,
            seed=at,
            started_at=NOW,
            submitted_at=NOW + timedelta(hours=1),
            closed_by="learner",
            points=None if result.pending else result.points,
            max_points=None if result.pending else result.max,
        )
        db.session.add(attempt)
        db.session.flush()
        found.append(attempt.id)
        rows = [
            {
                "attempt_id": attempt.id,
                "sequence": n,
                "question_id": question,
                "value": store_value(value),
                "given_at": NOW + n * pace,
                "saved_at": NOW + n * pace,
            }
            for n, (question, value) in enumerate(answers.items(), start=1)
        ]
        if rows:
            db.session.execute(insert(Answer), rows)
    db.session.commit()
    return found


def paper_with(*right: str, **other: Any) -> dict[str, Any]:
    """Answers with these questions right, others as given, the rest of the four wrong."""
    wrong = {"satu": WRONG, "beberapa": [GAMA], "angka": "1", "singkat": "tidak tahu"}
    answers = {question: RIGHT[question] if question in right else wrong[question] for question in RIGHT}
    return {question: value for question, value in (answers | other).items() if value is not None}


ALL = tuple(RIGHT)
STRONG, WEAK = paper_with(*ALL), paper_with()


def question_rows(response: TestResponse) -> dict[str, dict[str, str]]:
    """The lines of a CSV file by question id."""
    lines = csv.DictReader(io.StringIO(response.get_data().decode("utf-8-sig")), delimiter=";")
    return {line["Id soal"]: line for line in lines}


# Few, or nobody


def test_before_anybody_handed_in(as_person: Any) -> None:
    page = as_person("dewi").get(PAGE)
    assert "Analisis tampil di sini setelah peserta mengumpulkan" in text(page)
    assert '<svg class="plot"' not in page.get_data(as_text=True)
    begin(as_person("sari"))
    assert "1 masih dikerjakan" in text(as_person("dewi").get(PAGE))


def test_the_files_of_an_empty_cohort_have_heads_and_questions(as_person: Any) -> None:
    rows = question_rows(as_person("dewi").get(QUESTIONS_FILE))
    assert list(rows) == list(RIGHT)
    assert rows["satu"]["Jumlah percobaan"] == "0"
    assert rows["satu"]["Tingkat kemudahan"] == rows["satu"]["Bagian kosong"] == ""


def test_one_learner_is_not_enough_and_the_page_says_why(as_person: Any) -> None:
    take(as_person("sari"), 3)
    page = as_person("dewi").get(PAGE)
    words = text(page)
    assert "Baru 1 percobaan." in words
    assert "Rata-rata 80,0" in words
    assert "Alfa Cronbach belum dapat dihitung Alasan: perlu paling sedikit dua percobaan." in words
    assert "Daya beda belum dapat dihitung Alasan: perlu paling sedikit dua percobaan." in words
    assert "Saran muncul setelah sedikitnya 10 percobaan." in words
    assert "Peta tergambar setelah daya beda dapat dihitung" in words
    # all at once, without our module: nobody knows how the time was shared
    assert "Median waktu belum dapat dihitung Alasan: waktunya tidak tercatat." in words


# Figures


def test_figures_by_hand(as_person: Any, session: Any, cast: Cast) -> None:
    # of 5 points: three have all, one 3 (satu and beberapa), two nothing; sum 18, mean 3 = 60 of 100
    handed_in(cast, [STRONG, STRONG, STRONG, paper_with("satu", "beberapa"), WEAK, WEAK])
    words = text(as_person("dewi").get(PAGE))
    assert "Percobaan pertama 6" in words
    assert "Rata-rata 60,0 median 80,0" in words
    # variance: 3 * 40² + 0 + 2 * 60² = 12000, / 6 = 2000
    assert "Simpangan baku 44,7" in words
    # points: satu 4/6, so 2/9; beberapa twice that: 8/9; angka and singkat 1/2: 1/4 each; together 29/18
    # total: 5 5 5 3 0 0: 84/6 - 9 = 5; alpha = 4/3 * (1 - 29/90) = 4/3 * 61/90 = 0.9037
    assert "Alfa Cronbach 0,90 tinggi" in words
    assert "KR-20 tidak dapat dihitung Alasan: bobot soalnya berbeda-beda." in words
    # 44.72 * sqrt(1 - 0.9037) = 13.88
    assert "Galat baku pengukuran 13,9 nilai 70 berarti kira-kira 56 sampai 84" in words
    rows = question_rows(as_person("dewi").get(QUESTIONS_FILE))
    assert {each: rows[each]["Tingkat kemudahan"] for each in RIGHT} == {
        "satu": "0,6667",
        "beberapa": "0,6667",
        "angka": "0,5",
        "singkat": "0,5",
    }
    # angka: x 1 1 1 0 0 0, rest 4 4 4 3 0 0: (6 * 12 - 3 * 15) / sqrt((18 - 9) (6 * 57 - 225)) = 27 / sqrt 1053
    assert rows["angka"]["Daya beda"] == "0,8321"
    assert rows["angka"]["Median waktu (detik)"] == "20"


def test_options_are_counted_by_thirds(as_person: Any, session: Any, cast: Cast) -> None:
    # the rest (without satu): 4 4 | 2 2 | 0 0
    papers = [
        paper_with("beberapa", "angka", "singkat", satu=RIGHT["satu"]),
        paper_with("beberapa", "angka", "singkat", satu=OTHER_WRONG),
        paper_with("beberapa", satu=RIGHT["satu"]),
        paper_with("beberapa", satu=RIGHT["satu"]),
        paper_with(satu=WRONG),
        paper_with(satu=None),
    ]
    handed_in(cast, papers)
    response = as_person("dewi").get(OPTIONS_FILE)
    lines = response.get_data().decode("utf-8-sig").splitlines()
    assert lines[0] == "Nomor;Id soal;Pilihan;Kunci;Atas;Tengah;Bawah;Semua"
    assert lines[1:8] == [
        "1;satu;A. Salah;tidak;0;0;1;1",
        "1;satu;B. Benar;ya;1;2;0;3",
        "1;satu;C. Keliru;tidak;1;0;0;1",
        "1;satu;Benar;;1;2;0;3",
        "1;satu;Benar sebagian;;0;0;0;0",
        "1;satu;Salah;;1;0;1;2",
        "1;satu;Kosong;;0;0;1;1",
    ]
    words = text(as_person("dewi").get(PAGE))
    assert "Pilihan Atas (2) Tengah (2) Bawah (2) Semua (6)" in words
    assert "B. Benar ✓ Kunci 1 (50%) 2 (100%) 0 (0%) 3 (50%)" in words


def test_it_says_what_to_look_at(as_person: Any, session: Any, cast: Cast) -> None:
    strong = paper_with("beberapa", "angka", "singkat", satu=OTHER_WRONG)
    weak = paper_with("satu", angka=None)
    handed_in(cast, [strong] * 8 + [weak] * 8)
    page = as_person("dewi").get(PAGE)
    words = text(page)
    assert "Soal 1 Periksa kunci Pilihan C lebih banyak dipilih kelompok atas" in words
    assert "Daya beda negatif Peserta yang kuat pada soal lain justru lebih sering keliru" in words
    assert "Pengecoh tidak dipilih Pilihan A tidak dipilih siapa pun." in words
    assert "50% peserta mengosongkannya." in words
    row = question_rows(as_person("dewi").get(QUESTIONS_FILE))["satu"]
    assert row["Yang perlu dilihat"] == "Periksa kunci; Daya beda negatif; Pengecoh tidak dipilih"
    assert row["Daya beda"] == "-1"


def test_long_times_are_said(as_person: Any, session: Any, cast: Cast) -> None:
    # five minutes for four questions are 75 seconds each
    handed_in(cast, [STRONG, WEAK] * 6, pace=timedelta(seconds=200))
    words = text(as_person("dewi").get(PAGE))
    assert (
        "Separuh peserta memerlukan 3 mnt 20 dtk atau lebih, sedangkan rencananya sekitar 1 mnt 15 dtk"
        in words
    )


@pytest.mark.parametrize(
    ("order", "first"),
    [
        ("", "1. satu"),
        ("nonsens", "1. satu"),
        ("kemudahan", "3. angka"),
        ("kosong", "4. singkat"),
        ("daya-beda", "2. beberapa"),
        ("waktu", "1. satu"),
    ],
)
def test_the_table_can_be_sorted(as_person: Any, session: Any, cast: Cast, order: str, first: str) -> None:
    handed_in(
        cast,
        [
            paper_with("satu", "singkat"),
            paper_with("satu", "beberapa", singkat=None),
            paper_with("satu", "singkat", "angka"),
            paper_with("beberapa", "singkat"),
            paper_with("satu", "beberapa", "singkat"),
        ],
    )
    page = text(as_person("dewi").get(PAGE, query_string={"urut": order}))
    table = page.partition("Kosong Yang perlu dilihat ")[2]
    assert table.startswith(first)


# What counts


def test_first_attempts_of_enrolled_learners_only(as_person: Any, session: Any, cast: Cast) -> None:
    sari = as_person("sari")
    take(sari, 1)
    take(sari, 4)
    begin(as_person("budi"))
    words = text(as_person("dewi").get(PAGE))
    assert "Percobaan pertama 1 1 masih dikerjakan" in words
    assert "Rata-rata 20,0" in words
    session.execute(
        update(Enrolment).where(Enrolment.id == cast.enrolments["sari"]).values(removed_at=utcnow())
    )
    session.commit()
    assert "Analisis tampil di sini setelah" in text(as_person("dewi").get(PAGE))


def test_essays_wait_for_their_marks(as_person: Any, session: Any, cast: Cast) -> None:
    item_id = quiz_item()
    essay = Essay(id="tulis", prompt="Tuliskan.", points=Decimal(5))
    change_quiz(questions=(*paper_of(item_id).quiz.questions, essay))
    session.commit()
    waiting, _ = handed_in(cast, [paper_with(*ALL, tulis="Sebuah tulisan."), WEAK])
    assert "Percobaan pertama 1 1 menunggu penilaian esai" in text(as_person("dewi").get(PAGE))
    session.add(
        EssayMark(
            attempt_id=waiting,
            question_id="tulis",
            share=Decimal("0.5"),
            marked_by=cast.people["dewi"],
            marked_at=NOW,
        )
    )
    session.commit()
    words = text(as_person("dewi").get(PAGE))
    assert "Percobaan pertama 2 Rata-rata 37,5" in words
    assert question_rows(as_person("dewi").get(QUESTIONS_FILE))["tulis"]["Tingkat kemudahan"] == "0,25"


def test_rulings_count_once_scores_follow_them(as_person: Any, session: Any, cast: Cast) -> None:
    dewi = as_person("dewi")
    handed_in(cast, [paper_with(*ALL, singkat="KLHS"), STRONG, WEAK])
    item_id = quiz_item()
    short = paper_of(item_id).questions["singkat"]
    session.commit()
    assert question_rows(dewi.get(QUESTIONS_FILE))["singkat"]["Tingkat kemudahan"] == "0,3333"
    by, now = cast.people["dewi"], NOW + timedelta(hours=2)
    marking.accept(cast.cohort_id, QUIZ, short, "KLHS", "Singkatan dikenal.", by=by, now=now)
    marking.void(cast.cohort_id, QUIZ, "angka", "drop", "Soal keliru.", by=by, now=now)
    session.commit()
    assert question_rows(dewi.get(QUESTIONS_FILE))["singkat"]["Tingkat kemudahan"] == "0,3333"
    target = Target(item_id, 1)
    plan = plan_of(cast.cohort_id, QUIZ, target, frozenset())
    marking.regrade(
        cast.cohort_id,
        QUIZ,
        target,
        frozenset(),
        fingerprint=plan.preview.fingerprint,
        reason="Kunci diperbaiki.",
        by=by,
        now=now + timedelta(minutes=1),
    )
    session.commit()
    rows = question_rows(dewi.get(QUESTIONS_FILE))
    assert rows["singkat"]["Tingkat kemudahan"] == "0,6667"
    assert (rows["angka"]["Tingkat kemudahan"], rows["angka"]["Jumlah percobaan"]) == ("", "3")
    words = text(dewi.get(PAGE))
    assert "Soal 3 · dibatalkan" in words
    assert "Kemudahan tidak dapat dihitung Alasan: soal ini dibatalkan." in words


def second_version(cast: Cast) -> int:
    """Publish the sample course again, with another title for its quiz; the quiz's new item."""
    draft = sample()
    items = tuple(
        msgspec.structs.replace(item, title="Kuis uji baru") if item.id == QUIZ else item
        for item in draft.items
    )
    changed = msgspec.structs.replace(draft, items=items, content_hash="3" * 64)
    publishing.publish(changed, by=cast.people["ratna"], now=NOW + timedelta(days=1))
    db.session.commit()
    assert db.session.scalar(select(CourseVersion.number).order_by(CourseVersion.id.desc()).limit(1)) == 2
    return quiz_item()


def test_versions_are_analysed_apart(as_person: Any, session: Any, cast: Cast) -> None:
    first = quiz_item()
    second = second_version(cast)
    handed_in(cast, [STRONG, WEAK], item_id=first)
    handed_in(cast, [STRONG, STRONG, WEAK], item_id=second)
    dewi = as_person("dewi")
    page = dewi.get(PAGE)
    assert "Versi 1 (2) Versi 2 (3)" in text(page)
    # the cohort takes version 1
    assert "Percobaan pertama 2" in text(page)
    assert "Percobaan pertama 3" in text(dewi.get(f"{PAGE}?versi=2"))
    assert "Percobaan pertama 3 Rata-rata 66,7" in text(dewi.get(f"{PAGE}?versi=2"))
    assert question_rows(dewi.get(f"{QUESTIONS_FILE}?versi=2"))["satu"]["Versi"] == "2"
    for nonsense in ("9", "x", "-1", "9" * 30, "²"):
        assert "Percobaan pertama 2" in text(dewi.get(PAGE, query_string={"versi": nonsense}))


def test_drawn_questions_say_how_many_the_reliability_covers(
    as_person: Any, session: Any, cast: Cast
) -> None:
    ids = handed_in(cast, [STRONG, STRONG, WEAK, paper_with("satu", "angka")])
    quiz = paper_of(quiz_item()).quiz
    for at, attempt_id in enumerate(ids):
        asked = ("satu", "beberapa", "angka" if at % 2 else "singkat")
        drawn = [scoring.Drawn(each, quiz_options(quiz, each)) for each in asked]
        session.execute(
            update(Attempt).where(Attempt.id == attempt_id).values(drawn=msgspec.json.encode(drawn).decode())
        )
    session.commit()
    words = text(as_person("dewi").get(PAGE))
    assert "Dihitung dari 2 dari 4 soal, yaitu yang diterima semua peserta." in words
    assert question_rows(as_person("dewi").get(QUESTIONS_FILE))["angka"]["Jumlah percobaan"] == "2"


def quiz_options(quiz: Any, question_id: str) -> tuple[str, ...]:
    return next(tuple(each.option_ids) for each in quiz.questions if each.id == question_id)


# How it is shown


def test_nobody_is_named(as_person: Any, session: Any, cast: Cast) -> None:
    handed_in(cast, [STRONG, WEAK] * 6)
    take(as_person("sari"), 2)
    dewi = as_person("dewi")
    for address in (PAGE, QUESTIONS_FILE, OPTIONS_FILE):
        words = dewi.get(address).get_data(as_text=True)
        for name in ("Rahasia", "rahasia", "Sari Wulandari", "sari@uji.example"):
            assert name not in words


def test_the_page_has_its_pictures_and_says_them_in_words(as_person: Any, session: Any, cast: Cast) -> None:
    handed_in(cast, [STRONG] * 5 + [paper_with("satu")] * 4 + [WEAK] * 3)
    page = as_person("dewi").get(PAGE).get_data(as_text=True)
    assert page.count('<svg class="plot"') == 2
    assert "Nilai 0–10: 3 percobaan." in page
    assert "Nilai 90–100: 5 percobaan." in page
    assert 'class="plot-dot' in page


def test_statements_stay_the_same_however_many_learners(
    as_person: Any, session: Any, cast: Cast, count_statements: Any
) -> None:
    dewi = as_person("dewi")
    handed_in(cast, [STRONG, WEAK])
    dewi.get(PAGE)
    counts = []
    for _ in range(2):
        with count_statements() as counted:
            dewi.get(PAGE)
        counts.append(len(counted))
        assert len(counted) <= 8, counted.statements
        handed_in(cast, [STRONG, WEAK] * 10)
    assert counts[0] == counts[1]


def test_files_are_csv_to_be_kept(as_person: Any, session: Any, cast: Cast) -> None:
    handed_in(cast, [STRONG, WEAK])
    for address, name in ((QUESTIONS_FILE, "kuis-uji-soal.csv"), (OPTIONS_FILE, "kuis-uji-pilihan.csv")):
        response = as_person("ratna").get(address)
        assert response.mimetype == "text/csv"
        assert response.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        assert response.headers["Cache-Control"] == "private, no-store"
        assert response.get_data().startswith(b"\xef\xbb\xbf")


def test_texts_in_files_are_never_formulas(as_person: Any, session: Any, cast: Cast) -> None:
    questions = paper_of(quiz_item()).quiz.questions
    change_quiz(questions=(msgspec.structs.replace(questions[0], prompt='=HYPERLINK("x")'), *questions[1:]))
    session.commit()
    assert question_rows(as_person("dewi").get(QUESTIONS_FILE))["satu"]["Soal"] == '\'=HYPERLINK("x")'


@pytest.mark.parametrize("address", [QUESTIONS_FILE, OPTIONS_FILE])
@pytest.mark.parametrize(
    ("name", "status"), [("ratna", 200), ("sari", 403), ("hasan", 404), ("tono", 404), ("wati", 404)]
)
def test_files_are_for_facilitators_and_administrators(
    as_person: Any, address: str, name: str, status: int
) -> None:
    assert as_person(name).get(address).status_code == status
    assert as_person(name).post(address).status_code == 405
