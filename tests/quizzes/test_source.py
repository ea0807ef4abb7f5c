"""Quizzes as authors write them: everything read, everything wrong reported at its line."""

import re
import time
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.quizzes.kinds import KINDS
from lms.quizzes.kinds.choice import Multiple, Option, Single, derived_id
from lms.quizzes.kinds.numeric import Accepted, Numeric
from lms.quizzes.kinds.short import Short
from lms.quizzes.source import Pool, Quiz, parse, print_quiz

HEAD = "---\nkind: quiz\ntitle: Kuis\nminutes: 10\n---\n"
FIRST = 6  # the first line of the body under HEAD


def read(body: str, head: str = HEAD) -> Quiz:
    quiz, problems = parse(head + body, "01-a/03-kuis-kerangka.md")
    assert problems == []
    assert quiz is not None
    return quiz


def wrong(body: str, head: str = HEAD) -> list[tuple[int, str]]:
    quiz, problems = parse(head + body, "kuis.md")
    assert quiz is None
    assert {each.file for each in problems} == {"kuis.md"}
    return [(each.line, each.message) for each in problems]


GOLDEN = """\
---
kind: quiz
title: Kuis 1. Kerangka perencanaan
minutes: 10
attempts: 3
pass: 70
grade: best
shuffle: options
feedback: submitted
requires: [tahapan]
---
# Dasar {#dasar draw=1}

## RPJMD berlaku untuk jangka waktu berapa tahun? {#jangka points=2}
1. [ ] Satu tahun
   > Itu RKPD.
2. [x] Lima tahun {#lima}

> RPJMD menjabarkan visi, misi, dan program kepala daerah.

## Mana yang termasuk dokumen perencanaan daerah? {#dokumen partial}

Pilih semua yang tepat:

| Dokumen | Jangka |
| --- | --- |
| RPJPD | 20 tahun |

![Bagan](files/bagan.svg)

- [x] RPJPD
- [x] Renstra
- [ ] APBN

# Hitungan {#hitungan}

## Berapa persen penurunan TPT dari 5,55 menjadi 4,64? {#tpt}
= 16,4 +- 0,2

## Kepanjangan KLHS? {#klhs}
= Kajian Lingkungan Hidup Strategis
~= kajian lingk\\.? hidup strat(egis)?
"""


def test_the_golden_quiz():
    quiz, problems = parse(GOLDEN, "01-kerangka/03-kuis-kerangka.md")
    assert problems == []
    assert quiz == Quiz(
        title="Kuis 1. Kerangka perencanaan",
        id="kuis-kerangka",
        minutes=10,
        attempts=3,
        pass_mark=70,
        grade="best",
        shuffle="options",
        feedback="submitted",
        requires=("tahapan",),
        questions=(
            Single(
                id="jangka",
                prompt="RPJMD berlaku untuk jangka waktu berapa tahun?",
                points=Decimal(2),
                explanation="RPJMD menjabarkan visi, misi, dan program kepala daerah.",
                options=(
                    Option(derived_id("jangka", "Satu tahun"), "Satu tahun", False, "Itu RKPD."),
                    Option("lima", "Lima tahun", True),
                ),
            ),
            Multiple(
                id="dokumen",
                prompt="Mana yang termasuk dokumen perencanaan daerah?\n\nPilih semua yang tepat:\n\n"
                "| Dokumen | Jangka |\n| --- | --- |\n| RPJPD | 20 tahun |\n\n![Bagan](files/bagan.svg)",
                partial=True,
                options=(
                    Option(derived_id("dokumen", "RPJPD"), "RPJPD", True),
                    Option(derived_id("dokumen", "Renstra"), "Renstra", True),
                    Option(derived_id("dokumen", "APBN"), "APBN", False),
                ),
            ),
            Numeric(
                id="tpt",
                prompt="Berapa persen penurunan TPT dari 5,55 menjadi 4,64?",
                accepts=(Accepted(Decimal("16.2"), Decimal("16.6"), Decimal("16.4")),),
            ),
            Short(
                id="klhs",
                prompt="Kepanjangan KLHS?",
                accepts=("Kajian Lingkungan Hidup Strategis",),
                patterns=(r"kajian lingk\.? hidup strat(egis)?",),
            ),
        ),
        pools=(
            Pool("dasar", "Dasar", 1, ("jangka", "dokumen")),
            Pool("hitungan", "Hitungan", 2, ("tpt", "klhs")),
        ),
    )


