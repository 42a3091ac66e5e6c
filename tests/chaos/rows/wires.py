"""The line to the carrier breaks in the middle of an answer, or before the carrier heard the question (row 21)."""

from __future__ import annotations

import time

from tests.chaos.row import Setting, row
from tests.chaos.stage import Stage
from tests.faults.proxy import CALM, Fault, Kind

POST = b"POST /2010-04-01"
LINES = {
    "truncated": Fault(Kind.TRUNCATE, share=0.15, said=POST, keep=120),
    "cut in the head": Fault(Kind.TRUNCATE, share=0.15, said=POST, keep=9),
    "reset": Fault(Kind.RESET, share=0.15, said=POST),
    "half-closed": Fault(Kind.HALF_CLOSE, share=0.15, said=POST),
    "noise": Fault(Kind.NOISE, share=0.15, said=POST),
    "doubled replies": Fault(Kind.DOUBLE, share=0.3, said=POST),
    "slow loris": Fault(Kind.SLOW_LORIS, share=0.1, said=POST, seconds=0.5),
    "reply swallowed": Fault(Kind.SWALLOW, share=0.1, said=POST),
    "black hole": Fault(Kind.BLACK_HOLE, share=0.1, said=POST),
    "late": Fault(Kind.LATENCY, share=0.3, said=POST, seconds=2.0),
}
HARMLESS = (Kind.DOUBLE, Kind.LATENCY)
"""The first answer is whole: there is nothing to ask."""


def _spoilt(stage: Stage, fault: Fault) -> None:
    stage.usual()
    proxy = stage.proxies["carrier"]
    proxy.fault = fault
    stage.release()
    stage.in_flight()
    stage.operate()
    stage.until(lambda: stage.carrier.summary()["attempts"] + proxy.hits >= stage.setting.people, 20, "everybody tried")
    proxy.fault = CALM
    stage.hits["replies spoilt"] = proxy.hits
    if fault.kind not in HARMLESS:
        stage.until(lambda: stage.done(stage.alerts[0]), 40, "the alert done")
        stage.hits["asked after"] = stage.watch.asked_after()


for _name, _fault in LINES.items():
    row(f"21 {_name}", f"{_fault.share:.0%} of the answers to a POST: {_name}", "asked after, nobody doubled",
        Setting(200, proxied=("carrier",)))(lambda stage, fault=_fault: _spoilt(stage, fault))  # fmt: skip


@row("21 carrier gone", "the carrier's host is gone for 3 s in mid-send", "goes on by itself",
     Setting(400, proxied=("carrier",)))  # fmt: skip
def gone(stage: Stage) -> None:
    stage.usual()
    stage.release()
    stage.hits["rows"] += stage.in_flight()
    proxy = stage.proxies["carrier"]
    proxy.refuse()
    stage.operate()
    time.sleep(3.0)
    proxy.listen()
    stage.hits["connections cut"] = proxy.hits
