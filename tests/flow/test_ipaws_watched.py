"""The path to IPAWS is tried on a timer, and what our group may send is known before anybody needs it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from broadcaster.channels.ipaws import Ipaws
from broadcaster.dispatch.documents import ipaws_watch
from broadcaster.dispatch.documents.ipaws_watch import Watch
from broadcaster.dispatch.engine import Engine
from broadcaster.local.ipaws import Running
from broadcaster.store.alerting import ipaws as rows
from broadcaster.store.alerting.ipaws import Path as Stands
from broadcaster.store.database import Sessions, now
from tests import ipaws
from tests.flow import ipaws_story as story


def watch(works: Engine, folder: Path, **more: object) -> Watch:
    channel = works.carriers["ipaws"]
    assert isinstance(channel, Ipaws)
    return Watch(works, channel, folder / "transport.crt", **more)  # type: ignore[arg-type]


def stands(sessions: Sessions) -> Stands:
    with sessions() as session:
        return rows.path(session)


def said(sessions: Sessions, later: float = 0.0) -> str:
    with sessions() as session:
        return ipaws_watch.words(rows.path(session), now(session) + timedelta(seconds=later))


def asked(exchange: Running, operation: str) -> int:
    return int(exchange.summary()["asked"].get(operation, 0))


def test_before_it_was_ever_tried(sessions: Sessions) -> None:
    assert said(sessions) == "The path to IPAWS was never tried: is the sweep running?"


def test_down_and_back_again(sessions: Sessions, tmp_path: Path) -> None:
    with ipaws.exchange() as exchange, story.works(sessions, exchange.url, tmp_path) as works:
        look = watch(works, tmp_path).look
        assert look()
        assert said(sessions).startswith("IPAWS answers. It last answered")
        exchange.set_faults(ack_down=True)
        assert not look() and not look()
        down = stands(sessions)
        assert down.down_since is not None and down.seen_at is not None and down.seen_at < down.down_since
        assert said(sessions, 300).startswith("IPAWS has not answered for 5 min (the connection broke).")
        exchange.set_faults(ack_down=False)
        assert look()
        assert stands(sessions).down_since is None
        assert said(sessions, 600).startswith("The path to IPAWS is not being tried")
        assert exchange.posts() == []


def test_the_profile_is_asked_for_at_start_and_daily(sessions: Sessions, tmp_path: Path) -> None:
    clock = [0.0]
    limits = {"events": ("TOE",), "places": ("025000",)}
    with ipaws.exchange(**limits) as exchange, story.works(sessions, exchange.url, tmp_path) as works:
        look = watch(works, tmp_path, clock=lambda: clock[0]).look
        for second in (0.0, 60.0, 86_399.0):
            clock[0] = second
            look()
        assert (asked(exchange, "getAck"), asked(exchange, "getCOGProfile")) == (3, 1)
        clock[0] = 86_400.0
        look()
        assert asked(exchange, "getCOGProfile") == 2
    kept = stands(sessions).profile
    assert kept is not None and (kept["events"], kept["places"]) == (["TOE"], ["025000"])


def test_what_was_learned_is_used_at_the_next_release(sessions: Sessions, tmp_path: Path) -> None:
    house = story.authority(sessions)
    with ipaws.exchange(events=("ADR",)) as exchange, story.works(sessions, exchange.url, tmp_path) as works:
        watch(works, tmp_path).look()
        revision = house.release()
        story.finish(works)
        assert exchange.posts() == []
    assert story.row(sessions, revision).reason == "cog-event"


@pytest.mark.parametrize(("name", "why"), [("stranger", "certificate"), ("transport", "")])
def test_the_ping_tries_the_signature_too(name: str, why: str, sessions: Sessions, tmp_path: Path) -> None:
    with ipaws.exchange() as exchange, story.works(sessions, exchange.url, tmp_path, name=name) as works:
        watch(works, tmp_path).look()
    assert stands(sessions).reason == why


def test_nobody_there(sessions: Sessions, tmp_path: Path) -> None:
    with story.works(sessions, "http://127.0.0.1:1/", tmp_path) as works:
        assert not watch(works, tmp_path).look()
    assert said(sessions).endswith("(nobody can be reached at IPAWS_URL). It has never answered.")


@pytest.mark.parametrize(
    ("days", "begins"),
    [
        (29.5, "The IPAWS certificate ends in 29 days"),
        (6.5, "The IPAWS certificate ends in 6 days"),
        (-1, "The IPAWS certificate ended on"),
    ],
)
def test_the_certificate_is_warned_of(days: float, begins: str, tmp_path: Path) -> None:
    seat = ipaws.Credentials(tmp_path).seat("")
    ends = ipaws.ends(seat.cert)
    assert ipaws_watch.certificate_warning(seat.cert, ends - timedelta(days=days)).startswith(begins)
    assert ipaws_watch.certificate_warning(seat.cert, ends - timedelta(days=61)) == ""
    assert ipaws_watch.certificate_warning(tmp_path / "none.crt", ends) == (
        "The IPAWS certificate cannot be read: check IPAWS_CERT."
    )
