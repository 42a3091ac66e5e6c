"""Flask-Security, as it signs people in here: over our own rows, in the caller's transaction, without its pages.

It brings the session of a request (`current_user`), roles, the hashes of passwords, one-time codes, recovery codes and
what a passkey is asked for. Left out, because each would lose something that this desk promises:

- its pages: two where we have one, so that a right password is told from a wrong one before any code, with half of a
  sign-in kept in the cookie between them;
- its passkey challenges, signed and not kept: a device that does not count could answer one twice within its minutes,
  and the answer is about no act;
- its recovery codes of 48 bits, which are kept so that they can be read again; ours are known by a hash alone;
- its wallet for the secrets of authenticators: `store.sealed` binds each to its person;
- a user of its own in the cookie: there the id of one session stands, which can be listed and ended.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Any, cast

from flask import Flask, current_app, has_app_context
from flask_security import MfRecoveryCodesUtil, RoleMixin, Security, Totp, UserDatastore, UserMixin, WebauthnUtil
from passlib.exc import UsedTokenError
from passlib.totp import TOTP, TotpMatch
from sqlalchemy import literal, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from broadcaster.store.database import public_id
from broadcaster.store.desk.people import User

NAME = "security"
"""Under which Flask-Security stands among an application's extensions."""
COST: dict[str, int] = {"argon2__rounds": 3, "argon2__memory_cost": 65_536, "argon2__parallelism": 4}
"""Argon2id by RFC 9106, section 4, the second recommendation: 64 MiB, a tenth of a second. A hash that was made at
another cost is made anew when its person signs in."""
RECOVERY_CODES = 10
"""Made at once, on paper; each is good for one use."""


class Held(str, RoleMixin):
    """A role that somebody has: its name, which Flask-Security asks for by that."""

    @property
    def name(self) -> str:  # type: ignore[override] # a role's name is never another one
        """What it is called."""
        return str(self)


class Account(UserMixin):
    """A row of `store.desk.people`, as Flask-Security reads and writes it."""

    fs_uniquifier = ""
    """A row is in no cookie: a session is."""

    def __init__(self, row: User, store: Session | None = None) -> None:
        """`store` is the transaction in which a code of theirs is spent, if one is."""
        self.row, self.store = row, store

    @property
    def password(self) -> str:
        """The hash of the password."""
        return self.row.password_hash

    @password.setter
    def password(self, hashed: str) -> None:
        """Flask-Security sets another one when the cost has changed."""
        self.row.password_hash = hashed

    def spend(self, statement: ReturningUpdate[Any]) -> bool:
        """Whether a statement that takes something from the row for good found it there; of two at once, one does."""
        return cast(Session, self.store).scalar(statement.execution_options(synchronize_session=False)) is not None


class People(UserDatastore):
    """Whom Flask-Security asks for by the session in a cookie. Rows belong to the transaction of the caller."""

    def __init__(self, returning: Callable[[str], UserMixin | None]) -> None:
        super().__init__(Account, Held)
        self._returning = returning

    def find_user(self, case_insensitive: bool = False, **by: Any) -> UserMixin | None:
        """Whoever has come back with this session."""
        return self._returning(by["fs_uniquifier"])

    def put(self, model: Any) -> Any:
        """Nothing more is to do for a row."""
        return model

    def mf_set_recovery_codes(self, user: Any, rcs: list[str] | None) -> None:
        """Keep a plain SHA-256 of each: nobody guesses one, so nothing slow is needed (NIST SP 800-63B-4, 3.1.2.2)."""
        user.row.recovery_hashes = [_hash(code) for code in rcs or []]


