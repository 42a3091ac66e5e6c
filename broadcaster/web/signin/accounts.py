"""Accounts of the desk: passwords by Argon2id, one-time codes and recovery codes that are good for one use, each by
Flask-Security (`security`).

Nothing here refuses for having been asked too often: `brake` delays instead (reliability.md 4.1, the firewall rule).
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Collection
from datetime import datetime

from email_validator import EmailNotValidError, validate_email
from flask_security import hash_password
from passlib.exc import TokenError
from sqlalchemy.orm import Session

from broadcaster.alert.lifecycle import Role
from broadcaster.refusal import Refusal
from broadcaster.said import Said
from broadcaster.store.desk import desk_sessions, people, tidings
from broadcaster.store.desk.people import User
from broadcaster.store.desk.tidings import News
from broadcaster.store.sealed import Sealer
from broadcaster.store.timeline import ledger
from broadcaster.web.signin.security import Account, at_hand

SHORTEST_PASSWORD = 12
"""Characters; NIST SP 800-63B-4 asks for 8 beside a second factor, and for no rules of composition."""
STEP = 30
"""Seconds that a one-time code lasts (RFC 6238)."""
_AT_ONCE = threading.BoundedSemaphore(2)
"""Each check takes 64 MiB and, for a tenth of a second, every processor: a flood of them leaves room for an alert."""


class AccountRefused(Refusal, ValueError):
    """An account cannot be made like this; the message is one sentence that says what to change."""


def add_user(
    session: Session, sealer: Sealer, email: str, name: str, password: str, roles: Collection[str]
) -> str:  # fmt: skip
    """Make an account and return its TOTP secret (base32), which is shown this once. AccountRefused says why not; the
    caller has seen to the second person, where the roles need one."""
    unknown = sorted(set(roles) - {role.value for role in Role})
    if unknown or not roles:
        raise AccountRefused(f"Choose a role among {', '.join(Role)}; “{', '.join(unknown)}” is none.")
    if Role.CANARY in roles and len(set(roles)) > 1:
        raise AccountRefused("The role canary is a machine's and goes with no other: leave it out.")
    user, secret = _made(session, sealer, email, name, password)
    user.roles = [people.role(session, role) for role in sorted(set(roles))]
    session.flush()
    ledger.append(session, "console", "user-added", user.email, {"roles": sorted(set(roles))})
    return secret


def add_account(session: Session, sealer: Sealer, email: str, name: str, password: str) -> tuple[User, str]:
    """The same without any role yet: every role is asked for."""
    user, secret = _made(session, sealer, email, name, password)
    ledger.append(session, "console", "user-added", user.email, {"roles": []})
    return user, secret


def _made(session: Session, sealer: Sealer, email: str, name: str, password: str) -> tuple[User, str]:
    try:
        address = validate_email(email, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise AccountRefused(f"“{email}” is no mail address: {error}") from error
    _long_enough(password)
    if people.by_email(session, address):
        raise AccountRefused(f"{address} has an account already.")
    handle, secret = secrets.token_urlsafe(32), new_secret()
    user = User(
        email=address,
        name=name.strip() or address.partition("@")[0],
        password_hash=_hashed(password),
        handle=handle,
        totp_secret=sealer.seal(secret, handle.encode()),
    )
    session.add(user)
    session.flush()
    return user, secret


def password_fits(user: User | None, password: str) -> bool:
    """Whether this is the person's password; takes as long for nobody and for somebody inactive. A hash that was made
    at another cost is made anew."""
    try:
        with at_hand(), _AT_ONCE:
            if user is None:
                hash_password(password)
                return False
            return Account(user).verify_and_update_password(password) and user.active
    except ValueError:  # what stands there is no hash
        return False


def _hashed(password: str) -> str:
    with at_hand():
        return hash_password(password)


def use_code(session: Session, sealer: Sealer, user: User, code: str, now: datetime) -> bool:
    """Whether a one-time code is right, and spend it: a second use, even at the same moment, is refused.

    A code of the step before or after `now` counts too, because clocks differ (RFC 6238 section 5.2).
    """
    if user.totp_secret is None or not code.isascii():
        return False
    with at_hand() as security:
        shown = security.codes.at(secret_of(sealer, user), now)
        return security.codes.verify_totp(code, shown, Account(user, session), window=STEP)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step around `now` of which this is the code; None when it is of none."""
    try:
        with at_hand() as security:
            return int(security.codes.at(secret, now).match(code if code.isascii() else "", window=STEP).counter)
    except TokenError:
        return None


def link(secret: str, email: str) -> str:
    """The address that an authenticator on the same device opens: ``otpauth://totp/...``."""
    with at_hand() as security:
        return security.codes.link(secret, email)


def secret_of(sealer: Sealer, user: User) -> str:
    """The person's TOTP secret (base32); AccountRefused when there is none."""
    if user.totp_secret is None:
        raise AccountRefused(f"{user.email} has no second factor yet.")
    return sealer.open(user.totp_secret, user.handle.encode())


def current_code(sealer: Sealer, user: User, now: datetime) -> str:
    """The code that the person's authenticator shows now: for the screen of the demo, and for tests."""
    with at_hand() as security:
        return str(security.codes.at(secret_of(sealer, user), now).generate().token)


def new_secret() -> str:
    """A TOTP secret (base32) that is nobody's yet."""
    with at_hand() as security:
        return security.codes.new_secret()


def set_authenticator(session: Session, sealer: Sealer, user: User, secret: str, by: str, step: int = 0) -> None:
    """Put another authenticator in the place of a person's; a code of the old one is worth nothing from now on, nor is
    one of the new up to `step`, which was typed already."""
    user.totp_secret, user.totp_counter = sealer.seal(secret, user.handle.encode()), step
    session.flush()
    ledger.append(session, by, "authenticator-changed", user.email)
    tidings.note(session, user, News.AUTHENTICATOR)


def change_password(session: Session, user: User, password: str, by: str, keep: int = 0) -> None:
    """Another password, and an end to every session but the one that is kept. AccountRefused when it is too short."""
    _long_enough(password)
    user.password_hash = _hashed(password)
    desk_sessions.end_all(session, user.id, but=keep)
    ledger.append(session, by, "password-changed", user.email)
    tidings.note(session, user, News.PASSWORD)


def new_recovery_codes(session: Session, user: User, by: str) -> list[str]:
    """Ten recovery codes, shown this once; those of before are worth nothing from now on."""
    with at_hand() as security:
        made = security.mf_recovery_codes_util.create_recovery_codes(Account(user))
    session.flush()
    ledger.append(session, by, "recovery-codes-made", user.email, {"codes": len(made)})
    tidings.note(session, user, News.RECOVERY_MADE)
    return made


def use_recovery_code(session: Session, user: User, code: str, what: str) -> bool:
    """Whether a recovery code is this person's, and spend it: a second use, even at the same moment, is refused.

    `what` says in the ledger what it was used for; the person is told by mail.
    """
    with at_hand() as security:
        if not security.mf_recovery_codes_util.delete_recovery_code(Account(user, session), code):
            return False
    session.refresh(user, ["recovery_hashes"])
    told = {"for": what, "left": len(user.recovery_hashes)}
    ledger.append(session, user.email, "recovery-code-used", user.email, told)
    tidings.note(session, user, News.RECOVERY_USED)
    return True


def _long_enough(password: str) -> None:
    if len(password) < SHORTEST_PASSWORD:
        raise AccountRefused(
            Said("The password is too short: use at least %(least)s characters.", least=SHORTEST_PASSWORD)
        )
