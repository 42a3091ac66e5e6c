"""A sealed file opens whole or not at all: no byte of it can be changed, moved, left out or added."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from broadcaster.store import sealed_stream
from broadcaster.store.sealed_stream import PIECE, TAG, CannotOpen, Opener, Recipients, Sealing, opened, openers

WORDS = "seven words of dice stand in here"
NOON = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)
KEY = rsa.generate_private_key(65537, 2048)
TYPED, TO_WORDS = Opener(WORDS), Recipients(passphrase=WORDS)


def certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "State 911")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(NOON).not_valid_after(NOON + timedelta(days=900))
    return made.sign(key, hashes.SHA256())


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: str = "") -> bytes:
    how = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cost of scrypt is the cost of guessing; here nobody guesses."""
    monkeypatch.setattr(sealed_stream, "COST", 2)


def sealed(data: bytes, to: Recipients = TO_WORDS) -> bytes:
    out = io.BytesIO()
    made = Sealing(out, to)
    for start in range(0, len(data), 50_000):
        made.write(data[start : start + 50_000])
    made.finish()
    return out.getvalue()


def read(file: bytes, opener: Opener = TYPED) -> bytes:
    return b"".join(opened(io.BytesIO(file), opener))


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 5])
def test_what_was_sealed_comes_out_by_either_way(size: int) -> None:
    data = bytes(no % 251 for no in range(size))
    file = sealed(data, Recipients(certificate(KEY), WORDS))
    assert openers(io.BytesIO(file)) == ("certificate", "passphrase")
    assert read(file) == data
    assert read(file, Opener(key=pem(KEY))) == data
    assert read(file, Opener(key=pem(KEY, "a password"), password="a password")) == data
    assert read(file, Opener(WORDS.replace(" ", "   ") + "\n")) == data


def test_a_byte_changed_anywhere_is_refused() -> None:
    file = sealed(b"call 413-555-0100", Recipients(certificate(KEY), WORDS))
    for place in range(len(file)):
        changed = file[:place] + bytes([file[place] ^ 1]) + file[place + 1 :]
        with pytest.raises(CannotOpen):
            read(changed)


def test_the_way_of_the_certificate_is_bound_too() -> None:
    file = sealed(b"call 413-555-0100", Recipients(certificate(KEY)))
    for place in range(3, len(file), 41):  # an RSA key takes a twentieth of a second to read
        changed = file[:place] + bytes([file[place] ^ 1]) + file[place + 1 :]
        with pytest.raises(CannotOpen):
            read(changed, Opener(key=pem(KEY)))


def cut(file: bytes) -> Iterator[tuple[str, bytes]]:
    body = len(file) - (2 * PIECE + 100 + 3 * TAG)
    first, second, rest = file[body : body + PIECE + TAG], file[body + PIECE + TAG : body + 2 * (PIECE + TAG)], -116
    yield "cut within the magic", file[:10]
    yield "cut within the head", file[:100]
    yield "nothing after the head", file[:body]
    yield "one piece", file[: body + PIECE + TAG]
    yield "two pieces", file[: body + 2 * (PIECE + TAG)]
    yield "one byte less", file[:-1]
    yield "one byte more", file + b"x"
    yield "a piece twice", file[:body] + first + first + second + file[rest:]
    yield "pieces exchanged", file[:body] + second + first + file[rest:]
    yield "a piece left out", file[:body] + first + file[rest:]


WHOLE = bytes(2 * PIECE + 100)


@pytest.mark.parametrize("no", range(10))
def test_a_file_that_was_cut_or_put_together_is_refused(no: int) -> None:
    what, file = list(cut(sealed(WHOLE)))[no]
    with pytest.raises(CannotOpen, match=r"changed or cut short|no sealed file"):
        assert read(file) == b"", what


OTHER = rsa.generate_private_key(65537, 2048)
WRONG = [
    (Recipients(passphrase=WORDS), Opener("seven other words"), "type it again"),
    (Recipients(passphrase=WORDS), Opener(""), "type it again"),
    (Recipients(passphrase=WORDS), Opener(key=pem(KEY)), "not sealed to a certificate: open it with the passphrase"),
    (Recipients(certificate(KEY)), Opener(WORDS), "not sealed to a passphrase: open it with the private key"),
    (Recipients(certificate(KEY)), Opener(key=pem(OTHER)), "take the one that belongs to the certificate"),
    (Recipients(certificate(KEY)), Opener(key=b"no key"), "give it in PEM"),
    (Recipients(certificate(KEY)), Opener(key=pem(KEY, "secret")), "its password if it has one"),
    (Recipients(certificate(KEY)), Opener(key=pem(ec.generate_private_key(ec.SECP256R1()))), "belongs to the"),
]


@pytest.mark.parametrize(("to", "opener", "says"), WRONG)
def test_whoever_has_no_key_gets_a_sentence(to: Recipients, opener: Opener, says: str) -> None:
    with pytest.raises(CannotOpen, match=says):
        read(sealed(b"call 413-555-0100", to), opener)


def test_what_a_process_that_died_has_left_does_not_open() -> None:
    out = io.BytesIO()
    Sealing(out, Recipients(passphrase=WORDS)).write(WHOLE)
    with pytest.raises(CannotOpen, match="cut short"):
        read(out.getvalue())


def test_nothing_of_it_can_be_read_in_the_file() -> None:
    assert b"413-555-0100" not in sealed(b"call 413-555-0100", Recipients(certificate(KEY), WORDS))
