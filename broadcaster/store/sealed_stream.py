"""A file of any size, sealed piece by piece as it is written, to a certificate or a passphrase.

``magic | length of the head | head (JSON) | pieces``. Each file has a key of its own; the head holds it once in a CMS
envelope to the certificate, once under the passphrase (scrypt, RFC 7914; AES-256-GCM). A piece is 64 KiB under
AES-256-GCM, bound to the whole head; its nonce counts the pieces and marks the last one, so that none can be changed,
moved, left out or added, and a file that was cut short does not open.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from cryptography import x509
from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key, pkcs7

from broadcaster.store.envelope import envelope

MAGIC = b"broadcaster sealed file 1\n"
PIECE = 65_536
TAG, NONCE = 16, 12
MOST_HEAD = 1_000_000
COST = 2**17
"""Of scrypt with r = 8: 128 MiB and about half a second for each guess."""
MOST_COST = 2**20
CERTIFICATE, PASSPHRASE = "certificate", "passphrase"
CHANGED = "This file was changed or cut short: take another copy of it."


class CannotOpen(ValueError):
    """A sealed file that does not open; the message is a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Recipients:
    """To whom a file is sealed: the holder of a certificate's key, whoever knows the passphrase, or both."""

    certificate: x509.Certificate | None = None
    passphrase: str = ""


@dataclass(frozen=True, slots=True)
class Opener:
    """What opens a file: a passphrase, or the private key of the certificate (PEM) with its own password, if any."""

    passphrase: str = ""
    key: bytes = b""
    password: str = ""


class Sealing:
    """A stream to write into, as a zip file does. Only `finish` makes it whole: what a process that died has left does
    not open."""

    def __init__(self, out: IO[bytes], to: Recipients) -> None:
        key = os.urandom(32)
        head = json.dumps({"slots": list(_slots(key, to))}, sort_keys=True).encode()
        start = MAGIC + len(head).to_bytes(4, "big") + head
        out.write(start)
        self._out, self._cipher, self._bound = out, AESGCM(key), hashlib.sha256(start).digest()
        self._waiting, self._count = bytearray(), 0

    def write(self, data: bytes, /) -> int:
        """Seal what fills a piece; the last piece waits for `finish`."""
        self._waiting += data
        while len(self._waiting) > PIECE:
            self._put(bytes(self._waiting[:PIECE]), last=False)
            del self._waiting[:PIECE]
        return len(data)

    def flush(self) -> None:
        """Hand on what is sealed; what fills no piece yet stays here."""
        self._out.flush()

    def close(self) -> None:
        """The same; whoever made the stream finishes it."""
        self.flush()

    def finish(self) -> None:
        """Write the last piece, which says that it is the last."""
        self._put(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _put(self, piece: bytes, *, last: bool) -> None:
        self._out.write(self._cipher.encrypt(_nonce(self._count, last=last), piece, self._bound))
        self._count += 1


def opened(file: IO[bytes], opener: Opener) -> Iterator[bytes]:
    """The pieces of what was sealed, each proved before it is given; CannotOpen says why one does not open.

    Whoever uses them before the last one came has used a file that may be cut short.
    """
    start, head = _head(file)
    cipher, bound = AESGCM(_file_key(head, opener)), hashlib.sha256(start).digest()
    count, piece = 0, file.read(PIECE + TAG)
    while piece or count == 0:
        following = file.read(PIECE + TAG)
        try:
            yield cipher.decrypt(_nonce(count, last=not following), piece, bound)
        except (InvalidTag, ValueError) as error:  # ValueError: too short to hold a tag
            raise CannotOpen(CHANGED) from error
        count, piece = count + 1, following


def openers(file: IO[bytes]) -> tuple[str, ...]:
    """What opens this file (CERTIFICATE, PASSPHRASE), as its head says; CannotOpen when it has none."""
    return tuple(str(slot["kind"]) for slot in _head(file)[1])


def _nonce(count: int, *, last: bool) -> bytes:
    return count.to_bytes(NONCE - 1, "big") + bytes([last])


def _slots(key: bytes, to: Recipients) -> Iterator[dict[str, object]]:
    if to.certificate is not None:
        pem = to.certificate.public_bytes(Encoding.PEM).decode()
        yield {"kind": CERTIFICATE, "certificate": pem, "envelope": _text(envelope(key, to.certificate))}
    if to.passphrase:
        salt, nonce = os.urandom(16), os.urandom(NONCE)
        locked = AESGCM(_stretched(to.passphrase, salt, COST)).encrypt(nonce, key, PASSPHRASE.encode())
        yield {"kind": PASSPHRASE, "salt": _text(salt), "cost": COST, "key": _text(nonce + locked)}


def _stretched(passphrase: str, salt: bytes, cost: int) -> bytes:
    """A key from words as people type them: how many spaces stand between them does not count."""
    return Scrypt(salt=salt, length=32, n=cost, r=8, p=1).derive(" ".join(passphrase.split()).encode())


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _head(file: IO[bytes]) -> tuple[bytes, list[dict[str, Any]]]:
    """The first bytes of a file, and the slots that its head names."""
    file.seek(0)
    if file.read(len(MAGIC)) != MAGIC:
        raise CannotOpen("This is no sealed file of Broadcaster: choose one whose name ends in .sealed.")
    size = file.read(4)
    head = file.read(min(int.from_bytes(size, "big"), MOST_HEAD))
    try:
        slots = json.loads(head)["slots"]
        kinds = {str(slot["kind"]) for slot in slots}
    except (ValueError, KeyError, TypeError) as error:
        raise CannotOpen(CHANGED) from error
    if not kinds:
        raise CannotOpen(CHANGED)
    return MAGIC + size + head, list(slots)


def _file_key(slots: list[dict[str, Any]], opener: Opener) -> bytes:
    kind = CERTIFICATE if opener.key else PASSPHRASE
    found = next((slot for slot in slots if slot["kind"] == kind), None)
    if found is None:
        other = "the private key of the certificate" if kind == PASSPHRASE else "the passphrase"
        raise CannotOpen(f"This file was not sealed to a {kind}: open it with {other}.")
    try:
        return _by_key(found, opener) if opener.key else _by_passphrase(found, opener.passphrase)
    except (KeyError, TypeError) as error:
        raise CannotOpen(CHANGED) from error


def _by_passphrase(slot: dict[str, Any], passphrase: str) -> bytes:
    why = "The passphrase does not open this file: type it again, or take another copy of the file."
    cost = int(slot["cost"])
    if not 2 <= cost <= MOST_COST:
        raise CannotOpen(CHANGED)
    try:
        salt, locked = (base64.b64decode(slot[name]) for name in ("salt", "key"))
        key = _stretched(passphrase, salt, cost)
        return AESGCM(key).decrypt(locked[:NONCE], locked[NONCE:], PASSPHRASE.encode())
    except (InvalidTag, ValueError) as error:
        raise CannotOpen(why) from error


def _by_key(slot: dict[str, Any], opener: Opener) -> bytes:
    why = "This private key does not open this file: take the one that belongs to the certificate."
    try:
        held = load_pem_private_key(opener.key, opener.password.encode() or None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CannotOpen("The private key cannot be read: give it in PEM, and its password if it has one.") from error
    if not isinstance(held, rsa.RSAPrivateKey):
        raise CannotOpen(why)
    try:
        certificate = x509.load_pem_x509_certificate(str(slot["certificate"]).encode())
        key = pkcs7.pkcs7_decrypt_der(base64.b64decode(slot["envelope"]), certificate, held, [])
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CannotOpen(why) from error
    if len(key) != 32:
        raise CannotOpen(why)
    return key
