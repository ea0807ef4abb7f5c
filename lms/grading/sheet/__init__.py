"""The official sheet of a review: Bab/Subbab, catatan penyempurnaan, tindak lanjut, rekomendasi."""
