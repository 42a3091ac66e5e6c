"""What a person's programs hold: the bearer tokens, and the addresses that are told of each step of an alert."""

from __future__ import annotations

from typing import Annotated, cast
from urllib.parse import urlsplit

from flask import abort
from pydantic import AwareDatetime, BaseModel, Field, field_validator

from broadcaster.channels.webhook import LONGEST_URL, receiver_secret
from broadcaster.store.alerting import watchers, webhook_events
from broadcaster.store.alerting.watchers import Watcher
from broadcaster.store.desk.people import ApiToken, User
from broadcaster.web.api import tokens as tokens_of_people
from broadcaster.web.api.calls import Call
from broadcaster.web.api.models import In
from broadcaster.web.house import house
from broadcaster.web.signin.guard import person


class TokenOut(BaseModel):
    """A bearer token of the person who asks; the token itself was shown once."""

    id: str
    label: str
    made_at: AwareDatetime
    used_at: AwareDatetime | None


class TokensOut(BaseModel):
    """The tokens of this person that still work."""

    tokens: list[TokenOut]


class WebhookIn(In):
    """Where to tell, and which events (`webhooks` in this document, of alerts also by their last word, and `all_clear`,
    `number_change` and the other kinds for approvals of one kind); without any: every step of every alert."""

    url: Annotated[str, Field(max_length=LONGEST_URL)]
    events: list[Annotated[str, Field(pattern=r"^[a-z_.]{1,40}$")]] = Field(default_factory=list, max_length=30)

    @field_validator("events")
    @classmethod
    def _known(cls, events: list[str]) -> list[str]:
        strange = next((name for name in events if not webhook_events.is_known(name)), None)
        if strange is not None:
            raise ValueError(f"No event is called {strange}: `webhooks` in /api/v1/openapi.json lists them.")
        return events

    @field_validator("url")
    @classmethod
    def _secure(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
            local = parts.hostname in ("localhost", "127.0.0.1")
        except ValueError as error:
            raise ValueError("That is no address: write https://dashboard.example/911") from error
        if not fits or not url.isascii() or not url.isprintable() or (parts.scheme == "http" and not local):
            raise ValueError("Give an https address, without a password in it: https://dashboard.example/911")
        return url


class WebhookOut(BaseModel):
    """An address that is told. `last_event` is the newest event of the ledger that it has; `secret` signs the notices
    (Standard Webhooks) and is shown when the address is added."""

    id: str
    url: str
    events: list[str]
    made_at: AwareDatetime
    last_event: int
    tries: int
    failure: str
    secret: str | None = None


class WebhooksOut(BaseModel):
    """Who is told."""

    webhooks: list[WebhookOut]


def tokens(call: Call) -> TokensOut:
    """The tokens of this person that still work."""
    rows = tokens_of_people.active(call.store, call.store.get_one(User, person().id))
    return TokensOut(tokens=[_token(row) for row in rows])


def end_token(call: Call) -> TokensOut:
    """End one of this person's tokens, at once; the others are answered."""
    user, by = call.store.get_one(User, person().id), f"user:{person().id}"
    key = int(call.alert) if call.alert.isascii() and call.alert.isdecimal() and len(call.alert) < 19 else 0
    if not tokens_of_people.end(call.store, user, key, by, call.actor.now):
        abort(404, description="You have no such token, or it was ended already: see /api/v1/tokens.")
    return tokens(call)


def webhooks(call: Call) -> WebhooksOut:
    """The addresses that are told, and how far each of them has got."""
    return WebhooksOut(webhooks=[_webhook(row) for row in watchers.active(call.store)])


def add_webhook(call: Call) -> WebhookOut:
    """Tell an address of each step of an alert from now on."""
    body = cast(WebhookIn, call.body)
    row = watchers.add(call.store, person().id, body.url, list(dict.fromkeys(body.events)))
    call.store.refresh(row)
    made = _webhook(row)
    return made.model_copy(update={"secret": receiver_secret(house().settings.required("secret_key"), body.url)})


def end_webhook(call: Call) -> WebhooksOut:
    """Tell an address nothing more."""
    if watchers.end(call.store, f"user:{person().id}", call.alert, call.actor.now) is None:
        abort(404, description="There is no such webhook, or it was ended already: see /api/v1/webhooks.")
    call.store.flush()
    return webhooks(call)


def _token(row: ApiToken) -> TokenOut:
    return TokenOut(id=str(row.id), label=row.label, made_at=row.made_at, used_at=row.used_at)


def _webhook(row: Watcher) -> WebhookOut:
    return WebhookOut(
        id=row.public_id,
        url=row.url,
        events=list(row.kinds),
        made_at=row.made_at,
        last_event=row.cursor,
        tries=row.tries,
        failure=row.failure,
    )
