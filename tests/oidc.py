"""An identity provider on this machine (OpenID Connect Core 1.0), with a key of its own, that lies on request."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "the desk", "a secret: 100% ours"
ANSWER = "/desk/sign-in/provider/answer"
CALLBACK = f"http://localhost{ANSWER}"
_KEYS = [RSAKey.generate_key(2048, {"kid": f"key-{number}", "use": "sig", "alg": "RS256"}) for number in (1, 2)]
"""Made once for a test process: the provider's key, and the one that it changes to, or a thief's."""


def unsigned(claims: dict[str, Any], header: dict[str, Any]) -> str:
    """A token of the algorithm none."""
    parts = (json.dumps(each).encode() for each in ({**header, "alg": "none"}, claims))
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


@dataclass
class Idp:
    """One provider. `claims` go into the next tokens, over what is true; `sign` signs otherwise; an address in `broken`
    answers with that status, and with none when it is 0. Its own page signs `person` in without a question, and its
    UserInfo endpoint says `about`."""

    now: Callable[[], datetime]
    claims: dict[str, Any] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)
    broken: dict[str, int] = field(default_factory=dict)
    sign: Callable[[dict[str, Any], dict[str, Any]], str] | None = None
    key: RSAKey = field(default_factory=lambda: _KEYS[0])
    callback: str = CALLBACK
    person: dict[str, Any] = field(default_factory=dict)
    about: object = None
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads, self._over = True, threading.Event()
        threading.Thread(target=lambda: self._server.serve_forever(0.05), daemon=True).start()
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Be gone: the port answers nobody."""
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def settings(self) -> dict[str, object]:
        """How a desk is told of it."""
        ours = {"oidc_issuer": self.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET}
        return {**ours, "oidc_name": "State Login"}

    def signed_in(self, address: str, sub: str = "ida-1", **claims: Any) -> str:
        """What a browser does that is sent there: its person signs in, and it is sent back; the path it comes to."""
        asked = dict(parse_qsl(urlsplit(address).query, strict_parsing=True))
        assert (asked["response_type"], asked["client_id"], asked["redirect_uri"]) == ("code", CLIENT, self.callback)
        assert asked["code_challenge_method"] == "S256" and "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        self.claims = {"sub": sub, **claims}
        back = {"code": code, "state": asked["state"], "iss": self.issuer}
        return f"{ANSWER}?{urlencode(back)}"

    def reply(self, path: str, form: dict[str, str], credentials: str) -> tuple[int, object]:
        """The answer at an address, when it is not broken."""
        if path == "/keys":
            return 200, {"keys": [self.key.as_dict(private=False)]}
        if path == "/token":
            return self._token(form, credentials)
        if path == "/userinfo":
            return (200, self.about) if credentials == "Bearer opaque" else (401, {"error": "invalid_token"})
        ends = {"authorization": "/authorize", "token": "/token"}
        said = {f"{name}_endpoint": f"{self.issuer}{end}" for name, end in ends.items()}
        return 200, {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys", **said, **self.said}

    def _token(self, form: dict[str, str], credentials: str) -> tuple[int, dict[str, Any]]:
        pair = base64.b64decode(credentials.removeprefix("Basic ")).decode().split(":")
        if [unquote_plus(each) for each in pair] != [CLIENT, SECRET]:
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form.get("code", ""), {})
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proved = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode() == asked.get("code_challenge")
        if not proved or form.get("redirect_uri") != self.callback:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": self.token(asked.get("nonce", ""))}

    def token(self, nonce: str) -> str:
        """The ID token."""
        now = int(self.now().timestamp())
        true = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce}
        claims = {name: value for name, value in {**true, **self.claims}.items() if value is not None}
        header = {"alg": "RS256", "kid": self.key.kid or ""}
        return self.sign(claims, header) if self.sign else jwt.encode(header, claims, self.key)

    def change_its_key(self) -> None:
        """Sign by another key from now on."""
        self.key = _KEYS[1]


def _handler(idp: Idp) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            idp.asked.append(path)
            status = idp.broken.get(path, 200)
            if status == 0:
                idp._over.wait(5)
                return
            length = int(self.headers.get("Content-Length") or 0)
            if path == "/authorize":
                self._signs_in()
                return
            form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
            said: object = {}
            if status == 200:
                status, said = idp.reply(path, form, self.headers.get("Authorization", ""))
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def _signs_in(self) -> None:
            back = idp.signed_in(f"{idp.issuer}{self.path}", **idp.person)
            self.send_response(302)
            self.send_header("Location", f"{idp.callback.removesuffix(ANSWER)}{back}")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is written to the screen."""

    return Handler


def thiefs(claims: dict[str, Any], header: dict[str, Any]) -> str:
    """Signed by somebody else's key, under the name of the provider's."""
    return jwt.encode(header, claims, _KEYS[1])
