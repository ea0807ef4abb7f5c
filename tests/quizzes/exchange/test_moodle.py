"""Moodle XML, as Moodle's question bank exports it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lms.quizzes.exchange.registry import quiz_from, quiz_to
from lms.quizzes.kinds.choice import Multiple, Single
from lms.quizzes.kinds.essay import Essay
from lms.quizzes.kinds.matching import Matching
from lms.quizzes.kinds.numeric import Accepted, Numeric
from lms.quizzes.kinds.ordering import Ordering
from lms.quizzes.kinds.short import Short
from lms.quizzes.source import Quiz, parse
from lms.refusals import Refused
from tests.quizzes.exchange.reading import FILE, imported, losses, one, quiz_of
from tests.quizzes.exchange.test_hypertext import PIXEL


def asked(kind: str, inside: str, text: str = "<text>Soal?</text>") -> str:
    return (
        f'<question type="{kind}">\n<name><text>Nama soal</text></name>\n'
        f'<questiontext format="html">{text}</questiontext>\n{inside}\n</question>'
    )


def quiz(*questions: str) -> str:
    return '<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n' + "\n".join(questions) + "\n</quiz>\n"


def answer(share: str, text: str, feedback: str = "") -> str:
    told = f'<feedback format="html"><text>{feedback}</text></feedback>' if feedback else ""
    return f'<answer fraction="{share}" format="html"><text>{text}</text>{told}</answer>'


class TestKinds:
    def test_single(self) -> None:
        question = one(
            quiz(
                asked(
                    "multichoice",
                    '<generalfeedback format="html"><text>&lt;p&gt;Umum.&lt;/p&gt;</text></generalfeedback>'
                    "<defaultgrade>2.0000000</defaultgrade><penalty>0</penalty><hidden>0</hidden><idnumber>jangka</idnumber>"
                    "<single>true</single><answernumbering>abc</answernumbering>"
                    + answer("100", "&lt;b&gt;Lima&lt;/b&gt;", "Tepat.")
                    + answer("0", "Satu"),
                )
            )
        )
        assert isinstance(question, Single)
        assert (question.id, question.prompt, question.points) == ("jangka", "Soal?", Decimal(2))
        assert [(each.text, each.right, each.feedback) for each in question.options] == [
            ("**Lima**", True, "Tepat."),
            ("Satu", False, ""),
        ]
        assert question.explanation == "Umum."

    @pytest.mark.parametrize(
        ("kind", "wrong", "partial"), [("multichoice", "-50", True), ("multichoiceset", "0", False)]
    )
    def test_multiple(self, kind: str, wrong: str, partial: bool) -> None:
        answers = answer("50", "RPJPD") + answer("50", "Renstra") + answer(wrong, "APBD")
        question = one(quiz(asked(kind, f"<single>false</single>{answers}")))
        assert isinstance(question, Multiple)
        assert question.partial is partial
        assert [each.right for each in question.options] == [True, True, False]

    @pytest.mark.parametrize("words", [("false", "true"), ("Betul", "Keliru")])
    def test_true_or_false(self, words: tuple[str, str]) -> None:
        question = one(quiz(asked("truefalse", answer("0", words[0]) + answer("100", words[1], "Ya"))))
        assert isinstance(question, Single)
        found = [(each.text, each.right, each.feedback) for each in question.options]
        old = words[0] == "Betul"
        assert found == [("Benar" if old else "Salah", False, ""), ("Salah" if old else "Benar", True, "Ya")]

    def test_short(self) -> None:
        question = one(
            quiz(asked("shortanswer", "<usecase>0</usecase>" + answer("100", "KLHS") + answer("100", "K*S")))
        )
        assert isinstance(question, Short)
        assert (question.accepts, question.patterns) == (("KLHS",), ("K.*S",))

    def test_numeric(self) -> None:
        inside = '<answer fraction="100"><text>16.4</text><tolerance>0.2</tolerance></answer>'
        question = one(quiz(asked("numerical", inside)))
        assert isinstance(question, Numeric)
        assert question.accepts == (Accepted(Decimal("16.2"), Decimal("16.6"), Decimal("16.4")),)

    def test_matching(self) -> None:
        inside = "".join(
            f'<subquestion format="html"><text>{left}</text><answer><text>{right}</text></answer></subquestion>'
            for left, right in (
                ("&lt;p&gt;RPJPD&lt;/p&gt;", "20 *tahun*"),
                ("RPJMD", "5 tahun"),
                ("", "1 tahun"),
            )
        )
        question = one(quiz(asked("matching", f"<shuffleanswers>true</shuffleanswers>{inside}")))
        assert isinstance(question, Matching)
        assert [(pair.left.text if pair.left else None, pair.right.text) for pair in question.pairs] == [
            ("RPJPD", "20 \\*tahun\\*"),
            ("RPJMD", "5 tahun"),
            (None, "1 tahun"),
        ]

    def test_ordering(self) -> None:
        inside = answer("3.0000000", "c") + answer("1.0000000", "a") + answer("2.0000000", "b")
        question = one(quiz(asked("ordering", inside)))
        assert isinstance(question, Ordering)
        assert [each.text for each in question.steps] == ["a", "b", "c"]

    def test_essay(self) -> None:
        inside = "<responseformat>editor</responseformat><attachments>0</attachments><minwordlimit>50</minwordlimit>"
        question = one(quiz(asked("essay", f"{inside}<maxwordlimit>300</maxwordlimit>")))
        assert isinstance(question, Essay)
        assert (question.least, question.most) == (50, 300)


class TestTexts:
    def test_forms(self) -> None:
        forms = ("html", "moodle_auto_format", "plain_text", "markdown")
        questions = [
            asked("essay", "")
            .replace('format="html"', f'format="{form}"')
            .replace("Soal?", "a *b* &lt;i&gt;c&lt;/i&gt;")
            for form in forms
        ]
        prompts = [each.prompt for each in quiz_of(imported(quiz(*questions))).questions]
        assert prompts == ["a \\*b\\* *c*", "a \\*b\\* *c*", "a \\*b\\* \\<i>c\\</i>", "a *b* <i>c</i>"]

    def test_pictures_by_question(self) -> None:
        def shown(name: str, data: str) -> str:
            return (
                f'<text><![CDATA[<p>Lihat:</p><img src="@@PLUGINFILE@@/{name}" alt="Peta">]]></text>'
                f'<file name="{name}" path="/" encoding="base64">{data}</file>'
            )

        other = (
            "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAYAAAD0In+KAAAAEUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
        )
        found = imported(
            quiz(
                asked("essay", "", shown("peta.png", PIXEL)),
                asked("essay", "", shown("peta.png", PIXEL)),
                asked("essay", "", shown("peta.png", other)),
                asked("essay", "", shown("peta.exe", PIXEL)),
            )
        )
        assert losses(found) == []
        names = sorted(found.files)
        assert len(names) == 3
        assert "peta.png" in names
        assert found.markdown.count("](../files/peta.png)") == 2
        assert all(f"](../files/{name})" in found.markdown for name in names)

    @pytest.mark.parametrize(
        ("data", "lost"),
        [
            ("R0lGODlhAQABAAAAACw=", "berkas `x.png` berjenis gif dan tidak diterima"),
            (
                "AAAA",
                "berkas `x.png` tidak diterima: Isi berkas ini bukan gambar PNG; simpan ulang dari aplikasi gambar.",
            ),
            ("???", "berkas `x.png` di baris 5 tidak dapat dibaca"),
        ],
    )
    def test_pictures_that_are_none(self, data: str, lost: str) -> None:
        text = f'<text><![CDATA[Lihat <img src="@@PLUGINFILE@@/x.png" alt="Peta">]]></text><file name="x.png">{data}</file>'
        found = imported(quiz(asked("essay", "", text)))
        assert f"Soal 1: {lost}" in losses(found)
        assert found.files == {}

    def test_files_that_nothing_shows(self) -> None:
        text = f'<text>Soal</text><file name="x.png" path="/" encoding="base64">{PIXEL}</file>'
        assert losses(imported(quiz(asked("essay", "", text)))) == [
            "Kuis: berkas `1/1/x.png` tidak dipakai di soal mana pun dan tidak dibawa"
        ]

    def test_categories(self) -> None:
        category = '<question type="category"><category><text>$course$/top/{}</text></category></question>'
        found = imported(
            quiz(
                category.format("A//B"),
                asked("essay", ""),
                category.format("C"),
                asked("essay", ""),
                asked("essay", ""),
            )
        )
        assert [(pool.title, len(pool.questions)) for pool in quiz_of(found).pools] == [("A/B", 1), ("C", 2)]


class TestLosses:
    @pytest.mark.parametrize(
        ("kind", "inside", "lost"),
        [
            (
                "essay",
                "<penalty>0.3333333</penalty>",
                "pengurangan nilai untuk percobaan ulang (penalty) tidak dibawa",
            ),
            ("essay", "<hidden>1</hidden>", "soal ini tersembunyi di Moodle dan di sini tampil"),
            ("essay", "<defaultgrade>0</defaultgrade>", "bobot 0 tidak dapat dipakai; bobotnya menjadi 1"),
            ("essay", "<defaultgrade>x</defaultgrade>", "bobot `x` tidak dapat dibaca; bobotnya menjadi 1"),
            (
                "essay",
                "<graderinfo><text>kunci</text></graderinfo>",
                "petunjuk bagi penilai disimpan sebagai komentar",
            ),
            (
                "essay",
                "<responsetemplate><text>k</text></responsetemplate>",
                "kerangka jawaban disimpan sebagai komentar",
            ),
            (
                "essay",
                "<attachments>2</attachments>",
                "lampiran pada jawaban esai tidak didukung; esai di sini berupa teks",
            ),
            ("essay", "<hint><text>coba</text></hint>", "petunjuk (hint) disimpan sebagai komentar"),
            ("essay", "<tags><tag><text>a</text></tag></tags>", "label (tag) tidak dibawa: a"),
            ("essay", "<baru>isi</baru>", "unsur <baru> tidak dikenal dan tidak dibawa"),
            (
                "essay",
                "<correctfeedback><text>&lt;p&gt;Your answer is correct.&lt;/p&gt;</text></correctfeedback>",
                "umpan balik bawaan Moodle (benar, sebagian, salah) tidak dibawa",
            ),
            (
                "essay",
                "<correctfeedback><text>Hebat!</text></correctfeedback>",
                "umpan balik untuk jawaban benar disimpan sebagai komentar",
            ),
            (
                "shortanswer",
                "<usecase>1</usecase>" + answer("100", "a"),
                "besar kecil huruf jawaban tidak lagi diperhitungkan",
            ),
            (
                "numerical",
                answer("100", "5") + "<units><unit><unit_name>km</unit_name></unit></units>",
                "satuan jawaban tidak dibawa; sebutkan di dalam soal",
            ),
            (
                "numerical",
                answer("100", "5") + answer("0", "*", "Salah."),
                "umpan balik untuk jawaban salah disimpan sebagai komentar",
            ),
            (
                "multichoice",
                "<answernumbering>iii</answernumbering>" + answer("100", "a") + answer("0", "b"),
                "penomoran pilihan tidak dibawa",
            ),
            (
                "multichoice",
                answer("100", "a") + answer("lima", "b"),
                "bagian nilai `lima` di baris 6 tidak dapat dibaca; menjadi 0",
            ),
            (
                "ordering",
                "<gradingtype>ALL_OR_NOTHING</gradingtype>"
                + "".join(answer(str(n), f"l{n}") for n in (1, 2, 3)),
                "cara menilai urutan lain di sumbernya; di sini dihitung deret terpanjang yang runtut",
            ),
        ],
    )
    def test_told(self, kind: str, inside: str, lost: str) -> None:
        found = imported(quiz(asked(kind, inside)))
        assert losses(found) == [f"Soal 1: {lost}"]
        assert len(quiz_of(found).questions) == 1

    def test_kept_words_stand_under_their_question(self) -> None:
        found = imported(quiz(asked("essay", "<hint><text>coba --> lagi</text></hint>")))
        assert "____\n\n<!-- Soal 1: petunjuk\ncoba --&gt; lagi\n-->\n" in found.markdown

    @pytest.mark.parametrize(
        ("kind", "reason"),
        [
            ("cloze", "cloze tidak didukung"),
            ("multianswer", "cloze tidak didukung"),
            ("description", "teks pengantar tanpa jawaban tidak didukung"),
            ("calculated", "soal hitungan dengan peubah acak tidak didukung"),
            ("ddwtos", "seret kata ke dalam teks tidak didukung"),
            ("stack", "jenis “stack” tidak didukung"),
            ("", "jenis “” tidak didukung"),
        ],
    )
    def test_kept_as_a_comment(self, kind: str, reason: str) -> None:
        source = asked(kind, f'<a>--></a><file name="x" encoding="base64">{PIXEL}</file>')
        found = imported(quiz(asked("essay", ""), source, asked("essay", "")))
        assert losses(found) == [f"Soal 2: {reason}, disimpan sebagai komentar"]
        assert f'<question type="{kind}">\n<name><text>Nama soal</text></name>' in found.markdown
        assert PIXEL not in found.markdown
        assert len(quiz_of(found).questions) == 2

    def test_the_same_loss_is_told_once(self) -> None:
        questions = [asked("essay", f"<penalty>{at % 4}</penalty>") for at in range(8)]
        assert losses(imported(quiz(*questions))) == [
            "Soal 2–4, 6–8: pengurangan nilai untuk percobaan ulang (penalty) tidak dibawa"
        ]

    def test_shuffling_is_for_the_whole_quiz(self) -> None:
        def choice(mixed: str) -> str:
            return asked(
                "multichoice",
                f"<shuffleanswers>{mixed}</shuffleanswers>" + answer("100", "a") + answer("0", "b"),
            )

        found = imported(quiz(choice("true"), choice("1"), choice("false")))
        assert quiz_of(found).shuffle == "options"
        assert losses(found) == [
            "Soal 3: di sumbernya pilihan soal ini tidak diacak; di sini pengacakan berlaku untuk seluruh kuis"
        ]


@pytest.mark.parametrize(
    "content", ["<quiz></quiz>", "<other/>", "<quiz><question/></quiz", "<quiz><other/></quiz>"]
)
def test_what_is_no_quiz(content: str) -> None:
    with pytest.raises(Refused):
        imported(content)


def test_damage_is_told_by_its_line() -> None:
    with pytest.raises(Refused, match="baris 7"):
        imported(quiz(asked("essay", "<a>")))


SOURCE = """\
---
kind: quiz
title: Kuis
minutes: 5
---
## Lihat peta. {#peta}

