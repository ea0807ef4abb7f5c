"""Pictures keep their pixels and lose what tells about people; what is no picture is refused."""

from __future__ import annotations

import io
import time
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from lms import activecontent, pictures
from lms.pictures import BadPicture


def drawn(width: int = 30, height: int = 20) -> Image.Image:
    image = Image.new("RGB", (width, height))
    image.putdata([(x * 8 % 256, y * 12 % 256, 90) for y in range(height) for x in range(width)])
    return image


def jpeg(**options: Any) -> bytes:
    stream = io.BytesIO()
    drawn().save(stream, "JPEG", quality=95, **options)
    return stream.getvalue()


def exif(orientation: int = 1) -> Image.Exif:
    made = Image.Exif()
    made[0x010F] = "Telepon Sari"
    made[0x0112] = orientation
    made.get_ifd(0x8825)[2] = (0.0, 40.0, 59.0)
    return made


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def test_a_jpeg_keeps_every_pixel_and_loses_who_and_where() -> None:
    data = jpeg(exif=exif(), comment=b"rahasia") + b"PK\x03\x04ekor"
    made = pictures.cleaned(data, "jpg")
    assert b"Telepon" in data
    for word in (b"Telepon", b"Exif", b"rahasia", b"ekor"):
        assert word not in made
    assert opened(made).tobytes() == opened(data).tobytes()
    assert pictures.cleaned(made, "jpg") == made


def test_a_progressive_jpeg_is_whole() -> None:
    data = jpeg(progressive=True, exif=exif())
    made = pictures.cleaned(data, "jpg")
    assert opened(made).tobytes() == opened(data).tobytes()


def test_a_segment_between_scans_that_looks_like_the_end_is_not_the_end() -> None:
    head = jpeg(exif=exif())
    scan = head.rindex(b"\xff\xd9")
    trick = b"\xff\xfe\x00\x06ab\xff\xd9"[:4] + b"\xff\xd9ab"  # a comment that holds the end marker
    data = head[:scan] + trick + b"\xff\xd9" + b"ekor"
    made = pictures.cleaned(data, "jpg")
    assert made.endswith(trick + b"\xff\xd9")


def test_a_colour_profile_stays() -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    made = pictures.cleaned(jpeg(icc_profile=profile, exif=exif()), "jpg")
    assert opened(made).info["icc_profile"] == profile


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_picture_that_only_its_metadata_set_upright_is_turned(orientation: int) -> None:
    made = pictures.cleaned(jpeg(exif=exif(orientation)), "jpg")
    assert opened(made).size == ((30, 20) if orientation == 3 else (20, 30))
    assert b"Telepon" not in made
    assert not opened(made).getexif()


def test_a_png_keeps_every_pixel_and_loses_its_texts() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "Sari Wulandari")
    info.add_itxt("Comment", "rumah")
    stream = io.BytesIO()
    drawn().save(stream, "PNG", pnginfo=info, exif=exif())
    data = stream.getvalue() + b"<?php"
    made = pictures.cleaned(data, "png")
    for word in (b"Sari", b"rumah", b"Telepon", b"php"):
        assert word not in made
    assert opened(made).tobytes() == opened(data).tobytes()


@pytest.mark.parametrize("kind", ["jpg", "png"])
@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xe1\xff\xff", b"\x89PNG\r\n\x1a\n", jpeg()[:200]]
)
def test_what_is_no_picture_is_refused(kind: str, data: bytes) -> None:
    with pytest.raises(BadPicture):
        pictures.cleaned(data, kind)


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["jpg", "png"]), st.integers(0, 400))
def test_anything_is_cleaned_or_refused(noise: bytes, kind: str, at: int) -> None:
    data = jpeg(exif=exif(6))
    for each in (noise, data[:at] + noise + data[at:]):
        try:
            pictures.cleaned(each, kind)
        except BadPicture:
            continue


# What acts by itself


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (b"%PDF-1.7 /Type /Page", ()),
        (b"%PDF /OpenAction << /S /JavaScript /JS (app.alert(1)) >>", ("JavaScript", "OpenAction")),
        (b"%PDF /S /#4Aava#53cript", ("JavaScript",)),
        (
            b"%PDF obj stream\n" + zlib.compress(b"<< /S /Launch /F (cmd.exe) >>") + b"\nendstream",
            ("Launch",),
        ),
        (b"%PDF /Names << /EmbeddedFiles 3 0 R >>", ("EmbeddedFile",)),
        (b"%PDF stream\nnot compressed at all", ()),
    ],
)
def test_pdf(data: bytes, names: tuple[str, ...]) -> None:
    assert activecontent.found(data, "pdf") == names


def office(**parts: bytes) -> bytes:
    import zipfile

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), text)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (office(word__document_dot_xml=b"<w:document/>"), ()),
        (office(word__vbaProject_dot_bin=b""), ("macro",)),
        (office(word__activeX__activeX1_dot_xml=b""), ("ActiveX",)),
        (office(word__embeddings__oleObject1_dot_bin=b""), ("OLE", "embedded")),
        (office(xl__externalLinks__externalLink1_dot_xml=b""), ("external",)),
        (
            office(
                word___rels__settings_dot_xml_dot_rels=b'<R Type="x/attachedTemplate" Target="http://x" TargetMode="External"/>'
            ),
            ("template",),
        ),
        (office(word__document_dot_xml=b"<w:instrText>DDEAUTO c:\\cmd</w:instrText>"), ("DDE",)),
        (b"bukan zip", ("unreadable",)),
    ],
)
def test_office(data: bytes, names: tuple[str, ...]) -> None:
    assert activecontent.found(data, "docx") == names


def swollen(name: str, content: bytes, method: int = 0) -> bytes:
    import zipfile

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, content, compress_type=method)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-" + b"stream\n" * 300_000, "pdf"),
        # each stream opens the next one and reads on to the end
        (b"%PDF-" + b"stream\n\x78\x01\x00\x0e\x00\xf1\xff" * 20_000 + b"\0\0\0\xff\xff" * 600_000, "pdf"),
        (b"%PDF-" + (b"x" * 500 + b"stream\n" + zlib.compress(b"teks")) * 10_000, "pdf"),
        (swollen("word/_rels/document.xml.rels", b"attachedTemplate " * 200_000), "docx"),
    ],
)
def test_a_file_made_to_take_long_does_not(data: bytes, kind: str) -> None:
    start = time.process_time()
    activecontent.found(data, kind)
    assert time.process_time() - start < 5


def test_an_archive_that_cannot_be_unpacked_is_told() -> None:
    import zipfile

    data = bytearray(swollen("word/document.xml", b"<w:document/>" * 40, zipfile.ZIP_LZMA))
    at = data.index(b"word/document.xml") + len("word/document.xml") + 9
    data[at : at + 20] = b"\xff" * 20
    assert activecontent.found(bytes(data), "docx") == ("unreadable",)


def test_pictures_have_nothing_that_acts() -> None:
    assert activecontent.found(jpeg(), "jpg") == ()


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["pdf", "docx", "xlsx", "png"]))
def test_never_raises(data: bytes, kind: str) -> None:
    assert isinstance(activecontent.found(data, kind), tuple)
