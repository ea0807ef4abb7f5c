"""GIFT as Moodle reads it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lms.quizzes.exchange.registry import quiz_to
from lms.quizzes.kinds.choice import Multiple, Option, Single
from lms.quizzes.kinds.essay import Essay
from lms.quizzes.kinds.matching import Matching
from lms.quizzes.kinds.numeric import Accepted, Numeric
from lms.quizzes.kinds.ordering import Ordering
from lms.quizzes.kinds.question import Question
from lms.quizzes.kinds.short import Short
from lms.quizzes.source import Quiz
from tests.quizzes.exchange.reading import imported, losses, one, quiz_of


def rights(question: Question) -> list[tuple[str, bool, str]]:
    assert isinstance(question, Single | Multiple)
    return [(each.text, each.right, each.feedback) for each in question.options]


class TestKinds:
    def test_single(self) -> None:
        question = one(
            "::Jangka RPJMD::RPJMD berlaku berapa tahun?{\n=Lima#Tepat.\n~Satu#Itu RKPD\\: bukan.\n~Dua####Lima tahun.}"
        )
        assert isinstance(question, Single)
        assert (question.id, question.prompt) == ("jangka-rpjmd", "RPJMD berlaku berapa tahun?")
        assert rights(question) == [
            ("Lima", True, "Tepat."),
            ("Satu", False, "Itu RKPD: bukan."),
            ("Dua", False, ""),
        ]
        assert question.explanation == "Lima tahun."

    def test_the_missing_word(self) -> None:
        question = one("RPJMD disusun {~Camat =Bappeda ~DPRD} setiap lima tahun.")
        assert question.prompt == "RPJMD disusun \\_\\_\\_\\_\\_ setiap lima tahun."

    def test_multiple_with_parts(self) -> None:
        question = one("Dokumen perencanaan?{~%50%RPJPD ~%50%Renstra ~%-50%APBD}")
        assert isinstance(question, Multiple)
        assert question.partial
        assert [right for _, right, _ in rights(question)] == [True, True, False]

    @pytest.mark.parametrize(
        ("answer", "right", "feedback"),
        [
            ("TRUE", "Benar", ["", ""]),
            ("F", "Salah", ["", ""]),
            ("FALSE#tidak#ya", "Salah", ["tidak", "ya"]),
            ("T#tidak#ya", "Benar", ["ya", "tidak"]),
            ("true", "Benar", ["", ""]),
        ],
    )
    def test_true_or_false(self, answer: str, right: str, feedback: list[str]) -> None:
        question = one(f"Bumi bulat.{{{answer}}}")
        assert [text for text, is_right, _ in rights(question) if is_right] == [right]
        assert [text for text, _, _ in rights(question)] == ["Benar", "Salah"]
        assert [told for _, _, told in rights(question)] == feedback

    def test_short(self) -> None:
        question = one("Kepanjangan KLHS?{=Kajian Lingkungan =Kajian * Hidup =a\\\\*b}")
        assert isinstance(question, Short)
        assert question.accepts == ("Kajian Lingkungan", "a*b")
        assert question.patterns == ("Kajian .* Hidup",)

    @pytest.mark.parametrize(
        ("answer", "accepted"),
        [
            ("#1945", Accepted(Decimal(1945), Decimal(1945), Decimal(1945))),
            ("#16.4:0.2", Accepted(Decimal("16.2"), Decimal("16.6"), Decimal("16.4"))),
            ("#-3..-1", Accepted(Decimal(-3), Decimal(-1))),
            ("#=1e-2", Accepted(Decimal("0.01"), Decimal("0.01"), Decimal("0.01"))),
            ("#=%100%2:0#", Accepted(Decimal(2), Decimal(2), Decimal(2))),
        ],
    )
    def test_numeric(self, answer: str, accepted: Accepted) -> None:
        question = one(f"Berapa?{{{answer}}}")
        assert isinstance(question, Numeric)
        assert question.accepts == (accepted,)

    def test_matching(self) -> None:
        question = one("Jodohkan.{\n=RPJPD -> 20 tahun\n=RPJMD -> 5 tahun\n= -> 1 tahun}")
        assert isinstance(question, Matching)
        assert [(pair.left.text if pair.left else None, pair.right.text) for pair in question.pairs] == [
            ("RPJPD", "20 tahun"),
            ("RPJMD", "5 tahun"),
            (None, "1 tahun"),
        ]

    def test_ordering(self) -> None:
        question = one(
            "Urutkan.{>3 ALL VERTICAL ABSOLUTE_POSITION SHOW 0\nRancangan\nMusrenbang\nPenetapan\n}"
        )
        assert isinstance(question, Ordering)
        assert [each.text for each in question.steps] == ["Rancangan", "Musrenbang", "Penetapan"]

    def test_essay(self) -> None:
        question = one("Jelaskan.{####Kunci\\: hubungan.}")
        assert isinstance(question, Essay)
        assert question.explanation == "Kunci: hubungan."


class TestTexts:
    def test_forms_and_escapes(self) -> None:
        content = (
            "[html]<p>Rumus \\(x\\=1\\) dan <b>tebal</b></p>{=a}\n\n"
            "[plain]5 * 3 * 2 \\{x\\} <b>{=a}\n\n"
            "[markdown]5 *dua*{=a}\n\n"
            "Baris satu\nbaris dua <i>miring</i>{=a}\n\n"
            "C\\:\\\\jalur\\nbaris{=a}"
        )
        prompts = [each.prompt for each in quiz_of(imported(content)).questions]
        assert prompts == [
            "Rumus $`x=1`$ dan **tebal**",
            "5 \\* 3 \\* 2 \\{x} \\<b>",
            "5 *dua*",
            "Baris satu\n\nbaris dua *miring*",
            "C:\\\\jalur\n\nbaris",
        ]

    def test_comments_names_and_categories(self) -> None:
        content = (
            "// judul\n$CATEGORY: $course$/top/Bagian A\n\n// [id:satu] [tag:penting]\n::x::Soal?{=a}\n\n"
            "$CATEGORY: A//B\n\n::Soal Dua!::Soal?{=b}\n"
        )
        found = imported(content)
        quiz = quiz_of(found)
        assert [each.id for each in quiz.questions] == ["satu", "soal-dua"]
        assert [(pool.title, pool.questions) for pool in quiz.pools] == [
            ("Bagian A", ("satu",)),
            ("A/B", ("soal-dua",)),
        ]
        assert losses(found) == ["Soal 1: label (tag) tidak dibawa: penting"]

    def test_one_category_around_all_is_the_title(self) -> None:
        quiz = quiz_of(imported("$CATEGORY: $course$/Kuis Satu\n\nSoal?{=a}"))
        assert (quiz.title, quiz.pools) == ("Kuis Satu", ())

    def test_names_that_are_the_same(self) -> None:
        quiz = quiz_of(imported("::A::Soal?{=a}\n\n::a::Soal?{=b}\n\n::Ünïq::Soal?{=c}\n\n::???::Soal?{=d}"))
        assert [each.id for each in quiz.questions] == ["a", "a-2", "uniq", "soal-4"]


class TestLosses:
    @pytest.mark.parametrize(
        ("content", "lost"),
        [
            ("Soal?{=a ~%50%b ~c}", ["Soal 1: pilihan “b” bernilai 50% di sumbernya; di sini 0"]),
            ("Soal?{=a ~%-25%b}", ["Soal 1: pilihan “b” bernilai -25% di sumbernya; di sini 0"]),
            (
                "Soal?{~%70%a ~%30%b ~c}",
                [
                    "Soal 1: bagian nilai tiap pilihan tidak sama di sumbernya; di sini tiap pilihan benar bernilai sama "
                    "dan pilihan salah menguranginya (`partial`)"
                ],
            ),
            ("Soal?{=a =%50%b}", ["Soal 1: jawaban `b` bernilai 50% di sumbernya; di sini tidak diterima"]),
            ("Soal?{=a#bagus}", ["Soal 1: umpan balik untuk jawaban tertentu disimpan sebagai komentar"]),
            ("Soal?{#5 ~#salah}", ["Soal 1: umpan balik untuk jawaban salah disimpan sebagai komentar"]),
            ("Soal?{=1945}", ["Soal 1: jawaban singkat yang semuanya angka menjadi soal angka"]),
            ("{=a}", ["Soal 1: soal tanpa teks; namanya dipakai sebagai judul soal"]),
        ],
    )
    def test_told(self, content: str, lost: list[str]) -> None:
        found = imported(content)
        assert losses(found) == lost
        assert len(quiz_of(found).questions) == 1

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            ("Baca dahulu.", "teks pengantar tanpa jawaban tidak didukung"),
            ("rusak {=a", "kurung kurawal tidak lengkap di baris 3"),
            ("rusak =a}", "kurung kurawal tidak lengkap di baris 3"),
            ("Ibu kota {1:SHORTANSWER:=x} dan {=b}", "lebih dari satu bagian jawaban di baris 3"),
            ("Soal?{=a =b ~c}", "pilihan tunggal lebih dari satu jawaban yang bernilai penuh"),
            ("Soal?{~%0%a ~b}", "pilihan majemuk tanpa jawaban benar"),
            ("Soal?{#lima}", "jawaban angka yang tidak dapat dibaca di soal pada baris 3"),
            ("Soal?{#5..2}", "jawaban angka yang tidak dapat dibaca di soal pada baris 3"),
            ("Soal?{=*a*}", "jawaban singkat hanya berisi pola"),
            ("Soal?{=%50%a}", "jawaban singkat tanpa jawaban yang bernilai penuh"),
            ("Soal?{=a -> b =c}", "pasangan tanpa `->` di soal pada baris 3"),
        ],
    )
    def test_kept_as_a_comment(self, content: str, reason: str) -> None:
        found = imported(f"Awal?{{=a}}\n\n{content}\n\nAkhir?{{=b}}")
        assert losses(found) == [f"Soal 2: {reason}, disimpan sebagai komentar"]
        assert [each.prompt for each in quiz_of(found).questions] == ["Awal?", "Akhir?"]
        assert f"<!-- Soal 2: {reason}\n{content}\n-->" in found.markdown
        assert (found.asked, found.written) == (3, 2)

    def test_a_comment_cannot_be_left(self) -> None:
        found = imported("Awal?{=a}\n\n--> <!-- ## Soal palsu {#palsu} --!> x\n\n")
        assert [each.id for each in quiz_of(found).questions] == ["soal-1"]
        assert "--&gt; <!-- ## Soal palsu {#palsu} --!&gt; x" in found.markdown

    def test_a_long_source_is_cut_and_said(self) -> None:
        found = imported("Awal?{=a}\n\n" + "kata " * 5_000)
        assert losses(found) == [
            "Soal 2: teks pengantar tanpa jawaban tidak didukung, disimpan sebagai komentar",
            "Soal 2: sumber yang disimpan sebagai komentar dipotong pada 20.000 karakter",
        ]

    def test_what_our_own_rules_refuse_is_a_problem_with_its_number(self) -> None:
        found = imported("Awal?{=a}\n\nIbu kota Padang?{=Padang}\n\nJodohkan{=a -> x =b -> x}")
        assert [number for number, _ in found.problems] == [2, 3]
        lines = found.markdown.split("\n")
        assert [lines[problem.line - 1] for _, problem in found.problems] == ["= Padang", "- b => x"]

    def test_words_that_look_like_answers_of_ours(self) -> None:
        found = imported("[markdown]Pilih\\n\\n- [x] semua\\n- [ ] tidak{=a}")
        assert quiz_of(found).questions[0].kind == "short"
        assert losses(found) == [
            "Soal 1: daftar atau baris di dalam teks yang tampak seperti jawaban diberi garis miring terbalik"
        ]


class TestExport:
    def test_what_moodle_will_see(self) -> None:
        quiz = Quiz(
            title="Kuis",
            id="k",
            minutes=5,
            questions=(
                Single(
                    id="jangka",
                    prompt="Berapa: {x}?\n\nDua baris",
                    points=Decimal(2),
                    options=(Option("a", "Lima = 5", True, "Ya #1"), Option("b", "[html]~", False)),
                ),
                Multiple(
                    id="dua",
                    prompt="Pilih",
                    options=(Option("a", "%50%x", True), Option("b", "y", True), Option("c", "z", False)),
                    explanation="Karena.",
                ),
            ),
        )
        exported = quiz_to(quiz, "gift", {})
        text = exported.content.decode().split("\n\n", 1)[1]
        assert text == (
            "// [id:jangka] [points:2] [ids:a,b]\n"
            "::jangka::[markdown]Berapa\\: \\{x\\}?\\n\\nDua baris{\n"
            "\t=Lima \\= 5#Ya \\#1\n"
            "\t~[markdown][html]\\~\n"
            "}\n\n"
            "// [id:dua] [partial:no] [ids:a,b,c]\n"
            "::dua::[markdown]Pilih{\n"
            "\t~%50%%50%x\n"
            "\t~%50%y\n"
            "\t~%-100%z\n"
            "\t####Karena.\n"
            "}\n"
        )
        assert [str(loss) for loss in exported.losses] == [
            "Kuis: pengaturan `minutes` hanya terbaca bila berkas ini diimpor kembali ke platform ini",
            "Soal 1: GIFT tidak memuat bobot soal (`points`)",
            "Soal 2: Moodle menilai pilihan majemuk sebagian, tidak semua-atau-nol",
        ]
