"""QTI 1.2 as Canvas packs it, and as others write it without Canvas's words."""

from __future__ import annotations

import base64
from decimal import Decimal

import pytest

from lms.quizzes.kinds.choice import Multiple, Single
from lms.quizzes.kinds.essay import Essay
from lms.quizzes.kinds.matching import Matching
from lms.quizzes.kinds.numeric import Accepted, Numeric
from lms.quizzes.kinds.ordering import Ordering
from lms.quizzes.kinds.short import Short
from lms.refusals import Refused
from tests.quizzes.exchange.reading import imported, losses, one, quiz_of
from tests.quizzes.exchange.test_hostile import zipped
from tests.quizzes.exchange.test_hypertext import PIXEL


def text(words: str, kind: str = "text/html") -> str:
    return f'<material><mattext texttype="{kind}">{words}</mattext></material>'


def options(*words: str) -> str:
    labels = "".join(
        f'<response_label ident="{at}">{text(each)}</response_label>' for at, each in enumerate(words)
    )
    return f"<render_choice>{labels}</render_choice>"


def choice(*words: str, cardinality: str = "Single") -> str:
    return f'<response_lid ident="r" rcardinality="{cardinality}">{options(*words)}</response_lid>'


def equal(value: str, response: str = "r") -> str:
    return f'<varequal respident="{response}">{value}</varequal>'


def rule(condition: str, earns: str = "100", action: str = "Set", shows: str = "") -> str:
    score = f'<setvar action="{action}" varname="SCORE">{earns}</setvar>' if earns else ""
    show = f'<displayfeedback feedbacktype="Response" linkrefid="{shows}"/>' if shows else ""
    return f"<respcondition><conditionvar>{condition}</conditionvar>{score}{show}</respcondition>"


def told(ident: str, words: str) -> str:
    return f'<itemfeedback ident="{ident}"><flow_mat>{text(words)}</flow_mat></itemfeedback>'


def item(
    presented: str,
    rules: str = "",
    kind: str = "",
    points: str = "",
    prompt: str = "&lt;p&gt;Soal?&lt;/p&gt;",
) -> str:
    fields = {"question_type": kind, "points_possible": points}
    metadata = "".join(
        f"<qtimetadatafield><fieldlabel>{name}</fieldlabel><fieldentry>{value}</fieldentry></qtimetadatafield>"
        for name, value in fields.items()
        if value
    )
    return (
        f'<item ident="i" title="Judul soal"><itemmetadata><qtimetadata>{metadata}</qtimetadata></itemmetadata>'
        f"<presentation>{text(prompt)}{presented}</presentation>"
        '<resprocessing><outcomes><decvar maxvalue="100" minvalue="0" varname="SCORE" vartype="Decimal"/></outcomes>'
        f"{rules}</resprocessing>"
    )


def quiz(*items: str, title: str = "Kuis Canvas") -> str:
    inside = "\n".join(
        each if each.endswith(("</item>", "</section>")) else f"{each}</item>" for each in items
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<questestinterop xmlns="http://www.imsglobal.org/xsd/ims_qtiasiv1p2">\n'
        f'<assessment ident="a" title="{title}">\n<section ident="root_section">\n{inside}\n'
        "</section>\n</assessment>\n</questestinterop>\n"
    )


