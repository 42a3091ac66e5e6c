"""The tasks of the peer: one for each recipient."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from celery import Celery
from sqlalchemy.orm import Session
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from tests.bench.naive.models import Alert, Message, engine

app = Celery("naive", broker=os.environ.get("NAIVE_BROKER_URL", ""))
app.conf.update(task_acks_late=True, task_ignore_result=True, broker_connection_retry_on_startup=True)


class ToSink(TwilioHttpClient):
    """The library's own transport, with the sink in place of api.twilio.com."""

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        """As the library does it, elsewhere."""
        return super().request(method, url.replace("https://api.twilio.com", os.environ["NAIVE_URL"]), *args, **kwargs)


@cache
def client() -> Client:
    """This process's client: its connection and its TLS context are kept."""
    return Client(os.environ["NAIVE_SID"], os.environ["NAIVE_TOKEN"], http_client=ToSink(timeout=10))


@app.task(acks_late=True)
def send(message_id: int) -> None:
    """Send one text."""
    with Session(engine()) as session:
        message = session.get_one(Message, message_id)
        if message.status == "sent":
            return
        message.status = "sending"
        session.commit()
        try:
            made = client().messages.create(
                to=message.phone,
                from_=os.environ["NAIVE_FROM"],
                body=message.alert.body,
                status_callback="http://localhost/twilio/status",
            )
            message.sid, message.status = made.sid, "sent"
        except TwilioRestException as error:
            message.status, message.error = "failed", str(error)
        session.commit()


def release(phones: list[str], body: str) -> int:
    """Write a message for everybody and queue them all; returns the alert's id."""
    with Session(engine()) as session:
        alert = Alert(body=body)
        messages = [Message(alert=alert, phone=phone) for phone in phones]
        session.add_all(messages)
        session.commit()
        ids = [message.id for message in messages]
        made = alert.id
    for message_id in ids:
        send.delay(message_id)
    return made
