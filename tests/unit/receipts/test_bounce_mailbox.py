"""The mailbox of bounces, as an mbox file and as a Maildir: everything is read once, nothing is lost or chokes us."""

from __future__ import annotations

import mailbox
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from broadcaster.channels.agency_email import message_id
from broadcaster.local.mailbox.returned import drop
from broadcaster.receipts.bounce_mailbox import BounceMailbox
from broadcaster.receipts.bounces import LARGEST, Desk
from broadcaster.store.database import Sessions, only_one
from broadcaster.store.fanout.deliveries import Delivery, Receipt
from broadcaster.values import Keyring
from tests import onair
from tests.onair import SEALER
from tests.unit.receipts.reports import SECRET, answer, report

Deliver = Callable[[Path, bytes], None]


def into_mbox(path: Path, raw: bytes) -> None:
    """As a mail server appends it, under the lock."""
    box = mailbox.mbox(path)
    box.lock()
    box.add(raw)
    box.close()


KINDS: dict[str, Deliver] = {"mbox": into_mbox, "Maildir": drop}


@pytest.fixture
def ours(sessions: Sessions) -> list[str]:
    """The Message-IDs of three mails to agencies that the relay has accepted."""
    with sessions.begin() as session:
        air = onair.on_air(session)
        fanout = onair.agencies(session, air, ["Lynn Police", "Ayer Police", "Holyoke Police"])
        return [message_id(SECRET, "state911.example", fanout, there) for there in air.agencies.values()]


def watched(path: Path, sessions: Sessions) -> BounceMailbox:
    return BounceMailbox(path, sessions, Desk(Keyring(SECRET), "state911.example", SEALER))


def came_back(sessions: Sessions) -> int:
    with sessions() as session:
        return session.query(Delivery).filter_by(handset="undelivered").count()


def kept(path: Path, kind: str, end: str) -> list[bytes]:
    """What stands beside the mailbox as read or refused."""
    if kind == "Maildir":
        return [mail.read_bytes() for mail in sorted((path / f".{end.title()}" / "cur").glob("*"))]
    beside = path.with_name(f"{path.name}.{end}")
    if not beside.exists():
        return []
    with closing(mailbox.mbox(beside, create=False)) as box:
        return [bytes(mail) for mail in box]


@pytest.mark.parametrize("kind", KINDS)
def test_every_mail_is_read_once_and_kept(kind: str, tmp_path: Path, sessions: Sessions, ours: list[str]) -> None:
    path, deliver = tmp_path / "bounces", KINDS[kind]
    hostile = report(ours[2]) + b"x" * LARGEST
    for raw in (report(ours[0]), answer(ours[1]), hostile, b"Subject: spam\n\nbuy\n", report(ours[2])):
        deliver(path, raw)
    box = watched(path, sessions)
    assert (box.look(), box.look()) == (5, 0)
    assert came_back(sessions) == 2
    assert len(kept(path, kind, "read")) == 4
    (refused,) = kept(path, kind, "refused")
    assert refused.endswith(b"x" * 1000 + b"\n" * (kind == "mbox"))
    deliver(path, report(ours[1]))
    assert (box.look(), came_back(sessions), len(kept(path, kind, "read"))) == (1, 3, 5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_database_that_goes_away_loses_no_mail(
    kind: str, tmp_path: Path, sessions: Sessions, ours: list[str]
) -> None:
    path = tmp_path / "bounces"
    KINDS[kind](path, report(ours[0]))
    engine = sessions.kw["bind"]

    def away(_: object, __: object, statement: str, *___: object) -> None:
        if statement.startswith("INSERT INTO receipt"):
            raise OperationalError(statement, None, ConnectionError("away"))

    event.listen(engine, "before_cursor_execute", away)
    box = watched(path, sessions)
    with pytest.raises(OperationalError):
        box.look()
    event.remove(engine, "before_cursor_execute", away)
    assert kept(path, kind, "read") == [] and came_back(sessions) == 0
    KINDS[kind](path, report(ours[1]))
    assert sum(box.look() for _ in range(2)) == 2
    assert (came_back(sessions), len(kept(path, kind, "read"))) == (2, 2)


def test_a_reader_that_died_half_way_is_read_again(tmp_path: Path, sessions: Sessions, ours: list[str]) -> None:
    """Killed after the copy and before the mailbox was emptied: the same mail twice, counted once."""
    path = tmp_path / "bounces"
    into_mbox(path, report(ours[0]))
    (tmp_path / "bounces.reading").write_bytes(path.read_bytes())
    (tmp_path / "bounces.taking").write_bytes(b"half a ma")
    box = watched(path, sessions)
    assert [box.look() for _ in range(3)] == [1, 1, 0]
    with sessions() as session:
        assert session.query(Receipt).count() == 1
    assert came_back(sessions) == 1


def test_a_mailbox_that_is_being_written_is_left_alone(tmp_path: Path, sessions: Sessions, ours: list[str]) -> None:
    path = tmp_path / "bounces"
    into_mbox(path, report(ours[0]))
    (tmp_path / "bounces.lock").touch()  # the mail server's dot lock
    assert watched(path, sessions).look() == 0
    (tmp_path / "bounces.lock").unlink()
    assert watched(path, sessions).look() == 1


def test_one_reads_at_a_time(tmp_path: Path, sessions: Sessions, ours: list[str]) -> None:
    into_mbox(tmp_path / "bounces", report(ours[0]))
    with sessions.begin() as other, only_one(other, "bounces.read"):
        assert watched(tmp_path / "bounces", sessions).look() == 0
    assert watched(tmp_path / "bounces", sessions).look() == 1


def test_a_mailbox_that_is_not_there_yet_is_empty(tmp_path: Path, sessions: Sessions) -> None:
    assert watched(tmp_path / "bounces", sessions).look() == 0


def test_a_line_without_end_is_no_line_of_memory(tmp_path: Path, sessions: Sessions, ours: list[str]) -> None:
    """A ``From `` in the middle of a long line begins no mail."""
    path = tmp_path / "bounces"
    path.write_bytes(b"From x\n\n" + b"y" * (64 * 1024) + b"From z\n\nFrom a b\n" + report(ours[0]))
    assert watched(path, sessions).look() == 2
    assert came_back(sessions) == 1


def test_one_mail_that_we_cannot_read_keeps_no_other_back(
    tmp_path: Path, sessions: Sessions, ours: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    take = Desk.take

    def clumsy(desk: Desk, session: object, raw: bytes) -> object:
        if ours[0].encode() in raw:
            raise IndexError("a bug")
        return take(desk, session, raw)  # type: ignore[arg-type]

    monkeypatch.setattr(Desk, "take", clumsy)
    for each in ours:
        drop(tmp_path, report(each))
    assert watched(tmp_path, sessions).look() == 3
    assert (came_back(sessions), len(kept(tmp_path, "Maildir", "refused"))) == (2, 1)
