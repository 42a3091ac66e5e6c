"""A key that cannot sign is said everywhere and stops nothing; one that runs out is said in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from broadcaster.dispatch.documents import cap_document
from broadcaster.dispatch.documents.publish import Publisher
from broadcaster.dispatch.office import Office
from broadcaster.feeds import cap, signature
from broadcaster.local.doctor import examine
from broadcaster.store.database import Sessions
from tests.desk import NOON as DESK_NOON
from tests.desk import SECOND, Desk, settings
from tests.factories import directory, furnish, office
from tests.unit.feeds.samples import facts

NOW = datetime.now(UTC)


def files(folder: Path, key: bytes, cert: bytes) -> dict[str, Path]:
    (folder / "key.pem").write_bytes(key)
    (folder / "cert.pem").write_bytes(cert)
    return {"cap_signing_key": folder / "key.pem", "cap_signing_cert": folder / "cert.pem"}


GOOD = signature.make_demo_certificate(NOW)
OTHER = signature.make_demo_certificate(NOW)
WRONG = {
    "another's certificate": (GOOD[0], OTHER[1], "does not belong"),
    "no key": (b"", GOOD[1], "The key cannot be read"),
    "no certificate": (GOOD[0], b"", "There is no certificate"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_pair_that_cannot_sign_is_said_and_stops_nothing(tmp_path: Path, name: str) -> None:
    key, cert, words = WRONG[name]
    with capture_logs() as logged:
        made = Office.of(settings(**files(tmp_path, key, cert)))
    assert made.signing is None and words in made.unsigned_why
    assert [entry["event"] for entry in logged] == ["cap_cannot_be_signed"]
    assert words in made.certificate_warning(NOW)
    assert b"Signature" not in cap_document.cap_bytes(made, cap.build(facts()))


def test_a_key_file_that_is_away_stops_nothing(tmp_path: Path) -> None:
    made = Office.of(settings(cap_signing_key=tmp_path / "away.pem", cap_signing_cert=tmp_path / "away.pem"))
    assert made.signing is None and "away.pem cannot be read" in made.unsigned_why


def test_a_key_that_fails_in_the_releasing_transaction_stops_nothing() -> None:
    with capture_logs() as logged:
        document = cap_document.cap_bytes(office(signing=(GOOD[0], OTHER[1])), cap.build(facts()))
    assert cap.parse(document) == cap.build(facts())
    assert [entry["event"] for entry in logged] == ["cap_not_signed"]


def test_without_a_key_nothing_is_wrong() -> None:
    made = Office.of(settings())
    assert (made.signing, made.unsigned_why, made.certificate_warning(NOW)) == (None, "", "")


def expiring(days: int) -> datetime:
    """A moment at which GOOD has so many days left."""
    return NOW + signature.DEMO_LIFE - timedelta(days=days, hours=1)


@pytest.mark.parametrize(("days", "words"), [(61, ""), (60, "Ask for a new one"), (30, "this week"), (7, "today")])
def test_the_sweep_logs_it_once_a_day(
    sessions: Sessions, tmp_path: Path, days: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = furnish(sessions, directory(1), {})
    moment = expiring(days)
    monkeypatch.setattr("broadcaster.dispatch.documents.publish.now", lambda _: moment)
    publisher = Publisher(sessions, office(signing=GOOD), tmp_path, every=0.0)
    with capture_logs() as logged:
        publisher.look()
        publisher.look()
    said = [entry["warning"] for entry in logged if entry["event"] == "cap_certificate"]
    assert len(said) == bool(words)
    assert all(words in sentence for sentence in said)
    assert house.issuer


@pytest.mark.parametrize("days", [90, 20])
def test_the_doctor_says_it(tmp_path: Path, days: int) -> None:
    key, cert = signature.make_demo_certificate(NOW - signature.DEMO_LIFE + timedelta(days=days, hours=1))
    env = {name.upper(): str(path) for name, path in files(tmp_path, key, cert).items()}
    found = next(
        one for one in examine({**env, "MODE": "demo", "DATA_DIR": str(tmp_path)}) if one.what == "CAP signature"
    )
    assert found.works is (days > 60)
    assert (f"ends in {days} days" in found.sentence) is (days <= 60)


@pytest.mark.parametrize("days", [90, 20])
def test_everybody_at_the_desk_reads_it(sessions: Sessions, tmp_path: Path, days: int) -> None:
    made = signature.make_demo_certificate(DESK_NOON - signature.DEMO_LIFE + timedelta(days=days, hours=1))
    desk = Desk(sessions, chosen=settings(**files(tmp_path, *made)))
    words = desk.browser(SECOND).open("/desk/").words
    assert ("The CAP signing certificate ends in 20 days" in words) is (days == 20)
    assert ("Alerts go out all the same." in words) is (days == 20)