def test_windows_line_ends_and_a_byte_order_mark_change_nothing():
    assert parse("\ufeff" + GOLDEN.replace("\n", "\r\n"), "a.md") == parse(GOLDEN, "a.md")


def test_what_is_stored_is_what_was_read():
    quiz = read(GOLDEN.split("---\n", 2)[2])
    assert msgspec.json.decode(msgspec.json.encode(quiz), type=Quiz) == quiz


def test_defaults():
    quiz = read("## A {#a}\n= 1\n")
    assert (quiz.limit, quiz.attempts, quiz.pass_mark, quiz.grade) == (None, None, 0, "best")
    assert (quiz.shuffle, quiz.feedback, quiz.requires, quiz.pools) == ("none", "submitted", (), ())


def test_every_kind_has_its_own_name_and_class():
    tags = [kind.__struct_config__.tag for kind in KINDS]
    assert tags[:4] == ["single", "multiple", "numeric", "short"]
    assert len(set(tags)) == len(tags)


class TestFrontMatter:
    def test_all_problems_of_front_matter_and_body_at_once(self):
        assert wrong(
            "## A\n= 1\n", "---\nkind: kuis\ntitel: x\nminutes: 0\ngrade: most\npass: 101\n---\n"
        ) == [
            (1, "Kunci `title` wajib diisi."),
            (2, "Nilai `kind` harus salah satu dari quiz; tertulis `kuis`."),
            (3, "Kunci `titel` tidak dikenal. Maksudnya `title`?"),
            (4, "Nilai `minutes` harus paling sedikit 1; tertulis `0`."),
            (5, "Nilai `grade` harus salah satu dari best, last, first, average; tertulis `most`."),
            (6, "Nilai `pass` harus paling banyak 100; tertulis `101`."),
            (8, "Soal belum punya id; tambahkan di akhir judulnya, misalnya `## Apa itu RPJMD? {#rpjmd}`."),
        ]

    def test_a_hard_limit_shorter_than_the_designed_time(self):
        assert wrong("## A {#a}\n= 1", "---\ntitle: x\nminutes: 10\nlimit: 5\n---\n") == [
            (4, "`limit` (5) tidak boleh lebih singkat dari `minutes` (10).")
        ]

    def test_no_front_matter(self):
        assert wrong("## A {#a}\n= 1", "")[0][0] == 1


