"""The agency with the state's seat at IPAWS opens its link, at a desk or on a phone, and says that it is on air."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from broadcaster.store.database import Sessions
from tests.browser.looking import MARKS, OFFICE, PHONE, accessible, fits, served, shot, watched
from tests.flow.test_ipaws_handed_over import authority, client, handed, link, stands

pytestmark = MARKS


@pytest.mark.parametrize("screen", [OFFICE, PHONE], ids=["office", "phone"])
def test_it_is_on_air(chromium: Browser, sessions: Sessions, tmp_path: Path, screen: dict[str, int]) -> None:
    with handed(authority(sessions), tmp_path) as (_, relay):
        path = link(relay.mails()[0])
    context = chromium.new_context(viewport=screen, java_script_enabled=True)
    with served(client(sessions).application) as base:
        page = context.new_page()
        wrong = watched(page, base)
        page.goto(f"{base}{path}")
        shot(page, f"hand-off-{screen['width']}")
        accessible(page)
        fits(page)
        page.fill("#at", "noon")
        page.fill("#note", "EAS and WEA")
        page.click("text=It is on air")
        expect(page.get_by_role("alert")).to_contain_text("Write the time at which it was on air as 14:05")
        assert page.input_value("#note") == "EAS and WEA", "nothing typed is lost"
        accessible(page)
        page.fill("#at", "11:58")
        page.click("text=It is on air")
        expect(page.get_by_role("status")).to_contain_text("on air since 11:58 a.m.")
        accessible(page)
    context.close()
    assert [each for each in wrong if "422" not in each] == []
    assert stands(sessions).aired_at is not None
