"""Everything of ours is gone but a sealed file: from it a laptop with an empty database sends, after two people."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from broadcaster import settings as knobs
from broadcaster.cli import root
from broadcaster.local import home
from broadcaster.local.carrier import Carrier, Faults, start_in_thread
from broadcaster.messages.book import shipped
from broadcaster.store import database
from broadcaster.store.alerting import wordings
from broadcaster.store.alerting.wordings import Wording
from broadcaster.store.database import Sessions
from broadcaster.store.desk import contacts, people
from broadcaster.store.desk.contacts import What
from broadcaster.store.fanout import senders
from broadcaster.store.places import directory_load
from broadcaster.store.public import residents
from broadcaster.store.public.residents import Address, Subscription, Suppression
from broadcaster.store.sealed import Sealer
from broadcaster.store.timeline import ledger
from broadcaster.web import create_app
from broadcaster.web.signin import accounts
from tests.conftest import admin
from tests.desk import ISSUER, PASSWORD, SECOND, Browser, Desk, settings, walk
from tests.factories import KEYS, SECOND_SENDER, SID, TOKEN
from tests.flow import installation, story

WORDS = "seven words of dice stand in here"
FORGOTTEN, STOPPED, LANDLINE, ANEW = "+19785552099", "+19785552000", "+19785552050", "+19785552051"


@pytest.fixture
def empty(database_url: str) -> Iterator[str]:
    """A database of a laptop: nothing at all is in it."""
    name = f"{make_url(database_url).database}_laptop"
    admin(database_url, f"CREATE DATABASE {name}")
    yield make_url(database_url).set(database=name).render_as_string(hide_password=False)
    admin(database_url, f"DROP DATABASE {name} WITH (FORCE)")


def furnished(sessions: Sessions) -> Desk:
    """People with phones, words of their own, six residents of whom one said STOP, and a STOP of a forgotten phone."""
    then = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=3)  # each code takes half a minute of it
    desk = Desk(sessions, then, settings(**{name.lower(): value for name, value in KEYS.items()}))
    with sessions.begin() as session:
        ids = directory_load.community_ids(session)
        for phone in (STOPPED, FORGOTTEN):
            residents.suppress(session, desk.sealer.index(f"sms:{phone}"), "reply")
        line = residents.address(session, desk.sealer, "voice", LANDLINE)
        residents.subscribe(session, line, ids["ayer"])
        session.execute(text("UPDATE address SET no_voice = true, lang = 'es' WHERE value_index = :i"),
                        {"i": desk.sealer.index("sms:+19785552001")})  # fmt: skip
        both = residents.address(session, desk.sealer, "sms", "+19785552001")
        residents.subscribe(session, both, ids["harvard"])
        author, second = people.by_email(session, ISSUER), people.by_email(session, SECOND)
        assert author and second
        contacts.put(session, desk.sealer, author.id, What.PHONE, "+16175550123")
        book = shipped().book("es")
        made = wordings.propose(session, book, "Rosa, translator", author.id, desk.now)
        wordings.approve(session, made.id, book.sha, second.id, desk.now)
    return desk


def laptop(folder: Path) -> dict[str, str]:
    """The environment in a folder that `binder load` has filled, and nothing else of this machine."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(story.ROOT), **home.read_env_file(folder / ".env")}


def signed_in(laptop_desk: Browser, email: str, code: str) -> Browser:
    """With the password and the authenticator of every day."""
    laptop_desk.open("/desk/").send("sign-in", email=email, password=PASSWORD, code=code)
    assert laptop_desk.path == "/desk/", laptop_desk.words
    return laptop_desk


def house_burns_down(sessions: Sessions, database_url: str) -> None:
    """The database of the first installation is gone, with everything in it."""
    database.engine_of(sessions).dispose()
    admin(database_url, f"DROP DATABASE {make_url(database_url).database} WITH (FORCE)")
    with pytest.raises(OperationalError, match="does not exist"):
        sessions().execute(text("SELECT 1"))


