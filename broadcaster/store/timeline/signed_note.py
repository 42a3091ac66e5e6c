"""Signed notes (C2SP signed-note, Ed25519): a few lines of text that anybody can check, with a public key of one line.

A checkpoint of the ledger is such a note in the form of C2SP tlog-checkpoint: the origin, the number of events, the
Merkle root in base64, and the moment.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PURPOSES = {"ledger": b"ledger checkpoints", "practice": b"practice records"}
"""What a key signs: one key for each, so that what was signed as one thing is never taken for another."""
ED25519 = b"\x01"
NOTE = re.compile(r"(?P<text>(?:[^\n—][^\n]*\n)+)\n— (?P<name>[^\s+]+) (?P<signature>[A-Za-z0-9+/]+=*)\n")
KEY = re.compile(r"(?P<name>[^\s+]+)\+(?P<id>[0-9a-f]{8})\+(?P<key>[A-Za-z0-9+/]+=*)")


class BadNote(ValueError):
    """A note that nobody signed like this; the message says what is wrong with it."""


def _exact(text: str) -> bytes:
    """Base64 in the one way to write it: a changed last letter may otherwise mean the same bytes."""
    try:
        read = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise BadNote("It holds letters that are no base64.") from error
    if base64.b64encode(read).decode() != text:
        raise BadNote("It holds base64 that is not written as everybody writes it.")
    return read


def key_id(name: str, public: bytes) -> bytes:
    """The four bytes by which a signature names its key."""
    return sha256(f"{name}\n".encode() + ED25519 + public).digest()[:4]


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Who may have signed: 32 bytes. The name is where it signs, and changes with the address of the installation."""

    raw: bytes

    @classmethod
    def read(cls, line: str) -> PublicKey:
        """From ``name+id+base64``, as `written` makes it; BadNote when it is no such key."""
        found = KEY.fullmatch(line.strip())
        raw = _exact(found["key"]) if found else b""
        if found is None or len(raw) != 33 or raw[:1] != ED25519 or key_id(found["name"], raw[1:]).hex() != found["id"]:
            raise BadNote("This is no public key: `broadcaster audit key` and `broadcaster practice key` print one.")
        return cls(raw[1:])

    def written(self, name: str) -> str:
        """The key on one line: ``name+id+base64``."""
        return f"{name}+{key_id(name, self.raw).hex()}+{base64.b64encode(ED25519 + self.raw).decode()}"

    def check(self, text: str, name: str, signature: bytes) -> bool:
        """Whether this key has signed this text under this name."""
        if signature[:4] != key_id(name, self.raw):
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature[4:], text.encode())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs under a name. The key is made of SECRET_KEY, which no database holds."""

    name: str
    key: Ed25519PrivateKey

    @classmethod
    def of(cls, secret: str, host: str, what: str = "ledger") -> Signer:
        """The signer of an installation for one of PURPOSES: its name is ``<host>/<what>``."""
        seed = hmac.digest(secret.encode(), PURPOSES[what], "sha256")
        return cls(f"{host}/{what}", Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def public(self) -> PublicKey:
        """What others check with."""
        return PublicKey(self.key.public_key().public_bytes_raw())

    def note(self, text: str) -> str:
        """The text, which ends with a newline, and its signature."""
        signed = key_id(self.name, self.public.raw) + self.key.sign(text.encode())
        return f"{text}\n— {self.name} {base64.b64encode(signed).decode()}\n"


def opened(note: str, keys: tuple[PublicKey, ...]) -> tuple[str, str]:
    """The text of a note and the name it is signed with; BadNote unless one of these keys has signed it."""
    found = NOTE.fullmatch(note)
    if found is None:
        raise BadNote("It is no signed note.")
    signature = _exact(found["signature"])
    if not any(key.check(found["text"], found["name"], signature) for key in keys):
        raise BadNote("Its signature is not of this installation's key.")
    return found["text"], found["name"]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says: that the first `size` events had this Merkle root at that moment."""

    origin: str
    size: int
    root: bytes
    at: datetime

    @property
    def text(self) -> str:
        """The four lines that are signed."""
        moment = self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n{moment}\n"

    @classmethod
    def read(cls, note: str, keys: tuple[PublicKey, ...]) -> Checkpoint:
        """From a note that one of these keys has signed; BadNote otherwise."""
        text, name = opened(note, keys)
        lines = text.splitlines()
        if len(lines) != 4 or lines[0] != name or not lines[1].isdecimal():
            raise BadNote("It is no checkpoint of a ledger.")
        moment = datetime.strptime(lines[3], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        return cls(lines[0], int(lines[1]), _exact(lines[2]), moment)


def notes_in(text: str) -> list[str]:
    """Every note within a text, in its order."""
    return [found[0] for found in NOTE.finditer(text)]
