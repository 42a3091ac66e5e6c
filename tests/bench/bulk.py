"""The bulk lane: hundreds of people in a request, beside a request for each, both to the carrier simulator.

The C sink does not speak the bulk API. The simulator does, renders every text and keeps a ledger of it, in Python, in
one process beside ours: it bounds both figures, so the ratio says more than either.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from tests.bench import ours
from tests.bench.gauge import Void
from tests.bench.plan import Plan
from tests.bench.sink import ROOT, Sink, Stats
from tests.bench.stage import Stage
from tests.bench.table import Row, Table
from tests.factories import SID, TOKEN

NOTE = "the simulator, in Python, bounds it"
CALM = {"share_callbacks_dropped": 1.0, "delivery_ms": 0.0, "listing_lag_s": 0.0}
"""No callbacks: receipts are measured by themselves."""


@dataclass(frozen=True, slots=True)
class Simulator(Sink):
    """The carrier simulator, asked as the sink is; `requests` are the POSTs since the last reset."""

    def reset(self, delay_ms: float = 0.0) -> None:
        """Forget what came, and answer from now on after so many milliseconds."""
        self._said("DELETE", "/sim/ledger")
        self._said("PUT", "/sim/faults", {**CALM, "latency_ms": delay_ms})

    def stats(self) -> Stats:
        """What has come so far; when it came, by fan-out and at most at once, the simulator does not say."""
        said = self._said("GET", "/sim/ledger/summary")
        return Stats(said["accepted"], said["distinct_to"], 0, time.time(), time.time(), 0, {})

    def requests(self) -> int:
        """How many POSTs there were."""
        return int(self._said("GET", "/sim/ledger/summary")["attempts"])

    def _said(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, json.dumps(body) if body else None)
            answer = connection.getresponse()
            said: dict[str, Any] = json.loads(answer.read() or "{}")
            if answer.status >= 300:
                raise Void(f"the simulator answered {method} {path} with {answer.status}: {said}")
            return said
        finally:
            connection.close()


@contextmanager
def simulator(sink: Sink) -> Iterator[Simulator]:
    """A simulator for as long as the block lasts, in a process of its own."""
    argv = [sys.executable, "-m", "broadcaster.local.carrier", "--port", "0", "--account-sid", SID]
    argv += ["--auth-token", TOKEN]
    process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        said = process.stdout.readline() if process.stdout else ""
        port = int(said.partition("127.0.0.1:")[2].split()[0])
        yield Simulator(process.pid, port, 0, sink.trusted, in_c=False)
    finally:
        process.terminate()
        process.communicate(timeout=10)


def measure(stage: Stage, table: Table, plan: Plan) -> None:
    """The same people by the bulk API and by the API that takes one text a request."""
    for key, what in (("bulk/many", "the bulk lane"), ("bulk/one", "one text a request")):
        what = f"{what}, {plan.bulk:,}, simulator"
        table.trying(key, what, lambda key=key, what=what: _rate(stage, table, plan, key, what))
    table.compare("bulk/many", "bulk/one", "one text a request")


def _rate(stage: Stage, table: Table, plan: Plan, key: str, what: str) -> None:
    rates, requests = [], []
    with simulator(stage.sink) as carrier, stage.audience(plan.bulk) as audience:
        lane = {"SMS_BULK": "on", "TWILIO_COMMS_URL": carrier.url()} if key == "bulk/many" else {}
        with ours.at_work(replace(stage, sink=carrier), audience, ours.Carrier(), **lane) as works:
            for _ in range(plan.rounds):
                rates.append(_release(works))
                requests.append(carrier.requests())
    note = f"{max(requests):,} requests, each person once by its ledger; {NOTE}"
    table.add(Row(key, what, "/s", rates, note=note))


def _release(works: ours.Works) -> float:
    """People a second from the approval until every row is accepted: a bulk answer names nobody, so each is looked up.

    Read every 20 ms. Void when somebody was told twice, or when rows stay open.
    """
    many = works.audience.many
    revision = works.draft()
    works.stage.sink.reset()
    approved = works.approve(revision)
    accepted = {"accepted": many}
    ours.until(lambda: works.states(approved.fanout) == accepted, f"fewer than {many:,} rows were accepted")
    took = time.time() - approved.at
    works.wait_for(many)
    return many / took
