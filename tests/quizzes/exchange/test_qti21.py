"""QTI 2.1: items one by one, and packages with a test."""

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
from tests.quizzes.exchange.reading import imported, losses, one, quiz_of
from tests.quizzes.exchange.test_hostile import zipped
from tests.quizzes.exchange.test_hypertext import PIXEL

TEMPLATE = "http://www.imsglobal.org/question/qti_v2p1/rptemplates/"
MATCH, MAP = (
    f'<responseProcessing template="{TEMPLATE}{name}"/>' for name in ("match_correct", "map_response")
)


def declared(cardinality: str, *right: str, base: str = "identifier", mapping: str = "") -> str:
    values = "".join(f"<value>{each}</value>" for each in right)
    correct = f"<correctResponse>{values}</correctResponse>" if right else ""
    return (
        f'<responseDeclaration identifier="RESPONSE" cardinality="{cardinality}" baseType="{base}">'
        f"{correct}{mapping}</responseDeclaration>"
    )


def item(
    declaration: str, body: str, processing: str = MATCH, more: str = "", title: str = "Judul soal"
) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="i1" title="{title}" adaptive="false">\n'
        f'{declaration}<outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float" normalMaximum="2"/>\n'
        f"<itemBody>{body}</itemBody>\n{processing}{more}</assessmentItem>\n"
    )


def choices(*texts: str, name: str = "choiceInteraction", prompt: str = "<prompt>Soal?</prompt>") -> str:
    inside = "".join(
        f'<simpleChoice identifier="{"ABCD"[at]}">{each}</simpleChoice>' for at, each in enumerate(texts)
    )
    return f'<{name} responseIdentifier="RESPONSE" maxChoices="1">{prompt}{inside}</{name}>'


class TestKinds:
    def test_single(self) -> None:
        body = choices(
            "<b>Lima</b><feedbackInline identifier='A' outcomeIdentifier='F'>Tepat.</feedbackInline>", "Satu"
        )
        more = '<modalFeedback outcomeIdentifier="F" identifier="B" showHide="show">Itu RKPD.</modalFeedback>'
        question = one(item(declared("single", "A"), f"<p>Baca <em>ini</em>.</p>{body}", more=more))
        assert isinstance(question, Single)
        assert (question.id, question.prompt, question.points) == (
            "judul-soal",
            "Baca *ini*.\n\nSoal?",
            Decimal(2),
        )
        assert [(each.text, each.right, each.feedback) for each in question.options] == [
            ("**Lima**", True, "Tepat."),
            ("Satu", False, "Itu RKPD."),
        ]

    def test_multiple_all_or_nothing(self) -> None:
        question = one(item(declared("multiple", "A", "C"), choices("a", "b", "c")))
        assert isinstance(question, Multiple)
        assert not question.partial
        assert [each.right for each in question.options] == [True, False, True]

    def test_multiple_by_a_mapping(self) -> None:
        entries = "".join(
            f'<mapEntry mapKey="{key}" mappedValue="{share}"/>'
            for key, share in (("A", 1), ("B", -1), ("C", 1))
        )
        mapping = f'<mapping lowerBound="0" upperBound="2" defaultValue="0">{entries}</mapping>'
        question = one(item(declared("multiple", "A", "C", mapping=mapping), choices("a", "b", "c"), MAP))
        assert isinstance(question, Multiple)
        assert question.partial
        assert [each.right for each in question.options] == [True, False, True]

    def test_short_in_the_middle_of_a_sentence(self) -> None:
        mapping = (
            '<mapping><mapEntry mapKey="KLHS" mappedValue="1"/>'
            '<mapEntry mapKey="Kajian" mappedValue="1" caseSensitive="false"/></mapping>'
        )
        body = '<p>Dokumen itu <textEntryInteraction responseIdentifier="RESPONSE"/> namanya.</p>'
        question = one(item(declared("single", "KLHS", base="string", mapping=mapping), body, MAP))
        assert isinstance(question, Short)
        assert question.prompt == "Dokumen itu \\_\\_\\_\\_\\_ namanya."
        assert question.accepts == ("KLHS", "Kajian")

    @pytest.mark.parametrize(
        ("rules", "accepted"),
        [
            ("", Accepted(Decimal("16.4"), Decimal("16.4"), Decimal("16.4"))),
            (
                '<equal toleranceMode="absolute" tolerance="0.2 0.2"/>',
                Accepted(Decimal("16.2"), Decimal("16.6"), Decimal("16.4")),
            ),
            (
                '<equal toleranceMode="relative" tolerance="50"/>',
                Accepted(Decimal("8.2"), Decimal("24.6"), Decimal("16.4")),
            ),
        ],
    )
    def test_numeric(self, rules: str, accepted: Accepted) -> None:
        body = '<p>Berapa? <textEntryInteraction responseIdentifier="RESPONSE"/></p>'
        processing = f"<responseProcessing><responseCondition><responseIf>{rules}</responseIf></responseCondition></responseProcessing>"
        question = one(item(declared("single", "16.4", base="float"), body, processing))
        assert isinstance(question, Numeric)
        assert question.accepts == (accepted,)

    def test_ordering(self) -> None:
        question = one(
            item(declared("ordered", "C", "A", "B"), choices("b", "c", "a", name="orderInteraction"))
        )
        assert isinstance(question, Ordering)
        assert [each.text for each in question.steps] == ["a", "b", "c"]

    def test_matching(self) -> None:
        def side(*pairs: tuple[str, str]) -> str:
            inside = "".join(
                f'<simpleAssociableChoice identifier="{name}">{text}</simpleAssociableChoice>'
                for name, text in pairs
            )
            return f"<simpleMatchSet>{inside}</simpleMatchSet>"

        sides = side(("L1", "RPJPD"), ("L2", "RPJMD")) + side(
            ("R1", "5 tahun"), ("R2", "20 tahun"), ("R3", "1 tahun")
        )
        body = f'<matchInteraction responseIdentifier="RESPONSE"><prompt>Jodohkan.</prompt>{sides}</matchInteraction>'
        question = one(item(declared("multiple", "L1 R2", "L2 R1", base="directedPair"), body))
        assert isinstance(question, Matching)
        assert [(pair.left.text if pair.left else None, pair.right.text) for pair in question.pairs] == [
            ("RPJPD", "20 tahun"),
            ("RPJMD", "5 tahun"),
            (None, "1 tahun"),
        ]
        many = imported(item(declared("multiple", "L1 R2", "L1 R1", base="directedPair"), body))
        assert losses(many) == [
            "Soal 1: menjodohkan banyak ke banyak tidak didukung, disimpan sebagai komentar"
        ]

    def test_essay(self) -> None:
        body = '<extendedTextInteraction responseIdentifier="RESPONSE"><prompt>Jelaskan.</prompt></extendedTextInteraction>'
        question = one(item(declared("single", base="string"), body, ""))
        assert isinstance(question, Essay)
        assert question.prompt == "Jelaskan."


