"""Notices to machines of agencies: signed, dated, the same id on every try, to public addresses only.

Signed as Standard Webhooks says (specification 1.0.0): receivers have libraries for it, and the handbook has one of 25
lines. While a previous key is set, a notice carries the signature by it too, after the newest: a receiver holds either
secret, and changes it when it likes. Its id is the same on every try, so that a notice which comes twice is one notice.
"""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Callable, Sequence
from random import Random

from broadcaster.channels.contract import Accepted, Asked, Outgoing, Seen, Traits, Unsupported
from broadcaster.channels.errors import Ambiguous, Misconfigured, NotSent, PutOff, Rejected, SendError, Unheard
from broadcaster.channels.http import Door, DoorClosed, PrivateAddress
from broadcaster.channels.wire import Reply
from broadcaster.values import Keyring

SECRET_PREFIX = "whsec_"  # noqa: S105 - how a receiver's secret begins, by the specification
PURPOSE = "webhook"
LONGEST_URL = 500
TOTAL_S = 5.0
LONGEST_ANSWER = 64 * 1024
"""A receiver answers with a status; nobody reads more (reliability.md section 4)."""
PUT_OFF_S = 20.0
CLOSED_S = 30.0
LATER = frozenset({408, 425, 429, 503})
"""The receiver says that it has not taken it, and may soon: at the pause of a retry, never as a word about others."""


def receiver_secret(secret: str, url: str) -> str:
    """The secret of one receiver, made of ours and its address: what one of them knows opens no other."""
    key = hmac.digest(secret.encode(), f"{PURPOSE}|{url}".encode(), "sha256")
    return SECRET_PREFIX + base64.b64encode(key).decode()


def signed(receiver: str, message_id: str, at: int, body: bytes) -> str:
    """`webhook-signature` of a body, by a receiver's secret and the second at which it is sent."""
    key = base64.b64decode(receiver.removeprefix(SECRET_PREFIX))
    mac = hmac.digest(key, f"{message_id}.{at}.".encode() + body, "sha256")
    return f"v1,{base64.b64encode(mac).decode()}"


class Webhook:
    """One POST of JSON to each address; a 2xx is all that counts."""

    name = carrier = "webhook"
    traits = Traits(receipts=False, listing=False, segments=False, cancels=False, idempotent=True, in_flight=100)

    def __init__(
        self, keys: Keyring, door: Door, clock: Callable[[], float] = time.time, dice: Random | None = None
    ) -> None:
        self._keys, self._door, self._clock = keys, door, clock
        self._dice = dice or Random()  # noqa: S311 - it spreads waits, and keeps no secret

    async def send(self, out: Outgoing) -> Accepted:
        """One POST; redirects are refusals. Whatever one receiver does says nothing about the others."""
        message_id = f"notice_{out.key.fanout}_{out.key.address}"
        body, at = out.message.text.encode(), int(self._clock())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Broadcaster",
            "Webhook-Id": message_id,
            "Webhook-Timestamp": str(at),
            "Webhook-Signature": " ".join(
                signed(receiver_secret(key, out.to), message_id, at, body) for key in self._keys.keys
            ),
        }
        try:
            reply = await self._door.request("POST", out.to, headers, body)
        except DoorClosed as error:
            raise Misconfigured("door_closed", wait=CLOSED_S) from error
        except PrivateAddress as error:
            raise Rejected("private_address") from error
        except ValueError as error:
            raise Rejected("bad_address") from error
        except Ambiguous as error:
            raise Unheard(error.reason) from error
        except NotSent as error:
            raise error if error.reason == "too_late_to_start" else self._put_off(error.reason) from error
        if not 200 <= reply.status < 300:
            raise self._refused(reply)
        return Accepted(message_id)

    async def find(self, asked: Sequence[Asked]) -> list[Seen]:
        """No receiver can be asked what it has."""
        raise Unsupported("A webhook has no listing.")

    async def cancel(self, ref: str) -> bool:
        """Nothing can be taken back."""
        raise Unsupported("A webhook that was taken is not taken back.")

    async def close(self) -> None:
        """Close the pool."""
        await self._door.close()

    def _refused(self, reply: Reply) -> SendError:
        if reply.status in LATER:
            return self._put_off(f"http_{reply.status}")
        return Unheard(f"http_{reply.status}") if reply.status >= 500 else Rejected(f"http_{reply.status}")

    def _put_off(self, reason: str) -> PutOff:
        return PutOff(reason, wait=self._dice.uniform(PUT_OFF_S / 10, PUT_OFF_S))
