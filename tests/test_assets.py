"""Pictures and downloads: only what is what its name says, and harmless."""

import io
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lms.assets import MEDIA_TYPES, look

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 460 500">{}</svg>'


def picture(kind: str, size: tuple[int, int] = (30, 20), **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind, **options)
    return out.getvalue()


def archive(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as opened:
        for name in names:
            opened.writestr(name, "x")
    return out.getvalue()


class TestPictures:
    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("a.png", picture("PNG")),
            ("a.jpg", picture("JPEG")),
            ("a.JPEG", picture("JPEG", progressive=True, exif=b"Exif\0\0" + b"x" * 100)),
            ("a.webp", picture("WEBP")),
            ("b.webp", picture("WEBP", lossless=True)),
            ("c.webp", picture("WEBP", exif=b"Exif\0\0MM")),
        ],
    )
    def test_sizes(self, name, content):
        assert look(name, content) == (30, 20, ())

    @pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp"])
    @pytest.mark.parametrize(
        "content", [b"", b"<html>", b"\xff\xd8" + b"\xff" * 50, b"\x89PNG\r\n\x1a\n", b"RIFF" * 20]
    )
    def test_other_content(self, name, content):
        assert "bukan gambar" in look(name, content).found[0][1]

    def test_absurd_sizes(self):
        header = bytearray(picture("PNG"))
        header[16:24] = struct.pack(">II", 90_000, 90_000)
        assert "tidak wajar" in look("a.png", bytes(header)).found[0][1]

    @settings(max_examples=120)
    @given(st.sampled_from(sorted(MEDIA_TYPES)), st.binary(max_size=80), st.integers(0, 60))
    def test_damage_never_raises(self, kind, noise, at):
        for whole in (picture("PNG"), picture("JPEG"), picture("WEBP"), SVG.encode(), archive("a")):
            look(f"a.{kind}", whole[:at] + noise + whole[at + len(noise) :])
            look(f"a.{kind}", whole[:at])


class TestDrawings:
    @pytest.mark.parametrize(
        ("text", "size"),
        [
            (SVG.format("<g><path d='M0 0'/></g>"), (460, 500)),
            ('<svg xmlns="http://www.w3.org/2000/svg" width="30px" height="20.4"/>', (30, 20)),
            ('<svg xmlns="http://www.w3.org/2000/svg" width="100%" viewBox="0,0,8,9"/>', (8, 9)),
            (
                '<?xml version="1.0" encoding="UTF-8"?>\n'
                '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
                'xmlns:i="http://www.inkscape.org/namespaces/inkscape" viewBox="0 0 1 2">'
                "<title>T</title><i:grid/><style>.a{fill:url(#b)}</style>"
                '<defs><linearGradient id="b"/></defs><use xlink:href="#b" fill="url(\'#b\')"/>'
                '<image href="data:image/png;base64,AAAA"/></svg>',
                (1, 2),
            ),
        ],
    )
    def test_honest_drawings(self, text, size):
        assert look("a.svg", text.encode()) == (*size, ())

    @pytest.mark.parametrize(
        "inside",
        [
            "<script>alert(1)</script>",
            '<s:script xmlns:s="http://www.w3.org/2000/svg">x</s:script>',
            '<h:script xmlns:h="http://www.w3.org/1999/xhtml">x</h:script>',
            "<foreignObject><p/></foreignObject>",
            '<a href="https://contoh.id"><path/></a>',
            '<animate attributeName="href" to="javascript:alert(1)"/>',
            '<path onclick="x()"/>',
            '<path ONLOAD="x()"/>',
            '<image href="https://contoh.id/a.png"/>',
            '<image href="//contoh.id/a.png"/>',
            '<image href="a.png"/>',
            '<image href="data:image/svg+xml;base64,AAAA"/>',
            '<x:image xmlns:x="http://www.w3.org/2000/svg" href="file:///etc/passwd"/>',
            '<use xmlns:l="http://www.w3.org/1999/xlink" l:href="https://contoh.id/a.svg#x"/>',
            '<use href="&#106;avascript:alert(1)"/>',
            '<path fill="url(https://contoh.id/a)"/>',
            "<path style=\"fill:url('https://contoh.id/a')\"/>",
            "<style>@import 'https://contoh.id/a.css';</style>",
            "<style>a{background:\\75rl(https://contoh.id)}</style>",
            "<style>a{b:url(<![CDATA[https://contoh.id)}]]></style>",
            "<?xml-stylesheet href='https://contoh.id'?>",
            "<iframe/>",
            "<g>",
            "&lol;",
        ],
    )
    def test_what_could_harm_is_refused_at_its_line(self, inside):
        looked = look("a.svg", SVG.format("\n\n" + inside).encode())
        assert looked.found
        assert looked.found[0][0] >= 3 or inside == "<g>"

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "bukan",
            "<html/>",
            "<svg/>",
            '<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG.format("&a;"),
            "<!DOCTYPE svg [" + '<!ENTITY a "aaaaaaaaaa">' * 5 + "]>" + SVG.format(""),
            '<?xml version="1.0" encoding="ISO-8859-1"?>' + SVG.format(""),
            SVG.format("").encode().decode().replace("viewBox", "viewbox"),
            SVG.format("").replace("460", "999999"),
            SVG.format("").replace("460", "0"),
        ],
    )
    def test_what_is_no_drawing_is_refused(self, text):
        assert look("a.svg", text.encode()).found

    def test_another_encoding_is_refused(self):
        assert look("a.svg", SVG.format("").encode("utf-16")).found

    def test_deep_nesting_ends(self):
        assert look("a.svg", SVG.format("<g>" * 100_000).encode()).found


class TestDownloads:
    @pytest.mark.parametrize(
        ("name", "content", "part"),
        [
            ("a.pdf", b"%PDF-1.7", ""),
            ("a.pdf", b"PK\x03\x04", "bukan PDF"),
            ("a.csv", "a,b\né,1\r\n".encode(), ""),
            ("a.csv", b"a\n\xff", "UTF-8"),
            ("a.csv", b"\0\0", "bukan teks"),
            ("a.zip", archive("a.txt"), ""),
            ("a.zip", b"PK\x03\x04rusak", "utuh"),
            ("a.docx", archive("word/document.xml"), ""),
            ("a.docx", archive("xl/workbook.xml"), "bukan DOCX"),
            ("a.xlsx", archive("xl/workbook.xml"), ""),
            ("a.xlsx", archive("xl/workbook.xml", "xl/vbaProject.bin"), "makro"),
            ("a.docx", b"", "utuh"),
        ],
    )
    def test_content_by_name(self, name, content, part):
        found = look(name, content).found
        assert [part in message for _, message in found] == ([True] if part else [])
