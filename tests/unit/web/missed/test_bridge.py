"""A call back: nothing without our own proof and in its time, nobody is rung without a key or for another officer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from broadcaster.channels.proof import proof
from broadcaster.receipts.signature import Forged, Signed
from broadcaster.store.database import Sessions
from broadcaster.store.outage.missed_callers import MissedCaller
from broadcaster.store.outage.outages import Outage
from broadcaster.values import Keyring
from broadcaster.web.missed.bridge import ASK, NOT_YOURS, PURPOSE, Bridges
from tests.onair import BASE, NOW, SEALER, SECRET, person

THEIRS, OURS = "+19785550101", "+18885550911"


@pytest.fixture
def bridges(sessions: Sessions) -> Bridges:
    return Bridges(sessions, SEALER, Keyring(SECRET), BASE, OURS)


@pytest.fixture
def key(sessions: Sessions) -> str:
    """A caller whom an officer has taken on, and that officer."""
    with sessions.begin() as session:
        ida, outage = person(session, "ida@example.gov", "issuer"), Outage(known_at=NOW, kind="all_calls")
        session.add(outage)
        session.flush()
        whose = SEALER.index("somebody")
        row = MissedCaller(
            outage_id=outage.id, whose=whose, phone_enc=SEALER.seal(THEIRS, whose), cannot="can", psap=""
        )
        row.first_at = row.last_at = row.claimed_at = NOW
        row.lines, row.tries, row.systems, row.standing, row.claimed_by = 1, 1, ["router"], "claimed", ida.id
        session.add(row)
        session.flush()
        return f"{row.id}.{ida.id}"


def signed(key: str, after: float = 86_400, purpose: str = PURPOSE, **form: str) -> Signed:
    whole = f"{key}.{int((NOW + timedelta(seconds=after)).timestamp())}"
    return Signed("voice", "", form, {"d": whole, "m": proof(SECRET, purpose, whole)})


@pytest.mark.parametrize("digits", ["", "2", "11"])
def test_without_the_key_nobody_is_rung(bridges: Bridges, key: str, digits: str) -> None:
    words = bridges.answer(signed(key, Digits=digits))
    assert ASK in words and "<Dial" not in words and THEIRS not in words


def test_with_the_key_the_caller_is_rung_from_our_number(bridges: Bridges, key: str) -> None:
    words = bridges.answer(signed(key, Digits="1"))
    assert f"<Number>{THEIRS}</Number>" in words and f'callerId="{OURS}"' in words


@pytest.mark.parametrize(
    "change", [{"standing": "waiting", "claimed_by": None, "claimed_at": None}, {"claimed_by": None}]
)
def test_a_caller_who_was_given_back_is_not_rung(
    bridges: Bridges, key: str, sessions: Sessions, change: dict[str, object]
) -> None:
    with sessions.begin() as session:
        session.query(MissedCaller).update(change)  # type: ignore[arg-type]
    words = bridges.answer(signed(key, Digits="1"))
    assert NOT_YOURS in words and THEIRS not in words


@pytest.mark.parametrize(
    "said",
    [
        signed("1.1", after=-1),
        signed("1.1", purpose="delivery"),
        Signed("voice", "", {}, {"d": "1.1", "m": "x"}),
        Signed("voice", "", {}, {}),
    ],
)
def test_what_we_did_not_ask_for_is_forged(bridges: Bridges, said: Signed) -> None:
    with pytest.raises(Forged):
        bridges.answer(said)
