"""HTML of others in our Markdown: what it shows, what is lost, and that no word is."""

from __future__ import annotations

import re
from html import escape, unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.markup import to_html
from lms.quizzes.exchange.hypertext import MAX_TEXT, STYLE_LOST, Converter
from lms.quizzes.exchange.pictures import Pictures
from lms.quizzes.exchange.wording import Formulas, guarded, paragraphs, replaced_targets, tamed

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def converted(html: str, files: dict[str, bytes] | None = None) -> tuple[str, list[str]]:
    lost: list[str] = []
    pieces = Converter(Pictures(files or {}), lost.append).pieces(html)
    return "\n\n".join(each.text for each in pieces), list(dict.fromkeys(lost))


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("Halo &amp; <b>dunia</b>", "Halo & **dunia**"),
        ("<p>Satu<br>dua</p><p>tiga</p>", "Satu\\\ndua\n\ntiga"),
        ("<div>satu<div>dua</div>tiga</div>", "satu\n\ndua\n\ntiga"),
        ("a<i>b</i>c <em>d</em>", "a<em>b</em>c *d*"),
        ("<b>a</b><b>b</b>", "<strong>a</strong><strong>b</strong>"),
        ("x<sub>2</sub> <u>y</u> <s>z</s>", "x<sub>2</sub> <u>y</u> ~~z~~"),
        ("<code>a `b`</code>", "`` a `b` ``"),
        ("<code>a</code><b></b><code>b</code>", "`a`<wbr>`b`"),
        ("<pre>if x:\n    y</pre>", "```\nif x:\n    y\n```"),
        ("<h1>Judul</h1>isi", "### Judul\n\nisi"),
        ("<blockquote><p>kata</p></blockquote>", "> kata"),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</ul>", "- a\n  - b\n- c"),
        ("<ol start=3><li>a<li>b</ol>", "3. a\n4. b"),
        ('<a href="https://a.id/b c">t</a>', "[t](<https://a.id/b%20c>)"),
        ("1. satu<br>- dua<br># tiga<br>= empat", "1\\. satu\\\n\\- dua\\\n\\# tiga\\\n\\= empat"),
        ("\\(a_1 &lt; b\\) dan \\[x^2\\] dan $$y$$", "$`a_1 < b`$ dan $$x^2$$ dan $$y$$"),
        ("harga $5 dan $6", "harga \\$5 dan \\$6"),
        ('<img class="equation_image" data-equation-content="\\frac{1}{2}" alt="x">', "$`\\frac{1}{2}`$"),
        (
            '<math><semantics><mi>x</mi><annotation encoding="application/x-tex">x^2</annotation></semantics></math>',
            "$`x^2`$",
        ),
        (
            "<table><tr><th>a|b</th><th>c</th></tr><tr><td>x<br>y</td></tr></table>",
            "| a\\|b | c |\n| --- | --- |\n| x<br>y |  |",
        ),
        ("<p>a<!-- rahasia --> b</p><![CDATA[c]]><?php x ?>", "a b\n\nc"),
        ("a < b > c", "a \\< b > c"),
        ("", ""),
    ],
)
def test_what_it_shows(html: str, markdown: str) -> None:
    assert converted(html) == (markdown, [])


@pytest.mark.parametrize(
    ("html", "markdown", "lost"),
    [
        ('<span style="color: red">a</span>', "a", [STYLE_LOST]),
        ("<script>alert(1)</script>b", "b", ["elemen <script> tidak dibawa"]),
        ("<zz>a</zz>", "a", ["elemen <zz> tidak dikenal; kata-katanya saja yang dibawa"]),
        (
            '<a href="javascript:x">a</a>',
            "a",
            ["tautan yang tidak dapat diikuti menjadi kata saja: `javascript:x`"],
        ),
        (
            '<iframe src="https://a.id/v"></iframe>',
            "[https://a.id/v](<https://a.id/v>)",
            ["<iframe> menjadi tautan: `https://a.id/v`"],
        ),
        ('<video src="v.mp4"></video>', "", ["<video> tidak dibawa: `v.mp4`"]),
        (
            '<img src="https://a.id/x.png" alt="Peta">',
            "[Peta](<https://a.id/x.png>)",
            ["gambar dari alamat luar tidak diambil: `https://a.id/x.png`"],
        ),
        ('<img src="x.png" alt="Peta">', "(Peta)", ["berkas `x.png` tidak ada di dalam kiriman"]),
        (
            "\\(\\tidakada{x}\\)",
            "`\\tidakada{x}`",
            ["rumus tidak dapat ditampilkan dan ditulis sebagai kode: `\\tidakada{x}`"],
        ),
        (
            "<table><tr><td colspan=2>a</td></tr></table>",
            "| a |\n| --- |",
            [
                "sel tabel yang digabung (colspan, rowspan) dipisah",
                "tabel tanpa judul kolom: baris pertamanya menjadi judul kolom",
            ],
        ),
        (
            "<table>lepas<tbody><tr>a<th>b<table><tr><th>c<th>d</tr></table></th></tr></tbody></table>",
            "lepas\n\n| a | b<br>c · d |\n| --- | --- |",
            ["tabel di dalam tabel diratakan menjadi kata"],
        ),
        ('<ol type="A"><li>a</ol>', "1. a", ["penomoran huruf atau Romawi pada daftar menjadi angka"]),
        ("<math><mi>x</mi></math>", "x", ["rumus MathML tanpa TeX menjadi kata"]),
        ("a" * (MAX_TEXT + 1), "", ["teks lebih dari 100.000 karakter; tidak dibawa"]),
        ("<b>" * 60 + "a", None, ["elemen yang bersarang terlalu dalam atau terlalu banyak diratakan"]),
    ],
)
def test_what_is_lost_is_told(html: str, markdown: str | None, lost: list[str]) -> None:
    found, told = converted(html)
    assert told == lost
    if markdown is not None:
        assert found == markdown


