"""A person at the API: a bearer token, a second factor, and no way around the rules."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from passlib.totp import TOTP

STEP_S = 30
ANSWER_S = 60.0


class DeskRefused(RuntimeError):
    """The API said no; the message is its sentence."""


@dataclass
class Desk:
    """One person's way in; every code is used once, so a second approval waits for the next one."""

    base: str
    token: str
    secret: str = ""
    _last_step: int = 0

    def get(self, path: str) -> dict[str, Any]:
        """A resource of the API."""
        return self._call("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """An action."""
        return self._call("POST", path, body)

    def patch(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """A change of a draft."""
        return self._call("PATCH", path, body)

    def approve(self, alert: str, shown: str) -> dict[str, Any]:
        """Approve a hash with a code that nobody has used."""
        return self.post(f"/alerts/{alert}/approve", {"hash": shown, "totp": self._code()})

    def _code(self) -> str:
        step = int(time.time()) // STEP_S
        if step <= self._last_step:
            time.sleep((self._last_step + 1) * STEP_S - time.time() + 0.5)
            step = int(time.time()) // STEP_S
        self._last_step = step
        return str(TOTP(self.secret).generate(step * STEP_S).token)

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 - our own desk on loopback
            f"{self.base}/api/v1{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_S) as reply:  # noqa: S310 - the same
                answer: dict[str, Any] = json.loads(reply.read() or b"{}")
                return answer
        except urllib.error.HTTPError as error:
            raise DeskRefused(f"{method} {path}: {error.code} {error.read().decode(errors='replace')[:600]}") from error
