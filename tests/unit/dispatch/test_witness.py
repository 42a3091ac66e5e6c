"""The witness: a checkpoint is signed, filed, mailed and published, and nobody waits for any of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from broadcaster.channels.checkpoint_mail import NAME, CheckpointPrinter
from broadcaster.channels.contract import Accepted, Outgoing
from broadcaster.channels.errors import NotSent, SendError
from broadcaster.channels.mime import Letterhead
from broadcaster.dispatch import witness as duty
from broadcaster.dispatch.witness import Witness, signer_of
from broadcaster.store.database import Sessions
from broadcaster.store.timeline import checkpoints, ledger
from broadcaster.store.timeline.checkpoints import EVERY, AuditCheckpoint, Kept
from tests.desk import NOON, settings

SIGNER = signer_of(settings())


@dataclass
class Post:
    """A relay of the tests, and the loop that would run it."""

    sent: list[Outgoing] = field(default_factory=list)
    fails: SendError | None = None

    def send(self, out: Outgoing) -> Accepted:
        if self.fails:
            raise self.fails
        self.sent.append(out)
        return Accepted("x")

    def run(self, work: object, timeout: float) -> object:
        return work


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    hands = {"now": NOON}
    monkeypatch.setattr(duty, "now", lambda _: hands["now"])
    return hands


@pytest.fixture
def witness(sessions: Sessions, tmp_path: Path, post: Post, clock: object) -> Witness:
    file = tmp_path / "ledger" / "checkpoints.txt"
    return Witness(sessions, SIGNER, file, "State 911", post, post, "watch@state.example")  # type: ignore[arg-type]


def happen(sessions: Sessions, action: str) -> None:
    with sessions.begin() as session:
        ledger.append(session, "user:1", action, "alert:1")


def test_a_step_of_an_alert_is_signed_filed_and_mailed_at_once(
    witness: Witness, post: Post, sessions: Sessions
) -> None:
    happen(sessions, "approved")
    assert (witness.look(), witness.look()) == (1, 0)
    (mail,) = post.sent
    assert (mail.to, mail.message.html) == ("watch@state.example", witness.file.read_text(encoding="utf-8"))
    assert "1 events at 2026-06-18 16:00:00 UTC" in mail.message.text
    assert SIGNER.public.written("localhost/ledger") in mail.message.text
    with sessions() as session:
        assert checkpoints.verify(session, [SIGNER.public], [Kept(witness.file)]).why == ""


def test_a_busy_night_is_one_mail_a_minute_and_every_checkpoint_in_the_file(
    witness: Witness, post: Post, sessions: Sessions, clock: dict[str, object]
) -> None:
    for _ in range(3):
        happen(sessions, "held")
        witness.look()
    assert len(post.sent) == 1
    clock["now"] = NOON + EVERY
    witness.look()
    assert len(post.sent) == 2
    assert "3 events" in post.sent[1].message.subject
    assert len(checkpoints.notes_in(witness.file.read_text(encoding="utf-8"))) == 3


def test_a_quiet_day_is_one_mail(
    witness: Witness, post: Post, sessions: Sessions, clock: dict[str, object]
) -> None:  # fmt: skip
    happen(sessions, "signed-in")
    witness.look()
    happen(sessions, "signed-out")
    clock["now"] = NOON + EVERY
    witness.look()
    assert len(post.sent) == 1
    clock["now"] = NOON + duty.MAIL_EVERY
    witness.look()
    assert len(post.sent) == 2


def test_a_mail_that_was_not_sent_is_sent_later(
    witness: Witness, post: Post, sessions: Sessions, clock: dict[str, object]
) -> None:
    happen(sessions, "approved")
    post.fails = NotSent("connect")
    assert witness.look() == 1
    post.fails = None
    clock["now"] = NOON + EVERY
    witness.look()
    assert [out.key.address for out in post.sent] == [1]


def test_a_disk_that_is_away_holds_no_mail_up_and_gets_everything_later(
    witness: Witness, post: Post, sessions: Sessions, clock: dict[str, object]
) -> None:
    witness.file.parent.write_text("a file where the folder belongs")
    for step in ("submitted", "approved"):
        happen(sessions, step)
        clock["now"] = clock["now"] + EVERY  # type: ignore[operator]
        assert witness.look() == 0
    assert len(post.sent) == 2
    witness.file.parent.unlink()
    assert witness.look() == 2
    with sessions() as session:
        assert checkpoints.verify(session, [SIGNER.public], [Kept(witness.file)]).why == ""


def test_a_file_that_was_lost_is_written_again_from_the_database(witness: Witness, sessions: Sessions) -> None:
    happen(sessions, "approved")
    witness.look()
    before = witness.file.read_text(encoding="utf-8")
    witness.file.unlink()
    assert witness.look() == 1
    assert witness.file.read_text(encoding="utf-8") == before


def test_the_mail_carries_the_note_as_it_is(witness: Witness, sessions: Sessions) -> None:
    happen(sessions, "approved")
    witness.look()
    with sessions() as session:
        out = witness._written(session.query(AuditCheckpoint).one())
    printer = CheckpointPrinter(Letterhead("desk@state.example", "State 911", lambda key: f"<{key}@state.example>"))
    mail = message_from_bytes(printer(out.key, out.to, out.message), policy=policy.default)
    (attached,) = mail.iter_attachments()  # type: ignore[attr-defined]
    assert attached.get_filename() == NAME
    assert attached.get_payload(decode=True) == witness.file.read_bytes()
