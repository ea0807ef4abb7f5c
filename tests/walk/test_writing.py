"""Writing for people who know Word: buttons that write the marks, pasting that keeps headings, lists and tables."""

from __future__ import annotations

from typing import Any

import pytest

from lms import markup
from tests.walk.conftest import Visitor
from tests.walk.test_workspace import sari, says, stored, width  # noqa: F401 (fixtures)

WORD = """<html><body><!--StartFragment-->
<h1>Bab I Pendahuluan</h1>
<p class=MsoNormal style='color:red'>Kota <b>Sawahlunto</b> dan <span style='font-style:italic'>Ombilin</span> *bintang*</p>
<p class=MsoListParagraphCxSpFirst style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>&middot;&nbsp;</span>Satu</p>
<p class=MsoListParagraphCxSpMiddle style='mso-list:l0 level2 lfo1'><span style='mso-list:Ignore'>o </span>Dalam</p>
<p class=MsoListParagraphCxSpLast style='mso-list:l1 level1 lfo2'><span style='mso-list:Ignore'>1. </span>Pertama</p>
<table><tr><td><p>Indikator</p></td><td><p>2024</p></td></tr><tr><td><p>TPT | persen</p></td><td><p>4,64</p></td></tr></table>
<p><img src="file:///c:/foto.png">Akhir <a href="javascript:alert(1)">jahat</a> <a href="https://bps.go.id/a b">BPS</a></p>
<script>alert(1)</script>
<!--EndFragment--></body></html>"""

MARKDOWN = """## Bab I Pendahuluan

Kota **Sawahlunto** dan _Ombilin_ \\*bintang\\*

- Satu
   - Dalam
1. Pertama

| Indikator | 2024 |
| --- | --- |
| TPT \\| persen | 4,64 |

Akhir jahat [BPS](https://bps.go.id/a%20b)"""

PASTE = """(area, html) => {
  const data = new DataTransfer();
  data.setData('text/html', html);
  data.setData('text/plain', 'polos');
  area.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
}"""


def test_pasting_from_word_keeps_what_the_text_can_hold(sari: Visitor, app: Any) -> None:  # noqa: F811
    page = sari.page
    area = page.locator("#teks")
    area.fill("")
    area.evaluate(PASTE, WORD)
    assert area.input_value() == MARKDOWN
    assert "1 gambar tidak dibawa" in page.locator(".writing-bar").inner_text()
    says(page, "Tersimpan otomatis")
    assert stored(app, "isu") == MARKDOWN
    html = markup.to_html(MARKDOWN, "people")
    assert all(tag in html for tag in ("<h3>", "<strong>", "<em>", "<ul>", "<ol>", "<table>"))
    page.keyboard.press("Control+z")
    assert area.input_value() == ""


def test_plain_text_and_our_own_marks_are_pasted_as_they_are(sari: Visitor) -> None:  # noqa: F811
    area = sari.page.locator("#teks")
    area.fill("")
    prevented = area.evaluate(
        """(area) => {
      const data = new DataTransfer();
      data.setData('text/html', '<span>## Judul</span>');
      data.setData('text/plain', '## Judul');
      const event = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true });
      area.dispatchEvent(event);
      return event.defaultPrevented;
    }"""
    )
    assert prevented is False  # the browser pastes the plain text itself


def test_buttons_write_and_take_back_marks_by_keyboard(sari: Visitor) -> None:  # noqa: F811
    page = sari.page
    area = page.locator("#teks")
    area.fill("Akar masalah\nsatu\ndua")
    area.evaluate("area => area.setSelectionRange(0, 12)")
    heading = page.get_by_role("button", name="Judul", exact=True)
    heading.focus()
    page.keyboard.press("Enter")
    assert area.input_value() == "## Akar masalah\nsatu\ndua"
    area.evaluate("area => area.setSelectionRange(16, area.value.length)")
    page.get_by_role("button", name="1. Daftar").click()
    assert area.input_value() == "## Akar masalah\n1. satu\n2. dua"
    area.evaluate("area => area.setSelectionRange(16, area.value.length)")
    page.get_by_role("button", name="• Daftar").click()
    assert area.input_value() == "## Akar masalah\n- satu\n- dua"
    area.evaluate("area => area.setSelectionRange(18, 22)")
    area.press("Control+b")
    assert area.input_value() == "## Akar masalah\n- **satu**\n- dua"
    area.evaluate("area => area.setSelectionRange(18, 26)")
    area.press("Control+b")
    assert area.input_value() == "## Akar masalah\n- satu\n- dua"
    sari.look()


@pytest.mark.parametrize("size", [320, 1280])
def test_the_bar_fits(sari: Visitor, size: int) -> None:  # noqa: F811
    page = sari.page
    page.set_viewport_size({"width": size, "height": 800})
    assert page.locator(".writing-bar").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