def test_a_picture_within_the_text() -> None:
    lost: list[str] = []
    pictures = Pictures({})
    (piece,) = Converter(pictures, lost.append).pieces(
        f'<img src="data:image/png;base64,{PIXEL}" alt="Titik">'
    )
    assert lost == []
    assert not piece.words
    ((name, content),) = pictures.found.items()
    assert piece.text == f"![Titik](../files/{name})"
    assert re.fullmatch(r"gambar-[0-9a-f]{10}\.png", name)
    assert content.startswith(b"\x89PNG")


letters = "ab1 *_`[]()<>~|{}#&;=+-.:!\\\"'\n/@^%,xT"
words = st.text(st.sampled_from(letters), max_size=8)
tags = st.sampled_from(
    [
        "b",
        "i",
        "u",
        "sub",
        "p",
        "div",
        "ul",
        "li",
        "ol",
        "span",
        "code",
        "table",
        "tr",
        "td",
        "blockquote",
        "h2",
        "zz",
    ]
)
html = st.recursive(
    words.map(escape),
    lambda inner: st.builds(
        lambda tag, inside: f"<{tag}>{''.join(inside)}</{tag}>", tags, st.lists(inner, max_size=4)
    ),
    max_leaves=12,
)


def shown(markdown: str) -> str:
    page = re.sub(r"<[^>]*>", "", str(to_html(markdown, "course")))
    return re.sub(r"\s+|Table|Tabel", "", unescape(page))


@settings(max_examples=80, deadline=None)
@given(html)
def test_no_word_is_lost(text: str) -> None:
    markdown, _ = converted(text)
    meant = unescape(re.sub(r"<[^>]*>", "", text))
    if "\\(" not in meant and "\\[" not in meant:
        found, sought = shown(markdown), re.sub(r"\s+|Table|Tabel|·", "", meant)
        if (
            "<table" in text
        ):  # words between rows stand before their table, as in browsers; rows within cells get dots
            found, sought = "".join(sorted(found.replace("·", ""))), "".join(sorted(sought))
        assert found == sought


@settings(max_examples=80, deadline=None)
@given(st.text(st.sampled_from(letters), max_size=30))
def test_plain_words_stay_words(text: str) -> None:
    if "\\(" not in text and "\\[" not in text:
        assert shown("\n\n".join(paragraphs(text, Formulas()))) == re.sub(r"\s+|Table|Tabel", "", text)


class TestForeignMarkdown:
    def test_headings_comments_and_open_blocks(self) -> None:
        text = "# Satu\n## Dua\n<!-- x -->\n```\n# kode\n<!-- y -->"
        found = tamed(text)
        assert found.text == "### Satu\n### Dua\n&lt;!-- x -->\n```\n# kode\n<!-- y -->\n```"
        assert len(found.changed) == 3

    def test_what_may_stay_stays(self) -> None:
        text = "Teks `# kode`\n\n### Kecil\n\n- [ ] kotak\n\n$$\n# x\n$$"
        assert tamed(text) == (text, ())

    def test_guards(self) -> None:
        text = "1. [ ] a\n- b => c\n= 5\n____\n```\n= 5\n```"
        assert guarded(text) == "1\\. \\[ ] a\n- b =\\> c\n\\= 5\n\\____\n```\n= 5\n```"

    def test_targets(self) -> None:
        text = '![a](x.png "T") [b](<y z>) [c](https://a.id)'
        assert replaced_targets(text, lambda target, mark: f"{mark}{target}") == (
            '![a](!x.png "T") [b](<y z>) [c](https://a.id)'
        )
