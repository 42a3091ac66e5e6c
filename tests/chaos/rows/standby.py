"""The first carrier dies and a second one stands by (row 22); judged by both ledgers together."""

from __future__ import annotations

import time
from collections.abc import Mapping

from sqlalchemy import text

from tests.chaos.row import SCALE, Setting, row
from tests.chaos.stage import Stage

SWITCHED_WITHIN_S = 60.0
"""From the fault to the first text by the second carrier (issue 3); this one is not scaled."""
DEAD_S = 60 * SCALE
FAILING: Mapping[str, Mapping[str, float]] = {
    "storm": {"share_5xx_accepted": 0.5, "share_5xx_refused": 0.5},
    "hang": {"share_accept_then_hang": 1.0},
}
"""The first carrier is reached and no answer of it is any good."""
HOLDS = "the second takes over within 60 s, nobody by both uncounted"
TWO = Setting(600, mps=40.0, proxied=("carrier",), standby=True)
"""Fifteen seconds of texts: some are left for the first carrier when it is back."""
_CIRCUIT = text("SELECT circuit FROM sender WHERE channel = 'sms' AND carrier = 'twilio'")


def texts_of(stage: Stage, carrier: int) -> int:
    """How many texts one carrier (0 or 1) has taken."""
    return int(stage.carriers[carrier].summary()["accepted"])


def circuit(stage: Stage) -> str:
    """The circuit of the first carrier: `closed` while it is used."""
    with stage.sessions() as session:
        return str(session.execute(_CIRCUIT).scalar_one())


def switched(stage: Stage, since: float) -> None:
    """Wait until the second carrier has taken a text; `since` is the second since 1970 of the fault."""
    stage.until(lambda: texts_of(stage, 1) > 0, SWITCHED_WITHIN_S, "a text by the second carrier")
    first = min((each["at"] for each in stage.carriers[1].ledger()["messages"]), default=time.time())
    stage.must(first >= since, "the second carrier was used while it only stood by")
    stage.measure("switched", first - since, SWITCHED_WITHIN_S)
    stage.until(lambda: circuit(stage) == "open", SWITCHED_WITHIN_S, "the first carrier given up")
    stage.hits["texts by the second"] += texts_of(stage, 1)


def used_again(stage: Stage) -> None:
    """Wait until the first carrier, which is well again, has taken more texts."""
    before = texts_of(stage, 0)
    stage.until(lambda: circuit(stage) == "closed" and texts_of(stage, 0) > before, 20, "the first carrier used again")


@row("22 refused from the start", "nobody reaches the first carrier, a second one stands by", HOLDS, TWO)
def refused_from_the_start(stage: Stage) -> None:
    stage.proxies["carrier"].refuse()
    stage.usual()
    switched(stage, stage.release().at)
    stage.operate()
    stage.until(lambda: stage.done(stage.alerts[0]), 60, "the alert done")
    stage.must(texts_of(stage, 0) == 0, "the first carrier, which nobody reaches, has texts")


@row("22 refused in mid-send", f"the first carrier's host goes in mid-send and is back after {DEAD_S:g} s", HOLDS, TWO)
def refused_in_mid_send(stage: Stage) -> None:
    stage.usual()
    stage.release()
    stage.in_flight()
    stage.proxies["carrier"].refuse()
    _dead_for_a_while(stage)
    stage.proxies["carrier"].listen()
    used_again(stage)


def _failing(stage: Stage, name: str) -> None:
    """The first carrier takes texts and says otherwise, or nothing; after a while it is well again."""
    stage.usual()
    stage.release()
    stage.in_flight()
    stage.carrier.set_faults(**FAILING[name])
    _dead_for_a_while(stage)
    stage.carrier.set_faults(**dict.fromkeys(FAILING[name], 0.0))
    by_fault = stage.carrier.summary()["by_fault"]
    for fault in FAILING[name]:
        said = fault.removeprefix("share_")
        stage.hits[said.replace("_", " ")] += by_fault.get(said, 0)
    used_again(stage)


def _dead_for_a_while(stage: Stage) -> None:
    """The second carrier takes over, the operator works; then the fault's time is over."""
    began = time.time()
    switched(stage, began)
    stage.operate()
    time.sleep(max(0.0, began + DEAD_S - time.time()))


for _name, _fault in {
    "storm": "answers 5xx and accepts half",
    "hang": "accepts all and never answers",
}.items():
    row(f"22 {_name} in mid-send", f"the first carrier {_fault}, in mid-send, for {DEAD_S:g} s", HOLDS, TWO)(
        lambda stage, name=_name: _failing(stage, name)
    )
