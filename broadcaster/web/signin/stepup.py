"""Step-up: a fresh proof for an act that needs a second person. Wrong ones delay, and never lock anybody.

The proof is a one-time code, an answer of a passkey to a challenge about this very act, or a recovery code. An
approver who lost the phone at 3 a.m. can approve with a recovery code, because another person wrote what they approve;
the ledger and a mail say so. Acts of one person alone do not take one: a slip of paper would be enough to alert a
state. Whoever has only that makes a new authenticator first, which takes a minute and another code.
"""

from __future__ import annotations

from flask import request
from sqlalchemy.orm import Session

from broadcaster.said import Said
from broadcaster.store.desk.people import User
from broadcaster.store.timeline import ledger
from broadcaster.web.house import house
from broadcaster.web.signin import accounts, passkey_answers
from broadcaster.web.signin.guard import person

WRONG_CODE = Said("This code does not fit, or it was used already: wait for the next one and type that.")
WRONG_RECOVERY = Said("This recovery code does not fit, or it was used already: type another one.")
NOT_ALONE = Said(
    "One person alone cannot do this with a recovery code."
    " Make a new authenticator under your name at the top of the page, then type its code here."
)


def wait() -> None:
    """Wait as long as this person's wrong codes have earned."""
    house().brake.wait(_name())


def refusal(store: Session, *, alone: bool = False) -> str:
    """Why the request carries no fresh proof of this person, in a sentence; empty when it does.

    The proof is spent in the transaction of the act, and a wrong one is an event of the ledger: the caller commits
    either. `alone` is for acts without a second person.
    """
    user = store.get_one(User, person().id)
    if alone and request.form.get("recovery", "").strip():
        return NOT_ALONE
    problem = _problem(store, user)
    if problem:
        ledger.append(store, f"user:{user.id}", "code-refused", request.path)
    (house().brake.failed if problem else house().brake.passed)(_name())
    return problem


def _problem(store: Session, user: User) -> str:
    if answer := request.form.get("passkey", ""):
        return passkey_answers.refusal(store, answer, user, request.path)
    if recovery := request.form.get("recovery", "").strip():
        return "" if accounts.use_recovery_code(store, user, recovery[:40], request.path) else WRONG_RECOVERY
    code = request.form.get("code", "")[:16]
    return "" if accounts.use_code(store, house().sealer, user, code, house().clock()) else WRONG_CODE


def _name() -> str:
    return f"code:{person().id}"