class TestKinds:
    @pytest.mark.parametrize("kind", ["multiple_choice_question", ""])
    def test_single(self, kind: str) -> None:
        rules = (
            rule("<other/>", "", shows="general_fb")
            + rule(equal("1"), "", shows="1_fb")
            + rule(equal("0"), shows="")
        )
        question = one(
            quiz(
                item(choice("&lt;b&gt;Lima&lt;/b&gt;", "Satu"), rules, kind, "2.0")
                + told("general_fb", "Umum.")
                + told("1_fb", "Itu RKPD.")
            )
        )
        assert isinstance(question, Single)
        assert (question.id, question.prompt, question.points) == ("judul-soal", "Soal?", Decimal(2))
        assert [(each.text, each.right, each.feedback) for each in question.options] == [
            ("**Lima**", True, ""),
            ("Satu", False, "Itu RKPD."),
        ]
        assert question.explanation == "Umum."

    def test_true_or_false(self) -> None:
        question = one(quiz(item(choice("True", "False"), rule(equal("1")), "true_false_question")))
        assert isinstance(question, Single)
        assert [(each.text, each.right) for each in question.options] == [("Benar", False), ("Salah", True)]

    @pytest.mark.parametrize("kind", ["multiple_answers_question", ""])
    def test_multiple_all_or_nothing(self, kind: str) -> None:
        condition = f"<and>{equal('0')}<not>{equal('1')}</not>{equal('2')}</and>"
        question = one(quiz(item(choice("a", "b", "c", cardinality="Multiple"), rule(condition), kind)))
        assert isinstance(question, Multiple)
        assert not question.partial
        assert [each.right for each in question.options] == [True, False, True]

    def test_multiple_by_parts(self) -> None:
        rules = rule(equal("0"), "50", "Add") + rule(equal("1"), "-50", "Add") + rule(equal("2"), "50", "Add")
        question = one(quiz(item(choice("a", "b", "c", cardinality="Multiple"), rules)))
        assert isinstance(question, Multiple)
        assert question.partial
        assert [each.right for each in question.options] == [True, False, True]

    @pytest.mark.parametrize("kind", ["short_answer_question", ""])
    def test_short(self, kind: str) -> None:
        blank = '<response_str ident="r"><render_fib><response_label ident="a"/></render_fib></response_str>'
        question = one(quiz(item(blank, rule(equal("KLHS") + equal("Kajian * Hidup")), kind)))
        assert isinstance(question, Short)
        assert (question.accepts, question.patterns) == (("KLHS", "Kajian * Hidup"), ())

    @pytest.mark.parametrize(
        ("condition", "accepted"),
        [
            (
                f"<or>{equal('16.4')}<and><vargte respident='r'>16.2</vargte><varlte respident='r'>16.6</varlte></and></or>",
                Accepted(Decimal("16.2"), Decimal("16.6"), Decimal("16.4")),
            ),
            (
                "<vargte respident='r'>1</vargte><varlte respident='r'>2</varlte>",
                Accepted(Decimal(1), Decimal(2)),
            ),
            (equal("5"), Accepted(Decimal(5), Decimal(5), Decimal(5))),
        ],
    )
    @pytest.mark.parametrize("kind", ["numerical_question", ""])
    def test_numeric(self, condition: str, accepted: Accepted, kind: str) -> None:
        blank = '<response_str ident="r"><render_fib fibtype="Decimal"><response_label ident="a"/></render_fib></response_str>'
        question = one(quiz(item(blank, rule(condition), kind)))
        assert isinstance(question, Numeric)
        assert question.accepts == (accepted,)

    @pytest.mark.parametrize("kind", ["matching_question", ""])
    def test_matching(self, kind: str) -> None:
        rights = options("20 tahun", "5 tahun", "1 tahun")
        presented = "".join(
            f'<response_lid ident="{name}">{text(name, "text/plain")}{rights}</response_lid>'
            for name in ("RPJPD", "RPJMD")
        )
        rules = rule(equal("0", "RPJPD"), "50", "Add") + rule(equal("1", "RPJMD"), "50", "Add")
        question = one(quiz(item(presented, rules, kind)))
        assert isinstance(question, Matching)
        assert [(pair.left.text if pair.left else None, pair.right.text) for pair in question.pairs] == [
            ("RPJPD", "20 tahun"),
            ("RPJMD", "5 tahun"),
            (None, "1 tahun"),
        ]

    def test_ordering(self) -> None:
        question = one(
            quiz(
                item(choice("b", "c", "a", cardinality="Ordered"), rule(equal("2") + equal("0") + equal("1")))
            )
        )
        assert isinstance(question, Ordering)
        assert [each.text for each in question.steps] == ["a", "b", "c"]

    def test_essay(self) -> None:
        blank = '<response_str ident="r"><render_fib><response_label ident="a"/></render_fib></response_str>'
        assert isinstance(one(quiz(item(blank, rule("<other/>", ""), "essay_question"))), Essay)
        assert isinstance(one(quiz(item(blank))), Essay)


