"""One source cannot spend the day's texts of everybody, whatever it writes into its headers."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from broadcaster.store.database import Sessions
from broadcaster.store.fanout.courtesies import Courtesy
from tests.desk import Desk, settings

PROXY, BOT, NEIGHBOUR = "10.0.0.2", "203.0.113.7", "198.51.100.9"
A_DAY = 30
SHARE = A_DAY // 10


def ask(desk: Desk, no: int, peer: str, forwarded: str = "", act: str = "") -> None:
    """A form for another number each time, of another prefix, so that no other budget answers."""
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    form = {"phone": f"+1413{200 + no:03d}1234", "places": "Ayer"}
    sent = desk.app.test_client().post(
        f"/subscribe{act}", data=form, headers=headers, environ_base={"REMOTE_ADDR": peer}
    )
    assert sent.status_code == 303, "the answer is the same"


def queued(desk: Desk) -> int:
    with desk.sessions() as session:
        return len(session.scalars(select(Courtesy)).all())


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "texts"),
    [
        # no proxy: the peer counts, and the header is a lie
        (0, BOT, "", SHARE),
        (0, BOT, "198.51.100.{no}", SHARE),
        # one proxy: what it wrote counts (the last), and what the bot wrote before it does not
        (1, PROXY, BOT, SHARE),
        (1, PROXY, "198.51.100.{no}, " + BOT, SHARE),
        (1, PROXY, "127.0.0.1, " + BOT, SHARE),
        (1, PROXY, "'; DROP TABLE courtesy; --, " + BOT, SHARE),
        (1, PROXY, ",".join(["1.2.3.4"] * 50) + "," + BOT, SHARE),
        # two proxies: the last but one
        (2, PROXY, f"198.51.100.{{no}}, {BOT}, 10.0.0.3", SHARE),
        # a whole IPv6 network is one source, and an IPv4 address in IPv6 is that address
        (1, PROXY, "2001:db8:1:2::{no}", SHARE),
        (1, PROXY, f"::ffff:{BOT}", SHARE),
        # a peer that came past the proxy has no header, or not enough of it: the peer counts
        (1, BOT, "", SHARE),
        (2, BOT, "198.51.100.{no}", SHARE),
        # what the proxy wrote differs: they are different people
        (1, PROXY, "198.51.100.{no}", 12),
        (1, PROXY, "2001:db8:{no}::1", 12),
        # a proxy on this machine that nobody told us of: nobody can be told apart, and nobody is refused for it
        (0, "127.0.0.1", BOT, 12),
        (0, "::1", BOT, 12),
    ],
)
def test_who_wrote_what(sessions: Sessions, proxies: int, peer: str, forwarded: str, texts: int) -> None:
    desk = Desk(sessions, chosen=settings(signup_texts_per_day=A_DAY, trusted_proxies=proxies))
    for no in range(1, 13):
        ask(desk, no, peer, forwarded.replace("{no}", str(no)), act="" if no % 2 else "/change")
    assert queued(desk) == texts


def test_whoever_is_next_door_still_gets_a_text(sessions: Sessions) -> None:
    desk = Desk(sessions, chosen=settings(signup_texts_per_day=A_DAY, trusted_proxies=1))
    for no in range(1, 40):
        ask(desk, no, PROXY, BOT)
    ask(desk, 50, PROXY, NEIGHBOUR)
    assert queued(desk) == SHARE + 1


def test_no_address_is_kept(sessions: Sessions) -> None:
    desk = Desk(sessions, chosen=settings(trusted_proxies=1))
    ask(desk, 1, PROXY, BOT)
    with desk.sessions() as session:
        (row,) = session.scalars(select(Courtesy))
    assert len(row.source) == 32 and BOT not in row.source


@pytest.mark.parametrize("header", ["Host", "Proto", "Port", "Prefix"])
def test_no_other_forwarded_header_is_believed(sessions: Sessions, header: str) -> None:
    desk = Desk(sessions, chosen=settings(trusted_proxies=1))
    told = {"X-Forwarded-For": BOT, f"X-Forwarded-{header}": "evil.example"}
    page = desk.app.test_client().get("/subscribe", headers=told)
    assert page.status_code == 200
    assert "evil.example" not in page.get_data(as_text=True)
