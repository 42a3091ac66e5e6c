"""One person alone over the API: the same wait, the same review, the same fixed words."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from broadcaster.store.desk.people import User
from tests.onair import NOW
from tests.unit.web.api.test_api import Desk, code, desk, draft, on_air

__all__ = ["desk"]


def aged(desk: Desk, **length: float) -> None:
    """Let the submitted revision have waited for so long."""
    with desk.sessions.begin() as store:
        store.execute(text("UPDATE revision SET frozen_at = :then"), {"then": NOW - timedelta(**length)})


def unspent(desk: Desk) -> None:
    """Let everybody's present code be good once more."""
    with desk.sessions.begin() as store:
        store.query(User).update({"totp_counter": 0})


def test_alone_after_the_wait_and_reviewed_by_another(desk: Desk) -> None:
    one = f"/alerts/{desk.do('issuer', 'POST', '/alerts', draft())['id']}"
    shown = desk.do("issuer", "POST", f"{one}/submit")["hash"]
    alone = {"reason": "Nobody answers", "totp": code()}
    status, told = desk.refused("issuer", "POST", f"{one}/break-glass", alone)
    assert status == 409 and "alone in 5 minutes" in told[""]
    aged(desk, minutes=6)
    assert desk.refused("auditor", "POST", f"{one}/break-glass", alone)[0] == 403
    assert desk.refused("issuer", "POST", f"{one}/break-glass", alone | {"reason": ""})[0] == 422
    assert desk.refused("issuer", "POST", f"{one}/break-glass", alone | {"totp": "000000"})[0] == 422
    assert desk.refused("issuer", "POST", f"{one}/break-glass", alone | {"hash": "0" * 64})[0] == 409
    assert desk.refused("approver", "POST", f"{one}/break-glass", alone)[0] == 409
    made = desk.do("issuer", "POST", f"{one}/break-glass", alone | {"hash": shown})
    assert made["releases"]["public"] == "released"
    assert desk.refused("issuer", "POST", f"{one}/review", {"verdict": "right", "totp": code()})[0] == 403
    assert desk.refused("approver", "POST", f"{one}/review", {"verdict": "fine", "totp": code()})[0] == 422
    desk.do("approver", "POST", f"{one}/review", {"verdict": "right", "totp": code()})
    unspent(desk)
    status, told = desk.refused("approver", "POST", f"{one}/review", {"verdict": "right", "totp": code()})
    assert status == 409 and "reviewed this already" in told[""]
    events = [each["action"] for each in desk.do("auditor", "GET", f"{one}/report")["timeline"]]
    assert events[-2:] == ["broke_glass", "reviewed"]


def test_our_own_error_is_taken_back_in_one_call(desk: Desk) -> None:
    one = on_air(desk)
    assert desk.refused("issuer", "POST", f"{one}/withdraw", {"totp": "000000"})[0] == 422
    made = desk.do("issuer", "POST", f"{one}/withdraw", {"totp": code()})
    assert (made["state"], made["revision_kind"], made["releases"]["public"]) == (
        "withdrawn",
        "false_alarm",
        "released",
    )


def test_the_fixed_words_take_no_addition(desk: Desk) -> None:
    one = on_air(desk)
    desk.do("issuer", "POST", f"{one}/revisions", {"kind": "false_alarm"})
    desk.do("issuer", "PATCH", one, {"note": "Call us"})
    status, told = desk.refused("issuer", "POST", f"{one}/withdraw", {"totp": code()})
    assert status == 409 and "a second person must approve it" in told[""]