class TestChoices:
    def test_options_of_several_lines_with_code_and_feedback(self):
        question = read(
            "## Mana yang benar? {#a}\n"
            "1. [ ] Kode ini\n"
            "   ```\n"
            "   - [x] bukan pilihan\n"
            "   ## bukan soal\n"
            "   > bukan umpan balik\n"
            "   ```\n"
            "   > Satu\n"
            "   >\n"
            "   > Dua\n"
            "\n"
            "2) [X] Baris satu {#b}\n"
            "   baris dua\n"
            "\n"
            "> Penjelasan\n"
            "> lagi\n"
            "\n"
            "> dan lagi\n"
        ).questions[0]
        assert isinstance(question, Single)
        assert question.options[0].text == (
            "Kode ini\n```\n- [x] bukan pilihan\n## bukan soal\n> bukan umpan balik\n```"
        )
        assert question.options[0].feedback == "Satu\n\nDua"
        assert question.options[1] == Option("b", "Baris satu\nbaris dua", True)
        assert question.explanation == "Penjelasan\nlagi\n\ndan lagi"

    def test_moving_options_keeps_their_ids(self):
        one = read("## A {#a}\n- [x] Satu\n- [ ] Dua\n- [ ] Tiga\n").questions[0]
        two = read("## A {#a}\n- [ ] Tiga\n- [x] Satu\n- [ ] Dua\n").questions[0]
        assert {each.text: each.id for each in one.options} == {each.text: each.id for each in two.options}
        assert len(set(one.option_ids)) == 3

    def test_lists_in_the_prompt_are_not_options(self):
        quiz = read(
            "## Perhatikan {#a}\n\n1. Satu\n2. Dua\n\n- [x](x.md) tautan\n\nYang benar:\n\n"
            "1. [x] A\n2. [ ] B\n"
        )
        assert (
            quiz.questions[0].prompt == "Perhatikan\n\n1. Satu\n2. Dua\n\n- [x](x.md) tautan\n\nYang benar:"
        )

    @pytest.mark.parametrize(
        ("body", "line", "part"),
        [
            ("## A {#a}\n1. [ ] Satu\n2. [ ] Dua\n", 0, "Belum ada jawaban benar"),
            ("## A {#a}\n- [ ] Satu\n- [ ] Dua\n", 0, "Belum ada jawaban benar"),
            ("## A {#a}\n1. [x] Satu\n2. [x] Dua\n", 2, "hanya boleh punya satu jawaban benar"),
            ("## A {#a}\n1. [x] Satu\n2. [ ] satu \n", 2, "sama dengan pilihan di baris 7"),
            ("## A {#a}\n1. [x] Satu {#o}\n2. [ ] Dua {#o}\n", 2, "sudah dipakai di baris 7"),
            ("## A {#a}\n1. [x] Satu {#O}\n2. [ ] Dua\n", 1, "Id `O` tidak dapat dipakai"),
            ("## A {#a}\n1. [x] Satu {#o w=1}\n2. [ ] Dua\n", 1, "Atribut `w` tidak dikenal"),
            ("## A {#a}\n1. [x] Satu\n", 0, "paling sedikit dua pilihan"),
            ("## A {#a}\n1. [x] Satu\n2. [ ]\n", 2, "Pilihan ini kosong"),
            ("## A {#a}\n1. [x] Satu\n- [ ] Dua\n", 2, "Jangan campurkan"),
            ("## A {#a}\n1. [x] Satu\n> Umpan\n2. [ ] Dua\n", 2, "tiga spasi"),
            ("## A {#a}\n1. [x] Satu\nlanjutan\n2. [ ] Dua\n", 2, "bukan pilihan"),
            ("## A {#a}\n1. [x] Satu\n2. [ ] Dua\n\nPenutup.\n", 4, "bukan pilihan"),
            ("## A {#a}\n1. [x] Satu\n   > Umpan\n   lanjutan\n2. [ ] Dua\n", 3, "mendahului umpan baliknya"),
            ("## A {#a}\n1. [v] Satu\n2. [x] Dua\n3. [ ] Tiga\n", 1, "salah tulis"),
            ("## A {#a}\n-[ ] Satu\n- [x] Dua\n- [ ] Tiga\n", 1, "salah tulis"),
            ("## A {#a}\n" + "".join(f"- [x] {n}\n" for n in range(27)), 0, "paling banyak 26"),
        ],
    )
    def test_problems(self, body, line, part):
        found = wrong(body)
        assert [each[0] for each in found] == [FIRST + line]
        assert part in found[0][1]


