"""A small RPJMD that passes every check of the real project; all figures are exercise examples."""

from __future__ import annotations

from lms.projects.content import ROW_ID, Content, Table
from lms.projects.source import Project, TableSection, TextSection

ISSUES = (
    """## Akar masalah

Masalah pokok pertama adalah lama tinggal wisatawan yang rendah, yaitu 1,3 hari pada tahun 2024 (contoh latihan). \
Pembandingnya, rata-rata provinsi mencapai 1,9 hari pada tahun yang sama (contoh latihan). """
    + (
        "Lokasi warisan tambang belum terhubung dalam satu paket perjalanan, sehingga wisatawan pulang pada hari yang sama. "
        "Pelaku usaha menjual layanan sendiri-sendiri dan tidak memiliki kalender bersama. " * 9
    )
    + """

Masalah pokok kedua adalah pengangguran lulusan sekolah kejuruan. """
    + (
        "Kompetensi lulusan tidak sesuai dengan kebutuhan usaha yang tumbuh setelah tambang berhenti berproduksi. "
        * 8
    )
    + """

## Isu strategis

- **IS-1** Ekosistem pariwisata warisan dunia belum terpadu. Sasaran yang menjawabnya: meningkatnya lama tinggal.
- **IS-2** Kesesuaian tenaga kerja dengan ekonomi pascatambang masih rendah. Sasaran: menurunnya pengangguran.

## Keselarasan dokumen

Isu pertama mendukung arah pariwisata dalam RPJPD dan RPJMD provinsi; isu kedua mendukung prioritas tenaga kerja RPJMN.
"""
)

GOALS = """Ekonomi inklusif	Tumbuhnya ekonomi kota	Meningkatnya lama tinggal wisatawan	Rata-rata lama tinggal	hari	naik	1,3	1,4	1,5	1,6	1,8	2	2,1	2,1
Ekonomi inklusif	Tumbuhnya ekonomi kota	Menurunnya pengangguran	Tingkat pengangguran terbuka	%	turun	5,55	5,2	4,9	4,64	4,4	4,2	4,1	4,1
SDM unggul	Meningkatnya mutu hidup	Meningkatnya mutu pendidikan	Rata-rata lama sekolah	tahun	naik	9,1	9,2	9,3	9,4	9,5	9,6	9,7	9,7"""

PROGRAMMES = """3.26.03	Meningkatnya lama tinggal wisatawan	Program Pemasaran Pariwisata	Lama tinggal wisatawan nusantara	hari	1,3	2,1	1000000000	1100000000	1200000000	1300000000	1400000000	1500000000	Dinas Pariwisata
2.07.03	Menurunnya pengangguran	Program Pelatihan Kerja	Persentase lulusan yang bekerja	%	40	65	1000000000	1100000000	1200000000	1300000000	1400000000	1500000000	Dinas Tenaga Kerja
1.01.02	Meningkatnya mutu pendidikan	Program Pengelolaan Pendidikan	Angka kelulusan	%	95	99	2000000000	2100000000	2200000000	2300000000	2400000000	2500000000	Dinas Pendidikan"""

CAPACITY = """Pendapatan daerah	500000000000	510000000000	520000000000	530000000000	540000000000	550000000000	Proyeksi APBD contoh latihan
Penerimaan pembiayaan	0	0	0	0	0	0	Tidak ada pada contoh
Belanja wajib dan mengikat	400000000000	400000000000	400000000000	400000000000	400000000000	400000000000	Rata-rata tiga tahun contoh
Pengeluaran pembiayaan wajib	0	0	0	0	0	0	Tidak ada pada contoh
Kapasitas riil	100000000000	110000000000	120000000000	130000000000	140000000000	150000000000	Hasil hitungan keempat baris"""

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def contents(project: Project) -> dict[str, Content]:
    """All of it by section, for the project of ``content/penyusunan-rpjmd``; rows are called ``baris1`` and so on."""
    typed = {"sasaran": GOALS, "program": PROGRAMMES, "kapasitas": CAPACITY}
    found: dict[str, Content] = {}
    for section in project.sections:
        if isinstance(section, TableSection):
            names = [column.id for column in section.columns]
            found[section.id] = Table(
                tuple(
                    {ROW_ID: f"baris{number}", **dict(zip(names, line.split("\t"), strict=True))}
                    for number, line in enumerate(typed[section.id].splitlines(), start=1)
                )
            )
        else:
            found[section.id] = ISSUES if isinstance(section, TextSection) else ()
    return found
