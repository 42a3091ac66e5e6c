"""The authority's nightly copy: only its key opens it, it is whole or not there, and no alert waits for it."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs7
from cryptography.x509.oid import NameOID

from broadcaster.dispatch.residents import nightly
from broadcaster.dispatch.residents.nightly import Nightly
from broadcaster.store.timeline import ledger
from tests.unit.store.ground import SEALER, Ground, phone, prepare

NOON = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)


def certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "State 911")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(NOON).not_valid_after(NOON + timedelta(days=900))
    return made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


KEY = rsa.generate_private_key(65537, 2048)


@pytest.fixture
def ground(sessions) -> Ground:
    """Some people of a town, one of whom said STOP; the alert is over."""
    made = prepare(sessions, {"lynn": 5})
    made.stop(phone(1, 0))
    made.sql("UPDATE alert SET state = 'closed', closed_at = now()")
    return made


@pytest.fixture
def night(ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Nightly:
    """The duty, at noon."""
    (tmp_path / "cert.pem").write_bytes(certificate(KEY))
    monkeypatch.setattr(nightly, "now", lambda _: NOON)
    return Nightly(ground.sessions, SEALER, tmp_path / "cert.pem", tmp_path / "exports", ZoneInfo("America/New_York"))


def test_only_the_authoritys_key_opens_it(ground: Ground, night: Nightly) -> None:
    file = night.look()
    assert file is not None
    assert (file.name, file.stat().st_mode & 0o777) == ("residents-2026-06-18.csv.p7m", 0o600)
    sealed = file.read_bytes()
    numbers = [phone(1, no) for no in range(5)]
    assert not any(number.encode() in sealed for number in numbers)
    recipient = x509.load_pem_x509_certificate(night.certificate.read_bytes())
    plain = pkcs7.pkcs7_decrypt_der(sealed, recipient, KEY, []).decode()
    lines = plain.splitlines()
    assert lines[0] == "phone,lang,communities,opted_out"
    assert sorted(line.partition(",")[0] for line in lines[1:]) == sorted(numbers)
    assert f"{numbers[0]},en,lynn,yes" in lines


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed: nobody else opens the envelope")
def test_openssl_opens_it_as_the_handbook_says(night: Nightly, tmp_path: Path) -> None:
    file = night.look()
    key = tmp_path / "key.pem"
    key.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    argv = ["openssl", "cms", "-decrypt", "-inform", "DER", "-in", str(file), "-inkey", str(key)]
    assert b"phone,lang,communities,opted_out" in subprocess.run(argv, check=True, capture_output=True).stdout


def test_once_a_night_and_in_the_ledger(ground: Ground, night: Nightly, monkeypatch: pytest.MonkeyPatch) -> None:
    assert night.look() is not None
    assert night.look() is None
    with ground.sessions() as session:
        (event,) = [event for event in ledger.timeline(session, "residents") if event.action == "exported"]
    assert json.loads(event.canonical)["data"]["rows"] == 5
    monkeypatch.setattr(nightly, "now", lambda _: NOON + timedelta(days=1))
    assert night.look() is not None
    monkeypatch.setattr(nightly, "now", lambda _: NOON + timedelta(days=15))
    night.look()
    assert sorted(file.name[10:20] for file in night.folder.iterdir()) == ["2026-06-19", "2026-07-03"]


def test_not_before_three_and_not_during_an_alert(
    ground: Ground, night: Nightly, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground.sql("UPDATE alert SET state = 'open', closed_at = NULL")
    assert night.look() is None
    ground.sql("UPDATE alert SET state = 'closed', closed_at = now()")
    monkeypatch.setattr(nightly, "now", lambda _: datetime(2026, 6, 18, 6, 59, tzinfo=UTC))
    assert night.look() is None
    monkeypatch.setattr(nightly, "now", lambda _: datetime(2026, 6, 18, 7, 1, tzinfo=UTC))
    assert night.look() is not None


@pytest.mark.parametrize("given", [b"", b"no certificate", certificate(ec.generate_private_key(ec.SECP256R1()))])
def test_a_certificate_that_cannot_be_used_writes_nothing(night: Nightly, given: bytes) -> None:
    night.certificate.write_bytes(given)
    assert night.look() is None
    assert not night.folder.exists()


def test_a_process_that_dies_while_writing_leaves_no_file(night: Nightly, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(nightly.os, "fsync", dies)
    with pytest.raises(KeyboardInterrupt):
        night.look()
    assert list(night.folder.glob("*.p7m")) == []
    monkeypatch.undo()
    monkeypatch.setattr(nightly, "now", lambda _: NOON)
    assert night.look() is not None