class TestNumbers:
    @pytest.mark.parametrize(
        ("written", "low", "high"),
        [
            ("16,4", "16.4", "16.4"),
            ("16.4", "16.4", "16.4"),
            ("16,4 +- 0,2", "16.2", "16.6"),
            ("16.4±0.2", "16.2", "16.6"),
            ("16,4 +/- 0,2", "16.2", "16.6"),
            ("-3 +- 1", "-4", "-2"),
            ("Rp1.250.000", "1250000", "1250000"),
            ("16,4 %", "16.4", "16.4"),
            ("[16, 17]", "16", "17"),
            ("[16,17]", "16", "17"),
            ("[16,2, 16,6]", "16.2", "16.6"),
            ("[16.2, 16.6]", "16.2", "16.6"),
            ("[16,2; 16,6]", "16.2", "16.6"),
            ("[-5 .. 5]", "-5", "5"),
        ],
    )
    def test_ways_of_writing(self, written, low, high):
        question = read(f"## A {{#a}}\n= {written}\n").questions[0]
        assert isinstance(question, Numeric)
        assert (question.accepts[0].low, question.accepts[0].high) == (Decimal(low), Decimal(high))

    def test_several_ranges(self):
        question = read("## A {#a}\n= 1\n= 3\n\n> Sebab.\n").questions[0]
        assert len(question.accepts) == 2
        assert question.explanation == "Sebab."

    @pytest.mark.parametrize(
        ("body", "line", "part"),
        [
            ("= 1.234", 1, "1234"),
            ("= 1\n= 1", 2, "dua kali"),
            ("= 16 +- -1", 1, "negatif"),
            ("= 16 +- sedikit", 1, "bukan angka"),
            ("= 16 +- 1 +- 2", 1, "satu toleransi"),
            ("= [17, 16]", 1, "tukar"),
            ("= [1, 2, 3]", 1, "dua bilangan"),
            ("= [16]", 1, "dua bilangan"),
            ("= 16\nsekian", 2, "diawali `=`"),
        ],
    )
    def test_problems(self, body, line, part):
        found = wrong(f"## A {{#a}}\n{body}\n")
        assert [each[0] for each in found] == [FIRST + line]
        assert part in found[0][1]


class TestShortAnswers:
    def test_numbers_and_words_together_are_words(self):
        question = read("## Berapa sila? {#a}\n= 5\n= lima\n").questions[0]
        assert isinstance(question, Short)
        assert question.accepts == ("5", "lima")

    @pytest.mark.parametrize(
        ("body", "line", "part"),
        [
            ("= Renstra\n= renstra.", 2, "dua kali"),
            ("= RPJMD", 1, "terbaca di dalam soalnya"),
            ("= dokumen  itu", 1, "terbaca di dalam soalnya"),
            ("= .", 1, "harus berisi teks"),
            ("= " + "x" * 201, 1, "paling banyak 200"),
            ("= a\n~= (b", 2, "Kurung"),
            ("= a\n~= (?=b)", 2, "pola"),
            ("~= a.*", 0, "paling sedikit satu `= jawaban`"),
            ("= a\nlagi", 2, "diawali `=`"),
        ],
    )
    def test_problems(self, body, line, part):
        found = wrong(f"## Apa dokumen itu, dalam RPJMD? {{#a}}\n{body}\n")
        assert [each[0] for each in found] == [FIRST + line]
        assert part in found[0][1]

    def test_a_part_of_a_word_is_not_a_visible_answer(self):
        assert read("## Apa itu perencanaan? {#a}\n= rencana\n")

    def test_a_formula_is_not_an_answer(self):
        quiz = read("## Hitung {#a}\n\n$$\nx\n= 3 + 4\n$$\n\n= 7\n")
        assert quiz.questions[0].prompt == "Hitung\n\n$$\nx\n= 3 + 4\n$$"


