"""Callbacks as the carrier makes them, made by hand: genuine ones again and again, and forged ones."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from itertools import cycle, islice
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import text

from broadcaster.local.carrier.callbacks import signature, without_overrides
from tests.chaos.desk import answers
from tests.chaos.processes import Player
from tests.chaos.stage import Stage
from tests.factories import SID, TOKEN

FORGED = 200


def start(stage: Stage) -> Player:
    """The callbacks' own process, serving."""
    player = stage.start("callbacks")
    stage.until(lambda: answers(stage.env["CALLBACKS_BASE_URL"]), 40, "callbacks answers")
    return player


def post(stage: Stage, message: Mapping[str, Any], status: str, token: str = TOKEN, url: str = "") -> int:
    """A status callback about a message, signed with a token; the HTTP status of the answer."""
    form = {"AccountSid": SID, "MessageSid": message["sid"], "MessageStatus": status, "To": message["to"]}
    address = url or without_overrides(message["callback"])
    request = urllib.request.Request(
        address, urlencode(form).encode(), headers={"X-Twilio-Signature": signature(token, address, form)}
    )
    try:
        with urllib.request.urlopen(request, timeout=15.0) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        return error.code


def forgeries(stage: Stage, messages: Sequence[Mapping[str, Any]], stolen: str) -> list[int]:
    """Callbacks that the carrier never signed, and such as it signed for an address that we never made."""
    found = []
    for number, message in islice(enumerate(cycle(messages)), FORGED):
        address = without_overrides(message["callback"])
        if number % 2:
            found.append(post(stage, message, "failed", token="not-our-token"))
        else:
            found.append(post(stage, message, "failed", url=f"{address.partition('?')[0]}?d=1.1.1&m={stolen[::-1]}"))
    return found


def all_applied(stage: Stage) -> bool:
    """Whether no receipt waits."""
    with stage.sessions() as session:
        return not session.execute(text("SELECT count(*) FROM receipt WHERE applied_at IS NULL")).scalar_one()


def handsets(stage: Stage) -> dict[tuple[int, int], str]:
    """What the phones are known to have said."""
    with stage.sessions() as session:
        rows = session.execute(text("SELECT fanout_id, address_id, handset FROM delivery WHERE handset <> 'none'"))
        return {(row.fanout_id, row.address_id): row.handset for row in rows}
