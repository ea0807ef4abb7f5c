"""Links and anchors in the Markdown of a course."""

import time

import pytest

from lms import markup
from lms.publishing.targets import Target, anchors, is_anchor, targets

PAGE = """\
Satu [tautan](02-b.md "judul") dan [lagi](<03 c.md>), [luar](https://contoh.id), [surat](mailto:a@contoh.id).
![gambar](../files/a.svg "Teks") `[kode](tidak.md)` \\[bukan](bukan.md)

- butir [d](04-d.md#bagian-dua)
  > kutipan [e](05(e).md)

| [f](06-f.md) | b |
| --- | --- |
| x | ![g](../files/g.png) |

```
[kode](tidak.md)
```

> [!NOTE] Judul [h](07-h.md)
> Isi [sini](#catatan)

Istilah [i](08-i.md)
: Arti [j](09-j.md)

[rujukan][k] dan <a class="x" href='11-l.md'>html</a>[^1]

[k]: 10-k.md
[^1]: Catatan [m](12-m.md).
"""


def test_every_target_at_its_line():
    found = targets(PAGE, PAGE)
    assert [(each.base, each.anchor, each.line) for each in found] == [
        ("02-b.md", "", 1),
        ("03 c.md", "", 1),
        ("../files/a.svg", "", 2),
        ("04-d.md", "bagian-dua", 4),
        ("05(e).md", "", 5),
        ("06-f.md", "", 7),
        ("../files/g.png", "", 9),
        ("07-h.md", "", 15),
        ("", "catatan", 16),
        ("08-i.md", "", 18),
        ("09-j.md", "", 19),
        ("11-l.md", "", 21),
        ("10-k.md", "", 23),
        ("12-m.md", "", 24),
    ]


def test_the_renderer_follows_the_same_targets():
    assert set(markup.targets(PAGE)) == {each.base for each in targets(PAGE, PAGE) if each.base}


def test_lines_count_from_the_top_of_the_file():
    whole = "---\ntitle: x\n---\n[a](b.md)\n"
    assert targets("[a](b.md)\n", whole, 4) == (Target("b.md", "", 4),)


HEADINGS = """\
# Isu & **data**
## Isu *dan* data
## `Kode` [tautan](b.md)[^1]
## Pilihan {#pilih .reflect}
### Isu *dan* data
> ## Dalam kutipan
<div id="Kotak Kecil">x</div>

```
## bukan
```
Judul garis
---
[^1]: c
"""


def test_anchors_are_those_of_the_rendered_page():
    known = anchors(HEADINGS)
    assert known == {
        *("isu-data", "isu-dan-data", "isu-dan-data-1", "kode-tautan", "pilih", "dalam-kutipan"),
        *("kotak-kecil", "judul-garis"),
    }
    html = str(markup.page(HEADINGS).html)
    for name in known:
        assert f'id="{markup.ID_PREFIX}{name}"' in html


def test_an_anchor_as_written_is_found():
    assert is_anchor("Isu%20dan%20data", anchors(HEADINGS))
    assert is_anchor("pilih", anchors(HEADINGS))
    assert not is_anchor("bukan", anchors(HEADINGS))


@pytest.mark.parametrize(
    "seed",
    [
        "[a](",
        "](",
        "](<",
        "]((",
        "`",
        "` `` ",
        "<a href=",
        "<a ",
        "[a]: ",
        "$$x\n",
        "> ",
        "- ",
        "![",
        "\\",
        "&",
        "a](b\\",
    ],
)
def test_hostile_pages_end_soon(seed):
    text = (seed * 200_000)[:200_000]
    started = time.process_time()
    targets(text, text)
    anchors(text)
    assert time.process_time() - started < 5
