"""Two installations, a database each: what is practised at the training desk counts at the live one, and no more."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
import rfc8785
from sqlalchemy.engine import make_url
from werkzeug.serving import make_server

from broadcaster.channels.http import Door
from broadcaster.channels.practice_post import LiveDesk
from broadcaster.dispatch.practice.practice_posts import PracticePosts, signer_of
from broadcaster.dispatch.waves.window import Window
from broadcaster.local import practice_check
from broadcaster.settings import SettingsError
from broadcaster.store import database
from broadcaster.store.alerting.alerts import Alert
from broadcaster.store.database import Sessions
from broadcaster.store.desk import people, practice
from broadcaster.store.desk.practice import Standing
from broadcaster.store.desk.practice_records import Did, PracticePost, PracticeRecord, Practised
from broadcaster.store.timeline import ledger
from broadcaster.store.timeline.ledger import AuditEvent
from broadcaster.store.timeline.signed_note import Signer
from tests.conftest import admin
from tests.desk import AUDITOR, BOTH, ISSUER, NOON, SECOND, Desk, released, settings
from tests.serving import serving

NOBODY = "http://127.0.0.1:1"
HERE = settings(
    mode="training",
    secret_key="another-key-of-the-training-0123456789",
    public_base_url="http://training.localhost",
    practice_url=NOBODY,
)
SIGNER = signer_of(HERE)
PINNED = SIGNER.public.written(SIGNER.name)
SAID = Practised("abcdefgh23456789", ISSUER, Did.ISSUED, NOON - timedelta(hours=1))


@pytest.fixture
def live(sessions: Sessions) -> Desk:
    """The live desk, which has pinned the training one's key."""
    return Desk(sessions, chosen=settings(practice_key=PINNED))


@dataclass
class Training:
    """The training desk and the duty that posts."""

    desk: Desk
    posts: PracticePosts

    def look(self) -> int:
        return self.posts.look(self.desk.now)

    @property
    def waiting(self) -> list[PracticePost]:
        with self.desk.sessions() as store:
            return list(store.query(PracticePost).filter(PracticePost.taken_at.is_(None)))


@pytest.fixture
def training(migrated: str) -> Iterator[Training]:
    """A second installation with a database of its own."""
    name = f"training{os.getpid()}"
    admin(migrated, f"CREATE DATABASE {name} TEMPLATE pattern STRATEGY file_copy")
    engine = database.connect(make_url(migrated).set(database=name).render_as_string(hide_password=False))
    window = Window({})
    desk = Desk(database.sessions(engine), chosen=HERE)
    made = Training(desk, PracticePosts.of(HERE, desk.sessions, window))
    yield made
    made.posts.close()
    window.close()
    engine.dispose()
    admin(migrated, f"DROP DATABASE {name} WITH (FORCE)")


def post(live: Desk, note: str | bytes, kind: str = "text/plain; charset=utf-8"):
    return live.app.test_client().post("/api/v1/practice", data=note, content_type=kind)


def events(live: Desk) -> list[AuditEvent]:
    with live.sessions() as store:
        assert ledger.verify(store).why == ""
        return store.query(AuditEvent).filter_by(action="practised").order_by(AuditEvent.seq).all()


def stands(live: Desk) -> dict[str, tuple[Standing, bool]]:
    with live.sessions() as store:
        return {one.name: (one.standing, one.trained) for one in practice.practice(store, live.now)}


