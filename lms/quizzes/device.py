"""A browser in a few words, for the log of an attempt: enough to tell one's phone from one's desk, and no more."""

from __future__ import annotations

import hashlib

AT_MOST = 80

# what each browser puts into its name beside those that it imitates: the first that is found is it
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("UCBrowser/", "UC Browser"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_PLATFORMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def device(user_agent: str, session: str) -> str:
    """A browser's name, its platform, and four letters that tell its session from others: "Chrome, Android, 3fa2".

    ``session`` is any text that stays the same while one is signed in with one browser. At most 80 characters.
    """
    browser = next((name for sign, name in _BROWSERS if sign in user_agent), "")
    platform = next((name for sign, name in _PLATFORMS if sign in user_agent), "")
    mark = hashlib.sha256(f"device\0{session}".encode()).hexdigest()[:4]
    return ", ".join(part for part in (browser, platform, mark) if part)[:AT_MOST]
