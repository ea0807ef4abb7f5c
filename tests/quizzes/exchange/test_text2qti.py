"""text2qti: every mark of its documentation."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lms.quizzes.exchange.text2qti import accepted_in
from lms.quizzes.kinds.choice import Multiple, Single
from lms.quizzes.kinds.essay import Essay
from lms.quizzes.kinds.numeric import Accepted, Numeric
from lms.quizzes.kinds.short import Short
from tests.quizzes.exchange.reading import imported, losses, one, quiz_of


class TestKinds:
    def test_single_with_feedback_title_and_points(self) -> None:
        question = one(
            "Title: Jumlah\nPoints: 2\n1.  Berapa $2+3$,\n    tepatnya?\n\n    Hitung *teliti*.\n... Umum.\n"
            "a)  6\n... Terlalu banyak.\n*b) 5\n"
        )
        assert isinstance(question, Single)
        assert (question.id, question.points) == ("jumlah", Decimal(2))
        assert question.prompt == "Berapa $2+3$, tepatnya?\n\nHitung *teliti*."
        assert [(each.text, each.right, each.feedback) for each in question.options] == [
            ("6", False, "Terlalu banyak."),
            ("5", True, ""),
        ]
        assert question.explanation == "Umum."

    def test_true_or_false(self) -> None:
        question = one("1. Bumi bulat.\n*a) True\nb) False\n")
        assert isinstance(question, Single)
        assert [(each.text, each.right) for each in question.options] == [("Benar", True), ("Salah", False)]

    def test_multiple(self) -> None:
        question = one("1. Pilih.\n[*] a\n[] b\n[*] c\n")
        assert isinstance(question, Multiple)
        assert not question.partial
        assert [each.right for each in question.options] == [True, False, True]

    def test_short(self) -> None:
        question = one("1. Siapa?\n*   Wali Kota\n*   Walikota * x\n")
        assert isinstance(question, Short)
        assert question.accepts == ("Wali Kota", "Walikota * x")

    def test_numeric_and_essay(self) -> None:
        quiz = quiz_of(imported("1. Akar?\n=   1.4142 +- 0.0001\n\n2. Jelaskan.\n... Umum.\n____\n"))
        assert isinstance(quiz.questions[0], Numeric)
        assert isinstance(quiz.questions[1], Essay)
        assert quiz.questions[1].explanation == "Umum."

    @pytest.mark.parametrize(
        ("text", "accepted"),
        [
            ("5", Accepted(Decimal(5), Decimal(5), Decimal(5))),
            ("1_000", Accepted(Decimal(1000), Decimal(1000), Decimal(1000))),
            ("[1.5, 2]", Accepted(Decimal("1.5"), Decimal(2))),
            ("16.4 +- 0.2", Accepted(Decimal("16.2"), Decimal("16.6"), Decimal("16.4"))),
            ("-200 +- 5%", Accepted(Decimal(-210), Decimal(-190), Decimal(-200))),
            ("[2, 1]", None),
            ("[2]", None),
            ("lima", None),
            ("5 +- x", None),
            ("5 +- -1", None),
        ],
    )
    def test_numbers(self, text: str, accepted: Accepted | None) -> None:
        assert accepted_in(text) == accepted


class TestTheQuiz:
    def test_title_settings_groups_and_order(self) -> None:
        found = imported(
            "Quiz title: Kuis Satu\nShuffle answers: true\nShow correct answers: false\n\n"
            "GROUP\npick: 1\npoints per question: 3\n\n1. Satu\n*a) x\nb) y\n\n2. Dua\n____\n\nEND_GROUP\n\n3. Tiga\n____\n"
        )
        quiz = quiz_of(found)
        assert (quiz.title, quiz.shuffle) == ("Kuis Satu", "options")
        assert [(each.prompt, each.points) for each in quiz.questions] == [
            ("Tiga", 1),
            ("Satu", 3),
            ("Dua", 3),
        ]
        assert [(pool.draw, len(pool.questions)) for pool in quiz.pools] == [(1, 2)]
        assert losses(found) == [
            "Kuis: pengaturan `Show correct answers: false` tidak dibawa",
            "Kuis: urutan soal berubah: soal di luar kelompok berdiri di depan, soal satu kelompok bersama",
        ]


class TestLosses:
    @pytest.mark.parametrize(
        ("content", "lost"),
        [
            ("+ Hebat\n*a) x\nb) y", "Soal 1: umpan balik untuk jawaban benar disimpan sebagai komentar"),
            ("- Sayang\n*a) x\nb) y", "Soal 1: umpan balik untuk jawaban salah disimpan sebagai komentar"),
            ("! Caranya\n*a) x\nb) y", "Soal 1: pembahasan (`!`) disimpan sebagai komentar"),
            ("% rahasia\n____", "Kuis: baris komentar (`%`, `COMMENT`) tidak dibawa"),
            ("____\n\nCOMMENT\na\n2. b\nEND_COMMENT", "Kuis: baris komentar (`%`, `COMMENT`) tidak dibawa"),
            ("____\n\nText: Isi", "Kuis: teks di antara soal pada baris 4 disimpan sebagai komentar"),
            (
                "*a) \\SI{5}{m}\nb) y",
                "Soal 1: notasi siunitx (`\\num`, `\\si`, `\\SI`) tidak diubah; tulis ulang angkanya",
            ),
            ("*a) ![x](y.png)\nb) y", "Soal 1: berkas `y.png` tidak ada di dalam kiriman"),
            (
                "____\n\n```{.python .run}\nprint('2. x')\n```",
                "Kuis: kode yang diminta dijalankan di baris 4 tidak dijalankan; disimpan sebagai komentar",
            ),
        ],
    )
    def test_told(self, content: str, lost: str) -> None:
        found = imported(f"1. Soal\n{content}\n")
        assert losses(found) == [lost]
        assert len(quiz_of(found).questions) == 1

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            ("^^^^", "pengumpulan berkas tidak didukung"),
            ("<>  ((x)) a", "isian beberapa bagian tidak didukung"),
            ("", "tidak ada jawaban di soal pada baris 4"),
            ("= lima", "jawaban angka di baris 5 tidak dapat dibaca"),
            ("*a) x\n[*] y", "baris 6 tidak dapat dibaca"),
            ("*a) x\nbukan apa-apa", "baris 6 tidak dapat dibaca"),
            ("*a) x\n*b) y", "pilihan tunggal lebih dari satu jawaban yang bernilai penuh"),
            ("a) x\nb) y", "pilihan tunggal tanpa jawaban yang bernilai penuh"),
        ],
    )
    def test_kept_as_a_comment(self, content: str, reason: str) -> None:
        source = f"2. Soal\n{content}".strip()
        found = imported(f"1. Awal\n____\n\n{source}\n\n3. Akhir\n*a) x\nb) y\n")
        assert losses(found) == [f"Soal 2: {reason}, disimpan sebagai komentar"]
        assert source in found.markdown
        assert [each.prompt for each in quiz_of(found).questions] == ["Awal", "Akhir"]
