"""What the stories of IPAWS share: an authority with a seat there, a round of the fan-out, and what the rows say."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import text

from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.sweep import keep
from broadcaster.dispatch.waves.drain import drain
from broadcaster.local.ipaws import Running
from broadcaster.store.alerting.alerts import Document
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import senders
from broadcaster.store.fanout.deliveries import Fanout
from broadcaster.store.fanout.senders import NewSender
from tests import ipaws
from tests.factories import House, Ways, directory, engine, furnish, office


@dataclass(frozen=True)
class Row:
    """What stands of one post or hand-off."""

    state: str
    reason: str
    n: int
    ref: str


def authority(sessions: Sessions, people: dict[str, list[str]] | None = None, **more: str) -> House:
    """Three towns, an office whose documents are signed, and a seat at IPAWS."""
    house = furnish(sessions, directory(3), people or {})
    house.office = replace(office(signing=ipaws.pair("alert")), **more)
    with sessions.begin() as session:
        senders.register(session, NewSender("ipaws", "ipaws", ipaws.COG, 5.0))
    return house


@contextmanager
def works(
    sessions: Sessions, url: str, folder: Path, carrier_url: str = "http://127.0.0.1:1", name: str = "transport"
) -> Iterator[Engine]:
    """An engine whose documents go to an exchange, under a certificate of this name, and to a folder."""
    seat = ipaws.Credentials(folder, name).seat(url)
    with engine(sessions, carrier_url, folder / "public", ways=Ways(ipaws=seat)) as made:
        yield made


def finish(made: Engine, *channels: str, seconds: float = 40.0) -> None:
    """Rounds of the sweep until these channels' fan-outs are over."""
    end = time.monotonic() + seconds
    while True:
        drain(made, "urgent", seconds=1.0)
        keep(made)
        with made.sessions() as session:
            asked = session.query(Fanout).filter(Fanout.channel.in_(channels or ("ipaws",)))
            if not asked.filter(Fanout.state != "done").count():
                return
        assert time.monotonic() < end, "fan-outs are still open"
        time.sleep(0.1)


def row(sessions: Sessions, revision: int, channel: str = "ipaws") -> Row:
    """The one row of a revision's fan-out in a channel."""
    with sessions() as session:
        found = session.execute(
            text(
                "SELECT d.state, d.reason, d.n, coalesce(d.carrier_ref, '') FROM delivery d"
                " JOIN fanout f ON f.id = d.fanout_id WHERE f.revision_id = :r AND f.channel = :c"
            ),
            {"r": revision, "c": channel},
        ).one()
    return Row(*found)


def told(sessions: Sessions, revision: int) -> list[str]:
    """The status rows of a revision's post, in order, without gateways: ``1: EAS 500``."""
    with sessions() as session:
        rows = session.execute(
            text(
                "SELECT s.n, s.channel, s.code FROM ipaws_status s JOIN fanout f ON f.id = s.fanout_id"
                " WHERE f.revision_id = :r AND s.gateway = '' ORDER BY s.n, s.no"
            ),
            {"r": revision},
        )
        return [f"{row.n}: {row.channel} {row.code}" for row in rows]


def document(sessions: Sessions, revision: int) -> Document:
    """The document of a revision."""
    with sessions() as session:
        return session.query(Document).filter_by(revision_id=revision).one()


def once(exchange: Running, made: Document) -> None:
    """The exchange has this document once, byte for byte, and was never given other bytes under its name."""
    posts = [post for post in exchange.posts() if post.identifier == made.identifier]
    assert [post.taken for post in posts].count(True) == 1
    assert {post.xml for post in posts} == {made.bytes.decode().partition("\n")[2]}