![Peta](../files/peta.png "Gambar 1")

1. [x] ![Kiri](../files/peta.png)
2. [ ] [Unduhan](../files/a.pdf)
3. [ ] [Materi](02-lain.md)
"""


def test_pictures_go_out_and_come_back() -> None:
    before, _ = parse(SOURCE, FILE)
    assert isinstance(before, Quiz)
    files = {
        "../files/peta.png": b"\x89PNG\r\n\x1a\n" + b"\0" * 4 + b"IHDR" + b"\0\0\0\1\0\0\0\1" + b"\0" * 9
    }
    files["../files/a.pdf"] = b"%PDF-1.4"
    exported = quiz_to(before, "moodle", files)
    assert [str(loss) for loss in exported.losses][1:] == [
        "Soal 1: gambar atau tautan `02-lain.md` tidak ikut"
    ]
    back = quiz_from("kuis.xml", exported.content, file=FILE)
    assert parse(back.markdown, FILE)[0] == before
    assert {f"../files/{name}": content for name, content in back.files.items()} == files


def test_what_the_course_has_already() -> None:
    before, _ = parse(SOURCE, FILE)
    assert before is not None
    png = b"\x89PNG\r\n\x1a\n" + b"\0" * 4 + b"IHDR" + b"\0\0\0\1\0\0\0\1" + b"\0" * 9
    content = quiz_to(before, "moodle", {"../files/peta.png": png}).content
    same = quiz_from("kuis.xml", content, file=FILE, present={"peta.png": png})
    assert list(same.files) == ["peta.png"]
    other = quiz_from("kuis.xml", content, file=FILE, present={"Peta.png": b"lain"})
    ((name, held),) = other.files.items()
    assert held == png
    assert name.startswith("peta-")
    assert f"](../files/{name}" in other.markdown