def test_the_state_still_speaks(sessions: Sessions, database_url: str, empty: str, tmp_path: Path) -> None:
    desk = furnished(sessions)
    words = tmp_path / "words.txt"
    words.write_text(WORDS)
    with start_in_thread(Carrier(SID, TOKEN, faults=Faults(share_callbacks_dropped=1.0, delivery_ms=0.0))) as carrier:
        file = made(database_url, carrier.url, tmp_path)
        opened_and_refused(file, words, tmp_path)
        assert "sealed, " in desk.browser(ISSUER).words, "the desk says that there is one"
        own = {"PATH": os.environ["PATH"], "PYTHONPATH": str(story.ROOT), "DATABASE_URL": empty}
        own["REDIS_URL"] = "redis://127.0.0.1:1/0"
        load = ("binder", "load", str(file), "--to", str(tmp_path / "tonight"), "--passphrase-file", str(words))
        loaded = installation.run(own, *load)
        assert loaded.returncode == 0, loaded.stderr
        assert "7 residents, 2 who said STOP, and 4 of the desk" in loaded.stdout and "No carrier" not in loaded.stdout
        elsewhere = installation.run(own, *load[:4], str(tmp_path / "other"), *load[5:])
        assert elsewhere.returncode == 1 and "This database is not empty" in elsewhere.stderr
        env = laptop(tmp_path / "tonight")
        chosen, here = knobs.load(env), database.sessions(database.connect(empty))
        sealer = Sealer(chosen.field_key_bytes, chosen.index_key_bytes)
        same_as_before(sessions, here, desk.sealer, sealer)
        house_burns_down(sessions, database_url)

        def code(email: str) -> str:
            desk.later(seconds=30)
            with here.begin() as store:
                user = people.by_email(store, email)
                assert user is not None
                return accounts.current_code(sealer, user, desk.now)

        app = create_app(chosen, here, clock=lambda: desk.now, bell=lambda *_: None)
        author, second = (signed_in(Browser(app.test_client()), email, code(email)) for email in (ISSUER, SECOND))
        board = walk(desk, author)
        author.send("/submit")
        alert = board.rpartition("/")[2]
        early = installation.run(env, "release", alert)
        assert early.returncode == 2 and "two people" in early.stderr, "release never approves"
        page = author.path
        second.open(page).send("/approve", code=code(SECOND))
        assert second.path == board, second.words
        assert installation.run(env, "release", alert).returncode == 0
        told = Counter({f"+1978555{2000 + no}": 1 for no in range(1, 6)})
        assert story.texted(carrier) == told, "everybody once, and nobody who said STOP"
        with here() as session:
            assert senders.in_use(session, "sms") == ["secondary"]
        database.engine_of(here).dispose()


def made(database_url: str, carrier_url: str, folder: Path) -> Path:
    """The binder of an installation whose second carrier is set up; then the installation is stopped."""
    env = installation.environment(database_url, "redis://127.0.0.1:1/0", "http://127.0.0.1:1", folder / "house")
    second = {"SMS_SECONDARY_ACCOUNT_SID": SID, "SMS_SECONDARY_AUTH_TOKEN": TOKEN, "SMS_SECONDARY_FROM": SECOND_SENDER}
    second |= {"SMS_SECONDARY_API_URL": carrier_url, "SMS_SECONDARY_MPS": "200"}
    sealed = installation.run({**env, **second, "BINDER_PASSPHRASE": WORDS}, "binder", "make")
    assert sealed.returncode == 0, sealed.stderr
    (file,) = (folder / "house" / "binder").glob("*.zip.sealed")
    return file


def opened_and_refused(file: Path, words: Path, folder: Path) -> None:
    """What an officer does with it: verify, open, read; a changed one is refused with a sentence."""
    whole = typed("verify", str(file), words)
    assert whole.exit_code == 0 and "Whole: " in whole.output and "the residents are in it" in whole.output
    read = typed("open", str(file), words, "--to", str(folder / "read"))
    assert read.exit_code == 0 and not (folder / "read" / "release").exists()
    page = (folder / "read" / "binder.html").read_text()
    assert "978-555-0101" in page and "978-555-0177" not in page, "Groton's restricted line is on no page"
    broken = folder / "broken.zip.sealed"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    broken.write_bytes(bytes(data))
    refused = typed("open", str(broken), words, "--to", str(folder / "no"))
    assert refused.exit_code == 1 and "changed or cut short: take another copy" in refused.output
    assert not (folder / "no").exists()


def typed(command: str, file: str, words: Path, *more: str) -> Result:
    return CliRunner().invoke(root, ["binder", command, file, "--passphrase-file", str(words), *more])


def same_as_before(house: Sessions, here: Sessions, old: Sealer, new: Sealer) -> None:
    """The laptop knows what the house knew; and nothing of the house's own key opens anything on it."""
    assert new.index_key == old.index_key and new.field_key != old.field_key
    with house.begin() as before, here.begin() as now:
        assert directory_load.load(now, new) == directory_load.load(before, old)
        assert set(now.scalars(select(Suppression.value_index))) == set(before.scalars(select(Suppression.value_index)))
        assert sorted(residents.everyone(now, new)) == sorted(residents.everyone(before, old))
        silent = select(Address.value_index).where(Address.no_voice)
        assert now.scalars(silent).all() == before.scalars(silent).all() == [old.index("sms:+19785552001")]
        author = people.by_email(now, ISSUER)
        assert author and contacts.of(now, new, author.id)[What.PHONE].value == "+16175550123"
        spoken = now.scalars(select(Wording)).one()
        assert (spoken.lang, spoken.reviewer, spoken.state) == ("es", "Rosa, translator", "approved")
        assert wordings.books(now, strict=True).may_speak("es")
        (event,) = ledger.timeline(now, "binder")
        assert event.action == "loaded"
    with here.begin() as now:  # people go on signing up: ids and slots count on
        ids = directory_load.community_ids(now)
        newcomer = residents.address(now, new, "voice", ANEW)
        residents.subscribe(now, newcomer, ids["ayer"])
        slots = now.scalars(select(Subscription.slot).where(Subscription.community_id == ids["ayer"])).all()
        assert sorted(slots) == list(range(1, len(slots) + 1))