def test_practice_there_counts_here(live: Desk, training: Training) -> None:
    ida, abe = training.desk.browser(ISSUER), training.desk.browser(SECOND)
    released(training.desk, ida, abe, SECOND)
    live.now = training.desk.now
    assert stands(live)["Ida"] == (Standing.AMBER, False)
    assert "You have not practised here yet" in live.browser(ISSUER).open("/desk/").text

    tried = training.desk.now
    assert training.look() == 0, "the live desk is away"
    assert len(training.waiting) == 3, "Ida for agencies, Ida and Abe for the public"
    page = training.desk.browser(AUDITOR).open("/desk/drills/").words
    assert "0 taken, 3 on the way since" in page and "was not taken: The live desk does not answer." in page
    works, sentence = practice_check.look(HERE, training.desk.sessions, training.desk.now)
    assert not works and "The last answer was: The live desk does not answer" in sentence

    server = make_server("127.0.0.1", 0, live.app, threaded=True)
    training.posts.live = LiveDesk(f"http://127.0.0.1:{server.server_port}/", Door(live=False))
    with serving(server):
        training.desk.now = tried + timedelta(seconds=29)
        assert training.look() == 2, "one was tried, and waits its pause; nobody had come to the other two"
        training.desk.now += timedelta(seconds=2)
        assert (training.look(), training.look()) == (1, 0)
        assert training.waiting == []
        page = training.desk.browser(AUDITOR).open("/desk/drills/").words
        assert "3 taken, 0 on the way." in page and "not taken" not in page

        live.now = training.desk.now
        assert stands(live)["Ida"] == stands(live)["Abe"] == (Standing.FRESH, True)
        assert stands(live)["Bea"] == (Standing.AMBER, False)
        assert "today, at the training desk" in live.browser(AUDITOR).open("/desk/drills/").words
        assert "not practised here" not in live.browser(ISSUER).open("/desk/").text
        with live.sessions() as store:
            assert store.query(Alert).count() == 0, "nothing of it but the practice"
        assert sorted((event.actor, event.object) for event in events(live)) == [
            ("training:training.localhost/practice", f"user:{user_id(live, email)}")
            for email in (ISSUER, ISSUER, SECOND)
        ]

        again = Training(training.desk, replace(training.posts))
        with training.desk.sessions.begin() as store:
            store.query(PracticePost).update({"taken_at": None, "next_at": training.desk.now})
        assert again.look() == 3, "an answer that was lost: the same record again is taken, and changes nothing"
        assert len(events(live)) == 3
    released(live, live.browser(ISSUER), live.browser(SECOND), SECOND)
    assert stands(live)["Ida"] == (Standing.FRESH, False), "the newest is what stands there"


def user_id(desk: Desk, email: str) -> int:
    with desk.sessions() as store:
        user = people.by_email(store, email)
        assert user is not None
        return user.id


def test_somebody_unknown_is_tried_again_until_it_counts_no_more(live: Desk, training: Training) -> None:
    released(training.desk, training.desk.browser(ISSUER), training.desk.browser(SECOND), SECOND)
    with live.sessions.begin() as store:
        user = people.by_email(store, SECOND)
        assert user is not None
        user.email = "somebody@else.example"
    live.now = training.desk.now
    server = make_server("127.0.0.1", 0, live.app, threaded=True)
    training.posts.live = LiveDesk(f"http://127.0.0.1:{server.server_port}", Door(live=False))
    with serving(server):
        assert training.look() == 2
        [row] = training.waiting
        assert row.answer.startswith("Nobody has this mail address at the live desk")
        pauses = []
        for _ in range(9):
            [row] = training.waiting
            pauses.append((row.next_at - training.desk.now).total_seconds())
            training.desk.now = live.now = row.next_at
            assert training.look() == 0
        assert pauses == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
        training.desk.now += practice.RED
        assert training.look() == 0 and training.waiting[0].tries == 10, "no more than that"
        assert "0 on the way" in training.desk.browser(AUDITOR).open("/desk/drills/").words


def note(signer: Signer = SIGNER, name: str = "", **changes: object) -> str:
    """A record with something else in it, properly signed."""
    said = {"key": SAID.key, "person": SAID.person, "did": "issued", "at": "2026-06-18T15:00:00Z", "mode": "training"}
    said |= changes
    return signer.note(f"{name or signer.name}\n{rfc8785.dumps(said).decode()}\n")