class TestStructure:
    def test_fences_and_comments_hide_what_looks_like_structure(self):
        quiz = read(
            "<!-- catatan penulis\n## bukan soal {#x}\n-->\n"
            "## A {#a}\n\n```markdown\n# bukan\n## bukan {#b}\n- [x] bukan\n= bukan\n```\n\n"
            "~~~\n```\n## bukan\n~~~\n\n<!-- kunci: 1 -->\n> kutipan soal\n\n### Subjudul\n= 1\n"
        )
        assert len(quiz.questions) == 1
        prompt = quiz.questions[0].prompt
        assert "- [x] bukan" in prompt
        assert "kunci" not in prompt
        assert prompt.endswith("> kutipan soal\n\n### Subjudul")

    def test_text_in_braces_is_not_attributes(self):
        found = wrong("## Himpunan {a, b}\n= 1\n")
        assert "belum punya id" in found[0][1]
        assert read("## Himpunan {a, b} {#a}\n= 1\n").questions[0].prompt == "Himpunan {a, b}"

    def test_questions_before_the_first_pool_are_always_asked(self):
        quiz = read("## A {#a}\n= 1\n# P {#p draw=1}\n## B {#b}\n= 1\n## C {#c}\n= 2\n")
        assert quiz.pools == (Pool("p", "P", 1, ("b", "c")),)

    @pytest.mark.parametrize(
        ("body", "line", "part"),
        [
            ("", 0, "belum berisi soal"),
            ("Pengantar.\n\n## A {#a}\n= 1\n", 0, "di luar soal"),
            ("# P {#p}\nPengantar.\n## A {#a}\n= 1\n", 1, "di luar soal"),
            ("## A\n= 1\n", 0, "belum punya id"),
            ("## A {#a}\n= 1\n## B {#a}\n= 1\n", 2, "sudah dipakai di baris 6"),
            ("# P {#a}\n## B {#a}\n= 1\n", 1, "sudah dipakai di baris 6"),
            ("## A {#Apa_itu}\n= 1\n", 0, "tidak dapat dipakai"),
            ("## A {#a bobot=2}\n= 1\n", 0, "`bobot` tidak dikenal"),
            (
                "## A {#a partial}\n= 1\n",
                0,
                "`partial` tidak dikenal pada soal jenis ini; yang dikenal: points",
            ),
            ("## A {#a points=0}\n= 1\n", 0, "`points`"),
            ("## A {#a points=banyak}\n= 1\n", 0, "`points`"),
            ("## A {#a points=101}\n= 1\n", 0, "`points`"),
            ("## {#a}\n= 1\n", 0, "Judul soal kosong"),
            ("## {#a}\n", 0, "Soal ini kosong"),
            ("## A {#a}\n", 0, "belum punya jawaban"),
            ("## A {#a}\nTeks saja\n", 0, "belum punya jawaban"),
            ("# P {#p}\n# Q {#q}\n## A {#a}\n= 1\n", 0, "Kelompok soal ini kosong"),
            ("# P {#p draw=3}\n## A {#a}\n= 1\n", 0, "melebihi isi kelompok (1 soal)"),
            ("# P {#p draw=0}\n## A {#a}\n= 1\n", 0, "`draw` harus"),
            ("# P\n## A {#a}\n= 1\n", 0, "Kelompok soal belum punya id"),
            ("# P {#p acak=1}\n## A {#a}\n= 1\n", 0, "`acak` tidak dikenal"),
            ("## A {#a}\n= 1\n```\n## B {#b}\n", 2, "belum ditutup"),
            ("## A {#a}\n\n$$ x\n\n= 1\n", 2, "belum ditutup"),
            ("## A {#a}\n\n<!-- x\n\n= 1\n", 2, "belum ditutup"),
        ],
    )
    def test_problems(self, body, line, part):
        found = wrong(body)
        assert FIRST + line in [each[0] for each in found if part in each[1]]

    def test_every_problem_is_reported_not_only_the_first(self):
        found = wrong(
            "Pengantar\n## A\n1. [x] a\n2. [x] b\n"
            "## B {#b}\n= RPJMD B\n= RPJMD b\n## C {#b}\n- [ ] c\n## D {#d}\n____\nE\n"
        )
        assert [line for line, _ in found] == [6, 7, 9, 12, 13, 13, 13, 17]

    def test_the_longest_quiz_is_read_in_a_moment(self):
        body = "".join(
            f"## Soal {n} {{#s{n}}}\n" + "".join(f"- [x] {m}\n  > U\n" for m in range(20)) for n in range(200)
        )
        started = time.process_time()
        assert len(read(body).questions) == 200
        assert time.process_time() - started < 3

    @pytest.mark.parametrize(
        "seed",
        [
            "- [x] a\n",
            "{#a ",
            "{",
            "```\n",
            "> ",
            "= [",
            "~= (a+)+",
            "$$",
            "<!--",
            "# ",
            "\n",
            "  ",
            "- a => ",
            "- a => b\n",
            "1. a\n",
            "____\n",
        ],
    )
    def test_hostile_bodies_end_soon(self, seed):
        started = time.process_time()
        for body in (seed * (100_000 // len(seed)), "## A {#a}\n" + seed * (100_000 // len(seed))):
            parse(HEAD + body, "a.md")
        assert time.process_time() - started < 5


# --- parse → print → parse ----------------------------------------------------------------------------------

words = st.text(alphabet="abcdé 2?,.()*`{}\"'", min_size=1, max_size=30).map(
    lambda text: " ".join(text.split())
)
texts = words.filter(
    lambda text: re.search(r"[a-zé]", text) and not text.endswith("}") and "`" * 3 not in text
)
ids = st.from_regex(r"[a-z][a-z0-9]{0,6}", fullmatch=True)
numbers = st.decimals(min_value=-9999, max_value=9999, places=3)


@st.composite
def questions(draw, question_id):
    shared = {
        "id": question_id,
        "prompt": "\n\n".join(draw(st.lists(texts, min_size=1, max_size=3))),
        "points": draw(st.sampled_from([Decimal(1), Decimal("2.5"), Decimal("1.125")])),
        "explanation": "\n\n".join(draw(st.lists(texts, max_size=2))),
    }
    kind = draw(st.sampled_from(["single", "multiple", "numeric", "short"]))
    if kind == "numeric":
        low, value = draw(numbers), draw(numbers)
        width = abs(draw(numbers))
        ranges = {Accepted(low, low + width), Accepted(value - width, value + width, value)}
        return Numeric(accepts=tuple(ranges), **shared)
    if kind == "short":
        accepts = draw(st.lists(ids, min_size=1, max_size=3, unique=True))
        return Short(accepts=tuple(f"jawaban {each}" for each in accepts), patterns=("a+b?",), **shared)
    names = draw(
        st.lists(
            st.tuples(ids, texts),
            min_size=2,
            max_size=5,
            unique_by=(lambda n: n[0], lambda n: n[1].casefold()),
        )
    )
    rights = {draw(st.integers(0, len(names) - 1))}
    if kind == "multiple":
        rights |= draw(st.sets(st.integers(0, len(names) - 1)))
    options = tuple(
        Option(name, text, at in rights, draw(st.one_of(st.just(""), texts)))
        for at, (name, text) in enumerate(names)
    )
    if kind == "single":
        return Single(options=options, **shared)
    return Multiple(options=options, partial=draw(st.booleans()), **shared)


@st.composite
def quizzes(draw):
    names = draw(st.lists(ids, min_size=2, max_size=5, unique=True))
    chosen = [draw(questions(name)) for name in names]
    split = draw(st.integers(0, len(names)))
    pooled = tuple(names[split:])
    pools = (Pool("kelompok-a", "Kelompok", draw(st.integers(1, len(pooled))), pooled),) if pooled else ()
    return Quiz(
        title=draw(texts),
        id="kuis",
        minutes=5,
        attempts=draw(st.sampled_from([None, 2])),
        pass_mark=draw(st.sampled_from([0, 70])),
        shuffle=draw(st.sampled_from(["none", "all"])),
        requires=draw(st.sampled_from([(), ("a", "b")])),
        questions=tuple(chosen),
        pools=pools,
    )


@settings(max_examples=80, deadline=None)
@given(quizzes())
def test_what_is_printed_reads_back_the_same(quiz):
    again, problems = parse(print_quiz(quiz), "kuis.md")
    assert problems == []
    assert again == quiz
