"""What a passkey answers, judged: our challenge, unused, about this act; our origin; a person verified by the device.

The rules are those of WebAuthn Level 3, sections 7.1 and 7.2; `webauthn` checks signatures and structures.
"""

from __future__ import annotations

from typing import cast
from urllib.parse import urlsplit

import webauthn
from flask import current_app
from flask_security import UserMixin, WebauthnUtil
from sqlalchemy.orm import Session
from webauthn.helpers import (
    bytes_to_base64url,
    options_to_json,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from broadcaster import logs
from broadcaster.said import Said
from broadcaster.store.desk import passkeys, tidings
from broadcaster.store.desk.passkeys import Passkey
from broadcaster.store.desk.people import User
from broadcaster.store.desk.tidings import News
from broadcaster.store.timeline import ledger
from broadcaster.web.house import house
from broadcaster.web.signin.security import NAME, Account, Door

log = logs.get(__name__)
SIGN_IN, REGISTER = "sign-in", "register"
"""What a challenge is about, where it is about no address of an act."""
LONGEST = 16_384
"""Characters of an answer; a long one has about 2,000."""
MALFORMED = (WebAuthnException, ValueError, TypeError, AttributeError, RecursionError)
"""What the library raises for an answer that does not hold, or that is none."""
REFUSED = Said("The passkey’s answer cannot be used: press the button again, or type a code.")
REQUIRED = UserVerificationRequirement.REQUIRED


class AnswerRefused(ValueError):
    """An answer that proves nothing; the message is for the log, and `REFUSED` for people."""


class Devices(WebauthnUtil):
    """What Flask-Security asks devices for: a passkey that is found without a name, and verifies its person."""

    def origin(self) -> str:
        """Where the outside sees the desk: a passkey answers there alone."""
        there = urlsplit(house().settings.public_base_url)
        return f"{there.scheme}://{there.netloc}"

    def authenticator_selection(self, user: UserMixin, usage: str) -> AuthenticatorSelectionCriteria:
        """For a passkey that is made: it stands in the place of a password and a code."""
        return AuthenticatorSelectionCriteria(resident_key=ResidentKeyRequirement.REQUIRED, user_verification=REQUIRED)

    def user_verification(self, user: UserMixin | None, usage: list[str]) -> UserVerificationRequirement:
        """For a passkey that answers."""
        return REQUIRED


def devices() -> WebauthnUtil:
    """What the application that serves this request asks devices for."""
    return cast(Door, current_app.extensions[NAME]).webauthn_util


def origin() -> str:
    """Where the outside sees the desk."""
    return devices().origin()


def host() -> str:
    """The relying party's id, to which passkeys are bound for good."""
    return urlsplit(house().settings.public_base_url).hostname or "localhost"


def asked(store: Session, user: User | None, about: str) -> tuple[str, bytes]:
    """What a device is asked to sign, as JSON for the browser, and the challenge in it. Without a person any passkey of
    this host may answer: nobody learns who has one."""
    challenge = passkeys.ask(store, user.id if user else None, about, house().clock())
    allowed = [_descriptor(row) for row in passkeys.of_person(store, user.id)] if user else []
    options = {"rp_id": host(), "challenge": challenge, "allow_credentials": allowed}
    told = devices().authentication_options(Account(user) if user else None, ["first"], options)
    return options_to_json(webauthn.generate_authentication_options(**told)), challenge


def asked_to_make(store: Session, user: User) -> str:
    """What a device is asked to make a passkey by: one that can be found without a name, and that verifies people."""
    options = {
        "rp_id": host(),
        "rp_name": house().settings.authority,
        "user_name": user.email,
        "user_id": user.handle.encode(),
        "user_display_name": user.name,
        "challenge": passkeys.ask(store, user.id, REGISTER, house().clock()),
        "exclude_credentials": [_descriptor(row) for row in passkeys.of_person(store, user.id)],
    }
    told = devices().registration_options(Account(user), "first", options)
    return options_to_json(webauthn.generate_registration_options(**told))


def _descriptor(row: Passkey) -> PublicKeyCredentialDescriptor:
    return PublicKeyCredentialDescriptor(id=row.credential_id)


def judged(store: Session, answer: str, about: str, user: User | None, asked_here: str | None = None) -> Passkey:
    """The passkey that has answered, its counter moved on. AnswerRefused says why not; the challenge is spent in either
    case, if the caller commits. Without a person the answer itself must say whose it is; `asked_here` is the challenge
    (base64url) that this very browser was asked."""
    try:
        given = parse_authentication_credential_json(answer[:LONGEST])
        challenge = _challenge(given.response.client_data_json)
    except MALFORMED as error:
        raise AnswerRefused(f"it is no answer: {error}") from error
    if asked_here is not None and bytes_to_base64url(challenge) != asked_here:
        raise AnswerRefused("it was asked in another browser")
    if not passkeys.spend(store, challenge, user.id if user else None, about, house().clock()):
        raise AnswerRefused("its challenge was not asked here, was answered already, or is too old")
    row = passkeys.locked(store, given.raw_id)
    if row is None or not row.user.active or (user is not None and row.user_id != user.id):
        raise AnswerRefused("it is no passkey of this person")
    if given.response.user_handle != row.user.handle.encode() and (user is None or given.response.user_handle):
        raise AnswerRefused("it names another person")
    try:
        found = webauthn.verify_authentication_response(
            credential=given,
            expected_challenge=challenge,
            expected_rp_id=host(),
            expected_origin=origin(),
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )
    except MALFORMED as error:
        raise AnswerRefused(str(error)) from error
    row.sign_count, row.synced, row.used_at = found.new_sign_count, found.credential_backed_up, house().clock()
    store.flush()
    return row


def refusal(store: Session, answer: str, user: User, about: str) -> str:
    """Why an answer does not stand for this person's consent to this act, in a sentence; empty when it does."""
    try:
        judged(store, answer, about, user)
    except AnswerRefused as refused:
        log.warning("passkey.refused", person=user.id, about=about, reason=str(refused))
        return REFUSED
    return ""


def register(store: Session, answer: str, user: User, name: str) -> Passkey:
    """Keep the passkey that a device has made for this person. AnswerRefused."""
    try:
        given = parse_registration_credential_json(answer[:LONGEST])
        challenge = _challenge(given.response.client_data_json)
    except MALFORMED as error:
        raise AnswerRefused(f"it is no answer: {error}") from error
    if not passkeys.spend(store, challenge, user.id, REGISTER, house().clock()):
        raise AnswerRefused("its challenge was not asked here, was answered already, or is too old")
    try:
        made = webauthn.verify_registration_response(
            credential=given,
            expected_challenge=challenge,
            expected_rp_id=host(),
            expected_origin=origin(),
            require_user_verification=True,
        )
    except MALFORMED as error:
        raise AnswerRefused(str(error)) from error
    if passkeys.locked(store, made.credential_id) is not None:
        raise AnswerRefused("this credential is somebody's already")
    return _kept(store, user, name, made)


def _kept(store: Session, user: User, name: str, made: VerifiedRegistration) -> Passkey:
    row = Passkey(
        user_id=user.id,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        name=name,
        synced=made.credential_backed_up,
        made_at=house().clock(),
    )
    store.add(row)
    store.flush()
    told = {"name": name, "credential": bytes_to_base64url(made.credential_id)[:16]}
    ledger.append(store, user.email, "passkey-made", user.email, told)
    tidings.note(store, user, News.PASSKEY)
    return row


def _challenge(client_data: bytes) -> bytes:
    said = parse_client_data_json(client_data)
    if said.cross_origin:
        raise ValueError("it was asked inside a page of another site")
    return said.challenge
