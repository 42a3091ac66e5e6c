"""Status callbacks a second: signed by the carrier, durable before the 204, none lost; beside the naive way."""

from __future__ import annotations

import base64
import hmac
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path
from urllib.parse import urlencode

import psycopg
from sqlalchemy import make_url, text
from sqlalchemy.orm import Session

from broadcaster.channels.proof import proof
from broadcaster.local import child
from broadcaster.local.child import Process
from broadcaster.local.installation import command
from broadcaster.store import database
from tests.bench import gauge, load
from tests.bench.gauge import Void
from tests.bench.naive.models import Alert, Base, Message
from tests.bench.ours import until
from tests.bench.people import phone
from tests.bench.plan import Plan
from tests.bench.stage import Stage, furnish
from tests.bench.table import Goal, Row, Table, at_least
from tests.factories import SECRET, SENDER, SID, TOKEN

PUBLIC = "http://localhost:8911"
STATUS = "/callbacks/twilio/status"
NAIVE_STATUS = "/twilio/status"
CONNECTIONS = 128
STATUSES = ("sent", "delivered")
NAIVE_SHARE = 10
"""The naive way gets a tenth of the load: it takes longer for it than ours for all."""
ROUND = 1_000_000
LEAST_A_CORE = 6000.0
"""The worst that 2,000 messages a second can send back."""


@dataclass(frozen=True, slots=True)
class Met:
    """One load on a server: 204s a second, processor time a second, and the wait of the slowest hundredth."""

    rate: float
    cores: float
    p99_ms: float


def measure(stage: Stage, table: Table, plan: Plan) -> None:
    """Ours and the naive way, each with its own database."""
    few = max(len(STATUSES), plan.receipts // NAIVE_SHARE)
    table.trying("receipts/naive", "receipts, the naive way", lambda: _naive(stage, table, plan, few))
    table.trying("receipts/ours", "receipts, ours", lambda: _ours(stage, table, plan))
    table.compare("receipts/ours", "receipts/naive", "the naive way", at_least(7.0))
    table.compare("receipts/core", "receipts/naive-core", "the naive way")


def _ours(stage: Stage, table: Table, plan: Plan) -> None:
    url = stage.new_database("receipts")
    furnish(database.sessions(database.connect(url)))
    port = _free_port(stage.folder)
    env = stage.environment(url, CALLBACKS_PORT=str(port), PUBLIC_BASE_URL=PUBLIC)
    stage.enter(env)
    met = []
    with _served(command("callbacks"), stage.log_of("callbacks"), env, port) as process:
        for no in range(-1, plan.rounds):
            first = (no + 1) * ROUND
            many = plan.receipts if no >= 0 else plan.receipts // NAIVE_SHARE
            requests = (_callback(first + each, STATUS) for each in range(many))
            one = _loaded(stage, port, process, requests)
            kept = _count(url, "SELECT count(*) FROM receipt WHERE ref >= %s AND ref < %s", first)
            if kept != many:
                raise Void(f"{many:,} were acknowledged and {kept:,} are in the table")
            met += [one] if no >= 0 else []
    _rows(table, "receipts/ours", "receipts, ours", met, "receipts/core", at_least(LEAST_A_CORE))


def _naive(stage: Stage, table: Table, plan: Plan, many: int) -> None:
    url = stage.new_database("naive_receipts", pattern="template1")
    _sent_before(url, many)
    port = _free_port(stage.folder)
    env = {
        **stage.environment(url),
        "NAIVE_DATABASE_URL": url,
        "NAIVE_TOKEN": TOKEN,
        "NAIVE_PUBLIC_URL": PUBLIC,
    }
    argv = [sys.executable, "-m", "gunicorn", "-k", "gthread", "--threads", "16", "--workers", "1"]
    argv += ["--bind", f"127.0.0.1:{port}", "--no-control-socket", "tests.bench.naive.receipts:app"]
    with _served(argv, stage.log_of("naive-receipts"), env, port) as process:
        met = []
        for no in range(-1, plan.rounds):
            one = _loaded(stage, port, process, (_callback(each, NAIVE_STATUS) for each in range(many)))
            met += [one] if no >= 0 else []
    _rows(table, "receipts/naive", "receipts, the naive way", met, "receipts/naive-core")


def _rows(table: Table, key: str, what: str, met: list[Met], core: str, goal: Goal | None = None) -> None:
    cores = sum(one.cores for one in met) / len(met)
    row = Row(key, what, "/s", [one.rate for one in met])
    row.note = f"{cores:.2f} cores, p99 of an answer {max(one.p99_ms for one in met):.0f} ms"
    table.add(row)
    table.add(Row(core, f"  a core of its process, {what}", "/s", [one.rate / one.cores for one in met], goal))


def _sent_before(url: str, many: int) -> None:
    """The rows that the naive way updates: a message has one row, whatever its statuses."""
    engine = database.connect(url)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        alert = Alert(body="911 is down")
        session.add_all(
            Message(alert=alert, phone=phone(no), sid=_sid(no), status="sent") for no in range(0, many, len(STATUSES))
        )
        session.commit()
        session.execute(text("ANALYZE"))
    engine.dispose()


def _sid(no: int) -> str:
    return f"SM{no - no % len(STATUSES):032d}"


def _callback(no: int, path: str) -> bytes:
    """The signed callback number `no`: as many for each message as there are statuses."""
    status = STATUSES[no % len(STATUSES)]
    form = {
        "SmsSid": _sid(no),
        "SmsStatus": status,
        "MessageStatus": status,
        "To": phone(no),
        "MessageSid": _sid(no),
        "AccountSid": SID,
        "From": SENDER,
        "ApiVersion": "2010-04-01",
    }
    if path == STATUS:
        key = f"1.{no // len(STATUSES) + 1}.1"
        path = f"{path}?d={key}&m={proof(SECRET, 'delivery', key)}"
    said = PUBLIC + path + "".join(name + value for name, value in sorted(form.items()))
    signature = base64.b64encode(hmac.digest(TOKEN.encode(), said.encode(), sha1)).decode()
    return load.posting(path, "localhost:8911", {"X-Twilio-Signature": signature}, urlencode(form).encode())


def _loaded(stage: Stage, port: int, process: Process, requests: Iterator[bytes]) -> Met:
    file = stage.folder / "callbacks"
    many = load.write(requests, file)
    family = [process.pid, *gauge.children(process.pid)]
    busy = gauge.cpu_seconds(family)
    met = load.run(stage.sink.trusted.parent, port, file, CONNECTIONS)
    if met.answers != {204: many} or met.again:
        raise Void(f"answers {met.answers}, {met.again} connections lost, of {many:,} callbacks")
    return Met(met.rate(204), (gauge.cpu_seconds(family) - busy) / met.seconds, met.p99_ms)


def _count(url: str, query: str, first: int) -> int:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as db:
        row = db.execute(query.encode(), (_sid(first), _sid(first + ROUND))).fetchone()
    return int(str(row[0])) if row else 0


@contextmanager
def _served(argv: list[str], log: Path, env: Mapping[str, str], port: int) -> Iterator[Process]:
    process = child.spawn(argv, log, env)
    try:
        until(lambda: child.answers(port), f"{log.stem} never listened")
        yield process
    finally:
        child.end(process, (signal.SIGTERM, 10.0))


def _free_port(folder: Path) -> int:
    home = folder / "ports"
    home.mkdir(parents=True, exist_ok=True)
    return child.stable_port(home)
