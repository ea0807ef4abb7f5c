"""Letting a cohort see its grades in tests as facilitators do: the preflight's form, whoever has not handed in left out."""

from __future__ import annotations

import re
from typing import Any

from tests.cast import CODE
from tests.page_checks import form_fields
from tests.projects.work import ITEM

ADDRESS = f"/telaah/angkatan/{CODE}/umumkan/{ITEM}"
REASON = "tidak diumumkan: belum mengumpulkan"


def released(browser: Any, address: str = ADDRESS, **changes: Any) -> Any:
    """Send the form of the preflight with everybody who has not handed in left out; the answer."""
    page = browser.get(address)
    fields = form_fields(page, address)
    keys = re.findall(r'name="kecuali" value="(\w+)"', page.get_data(as_text=True))
    return browser.post(
        address,
        data={**{f"alasan-{key}": REASON for key in keys}, **fields, "kecuali": keys, **changes},
    )