GOOD = SAID.signed(SIGNER)
WORDS = GOOD.partition("\n\n")[0] + "\n"
LIVES = signer_of(settings())
LEDGERS = Signer.of(HERE.secret_key, "training.localhost")
HOSTILE = {
    # what: note, status, words
    "nothing": ("", 403, "no signed note"),
    "no note": ("911 is down", 403, "no signed note"),
    "unsigned": (WORDS, 403, "no signed note"),
    "signed by the live desk": (SAID.signed(LIVES), 403, "not of this installation's key"),
    "signed as a ledger": (SAID.signed(LEDGERS), 403, "not of this installation's key"),
    "signed by a stranger": (note(Signer.of("x" * 40, "training.localhost", "practice")), 403, "not of this"),
    "another person": (GOOD.replace(ISSUER, SECOND), 403, "not of this installation's key"),
    "another hour": (GOOD.replace("T15:", "T14:"), 403, "not of this installation's key"),
    "a changed signature": (f"{GOOD[:-3]}A=\n", 403, ""),
    "two in one": (GOOD + GOOD, 403, "no signed note"),
    "no utf-8": (GOOD.encode() + b"\xff", 403, "no signed note"),
    "of a live installation": (note(mode="live"), 422, "Only a training installation"),
    "of a demo": (note(mode="demo"), 422, "Only a training installation"),
    "another key's name": (note(Signer("training.localhost/ledger", SIGNER.key)), 422, "no practice record"),
    "a name that it is not signed with": (note(name="911.example/practice"), 422, "no practice record"),
    "no object": (SIGNER.note(f"{SIGNER.name}\n[]\n"), 422, "no practice record"),
    "deep": (SIGNER.note(f"{SIGNER.name}\n{'[' * 1500}\n"), 422, "no practice record"),
    "no lines": (SIGNER.note(f"{SIGNER.name}\n"), 422, "no practice record"),
    "an alert": (note(alert="911 is down", area="statewide"), 422, "no practice record"),
    "a right": (note(did="approver"), 422, "no practice record"),
    "a key of another kind": (note(key="../../abcdefghij"), 422, "no practice record"),
    "a key with a line": (note(key="abcdefgh2345678\n"), 422, "no practice record"),
    "no moment": (note(at="2026-13-45T15:00:00Z"), 422, "no practice record"),
    "a moment elsewhere": (note(at="2026-06-18T15:00:00+00:00"), 422, "no practice record"),
    "a number for a person": (note(person=7), 422, "no practice record"),
    "written otherwise": (
        SIGNER.note(f"{SIGNER.name}\n{WORDS.splitlines()[1].replace(':', ': ', 1)}\n"), 422, "not written as it is",
    ),
    "of the future": (note(at="2026-06-18T16:05:01Z"), 422, "from the future"),
    "too old": (note(at="2026-04-17T16:00:00Z"), 422, "older than 62 days"),
    "of nobody": (note(person="nobody@desk.example"), 422, "Nobody has this mail address"),
    "of somebody whose account ended": (note(person=BOTH), 422, "Nobody has this mail address"),
    "huge": ("x" * 2049, 413, "send less"),
    "enormous": ("x" * 3_000_000, 413, "send less"),
}  # fmt: skip


def test_what_is_no_record_of_the_pinned_key_is_refused(live: Desk) -> None:
    with live.sessions.begin() as store:
        user = people.by_email(store, BOTH)
        assert user is not None
        user.active = False
    for what, (data, status, words) in HOSTILE.items():
        answer = post(live, data)
        assert (answer.status_code, answer.content_type) == (status, "application/problem+json"), (what, answer.text)
        assert words in answer.json["detail"], what
    assert post(live, GOOD, "application/json").status_code == 415
    assert live.app.test_client().get("/api/v1/practice").status_code == 401, "nobody reads them there"
    with live.sessions() as store:
        assert store.query(PracticeRecord).count() == 0 and events(live) == []

    edges = (note(at="2026-06-18T16:05:00Z"), note(key="bcdefgh23456789a", at="2026-04-17T16:00:01Z"))
    assert [post(live, one).status_code for one in edges] == [201, 201]
    assert [post(live, one).json for one in edges] == [
        {"key": SAID.key, "new": False}, {"key": "bcdefgh23456789a", "new": False},
    ]  # fmt: skip
    assert post(live, GOOD).status_code == 409, "the same key says something else"
    assert post(live, note(person=SECOND, at="2026-06-18T16:05:00Z")).status_code == 409
    assert len(events(live)) == 2


def test_who_pins_nothing_takes_nothing(sessions: Sessions) -> None:
    closed = Desk(sessions)
    assert post(closed, GOOD).status_code == 404
    with pytest.raises(SettingsError, match="PRACTICE_KEY is no public key"):
        Desk(sessions, chosen=settings(practice_key="training.localhost/practice+00000000+AAAA"))


def test_the_doctor_of_either_says_how_it_stands(sessions: Sessions) -> None:
    own = LIVES.public.written(LIVES.name)
    for chosen, works, words in (
        (settings(), None, "set PRACTICE_KEY to what"),
        (settings(practice_key=PINNED), True, "of training.localhost/practice counts here"),
        (settings(practice_key="nonsense"), False, "is no public key"),
        (settings(practice_key=own), False, "both share SECRET_KEY"),
        (HERE.model_copy(update={"practice_url": ""}), None, "set PRACTICE_URL to the live installation"),
        (HERE, True, "0 taken by the live desk, 0 on the way."),
    ):
        assert practice_check.look(chosen, sessions)[0] is works
        assert words in practice_check.look(chosen, sessions)[1]
