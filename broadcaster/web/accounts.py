"""Accounts of the desk: passwords by Argon2id, one-time codes that are good for one use, sessions that can be ended.

Nothing here refuses for having been asked too often: `brake` delays instead (reliability.md 4.1, the firewall rule).
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Collection
from datetime import datetime

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import update
from sqlalchemy.orm import Session

from broadcaster.alert.lifecycle import Role
from broadcaster.store import ledger, people
from broadcaster.store.people import User
from broadcaster.store.sealed import Sealer

SHORTEST_PASSWORD = 12
"""Characters; NIST SP 800-63B-4 asks for 8 beside a second factor, and for no rules of composition."""
STEP = 30
"""Seconds that a one-time code lasts (RFC 6238)."""
PASSWORDS = PasswordHasher()
_AT_ONCE = threading.BoundedSemaphore(2)
"""Each check takes 64 MiB and, for a tenth of a second, every processor: a flood of them leaves room for an alert."""
_NOBODY = PASSWORDS.hash(secrets.token_hex())
"""Checked when there is no such account, so that the answer takes as long as for one that exists."""


class AccountRefused(ValueError):
    """An account cannot be made like this; the message is one sentence that says what to change."""


def add_user(
    session: Session, sealer: Sealer, email: str, name: str, password: str, roles: Collection[str]
) -> str:  # fmt: skip
    """Make an account and return its TOTP secret (base32), which is shown this once. AccountRefused says why not."""
    try:
        address = validate_email(email, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise AccountRefused(f"“{email}” is no mail address: {error}") from error
    unknown = sorted(set(roles) - {role.value for role in Role})
    if unknown or not roles:
        raise AccountRefused(f"Choose a role among {', '.join(Role)}; “{', '.join(unknown)}” is none.")
    if Role.CANARY in roles and len(set(roles)) > 1:
        raise AccountRefused("The role canary is a machine's and goes with no other: leave it out.")
    if len(password) < SHORTEST_PASSWORD:
        raise AccountRefused(f"The password is too short: use at least {SHORTEST_PASSWORD} characters.")
    if people.by_email(session, address):
        raise AccountRefused(f"{address} has an account already.")
    key, secret = secrets.token_urlsafe(32), pyotp.random_base32()
    user = User(
        email=address,
        name=name.strip() or address.partition("@")[0],
        password_hash=PASSWORDS.hash(password),
        session_key=key,
        totp_secret=sealer.seal(secret, key.encode()),
        roles=[people.role(session, role) for role in sorted(set(roles))],
    )
    session.add(user)
    session.flush()
    ledger.append(session, "console", "user-added", address, {"roles": sorted(set(roles))})
    return secret


def password_fits(user: User | None, password: str) -> bool:
    """Whether this is the person's password; takes as long for nobody and for somebody inactive."""
    try:
        with _AT_ONCE:
            fits = PASSWORDS.verify(user.password_hash if user else _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return fits and user is not None and user.active


def use_code(session: Session, sealer: Sealer, user: User, code: str, now: datetime) -> bool:
    """Whether a one-time code is right, and spend it: a second use, even at the same moment, is refused.

    A code of the step before or after `now` counts too, because clocks differ (RFC 6238 section 5.2).
    """
    typed = "".join(code.split())
    if user.totp_secret is None or not (len(typed) == 6 and typed.isascii() and typed.isdigit()):
        return False
    one_time, here = pyotp.TOTP(secret_of(sealer, user)), int(now.timestamp()) // STEP
    fitting = [step for step in (here - 1, here, here + 1) if secrets.compare_digest(one_time.at(step * STEP), typed)]
    if not fitting:
        return False
    spent = session.execute(
        update(User)
        .where(User.id == user.id, User.totp_counter < fitting[-1])
        .values(totp_counter=fitting[-1])
        .returning(User.id)
        .execution_options(synchronize_session=False)
    )
    return spent.scalar_one_or_none() is not None


def secret_of(sealer: Sealer, user: User) -> str:
    """The person's TOTP secret (base32); AccountRefused when there is none."""
    if user.totp_secret is None:
        raise AccountRefused(f"{user.email} has no second factor yet.")
    return sealer.open(user.totp_secret, user.session_key.encode())


def current_code(sealer: Sealer, user: User, now: datetime) -> str:
    """The code that the person's authenticator shows now: for the screen of the demo, and for tests."""
    return pyotp.TOTP(secret_of(sealer, user)).at(now)


def end_sessions(sealer: Sealer, user: User) -> None:
    """End every session of a person: cookies carry the session key, and it becomes another one."""
    secret = secret_of(sealer, user) if user.totp_secret else None
    user.session_key = secrets.token_urlsafe(32)
    if secret is not None:
        user.totp_secret = sealer.seal(secret, user.session_key.encode())


def set_roles(session: Session, sealer: Sealer, user: User, roles: Collection[str]) -> None:
    """Give a person exactly these roles; whoever was signed in as them is signed out."""
    user.roles = [people.role(session, role) for role in sorted(set(roles))]
    end_sessions(sealer, user)
    ledger.append(session, "console", "roles-changed", user.email, {"roles": sorted(set(roles))})
