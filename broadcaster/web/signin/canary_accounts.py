"""The canary's two accounts: machines with a role of their own, which can make canaries and nothing else."""

from __future__ import annotations

import secrets

from sqlalchemy.orm import Session

from broadcaster.alert.lifecycle import Role
from broadcaster.store.desk import people
from broadcaster.store.sealed import Sealer
from broadcaster.web.api import tokens
from broadcaster.web.signin import accounts

NAMES = ("canary-issuer", "canary-approver")
LABEL = "canary"


def make(session: Session, sealer: Sealer, domain: str) -> str:
    """Make both, each with a password that nobody has, and return CANARY_KEYS: both tokens and the second factor.

    AccountRefused when they exist already; then end their tokens and take another domain.
    """
    made, factor = [], ""
    for name in NAMES:
        email = f"{name}@{domain}"
        factor = accounts.add_user(session, sealer, email, name, secrets.token_urlsafe(32), [Role.CANARY.value])
        user = people.by_email(session, email)
        if user is None:
            raise accounts.AccountRefused(f"{email} was made and is not found: try again.")
        made.append(tokens.make(session, user, LABEL))
    return f"{' '.join(made)} {factor}"
