"""Content folders: a whole course, and every mistake an author can make with its file and line."""

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from lms import markup
from lms.courses.source import Lesson
from lms.problems import Problem
from lms.projects.source import Project
from lms.publishing.source import Draft, read_folder
from lms.quizzes.source import Quiz
from lms.rubric import Rubric

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 460 500"/>\n'

COURSE = {
    "course.yml": """\
title: Kursus uji
summary: Singkat.
language: id
jp: 4
audience: ASN
objectives: [Satu, Dua]
authors: [Tim]
pass: 75
certificate: true
""",
    "01-kerangka/module.yml": "title: Kerangka\nsummary: Awal.\n",
    "01-kerangka/01-kedudukan.md": """\
---
title: Kedudukan
minutes: 12
open: true
objectives: [Paham]
---
Isi [lanjut](02-tahapan.md#bagian-dua) dan [kuis](03-kuis.md), [proyek](../02-proyek/01-rancangan.md).

![Bagan](../files/bagan.svg "Gambar 1") [sini](#bagian-satu) [luar](https://contoh.id/a.md)

## Bagian satu
""",
    "01-kerangka/02-tahapan.md": """\
---
title: Tahapan
minutes: 10
requires: [kedudukan]
---
## Bagian dua

[unduh](files/data.csv)
""",
    "01-kerangka/03-kuis.md": """\
---
kind: quiz
id: kuis-satu
title: Kuis
minutes: 5
requires: [kedudukan, tahapan]
---
## Lihat ![Bagan](../files/bagan.svg) {#a}
1. [x] Ya
2. [ ] Tidak, baca [tahapan](02-tahapan.md)
""",
    "02-proyek/module.yml": "title: Proyek\n",
    "02-proyek/01-rancangan.md": """\
---
kind: project
title: Rancangan
minutes: 90
rubric: rubrik-uji.yml
requires: [kuis-satu]
sections:
  - id: isu
    title: Isu
    kind: text
    guide: |
      Lihat [tahapan](../01-kerangka/02-tahapan.md).
---
Kerjakan, lihat [data](../files/data.csv).
""",
    "02-proyek/rubrik-uji.yml": """\
title: Rubrik
levels: [{id: 2, label: Baik}, {id: 1, label: Kurang}]
criteria:
  - id: isu
    title: Isu
    weight: 100
    sections: [isu]
    levels: {2: Jelas, 1: Kabur}
""",
    "files/bagan.svg": SVG,
    "files/data.csv": "a,b\n1,2\n",
}

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the course with some files changed or left out (None), in a folder named `name`."""

    def written(changes: dict[str, str | bytes | None] | None = None, name: str = "kursus-uji") -> Path:
        root = tmp_path / name
        for path, content in (COURSE | (changes or {})).items():
            if content is None:
                continue
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return root

    return written


def draft(root: Path) -> Draft:
    made, problems = read_folder(root)
    assert problems == []
    assert made is not None
    return made


def wrong(root: Path) -> list[tuple[str, int, str]]:
    made, problems = read_folder(root)
    assert made is None
    assert problems == sorted(problems)
    return [(each.file, each.line, each.message) for each in problems]


class TestTheWholeCourse:
    def test_what_is_in_it(self, write):
        made = draft(write())
        assert made.slug == "kursus-uji"
        assert (made.course.title, made.course.jp, made.course.pass_mark) == ("Kursus uji", 4, 75)
        assert [(each.number, each.folder, each.title, each.summary) for each in made.course.modules] == [
            (1, "01-kerangka", "Kerangka", "Awal."),
            (2, "02-proyek", "Proyek", ""),
        ]
        assert [
            (each.position, each.module, each.kind, each.id, each.title, each.minutes) for each in made.items
        ] == [
            (1, 1, "lesson", "kedudukan", "Kedudukan", 12),
            (2, 1, "lesson", "tahapan", "Tahapan", 10),
            (3, 1, "quiz", "kuis-satu", "Kuis", 5),
            (4, 2, "project", "rancangan", "Rancangan", 90),
            (5, 2, "rubric", "rubrik-uji", "Rubrik", 0),
        ]
        assert [(each.name, each.media_type, each.width, each.height) for each in made.assets] == [
            ("bagan.svg", "image/svg+xml", 460, 500),
            ("data.csv", "text/csv", 0, 0),
        ]

    def test_the_source_is_what_stands_below_the_front_matter(self, write):
        lesson = draft(write()).items[0]
        assert lesson.source.startswith("Isi [lanjut]")
        assert (lesson.file, lesson.line) == ("01-kerangka/01-kedudukan.md", 7)

    def test_definitions_decode_to_what_authors_wrote(self, write):
        items = {each.kind: each for each in draft(write()).items}
        lesson, quiz, project, rubric = (
            msgspec.json.decode(items[name].definition, type=kind)
            for name, kind in (("lesson", Lesson), ("quiz", Quiz), ("project", Project), ("rubric", Rubric))
        )
        assert (lesson.id, lesson.requires) == ("tahapan", ("kedudukan",))
        assert (quiz.id, quiz.questions[0].id) == ("kuis-satu", "a")
        assert (project.id, project.rubric) == ("rancangan", "rubrik-uji")
        assert rubric.id == "rubrik-uji"
        assert lesson.links == items["lesson"].links
        assert quiz.links == items["quiz"].links
        assert project.links == items["project"].links

    def test_links_lead_to_items_and_files(self, write):
        links = {
            each.id: {target: tuple(link) for target, link in each.links} for each in draft(write()).items
        }
        assert links["kedudukan"] == {
            "02-tahapan.md": ("tahapan", None, None),
            "03-kuis.md": ("kuis-satu", None, None),
            "../02-proyek/01-rancangan.md": ("rancangan", None, None),
            "../files/bagan.svg": ("berkas/bagan.svg", 460, 500),
        }
        assert links["tahapan"] == {"files/data.csv": ("berkas/data.csv", None, None)}
        assert links["kuis-satu"] == {
            "../files/bagan.svg": ("berkas/bagan.svg", 460, 500),
            "02-tahapan.md": ("tahapan", None, None),
        }
        assert links["rancangan"] == {
            "../01-kerangka/02-tahapan.md": ("tahapan", None, None),
            "../files/data.csv": ("berkas/data.csv", None, None),
        }

    def test_the_rendered_page_leads_where_the_links_say(self, write):
        item = draft(write()).items[0]
        html = str(markup.page(item.source, item.links).html)
        assert 'href="tahapan#b-bagian-dua"' in html
        assert 'src="berkas/bagan.svg"' in html
        assert 'width="460"' in html
        assert ".md" not in html.replace("https://contoh.id/a.md", "")

    def test_hidden_files_are_passed_over(self, write):
        root = write({".git/config": "x", "01-kerangka/.DS_Store": b"\0", "files/Thumbs.db": b"\0"})
        assert draft(root).content_hash == draft(write(name="lain")).content_hash

    def test_modules_and_items_come_in_the_order_of_their_numbers(self, write):
        lesson = "---\ntitle: T\nminutes: 1\n---\nIsi\n"
        root = write(
            {"10-akhir/module.yml": "title: Akhir\n", "10-akhir/10-b.md": lesson, "10-akhir/9-a.md": lesson}
        )
        made = draft(root)
        assert [each.folder for each in made.course.modules] == ["01-kerangka", "02-proyek", "10-akhir"]
        assert [each.id for each in made.items][-2:] == ["a", "b"]

    def test_a_rubric_with_an_id_of_its_own(self, write):
        text = COURSE["02-proyek/rubrik-uji.yml"].replace("title: Rubrik\n", "title: Rubrik\nid: penilaian\n")
        made = draft(write({"02-proyek/rubrik-uji.yml": text}))
        assert made.items[-1].id == "penilaian"
        assert msgspec.json.decode(made.items[-2].definition, type=Project).rubric == "penilaian"

    def test_an_essay_names_its_rubric_by_file_or_id(self, write):
        text = COURSE["02-proyek/rubrik-uji.yml"].replace("title: Rubrik\n", "title: Rubrik\nid: penilaian\n")
        essays = (
            "\n## E {#e rubric=rubrik-uji.yml}\n____\n\n## F {#f rubric=penilaian}\n____\n\n## G {#g}\n____\n"
        )
        made = draft(write({R: text, Q: QUIZ + essays}))
        quiz = msgspec.json.decode(
            next(each for each in made.items if each.kind == "quiz").definition, type=Quiz
        )
        assert [each.rubric for each in quiz.questions[-3:]] == ["penilaian", "penilaian", ""]

    def test_a_rubric_for_an_essay_alone(self, write):
        made = draft(
            write({"02-proyek/rubrik-esai.yml": RUBRIC, Q: QUIZ + "\n## E {#e rubric=rubrik-esai}\n____\n"})
        )
        assert made.items[-1].id == "rubrik-uji"

    def test_another_slug(self, write):
        made, problems = read_folder(write(), slug="nama-lain")
        assert problems == []
        assert made is not None
        assert made.slug == "nama-lain"


class TestContentHash:
    def test_does_not_depend_on_place_time_or_line_ends(self, write):
        first = draft(write())
        second = write({path: text.replace("\n", "\r\n") for path, text in COURSE.items()}, name="lain")
        for file in second.rglob("*"):
            os.utime(file, (1, 1))
        assert draft(second).content_hash == first.content_hash
        assert draft(second).items == first.items

    @pytest.mark.parametrize(
        "changes",
        [
            {"01-kerangka/02-tahapan.md": COURSE["01-kerangka/02-tahapan.md"] + "x"},
            {"course.yml": COURSE["course.yml"].replace("jp: 4", "jp: 5")},
            {"files/data.csv": "a,b\n1,3\n"},
            {"files/lain.csv": "a\n"},
        ],
    )
    def test_changes_with_any_content(self, write, changes):
        assert draft(write(changes, name="lain")).content_hash != draft(write()).content_hash


LESSON = COURSE["01-kerangka/02-tahapan.md"]
QUIZ = COURSE["01-kerangka/03-kuis.md"]
PROJECT = COURSE["02-proyek/01-rancangan.md"]
RUBRIC = COURSE["02-proyek/rubrik-uji.yml"]
ESSAY_AT = QUIZ.count("\n") + 1
L, Q, P, R = (
    "01-kerangka/02-tahapan.md",
    "01-kerangka/03-kuis.md",
    "02-proyek/01-rancangan.md",
    "02-proyek/rubrik-uji.yml",
)


def matter(text: str) -> str:
    return f"---\ntitle: T\nminutes: 1\n---\n{text}"


@pytest.mark.parametrize(
    ("changes", "file", "line", "part"),
    [
        # the course and its modules
        ({"course.yml": None}, "course.yml", 1, "belum ada"),
        ({"course.yml": "title: T\nsumary: S\n"}, "course.yml", 2, "Maksudnya `summary`?"),
        ({"course.yml": COURSE["course.yml"] + "modules: []\n"}, "course.yml", 10, "`modules` tidak dikenal"),
        ({"02-proyek/module.yml": None}, "02-proyek/module.yml", 1, "belum ada"),
        (
            {"02-proyek/module.yml": "title: T\nurutan: 2\n"},
            "02-proyek/module.yml",
            2,
            "`urutan` tidak dikenal",
        ),
        ({"03-kosong/module.yml": "title: T\n"}, "03-kosong/module.yml", 1, "belum berisi materi"),
        # names
        ({"README.md": "x"}, "README.md", 1, "tidak dikenal di sini"),
        ({"Modul Tiga/a.md": "x"}, "Modul Tiga", 1, "Folder modul bernama nomor"),
        (
            {"01-kerangka/tanpa-nomor.md": matter("x")},
            "01-kerangka/tanpa-nomor.md",
            1,
            "Nama materi harus nomor",
        ),
        ({"01-kerangka/04-Besar.md": matter("x")}, "01-kerangka/04-Besar.md", 1, "Nama materi harus nomor"),
        ({"01-kerangka/gambar.png": b"x"}, "01-kerangka/gambar.png", 1, "tidak dikenal di sini"),
        ({"01-kerangka/dalam/a.md": "x"}, "01-kerangka/dalam", 1, "tidak boleh berisi folder"),
        # texts
        ({L: LESSON.encode() + b"\n\xff\xfe"}, L, 10, "bukan UTF-8"),
        ({L: LESSON.encode("utf-16")}, L, 1, "bukan UTF-8"),
        ({L: LESSON + "\n\x1b[31m"}, L, 10, "U+001B"),
        ({L: LESSON + "\0"}, L, 9, "U+0000"),
        ({L: LESSON + "x" * 200_000}, L, 1, "terlalu besar; paling banyak 200 KB"),
        ({L: "Tanpa keterangan"}, L, 1, "`---`"),
        ({L: matter("\n")}, L, 5, "belum berisi apa pun"),
        # kinds and definitions
        ({L: LESSON.replace("minutes: 10", "minutes: lama")}, L, 3, "bilangan bulat"),
        ({L: LESSON.replace("---\ntitle", "---\nkind: kuis\ntitle")}, L, 2, "Jenis `kuis` tidak dikenal"),
        ({L: LESSON.replace("---\ntitle", "---\nkind: rubric\ntitle")}, L, 2, "Jenis `rubric` tidak dikenal"),
        ({L: LESSON.replace("---\ntitle", "---\nkind: quis\ntitle")}, L, 2, "Maksudnya `quiz`?"),
        ({Q: QUIZ.replace("[x]", "[ ]")}, Q, 8, "Belum ada jawaban benar"),
        ({P: PROJECT.replace("kind: text", "kind: teks")}, P, 10, "tidak dikenal"),
        ({P: PROJECT.replace("rubric:", "links: []\nrubric:")}, P, 5, "`links` tidak dikenal"),
        ({R: RUBRIC.replace("weight: 100", "weight: 90")}, R, 3, "100"),
        # ids
        (
            {"02-proyek/02-tahapan.md": matter("x")},
            "02-proyek/02-tahapan.md",
            1,
            "sudah dipakai oleh `01-kerangka/02-tahapan.md`",
        ),
        ({Q: QUIZ.replace("id: kuis-satu", "id: tahapan")}, Q, 3, "sudah dipakai oleh"),
        ({Q: QUIZ.replace("id: kuis-satu", "id: Kuis Satu")}, Q, 3, "tidak dapat dipakai"),
        ({Q: QUIZ.replace("id: kuis-satu", "id: berkas")}, Q, 3, "sudah dipakai sistem"),
        ({R: RUBRIC.replace("title: Rubrik\n", "title: Rubrik\nid: tahapan\n")}, R, 2, "sudah dipakai oleh"),
        # requirements
        ({L: LESSON.replace("[kedudukan]", "\n  - kedudukan\n  - kedudukn")}, L, 6, "Maksudnya `kedudukan`?"),
        ({L: LESSON.replace("[kedudukan]", "[rubrik-uji]")}, L, 4, "Syarat `rubrik-uji` tidak ada"),
        ({L: LESSON.replace("[kedudukan]", "[tahapan]")}, L, 4, "mensyaratkan dirinya sendiri"),
        (
            {L: LESSON.replace("[kedudukan]", "[rancangan]")},
            L,
            4,
            "tahapan → rancangan → kuis-satu → tahapan",
        ),
        ({L: LESSON.replace("[kedudukan]", "kedudukan")}, L, 4, "harus berupa daftar"),
        # rubrics
        ({R: None}, P, 5, "Rubrik `rubrik-uji.yml` tidak ada"),
        ({P: PROJECT.replace("rubrik-uji.yml", "rubrik-uj.yml")}, P, 5, "Maksudnya `rubrik-uji`?"),
        ({"02-proyek/rubrik-lain.yml": RUBRIC}, "02-proyek/rubrik-lain.yml", 1, "tidak dipakai"),
        ({Q: QUIZ + "## E {#e rubric=rubrik-uj.yml}\n____\n"}, Q, ESSAY_AT, "Maksudnya `rubrik-uji`?"),
        ({R: RUBRIC.replace("[isu]", "[isu, sasaran]")}, R, 7, "`sasaran`"),
        # links
        ({L: LESSON + "\n[x](04-tahapan.md)\n"}, L, 10, "Maksudnya `02-tahapan.md`?"),
        ({L: LESSON + "\n[x](../files/bagn.svg)\n"}, L, 10, "Maksudnya `../files/bagan.svg`?"),
        ({L: LESSON + "\n[x](../files/Bagan.svg)\n"}, L, 10, "tidak menuju berkas mana pun"),
        ({L: LESSON + "\n[x](../../rahasia.md)\n"}, L, 10, "keluar dari folder"),
        ({L: LESSON + "\n[x](/kelola)\n"}, L, 10, "keluar dari folder"),
        ({L: LESSON + "\n[x](../02-proyek/rubrik-uji.yml)\n"}, L, 10, "tidak menuju berkas mana pun"),
        ({L: LESSON + "\n[x](01-kedudukan.md#bagian-sat)\n"}, L, 10, "Maksudnya `#bagian-satu`?"),
        ({L: LESSON + "\n[x](#tidak-ada)\n"}, L, 10, "Tidak ada judul `#tidak-ada`"),
        ({Q: QUIZ.replace("02-tahapan.md", "02-hilang.md")}, Q, 10, "tidak menuju berkas mana pun"),
        ({P: PROJECT.replace("02-tahapan.md", "02-hilang.md")}, P, 12, "tidak menuju berkas mana pun"),
        ({"files/bagan.svg": None}, "01-kerangka/01-kedudukan.md", 9, "tidak menuju berkas mana pun"),
        # files
        ({"files/a.exe": b"MZ"}, "files/a.exe", 1, "Jenis berkas ini tidak diterima"),
        ({"files/a b.png": b"x"}, "files/a b.png", 1, "Nama berkas hanya boleh"),
        ({"files/é.png": b"x"}, "files/é.png", 1, "Nama berkas hanya boleh"),
        ({"files/BAGAN.svg": SVG}, "files/bagan.svg", 1, "besar kecil hurufnya"),
        ({"files/dalam/a.svg": SVG}, "files/dalam", 1, "tidak boleh berisi folder"),
        ({"files/a.png": b"GIF89a"}, "files/a.png", 1, "bukan gambar PNG"),
        (
            {"files/a.pdf": b"%PDF-" + b"x" * 5_000_000},
            "files/a.pdf",
            1,
            "terlalu besar; paling banyak 5.000 KB",
        ),
        ({"files/bagan.svg": SVG.replace("/>", ">\n<script/></svg>")}, "files/bagan.svg", 2, "`<script>`"),
    ],
)
def test_a_mistake_is_reported_at_its_line(write, changes, file, line, part):
    found = wrong(write(changes))
    assert [each for each in found if each[0] == file and each[1] == line and part in each[2]], found


AFTER = """\
---
kind: quiz
title: Sesudah
minutes: 5
pretest: kuis-satu
---
## Soal {#a}
= 1
"""
A = "01-kerangka/04-pascates.md"


def test_a_test_after_names_the_one_before(write):
    draft, problems = read_folder(write({A: AFTER}))
    assert not problems
    assert draft is not None
    quiz = next(
        msgspec.json.decode(item.definition, type=Quiz) for item in draft.items if item.id == "pascates"
    )
    assert quiz.pretest == "kuis-satu"


@pytest.mark.parametrize(
    ("changes", "file", "part"),
    [
        ({A: AFTER.replace("kuis-satu", "kuis-stau")}, A, "tidak ada. Maksudnya `kuis-satu`?"),
        ({A: AFTER.replace("kuis-satu", "tahapan")}, A, "Kuis `tahapan` pada `pretest` tidak ada"),
        ({A: AFTER.replace("kuis-satu", "pascates")}, A, "prates dirinya sendiri"),
        (
            {A: AFTER, Q: QUIZ.replace("minutes: 5", "minutes: 5\npretest: pascates")},
            Q,
            "Prates `pascates` berada sesudah kuis ini",
        ),
    ],
)
def test_a_test_before_is_another_quiz_that_comes_first(write, changes, file, part):
    found = wrong(write(changes))
    assert [(each[0], part in each[2]) for each in found] == [(file, True)], found
    text = changes[file]
    assert text.splitlines()[found[0][1] - 1].startswith("pretest:")


def test_one_mistake_is_one_problem(write):
    assert wrong(write({L: LESSON.replace("[kedudukan]", "[rancangan]")})) == [
        (
            L,
            4,
            "Syarat saling mengunci: tahapan → rancangan → kuis-satu → tahapan. "
            "Hapus salah satu dari `requires`.",
        )
    ]
    for name, (file, text) in enumerate(
        [
            (L, "Tanpa keterangan"),
            (L, b"\xff"),
            (Q, QUIZ.replace("Kuis", "Kuis: satu")),
            (R, b"\xff"),
            (R, "a: *b"),
        ]
    ):
        assert [each[0] for each in wrong(write({file: text}, name=f"kursus-{name}"))] == [file]


def test_everything_is_reported_at_once(write):
    found = wrong(
        write(
            {
                "course.yml": "title: T\n",
                "files/a.exe": b"MZ",
                L: LESSON.replace("minutes: 10", "minutes: 0") + "\n[x](hilang.md)\n",
                Q: QUIZ.replace("[x]", "[ ]"),
                P: PROJECT.replace("kind: text", "kind: teks"),
                R: RUBRIC.replace("weight: 100", "weight: 90"),
            }
        )
    )
    assert [(file, line) for file, line, _ in found] == [
        (L, 3),
        (L, 10),
        (Q, 8),
        (P, 10),
        (R, 3),
        ("course.yml", 1),
        ("files/a.exe", 1),
    ]


def test_a_folder_name_that_cannot_be_an_address(write):
    assert "tidak dapat menjadi alamat" in wrong(write(name="Kursus Uji"))[0][2]


def test_an_empty_folder(tmp_path):
    (tmp_path / "kosong").mkdir()
    assert [(file, line) for file, line, _ in wrong(tmp_path / "kosong")] == [
        ("course.yml", 1),
        ("course.yml", 1),
    ]


def test_a_folder_that_is_not_there(tmp_path):
    assert any("tidak dapat dibaca" in message for _, _, message in wrong(tmp_path / "tidak-ada"))


class TestHostileFolders:
    @pytest.mark.parametrize(
        "where", ["files/rahasia.csv", "01-kerangka/09-rahasia.md", "03-modul", "files/bagan2.svg"]
    )
    def test_symbolic_links_are_refused(self, write, tmp_path, where):
        outside = tmp_path / "luar"
        outside.mkdir()
        (outside / "rahasia").write_text("rahasia")
        root = write()
        (root / where).symlink_to(outside / "rahasia" if "." in where else outside)
        found = wrong(root)
        assert [(file, line) for file, line, _ in found] == [(where, 1)]
        assert "Tautan simbolik" in found[0][2]
        assert "rahasia\n" not in str(found)

    def test_a_pipe_is_not_waited_for(self, write):
        root = write()
        os.mkfifo(root / "files" / "pipa.csv")
        assert wrong(root) == [("files/pipa.csv", 1, "Ini bukan berkas biasa; hapus.")]

    def test_a_name_that_is_not_unicode(self, write):
        root = write()
        try:
            (Path(os.fsdecode(os.fsencode(root / "files") + b"/\xff.png"))).write_bytes(b"x")
        except OSError:
            pytest.skip("this file system takes no such name")
        found = wrong(root)
        assert found[0][0] == "files/?.png"
        assert str(Problem(*found[0])).encode()

    def test_too_many_files(self, write):
        root = write({f"files/a{n}.csv": "a" for n in range(1001)})
        assert any("Terlalu banyak berkas" in message for _, _, message in wrong(root))

    def test_a_long_ring_of_requirements_is_found_without_recursion(self, write):
        pages = {
            f"01-kerangka/{100 + n}-m{n}.md": matter("Isi").replace(
                "\n---", f"\nrequires: [m{(n + 1) % 400}]\n---"
            )
            for n in range(400)
        }
        found = wrong(write(pages))
        assert len(found) == 1
        assert "saling mengunci" in found[0][2]


@pytest.mark.parametrize(
    "root", sorted((Path(__file__).parents[2] / "content").glob("*/course.yml")), ids=lambda p: p.parent.name
)
def test_the_published_links_are_those_the_renderer_follows(root):
    made, problems = read_folder(root.parent)
    assert [str(each) for each in problems] == []
    assert made is not None
    for item in made.items:
        if item.kind == "lesson":
            assert set(markup.targets(item.source)) == {target for target, _ in item.links}, item.file
