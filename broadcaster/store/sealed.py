"""Personal fields: sealed with AES-256-GCM, found by a blind index (HMAC-SHA-256 under a separate key)."""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12


class Unsealable(ValueError):
    """A sealed field does not open: another key, or somebody changed the row."""


_cipher = lru_cache(maxsize=8)(AESGCM)
"""Setting a key up costs more than opening a field."""


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals and opens one installation's personal fields.

    A sealed value is ``key id (1 byte) | nonce (12 bytes) | ciphertext and tag``, bound to its table and index.
    """

    field_key: bytes
    index_key: bytes
    key_id: int = 1

    def index(self, value: str) -> bytes:
        """32 bytes by which equal values are found without opening them."""
        return hmac.digest(self.index_key, value.encode(), "sha256")

    def seal(self, value: str, bound_to: bytes) -> bytes:
        """The sealed form of a value; `bound_to` is what the row cannot be moved away from."""
        nonce = os.urandom(NONCE)
        return bytes([self.key_id]) + nonce + _cipher(self.field_key).encrypt(nonce, value.encode(), bound_to)

    def open(self, sealed: bytes, bound_to: bytes) -> str:
        """The value; Unsealable when key or row do not fit."""
        try:
            nonce, cipher = sealed[1 : 1 + NONCE], sealed[1 + NONCE :]
            return _cipher(self.field_key).decrypt(nonce, cipher, bound_to).decode()
        except (InvalidTag, ValueError) as error:  # ValueError: too short to hold a nonce and a tag
            raise Unsealable("A sealed field does not open: check FIELD_KEY.") from error
