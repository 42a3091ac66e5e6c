"""What a provider owes us, and what may be missing when it comes."""

from __future__ import annotations

from datetime import timedelta

from broadcaster.cli.provider_watch import ProviderWatch
from broadcaster.store.desk import contacts, people
from broadcaster.store.desk.contacts import What
from broadcaster.web.api import tokens
from tests.desk import ISSUER, Desk
from tests.flow.test_a_providers_notice import PHONE, ZONE, column, desk
from tests.flow.test_an_outage_from_first_word import opened

__all__ = ["desk"]


def test_a_provider_that_has_not_written_is_chased_after_half_an_hour(desk: Desk) -> None:
    """47 CFR 4.9(h)(4): counted from when we knew, for nobody else has said when they discovered it."""
    with desk.sessions.begin() as store:
        ida = people.by_email(store, ISSUER)
        assert ida is not None
        contacts.put(store, desk.sealer, ida.id, What.PHONE, PHONE)
    opened(desk.browser(ISSUER), carriers="Example Wireless")
    [known] = column(desk, "SELECT known_at FROM outage")
    watch = ProviderWatch(desk.sessions, desk.sealer, "State 911", "http://localhost", ZONE)
    assert [watch.look(known + timedelta(minutes=minutes)) for minutes in (0, 29, 31, 31, 90)] == [0, 0, 1, 0, 0]  # type: ignore[operator]
    [said, *_] = column(desk, "SELECT b.text FROM target t JOIN body b ON b.id = t.body_id ORDER BY t.fanout_id")
    assert "Example Wireless owes us a word" in str(said)
    desk.later(minutes=40)
    assert "Example Wireless owes us its notice" in desk.browser(ISSUER).words


def test_any_of_the_ten_items_may_be_missing(desk: Desk) -> None:
    """Nothing is refused or waits because an item is unknown (cap-ipaws.md 6.1), and what is missing stays empty."""
    with desk.sessions.begin() as store:
        ida = people.by_email(store, ISSUER)
        assert ida is not None
        headers = {"Authorization": f"Bearer {tokens.make(store, ida, 'notices')}"}
    whole = {
        "ticket": "ET-1", "contact": {"name": "Nora Noc", "phone": "617-555-0147"}, "provider": "Example Telecom",
        "began": desk.now.isoformat(), "services": ["wireline calls"], "area": "Ayer", "effect": "No calls arrive.",
        "expected_restoration": (desk.now + timedelta(hours=2)).isoformat(), "cause": "a firewall", "kind": "initial",
    }  # fmt: skip
    ask = desk.app.test_client().post
    for no, item in enumerate(whole):
        without = {name: value for name, value in whole.items() if name != item}
        sent = {**without, **({"ticket": f"ET-{no + 2}"} if item != "ticket" else {})}
        answer = ask("/api/v1/notices", json=sent, headers=headers)
        assert answer.status_code == 201 and answer.json["outage"], (item, answer.text)
    assert column(desk, "SELECT count(*) FROM provider_notice") == [len(whole)]
    assert column(desk, "SELECT count(*) FROM provider_notice_version WHERE kind IS NULL") == [1]
    assert column(desk, "SELECT count(*) FROM provider_notice_version WHERE began IS NULL") == [1]
