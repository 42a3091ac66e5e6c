"""Accounts of the desk: passwords by Argon2id, one-time codes and recovery codes that are good for one use.

Nothing here refuses for having been asked too often: `brake` delays instead (reliability.md 4.1, the firewall rule).
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Collection
from datetime import datetime
from functools import cache
from hashlib import sha256

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import func, literal, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from broadcaster.alert.lifecycle import Role
from broadcaster.refusal import Refusal
from broadcaster.said import Said
from broadcaster.store import desk_sessions, ledger, people, tidings
from broadcaster.store.database import public_id
from broadcaster.store.people import User
from broadcaster.store.sealed import Sealer
from broadcaster.store.tidings import News

SHORTEST_PASSWORD = 12
"""Characters; NIST SP 800-63B-4 asks for 8 beside a second factor, and for no rules of composition."""
RECOVERY_CODES = 10
"""Made at once, on paper; each is good for one use."""
STEP = 30
"""Seconds that a one-time code lasts (RFC 6238)."""
PASSWORDS = PasswordHasher()
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
        password_hash=PASSWORDS.hash(password),
        handle=handle,
        totp_secret=sealer.seal(secret, handle.encode()),
    )
    session.add(user)
    session.flush()
    return user, secret


@cache
def _nobody() -> str:
    """Checked when there is no such account, so that the answer takes as long as for one that exists; made when the
    first person signs in, whoever it is: most processes of ours never ask for a password."""
    return PASSWORDS.hash(secrets.token_hex())


def password_fits(user: User | None, password: str) -> bool:
    """Whether this is the person's password; takes as long for nobody and for somebody inactive."""
    nobody = _nobody()
    try:
        with _AT_ONCE:
            fits = PASSWORDS.verify(user.password_hash if user else nobody, password)
    except (VerificationError, InvalidHashError):
        return False
    return fits and user is not None and user.active


def use_code(session: Session, sealer: Sealer, user: User, code: str, now: datetime) -> bool:
    """Whether a one-time code is right, and spend it: a second use, even at the same moment, is refused.

    A code of the step before or after `now` counts too, because clocks differ (RFC 6238 section 5.2).
    """
    if user.totp_secret is None or (step := step_of(secret_of(sealer, user), code, now)) is None:
        return False
    spent = session.execute(
        update(User)
        .where(User.id == user.id, User.totp_counter < step)
        .values(totp_counter=step)
        .returning(User.id)
        .execution_options(synchronize_session=False)
    )
    return spent.scalar_one_or_none() is not None


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The newest time step around `now` of which this is the code; None when it is of none."""
    typed = "".join(code.split())
    if not (len(typed) == 6 and typed.isascii() and typed.isdigit()):
        return None
    one_time, here = pyotp.TOTP(secret), int(now.timestamp()) // STEP
    fitting = [step for step in (here - 1, here, here + 1) if secrets.compare_digest(one_time.at(step * STEP), typed)]
    return fitting[-1] if fitting else None


def link(secret: str, email: str, office: str) -> str:
    """The address that an authenticator on the same device opens: ``otpauth://totp/...``."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=office)


def secret_of(sealer: Sealer, user: User) -> str:
    """The person's TOTP secret (base32); AccountRefused when there is none."""
    if user.totp_secret is None:
        raise AccountRefused(f"{user.email} has no second factor yet.")
    return sealer.open(user.totp_secret, user.handle.encode())


def current_code(sealer: Sealer, user: User, now: datetime) -> str:
    """The code that the person's authenticator shows now: for the screen of the demo, and for tests."""
    return pyotp.TOTP(secret_of(sealer, user)).at(now)


def new_secret() -> str:
    """A TOTP secret (base32) that is nobody's yet."""
    return pyotp.random_base32()


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
    user.password_hash = PASSWORDS.hash(password)
    desk_sessions.end_all(session, user.id, but=keep)
    ledger.append(session, by, "password-changed", user.email)
    tidings.note(session, user, News.PASSWORD)


def new_recovery_codes(session: Session, user: User, by: str) -> list[str]:
    """Ten recovery codes of 79 random bits each, shown this once; those of before are worth nothing from now on.

    A plain SHA-256 of each is kept: nobody guesses one, so nothing slow is needed (NIST SP 800-63B-4, 3.1.2.2).
    """
    codes = [public_id() for _ in range(RECOVERY_CODES)]
    user.recovery_hashes = [_recovery_hash(code) for code in codes]
    session.flush()
    ledger.append(session, by, "recovery-codes-made", user.email, {"codes": len(codes)})
    tidings.note(session, user, News.RECOVERY_MADE)
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]


def use_recovery_code(session: Session, user: User, code: str, what: str) -> bool:
    """Whether a recovery code is this person's, and spend it: a second use, even at the same moment, is refused.

    `what` says in the ledger what it was used for; the person is told by mail.
    """
    typed = "".join(each for each in code.lower() if each.isalnum())
    if len(typed) != 16 or not typed.isascii():
        return False
    spent = session.execute(
        update(User)
        .where(User.id == user.id, User.recovery_hashes.contains([_recovery_hash(typed)]))
        .values(recovery_hashes=User.recovery_hashes.op("-", return_type=JSONB)(literal(_recovery_hash(typed))))
        .returning(func.jsonb_array_length(User.recovery_hashes))
        .execution_options(synchronize_session=False)
    )
    left = spent.scalar_one_or_none()
    if left is None:
        return False
    session.refresh(user, ["recovery_hashes"])
    ledger.append(session, user.email, "recovery-code-used", user.email, {"for": what, "left": left})
    tidings.note(session, user, News.RECOVERY_USED)
    return True


def _recovery_hash(code: str) -> str:
    return sha256(code.encode()).hexdigest()


def _long_enough(password: str) -> None:
    if len(password) < SHORTEST_PASSWORD:
        raise AccountRefused(
            Said("The password is too short: use at least %(least)s characters.", least=SHORTEST_PASSWORD)
        )
