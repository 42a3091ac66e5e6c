"""The agency's identity provider (OpenID Connect Core 1.0: authorization code with PKCE): what it is asked, and what of
its answers counts.

It is asked outside any transaction, each time within seconds, and never twice. When it fails it is left alone for half
a minute, so that nobody waits for it one after another; the sign-in of this desk does not know it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from broadcaster import logs
from broadcaster.channels.errors import SendError
from broadcaster.channels.http import Door, DoorClosed, Limits
from broadcaster.channels.wire import Reply
from broadcaster.settings import Mode, Settings
from broadcaster.store.desk.identities import Told
from broadcaster.values import is_loopback

log = logs.get(__name__)
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384")
"""Signatures that count: by a key pair, never by a secret that the public key could be taken for, never none."""
LIMITS = Limits(total_s=4.0, longest=262_144)
KEPT_S, LEFT_ALONE_S, KEYS_AGAIN_S = 3600.0, 30.0, 60.0
"""Seconds: what the provider says of itself is kept; after a failure it is not asked; its keys are not read again for a
key that they do not hold."""
LEEWAY_S = 60
"""Seconds by which clocks differ."""
LONGEST_SUBJECT, LONGEST_EMAIL = 255, 254
"""OpenID Connect Core 1.0 section 2; RFC 5321."""
ANSWER = "/desk/sign-in/provider/answer"
KINDS = {
    **dict.fromkeys(("pwd", "pin", "kba"), "knows"),
    **dict.fromkeys(("otp", "hwk", "swk", "sc", "pop", "sms", "tel"), "has"),
    **dict.fromkeys(("fpt", "face", "iris", "retina", "vbm"), "is"),
}
"""The methods of RFC 8176 section 2 by the kind of factor that they prove."""


class ProviderDown(RuntimeError):
    """It does not answer in time, or with nothing that a provider says; the message is for the log."""


class AnswerRefused(ValueError):
    """It says nothing that lets anybody in; the message is for the log."""


@dataclass(frozen=True, slots=True)
class Question:
    """What one browser asks: the state that comes back, the nonce in the answer, the verifier of PKCE (RFC 7636)."""

    state: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))


@dataclass(frozen=True, slots=True)
class Known:
    """What the provider says of itself (OpenID Connect Discovery 1.0), its keys, and when each was read."""

    said: Mapping[str, Any]
    at: float
    keys: KeySet | None = None
    keys_at: float = 0.0

    @property
    def issuer(self) -> str:
        """Its name, to the letter."""
        return str(self.said["issuer"])


class Provider:
    """One provider, as one process knows it."""

    def __init__(self, settings: Settings, limits: Limits = LIMITS, clock: Callable[[], float] = monotonic) -> None:
        self._settings, self._limits, self._clock = settings, limits, clock
        self._known: Known | None = None
        self._left_alone_until = 0.0

    @classmethod
    def of(cls, settings: Settings) -> Provider | None:
        """The provider of an installation, if it has one."""
        return cls(settings) if settings.oidc_issuer else None

    @property
    def name(self) -> str:
        """What people call it."""
        return self._settings.oidc_name

    def address(self, question: Question) -> str:
        """Where a browser is sent with its question. ProviderDown."""
        return str(
            prepare_grant_uri(
                self._discovered().said["authorization_endpoint"],
                self._settings.oidc_client_id,
                "code",
                self._answered_at,
                "openid email",
                question.state,
                nonce=question.nonce,
                code_challenge=create_s256_code_challenge(question.verifier),
                code_challenge_method="S256",
                acr_values=self._settings.oidc_acr or None,
            )
        )

    def told(self, code: str, issuer: str, question: Question, now: datetime) -> Told:
        """Whom the provider has signed in, by the code that a browser brought, and the issuer beside it if it named
        one (RFC 9207). ProviderDown, AnswerRefused."""
        known = self._discovered()
        if issuer != known.issuer and (issuer or known.said.get("authorization_response_iss_parameter_supported")):
            raise AnswerRefused("it comes from another provider")
        given = self._exchanged(known, code, question)
        claims = self._claims(given.get("id_token"), given.get("access_token"), question, now)
        subject = claims.get("sub")
        if not (isinstance(subject, str) and 0 < len(subject) <= LONGEST_SUBJECT and subject.isprintable()):
            raise AnswerRefused("it names nobody")
        about = claims if "email" in claims else self._about(known, given.get("access_token"), subject)
        return Told(known.issuer, subject, self._email(about), self._two_factors(claims))

    def _email(self, about: Mapping[str, Any]) -> str:
        """The address that is this person's, in small letters; empty when nobody says that it is. Apple, Cognito and
        whoever fills claims by templates write ``"true"``; Entra ID says nothing, and then the operator may."""
        email, verified = about.get("email"), about.get("email_verified", self._settings.oidc_trust_email)
        if not (verified is True or verified == "true") or not isinstance(email, str) or len(email) > LONGEST_EMAIL:
            return ""
        return email.strip().lower()

    def _about(self, known: Known, access: object, subject: str) -> Mapping[str, Any]:
        """What the token leaves to the UserInfo endpoint (OpenID Connect Core 1.0 sections 5.3 and 5.4), if it is about
        the same person. Without an answer there is no address, and whoever is connected already comes in all the same.
        """
        where = known.said.get("userinfo_endpoint")
        if not self._leads(where) or not isinstance(access, str) or not access.isprintable():
            return {}
        try:
            status, said = self._answered("GET", str(where), {"Authorization": f"Bearer {access}"}, b"")
        except ProviderDown as down:
            log.warning("provider.no_userinfo", error=str(down))
            return {}
        if status != 200 or not isinstance(said, dict) or said.get("sub") != subject:
            log.warning("provider.no_userinfo", status=status)
            return {}
        return said

    def _two_factors(self, claims: Mapping[str, Any]) -> bool:
        """Whether it says so: by a class that we asked for, by ``mfa``, or by methods of two kinds."""
        methods = [each for each in claims.get("amr") or () if isinstance(each, str)]
        kinds = {KINDS[each] for each in methods if each in KINDS}
        return claims.get("acr") in self._settings.oidc_acr.split() or "mfa" in methods or len(kinds) > 1

    def _claims(self, token: object, access: object, question: Question, now: datetime) -> Mapping[str, Any]:
        """What the token says, after every check of OpenID Connect Core 1.0 section 3.1.3.7. AnswerRefused."""
        ours = {"nonce": question.nonce, "client_id": self._settings.oidc_client_id, "access_token": access}
        exact = {"iss": self._discovered().issuer, "aud": self._settings.oidc_client_id}
        try:
            found = self._opened(str(token or ""))
            options = {name: {"essential": True, "value": value} for name, value in exact.items()}
            claims = CodeIDToken(found.claims, found.header, options, ours)
            claims.validate(now=int(now.timestamp()), leeway=LEEWAY_S)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise AnswerRefused(f"the token does not hold: {type(error).__name__} {error}") from error
        return dict(claims)

    def _opened(self, token: str) -> jwt.Token:
        """The token, its signature checked; a key that is new to us is looked for once more."""
        try:
            return jwt.decode(token, self._keys(), algorithms=ALGORITHMS)
        except InvalidKeyIdError:
            return jwt.decode(token, self._keys(again=True), algorithms=ALGORITHMS)

    def _keys(self, *, again: bool = False) -> KeySet:
        known, now = self._discovered(), self._clock()
        if known.keys is not None and (not again or now - known.keys_at < KEYS_AGAIN_S):
            return known.keys
        listed = self._asked("GET", known.said["jwks_uri"]).get("keys")
        pairs = [each for each in listed or () if isinstance(each, dict) and each.get("kty") in ("RSA", "EC")]
        keys = KeySet.import_key_set({"keys": pairs})
        self._known = Known(known.said, known.at, keys, now)
        return keys

    def _exchanged(self, known: Known, code: str, question: Question) -> Mapping[str, Any]:
        """The tokens for a code. The verifier proves that whoever brings it is whoever asked."""
        ours, secret = self._settings.oidc_client_id, self._settings.oidc_client_secret
        proof = {"code": code, "code_verifier": question.verifier}
        body = prepare_token_request("authorization_code", "", self._answered_at, **proof)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        ways = known.said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if secret and "client_secret_basic" in ways:
            pair = f"{quote_plus(ours)}:{quote_plus(secret)}"  # RFC 6749 section 2.3.1
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            body += "&" + urlencode({"client_id": ours, **({"client_secret": secret} if secret else {})})
        return self._asked("POST", known.said["token_endpoint"], headers, body.encode())

    @property
    def _answered_at(self) -> str:
        return f"{self._settings.public_base_url}{ANSWER}"

    def _discovered(self) -> Known:
        """What it says of itself; ProviderDown when it does not, or names somebody else."""
        known, issuer = self._known, self._settings.oidc_issuer
        if known is not None and self._clock() - known.at < KEPT_S:
            return known
        said = self._asked("GET", f"{issuer}/.well-known/openid-configuration")
        ends = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if said.get("issuer") not in (issuer, f"{issuer}/") or not all(self._leads(said.get(end)) for end in ends):
            self._leave_alone()
            raise ProviderDown("what it says of itself is not of this issuer, or not under https")
        self._known = Known(said, self._clock())
        return self._known

    def _leads(self, url: object) -> bool:
        """Whether it is an address under TLS, or of this machine where the issuer is one too."""
        if not isinstance(url, str) or not urlsplit(url).hostname:
            return False
        return url.startswith("https://") or (is_loopback(url) and is_loopback(self._settings.oidc_issuer))

    def _asked(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Mapping[str, Any]:  # fmt: skip
        """One question over the network. ProviderDown; AnswerRefused when it says that the question is wrong."""
        if self._clock() < self._left_alone_until:
            raise ProviderDown("it did not answer a moment ago")
        try:
            status, said = self._answered(method, url, headers or {}, body)
        except ProviderDown:
            self._leave_alone()
            raise
        if method == "POST" and status in (400, 401):
            raise AnswerRefused(f"the code is not taken: {str(said)[:200]}")
        if status != 200 or not isinstance(said, dict):
            self._leave_alone()
            raise ProviderDown(f"{urlsplit(url).path} answers {status}")
        return said

    def _answered(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Any]:
        """The status and the JSON of an answer. ProviderDown when there is none."""
        try:
            reply = asyncio.run(self._through_the_door(method, url, {**headers, "Accept": "application/json"}, body))
            return reply.status, json.loads(reply.text)
        except (SendError, DoorClosed, OSError, ValueError, RecursionError) as error:
            raise ProviderDown(f"{urlsplit(url).path}: {error or type(error).__name__}") from error

    async def _through_the_door(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        door = Door(live=self._settings.mode is Mode.LIVE, limits=self._limits)
        try:
            return await door.request(method, url, headers, body)
        finally:
            await door.close()

    def _leave_alone(self) -> None:
        self._left_alone_until = self._clock() + LEFT_ALONE_S