class TestPackage:
    def package(self, **more: bytes) -> bytes:
        image = '&lt;p&gt;Lihat:&lt;/p&gt;&lt;img src="$IMS-CC-FILEBASE$/Uploaded%20Media/peta.png" alt="Peta"&gt;'
        meta = (
            '<quiz xmlns="http://canvas.instructure.com/xsd/cccv1p0"><title>Judul Canvas</title>'
            "<shuffle_answers>true</shuffle_answers><scoring_policy>keep_latest</scoring_policy>"
            "<allowed_attempts>3</allowed_attempts><time_limit>20</time_limit></quiz>"
        )
        return zipped(
            {
                "imsmanifest.xml": b"<manifest><resources/></manifest>",
                "q1/assessment_meta.xml": meta.encode(),
                "q1/q1.xml": quiz(item(choice("a", "b"), rule(equal("0")), prompt=image)).encode(),
                "web_resources/Uploaded Media/peta.png": base64.b64decode(PIXEL),
                **more,
            }
        )

    def test_a_package_of_canvas(self) -> None:
        found = imported(self.package(), "kuis.zip")
        read = quiz_of(found)
        assert (read.title, read.shuffle, read.grade, read.attempts, read.limit) == (
            *("Judul Canvas", "options", "last", 3, 20),
        )
        assert losses(found) == []
        assert read.questions[0].prompt == "Lihat:\n\n![Peta](../files/peta.png)"
        assert list(found.files) == ["peta.png"]

    def test_two_quizzes_become_two_groups(self) -> None:
        other = quiz(item(choice("a", "b"), rule(equal("0"))), title="Kedua").encode()
        found = imported(self.package(**{"q2/q2.xml": other}), "kuis.zip")
        assert [pool.title for pool in quiz_of(found).pools] == ["Kuis Canvas", "Kedua"]
        assert losses(found) == [
            "Kuis: berkas ini berisi 2 kuis atau bank soal; masing-masing menjadi satu kelompok soal"
        ]

    def test_groups_that_draw(self) -> None:
        section = (
            '<section ident="s" title="Dasar"><selection_ordering><selection><selection_number>1</selection_number>'
            "<selection_extension><points_per_item>3</points_per_item></selection_extension></selection>"
            f"</selection_ordering>{item(choice('a', 'b'), rule(equal('0')))}</item>"
            f"{item(choice('c', 'd'), rule(equal('0')))}</item></section>"
        )
        read = quiz_of(imported(quiz(section)))
        assert [(pool.title, pool.draw, len(pool.questions)) for pool in read.pools] == [("Dasar", 1, 2)]
        assert [each.points for each in read.questions] == [3, 3]

    def test_files_that_nothing_shows_and_hostile_ones(self) -> None:
        found = imported(self.package(**{"web_resources/lain.pdf": b"%PDF-"}), "kuis.zip")
        assert losses(found) == [
            "Kuis: berkas `web_resources/lain.pdf` tidak dipakai di soal mana pun dan tidak dibawa"
        ]
        with pytest.raises(Refused, match="DOCTYPE"):
            imported(self.package(**{"x.xml": b'<!DOCTYPE a SYSTEM "x"><a/>'}), "kuis.zip")


class TestLosses:
    @pytest.mark.parametrize(
        ("kind", "reason"),
        [
            ("fill_in_multiple_blanks_question", "isian beberapa bagian tidak didukung"),
            ("multiple_dropdowns_question", "pilihan di dalam teks tidak didukung"),
            ("calculated_question", "soal hitungan dengan peubah acak tidak didukung"),
            ("file_upload_question", "pengumpulan berkas tidak didukung"),
            ("text_only_question", "teks pengantar tanpa jawaban tidak didukung"),
            ("hot_spot_question", "jenis “hot_spot_question” tidak didukung"),
        ],
    )
    def test_kept_as_a_comment(self, kind: str, reason: str) -> None:
        found = imported(quiz(item(choice("a", "b"), rule(equal("0"))), item("", "", kind)))
        assert losses(found) == [f"Soal 2: {reason}, disimpan sebagai komentar"]
        assert f"<fieldentry>{kind}</fieldentry>" in found.markdown

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (item(choice("a", "b")), "pilihan tunggal tanpa jawaban yang bernilai penuh"),
            (item("", "", "multiple_choice_question"), "tanpa bagian jawaban di baris 7"),
            (
                item(choice("a", "b", "c", cardinality="Ordered")),
                "urutan yang benar tidak dapat dibaca di soal pada baris 7",
            ),
            (item(""), "jenis soal tidak dikenali"),
        ],
    )
    def test_keys_that_are_missing(self, content: str, reason: str) -> None:
        whole = item(choice("a", "b"), rule(equal("0")))
        found = imported(quiz(f"{whole}</item>\n{whole}", content))
        assert losses(found) == [f"Soal 3: {reason}, disimpan sebagai komentar"]

    def test_feedback_by_outcome_and_case(self) -> None:
        blank = '<response_str ident="r"><render_fib><response_label ident="a"/></render_fib></response_str>'
        condition = '<varequal respident="r" case="Yes">KLHS</varequal>'
        found = imported(quiz(item(blank, rule(condition, shows="correct_fb")) + told("correct_fb", "Hebat")))
        assert losses(found) == [
            "Soal 1: besar kecil huruf jawaban tidak lagi diperhitungkan",
            "Soal 1: umpan balik “correct_fb” disimpan sebagai komentar",
        ]
        assert "<!-- Soal 1: umpan balik correct_fb\nHebat\n-->" in found.markdown