class Codes(Totp):
    """One-time codes (RFC 6238), of which a second use is refused, even at the same moment."""

    def at(self, secret: str, now: datetime) -> TOTP:
        """An authenticator with this secret (base32), at a moment."""
        return cast(TOTP, self._totp.using(now=now.timestamp)(key=secret))

    def link(self, secret: str, email: str) -> str:
        """The address that an authenticator on the same device opens: ``otpauth://totp/...``."""
        return self.get_totp_uri(email, self._totp(key=secret))

    def get_last_counter(self, user: Any) -> int:
        """The newest time step of which this person has used a code."""
        return cast(Account, user).row.totp_counter

    def set_last_counter(self, user: Any, tmatch: TotpMatch) -> None:
        """Spend a code, by one statement. UsedTokenError when somebody was faster."""
        account = cast(Account, user)
        newer = update(User).where(User.id == account.row.id, User.totp_counter < tmatch.counter)
        if not account.spend(newer.values(totp_counter=tmatch.counter).returning(User.id)):
            raise UsedTokenError

    def new_secret(self) -> str:
        """A secret (base32) that is nobody's yet; `store.sealed` keeps it."""
        return cast(str, self._totp.new().base32_key)

    def generate_recovery_codes(self, number: int) -> list[str]:
        """Codes of 79 random bits, in groups of four."""
        codes = [public_id() for _ in range(number)]
        return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]


class RecoveryCodes(MfRecoveryCodesUtil):
    """Recovery codes, known by their hashes alone."""

    def delete_recovery_code(self, user: Any, code: str) -> bool:
        """Whether this is one of the person's, and spend it, by one statement: a second use is refused, even at the
        same moment."""
        hashed, account = _hash(code), cast(Account, user)
        having = update(User).where(User.id == account.row.id, User.recovery_hashes.contains([hashed]))
        without = User.recovery_hashes.op("-", return_type=JSONB)(literal(hashed))
        return account.spend(having.values(recovery_hashes=without).returning(User.id))


def _hash(code: str) -> str:
    typed = "".join(each for each in code.lower() if each.isalnum())
    return sha256(typed.encode()).hexdigest()


class Door(Security):
    """Flask-Security of one application."""

    @property
    def codes(self) -> Codes:
        """The one-time codes."""
        return cast(Codes, self.totp_factory)


def install(
    app: Flask, issuer: str, returning: Callable[[str], UserMixin | None], devices: type[WebauthnUtil] = WebauthnUtil
) -> Door:
    """Flask-Security for an application; `issuer` is how authenticators call it, and `returning` says who has come back
    with the id of a session."""
    app.config.update(_configured(issuer))
    made = Door(
        app,
        People(returning),
        register_blueprint=False,
        totp_cls=Codes,
        webauthn_util_cls=devices,
        mf_recovery_codes_util_cls=RecoveryCodes,
    )
    made.principal.skip_static = True
    forget = made.login_manager._update_remember_cookie
    app.after_request_funcs[None].remove(forget)  # nobody is remembered; it makes every style and script vary by cookie
    return made


def _configured(issuer: str) -> Mapping[str, object]:
    return {
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        "SECURITY_DEPRECATED_PASSWORD_SCHEMES": [],
        "SECURITY_PASSWORD_SINGLE_HASH": True,  # no second secret in them: whoever has lost a key still signs in
        "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": dict(COST),
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES": True,
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_N": RECOVERY_CODES,
        "SECURITY_TOTP_ISSUER": issuer.replace(":", " ") or "desk",
        "SECURITY_TOTP_SECRETS": {"1": secrets.token_hex()},  # its wallet is never opened
        "SECURITY_ANONYMOUS_USER_DISABLED": True,
        "SECURITY_CLI_USERS_NAME": None,
        "SECURITY_CLI_ROLES_NAME": None,
        "SESSION_PROTECTION": None,  # an approver's telephone changes its network, and stays signed in
    }


@contextmanager
def at_hand() -> Iterator[Door]:
    """The Flask-Security of the application that serves this request; of the host's own, where a command asks."""
    if has_app_context() and NAME in current_app.extensions:
        yield current_app.extensions[NAME]
        return
    with _of_the_host().app_context():
        yield current_app.extensions[NAME]


@cache
def _of_the_host() -> Flask:
    app = Flask("broadcaster.host")  # without a key: it signs nothing
    install(app, "", lambda _: None)
    return app
