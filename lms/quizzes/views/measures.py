"""Figures of an item analysis as its pages say them: why one is missing, what to look at, how long."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import get_locale, gettext

from lms import formats
from lms.quizzes.advice import Advice, Grade, Kind
from lms.quizzes.statistics import ItemFigures, Lack


def lack_in_words(lack: Lack) -> str:
    """Why a figure cannot be worked out; a whole sentence but for its full stop."""
    return {
        "": "",
        "few": gettext("perlu paling sedikit dua percobaan"),
        "same": gettext("semua peserta memperoleh nilai yang sama"),
        "same rest": gettext("nilai semua peserta pada soal lain sama"),
        "one question": gettext("tidak ada soal lain untuk dibandingkan"),
        "draws": gettext("soal diundi, sehingga peserta tidak menerima soal yang sama"),
        "shares": gettext("ada soal yang dapat benar sebagian"),
        "weights": gettext("bobot soalnya berbeda-beda"),
        "negative": gettext("reliabilitasnya negatif"),
        "untimed": gettext("waktunya tidak tercatat"),
        "void": gettext("soal ini dibatalkan"),
    }[lack]


def advice_label(kind: Kind) -> str:
    """A suggestion in two words."""
    return {
        "key": gettext("Periksa kunci"),
        "against": gettext("Daya beda negatif"),
        "unanswered": gettext("Tidak dijawab"),
        "hard": gettext("Sangat sulit"),
        "weak": gettext("Daya beda rendah"),
        "blank": gettext("Banyak dikosongkan"),
        "slow": gettext("Lama dikerjakan"),
        "easy": gettext("Sangat mudah"),
        "unchosen": gettext("Pengecoh tidak dipilih"),
    }[kind]


def advice_in_words(advice: Advice, letters: Sequence[str], item: ItemFigures, planned: float) -> str:
    """A suggestion in a sentence or two; `letters` are those of its options, `planned` seconds for a question."""
    options = ", ".join(letters)
    match advice.kind:
        case "key":
            return gettext(
                "Pilihan %(options)s lebih banyak dipilih kelompok atas daripada kuncinya. Periksa kuncinya.",
                options=options,
            )
        case "against":
            return gettext(
                "Peserta yang kuat pada soal lain justru lebih sering keliru di sini. "
                "Periksa kunci dan rumusan soalnya."
            )
        case "unanswered":
            return gettext(
                "Tidak ada yang menjawab soal ini. Periksa apakah soalnya dapat dijawab dan waktunya cukup."
            )
        case "hard":
            return gettext(
                "Rata-rata peserta hanya memperoleh %(share)s dari poinnya. "
                "Periksa kuncinya, rumusannya, dan apakah materinya sudah dibahas.",
                share=percent(item.facility.value or 0.0),
            )
        case "weak":
            return gettext(
                "Soal ini hampir tidak membedakan peserta yang kuat dari yang lemah pada soal lain. "
                "Perjelas rumusannya atau ganti soalnya."
            )
        case "blank":
            return gettext(
                "%(share)s peserta mengosongkannya. Periksa apakah soalnya jelas dan waktunya cukup.",
                share=percent(item.blank),
            )
        case "slow":
            return gettext(
                "Separuh peserta memerlukan %(time)s atau lebih, sedangkan rencananya sekitar %(planned)s per soal.",
                time=duration_in_words(item.seconds.value or 0.0),
                planned=duration_in_words(planned),
            )
        case "easy":
            return gettext(
                "Hampir semua peserta benar. Baik sebagai soal pembuka, tetapi tidak banyak mengukur."
            )
        case "unchosen":
            return gettext(
                "Pilihan %(options)s tidak dipilih siapa pun. Ganti dengan pengecoh yang masuk akal.",
                options=options,
            )


def reliability_in_words(grade: Grade) -> str:
    """What a reliability allows one to do with a single learner's score."""
    return {
        "high": gettext("tinggi: nilai seseorang dapat diandalkan"),
        "fair": gettext("cukup: pakai bersama bukti lain"),
        "low": gettext("rendah: jangan memutuskan hanya dari nilai kuis ini"),
        "negative": gettext("negatif: ada soal yang saling bertentangan, periksa kuncinya"),
    }[grade]


def percent(share: float) -> str:
    """A share of 0 to 1 in whole percents."""
    return formats.percent(100 * share, str(get_locale()), 0)


def duration_in_words(seconds: float) -> str:
    """ "45 dtk", "2 mnt 5 dtk", "1 jam 4 mnt"."""
    whole = round(seconds)
    if whole < 60:
        return gettext("%(seconds)s dtk", seconds=whole)
    if whole < 3600:
        return gettext("%(minutes)s mnt %(seconds)s dtk", minutes=whole // 60, seconds=whole % 60)
    return gettext("%(hours)s jam %(minutes)s mnt", hours=whole // 3600, minutes=whole % 3600 // 60)
