"""A device with passkeys, in software: it answers as a browser hands the answer on, and lies when it is told to."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """One device at one site; `count` is its signature counter."""

    rp_id: str = "localhost"
    origin: str = "http://localhost"
    count: int = 1
    flags: int = PRESENT | VERIFIED
    credential: bytes = b"a credential of the tests"
    handle: bytes = b""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, options: dict[str, Any], **lies: Any) -> str:
        """A new passkey for whoever is named in the options."""
        self.handle = base64url_to_bytes(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        attested = bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential + public
        data = self._data(ATTESTED) + attested
        response = {"attestationObject": cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})}
        return self._written({"clientDataJSON": self._client("create", options, lies), **response})

    def answer(self, options: dict[str, Any], **lies: Any) -> str:
        """An assertion; `lies` go into what the browser says of the page that asked."""
        data, client = self._data(0), self._client("get", options, lies)
        signature = self.key.sign(data + sha256(client).digest(), ec.ECDSA(SHA256()))
        parts = {"clientDataJSON": client, "authenticatorData": data, "signature": signature}
        return self._written({**parts, "userHandle": self.handle})

    def _data(self, more: int) -> bytes:
        return sha256(self.rp_id.encode()).digest() + bytes([self.flags | more]) + self.count.to_bytes(4, "big")

    def _client(self, what: str, options: dict[str, Any], lies: dict[str, Any]) -> bytes:
        said = {"type": f"webauthn.{what}", "challenge": options["challenge"], "origin": self.origin, **lies}
        return json.dumps(said).encode()

    def _written(self, response: dict[str, bytes]) -> str:
        name = bytes_to_base64url(self.credential)
        told = {part: bytes_to_base64url(value) for part, value in response.items() if value}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": told})
