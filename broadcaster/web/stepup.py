"""Step-up: a fresh one-time code for an act that needs a second person. Wrong ones delay, and never lock anybody."""

from __future__ import annotations

from flask import request
from sqlalchemy.orm import Session

from broadcaster.store import ledger
from broadcaster.store.people import User
from broadcaster.web import accounts
from broadcaster.web.guard import person
from broadcaster.web.house import house

WRONG_CODE = "This code does not fit, or it was used already: wait for the next one and type that."


def wait() -> None:
    """Wait as long as this person's wrong codes have earned."""
    house().brake.wait(_name())


def code_fits(store: Session) -> bool:
    """Whether the request carries a fresh code of this person; it is spent in the transaction of the act, and a wrong
    one is an event of the ledger: the caller commits either."""
    user = store.get_one(User, person().id)
    fits = accounts.use_code(store, house().sealer, user, request.form.get("code", "")[:16], house().clock())
    if not fits:
        ledger.append(store, f"user:{user.id}", "code-refused", request.path)
    (house().brake.passed if fits else house().brake.failed)(_name())
    return fits


def _name() -> str:
    return f"code:{person().id}"