TEST = """\
<assessmentTest xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="t" title="Ujian satu">
<timeLimits maxTime="1200"/>
<testPart identifier="p" navigationMode="nonlinear" submissionMode="simultaneous">
<itemSessionControl maxAttempts="2"/>
<assessmentSection identifier="s0" title="Awal" visible="true"><assessmentItemRef identifier="z" href="items/z.xml"/></assessmentSection>
<assessmentSection identifier="s1" title="Dasar" visible="true"><selection select="1"/><ordering shuffle="true"/>
<assessmentItemRef identifier="b" href="items/b.xml"><weight identifier="W" value="3"/></assessmentItemRef>
<assessmentItemRef identifier="a" href="items/a.xml"/>
<assessmentItemRef identifier="c" href="items/tidak-ada.xml"/>
</assessmentSection></testPart></assessmentTest>
"""


def test_a_package_with_a_test() -> None:
    picture = '<p>Lihat:</p><object data="../img/peta.png" type="image/png">Peta</object>'
    found = imported(
        zipped(
            {
                "imsmanifest.xml": b'<manifest><resources><resource href="test.xml"/></resources></manifest>',
                "test.xml": TEST.encode(),
                "items/a.xml": item(declared("single", "A"), choices("a", "b"), title="Soal A").encode(),
                "items/b.xml": item(declared("single", "A"), choices("a", "b"), title="Soal B").encode(),
                "items/z.xml": item(
                    declared("single", "A"), picture + choices("a", "b"), title="Soal Z"
                ).encode("utf-16"),
                "img/peta.png": base64.b64decode(PIXEL),
            }
        ),
        "paket.zip",
    )
    read = quiz_of(found)
    assert (read.title, read.limit, read.attempts, read.shuffle) == ("Ujian satu", 20, 2, "questions")
    assert [(each.id, each.points) for each in read.questions] == [
        ("soal-z", 2),
        ("soal-b", 3),
        ("soal-a", 2),
    ]
    assert [(pool.title, pool.draw, pool.questions) for pool in read.pools] == [
        ("Dasar", 1, ("soal-b", "soal-a"))
    ]
    assert read.questions[0].prompt == "Lihat:\n\n![Peta](../files/peta.png)\n\nSoal?"
    assert losses(found) == [
        "Kuis: soal `items/tidak-ada.xml` disebut di dalam ujian tetapi tidak ada di paket"
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (item("", "<p>Teks</p>"), "teks tanpa interaksi tidak didukung"),
        (
            item(declared("single", "A"), choices("a") + choices("b")),
            "lebih dari satu interaksi (cloze) tidak didukung",
        ),
        (item("", choices("a", "b")), "tanpa kunci jawaban di baris 4"),
        (item(declared("single"), choices("a", "b")), "pilihan tunggal tanpa jawaban yang bernilai penuh"),
        (
            item(declared("ordered", "A"), choices("a", "b", "c", name="orderInteraction")),
            "urutan yang benar tidak lengkap di baris 4",
        ),
        (
            item(declared("single", "A"), '<sliderInteraction responseIdentifier="RESPONSE"/>'),
            "penggeser nilai tidak didukung",
        ),
        (
            item(declared("single", "A"), '<p><inlineChoiceInteraction responseIdentifier="RESPONSE"/></p>'),
            "pilihan di dalam teks tidak didukung",
        ),
        (
            item(declared("single", "A"), choices("a", "b"), more='<templateDeclaration identifier="X"/>'),
            "soal dengan peubah acak tidak didukung",
        ),
    ],
)
def test_kept_as_a_comment(content: str, reason: str) -> None:
    found = imported(content)
    assert losses(found) == [f"Soal 1: {reason}, disimpan sebagai komentar"]
    assert (
        '<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="i1"' in found.markdown
    )


def test_what_is_told() -> None:
    body = f'{choices("a", "b")}<rubricBlock view="scorer"><p>Petunjuk</p></rubricBlock>'
    more = '<modalFeedback outcomeIdentifier="F" identifier="salah" showHide="show">Coba lagi</modalFeedback>'
    found = imported(item(declared("single", "A"), body, more=more))
    assert losses(found) == [
        "Soal 1: petunjuk penilai (rubricBlock) disimpan sebagai komentar",
        "Soal 1: umpan balik “salah” disimpan sebagai komentar",
    ]
    assert "Coba lagi" in found.markdown
    assert quiz_of(found).questions[0].prompt == "Soal?"
