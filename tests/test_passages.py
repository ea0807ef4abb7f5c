"""Marks in rendered text: between characters only, whatever people typed, and the words stay what they were."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from lms import markup, passages
from lms.passages import Mark


def mark(start: int, end: int, number: int = 1) -> Mark:
    return Mark(start, end, f"tanda-{number}", f"#note-{number}", str(number), f"Catatan {number}", "must")


def marked_words(html: str, words: str, **options: bool) -> str:
    start = passages.text_of(html, **options).index(words)
    return passages.marked(html, [mark(start, start + len(words))], **options)


REF = '<a class="note-ref" id="tanda-1" href="#note-1" aria-label="Catatan 1">1</a>'


def test_a_passage_is_marked_across_tags() -> None:
    assert marked_words("<p>Satu <strong>dua</strong> tiga</p>", "atu dua ti") == (
        '<p>S<mark class="note-mark note-must">atu </mark><strong><mark class="note-mark note-must">dua</mark></strong>'
        f'<mark class="note-mark note-must"> ti</mark>{REF}ga</p>'
    )


def test_entities_stay_whole_and_blocks_are_kept_apart() -> None:
    assert passages.text_of("<p>a &amp; b</p><p>c</p>") == "\na & b\n\nc\n"
    assert marked_words("<p>a &amp; b</p>", "& b").count("<mark") == 2
    assert "&amp;</mark>" in marked_words("<p>a &amp; b</p>", "&")


def test_no_link_stands_in_a_link() -> None:
    html = '<p><a href="/x">lihat di sini</a> dan</p>'
    assert marked_words(html, "di").endswith(f"</mark> sini</a>{REF} dan</p>")


def test_what_was_taken_out_counts_only_where_it_is_asked_for() -> None:
    html = "<p>lama <del>sekali</del> <ins>benar</ins></p>"
    assert "sekali" in passages.text_of(html)
    assert marked_words(html, "lama  benar", without_deleted=True).count("<mark") == 2


def test_what_marks_say_is_escaped() -> None:
    html = passages.marked("<p>a</p>", [Mark(1, 2, '"><script>', "#x", "<b>", '"', '"')])
    assert "<script" not in html
    assert "<b>" not in html


class _Reader(HTMLParser):
    """The text outside our own links, and the tags outside our marks."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words, self.tags, self.inside, self.links = "", [], False, 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            assert not self.links
            self.links += 1
        if ("class", "note-ref") in attrs:
            self.inside = True
        elif tag != "mark":
            self.tags.append((tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self.links -= 1
            if not self.inside:
                self.tags.append(("/a", []))
            self.inside = False
        elif tag != "mark":
            self.tags.append((f"/{tag}", []))

    def handle_data(self, data: str) -> None:
        self.words += "" if self.inside else data


def read(html: str) -> tuple[str, list[object]]:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.words, reader.tags


peoples = st.one_of(
    st.text(max_size=120),
    st.lists(
        st.sampled_from(
            [
                "**",
                "_a_",
                "`x<y`",
                "[b](http://c.d)",
                "<i>",
                "&amp;",
                "\n\n",
                "- d",
                "~~e~~",
                "| f | g |\n|-|-|",
            ]
        ),
        max_size=12,
    ).map(" ".join),
)


@given(peoples, st.lists(st.tuples(st.integers(0, 150), st.integers(0, 60)), max_size=4), st.booleans())
def test_nothing_but_marks_is_added_whatever_was_typed(
    text: str, spans: list[tuple[int, int]], without_deleted: bool
) -> None:
    html = markup.to_html(text, "people")
    marks = [mark(start, start + length, at) for at, (start, length) in enumerate(spans)]
    made = markup.marked(html, marks, without_deleted=without_deleted)
    assert read(made) == read(html)
    assert made.count('class="note-ref"') == len(marks)
