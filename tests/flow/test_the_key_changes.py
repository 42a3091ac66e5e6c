"""SECRET_KEY is changed in the middle of an alert: while the one before it is set, whatever it signed still opens."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click.testing
import pytest
from flask import Flask
from sqlalchemy import select, text

from broadcaster.channels.ack_link import short_token
from broadcaster.channels.agency_email import ack_token
from broadcaster.channels.handoff import HANDOFF
from broadcaster.channels.proof import placed
from broadcaster.channels.upkeep_mail import token
from broadcaster.channels.webhook import receiver_secret
from broadcaster.cli import root
from broadcaster.dispatch.engine import Engine, Scales
from broadcaster.dispatch.waves.courtesies import MINE
from broadcaster.dispatch.waves.window import Window
from broadcaster.messages.mail import ACK_TOKEN
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.followups import DueAsk
from broadcaster.store.places.directory import AgencyContact
from broadcaster.store.places.upkeep import UpkeepAsk
from broadcaster.values import Keyring
from broadcaster.web import create_app
from tests import onair
from tests.desk import ISSUER, NOON, SECOND, Browser, Desk, released, settings
from tests.webhooks import BASE, FORM, caller, signed, status_url

OLD = settings().secret_key
NEW = "another-secret-key-of-the-tests-0123"
TREE = Path(__file__).resolve().parents[2] / "broadcaster"
SIGN_ONLY = {
    "channels/registry.py": "the mails' links and Message-IDs; whether webhooks are on",
    "local/doctor.py": "whether it is set",
    "local/keys.py": "a demo's keys are made",
    "settings.py": "where it is read, and its keyring",
    "cli/audit.py": "its help speaks of it",
    "dispatch/witness.py": "checkpoints are signed with today's; whose signatures are good says the keyring",
    "store/timeline/signed_note.py": "its words speak of it",
    "web/api/access.py": "a new receiver's secret is made of today's",
    "web/agencies/ack.py": "the mail is shown with a link of today",
    "web/missed/bridge.py": "a call is bridged by a link of today, and proved by the keyring",
    "web/agencies/trouble_desk.py": "links to report trouble are printed with today's",
    "outage/binder/settings.py": "its words say what does not travel",
    "dispatch/practice/practice_posts.py": "practice is signed with today's; the live installation pins the key",
    "local/practice_check.py": "its words speak of it",
    "web/agencies/agency.py": "links to report trouble are shown with today's",
    "web/missed/links.py": "links to missed callers are made with today's",
}
"""Where SECRET_KEY may be read without the one before it: whatever is proved by it goes by `Settings.keyring`."""


@dataclass(frozen=True)
class Ids:
    """What links name."""

    fanout: int
    address: int
    ask: int
    resident: int


UNTIL = int(NOON.timestamp()) + 1_000_000
LINKS: dict[str, Callable[[str, Ids], str]] = {
    "of a mail": lambda key, of: f"/ack/{ack_token(key, of.fanout, of.address)}",
    "of a text": lambda key, of: f"/a/{short_token(key, of.fanout, of.address)}",
    "of the monthly question": lambda key, of: f"/ack/check/{token(key, of.ask)}",
    "of a resident's own page": lambda key, of: f"/subscribe/me/{placed(key, MINE, of.resident, UNTIL)}",
    "of a hand-off": lambda key, of: f"/ack/aired/{placed(key, HANDOFF, of.fanout, of.address)}",
}


def application(desk: Desk, key: str, previous: str = "") -> Flask:
    made = create_app(settings(secret_key=key, secret_key_previous=previous), desk.sessions, clock=lambda: desk.now)
    made.config["TESTING"] = True
    return made


def shown(app: Flask, path: str) -> str:
    """The words of a page, without the link of today in a mail that it shows."""
    return re.sub(r"/ack/\S+", "", Browser(app.test_client()).open(path).words)


def ids(desk: Desk) -> Ids:
    with desk.sessions.begin() as store:
        target = text("SELECT t.fanout_id, t.address_id FROM target t JOIN agency a ON a.id = t.agency_id LIMIT 1")
        fanout, address = store.execute(target).one()
        contact = store.scalars(select(AgencyContact).limit(1)).one()
        ask = UpkeepAsk(month="2026-06", agency_id=contact.agency_id, address_id=contact.address_id, state="asked")
        store.add(ask)
        store.flush()
        resident = store.execute(text("SELECT id FROM address WHERE owner = 'resident' LIMIT 1")).scalar_one()
        return Ids(fanout, address, ask.id, resident)


def test_links_and_sessions_outlive_the_change_until_the_previous_key_is_removed(sessions: Sessions) -> None:
    desk = Desk(sessions)
    author = desk.browser(ISSUER)
    released(desk, author, desk.browser(SECOND), SECOND)
    of, changing, after = ids(desk), application(desk, NEW, OLD), application(desk, NEW)
    for name, link in LINKS.items():
        said = [shown(app, link(OLD, of)) for app in (desk.app, changing, after)]
        assert said[0] == said[1] != said[2], f"the link {name}"
        said = [shown(app, link(NEW, of)) for app in (changing, after)]
        assert said[0] == said[1], f"a new link {name}"
        assert Browser(changing.test_client()).open(link("a third key", of)).status == 404

    author.open("/desk/new")
    author.client.application = changing
    author.send("/desk/new", names="Ayer")
    assert author.path.endswith("/revisions/1"), "a form that was open while the key changed"
    author.client.application = after
    assert author.open("/desk/").path.endswith("/sign-in"), "the previous key is gone"


@pytest.mark.parametrize(("previous", "status"), [(onair.SECRET, 204), ("", 403)])
def test_a_callback_about_a_text_in_flight_is_taken(sessions: Sessions, previous: str, status: int) -> None:
    with caller(sessions, onair.settings(secret_key=NEW, secret_key_previous=previous)) as phone:
        assert phone.post(status_url(), FORM, signed(BASE + status_url(), FORM)) == status


def test_a_text_of_before_is_found_in_the_carriers_list_by_the_link_that_it_bears(sessions: Sessions) -> None:
    phone = "sms:+14135550123"
    sealed, index = onair.SEALER.seal("+14135550123", onair.SEALER.index(phone)), onair.SEALER.index(phone)
    made = Engine(sessions, onair.SEALER, Window({}, 1), Keyring(NEW, OLD), Scales())

    def asked(words: str) -> list[str]:
        due = DueAsk(7, 11, 1, "twilio", 1, False, None, sealed, index, words, NOON, NOON)
        return [one.text for one in made.questions([due])]

    try:
        links = [f"http://localhost:8911/a/{short_token(key, 7, 11)}" for key in (NEW, OLD)]
        assert asked(f"911 is down. {ACK_TOKEN}") == [f"911 is down. {link}" for link in links]
        assert asked("911 is down.") == ["911 is down."]
    finally:
        made.close()


@pytest.mark.parametrize("previous", ["", OLD])
def test_the_secret_of_a_receiver_is_printed_alone_and_what_to_know_beside_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, previous: str
) -> None:
    given = {"MODE": "demo", "DATA_DIR": str(tmp_path), "SECRET_KEY": NEW, "SECRET_KEY_PREVIOUS": previous}
    monkeypatch.chdir(tmp_path)
    done = click.testing.CliRunner().invoke(root, ["directory", "webhook-secret", "https://cad.example/911"], env=given)
    assert done.stdout == receiver_secret(NEW, "https://cad.example/911") + "\n"
    assert ("until SECRET_KEY_PREVIOUS is removed" in done.stderr) == bool(previous)


def test_whatever_is_proved_is_proved_by_the_keyring() -> None:
    files = {str(path.relative_to(TREE)) for path in TREE.rglob("*.py") if "secret_key" in path.read_text().lower()}
    assert files - {"web/application.py", "cli/directory.py"} == set(SIGN_ONLY), "prove by Settings.keyring"
