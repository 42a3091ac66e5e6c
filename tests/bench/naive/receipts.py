"""The peer's status callbacks: Flask, the library's validator, one ORM update each; served by gunicorn gthread."""

from __future__ import annotations

import os

from flask import Flask, abort, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from twilio.request_validator import RequestValidator

from tests.bench.naive.models import Message, engine

app = Flask(__name__)
validator = RequestValidator(os.environ.get("NAIVE_TOKEN", ""))


@app.post("/twilio/status")
def status() -> tuple[str, int]:
    """Verify, update, acknowledge."""
    url = f"{os.environ['NAIVE_PUBLIC_URL']}/twilio/status"
    if not validator.validate(url, request.form, request.headers.get("X-Twilio-Signature", "")):
        abort(403)
    with Session(engine()) as session:
        message = session.scalars(select(Message).where(Message.sid == request.form["MessageSid"])).one()
        message.status = request.form["MessageStatus"]
        session.commit()
    return "", 204


@app.get("/")
def alive() -> str:
    """Whether it runs."""
    return "ok"
