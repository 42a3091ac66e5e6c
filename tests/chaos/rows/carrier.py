"""The carrier hangs, fails, throttles, forgets, lags and lies about callbacks (rows 15 to 20)."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Sequence
from statistics import median
from typing import Any

from sqlalchemy import text

from broadcaster.alert.lifecycle import AlertKind
from broadcaster.channels.proof import proof
from tests.chaos import hooks
from tests.chaos.parts import MAIN
from tests.chaos.row import BLIND_S, IN_FLIGHT_WITHIN_S, SCALE, SETTLE_S, UNSCALED_S, Setting, row
from tests.chaos.stage import Stage
from tests.factories import SECRET

HEARS: dict[str, object] = {"share_callbacks_dropped": 0.0}


def _hit(stage: Stage, *faults: str) -> None:
    """What the carrier itself says that it did to us."""
    by_fault = stage.carrier.summary()["by_fault"]
    for fault in faults:
        stage.hits[fault.replace("_", " ")] += by_fault.get(fault, 0)


@row("15 accept, then hang", "10 % of the POSTs are accepted and never answered", "asked after, nobody doubled",
     Setting(500, carrier={"share_accept_then_hang": 0.1}))  # fmt: skip
def accept_then_hang(stage: Stage) -> None:
    stage.usual()
    stage.release()
    stage.in_flight()
    stage.operate()
    seconds = stage.until(lambda: stage.done(stage.alerts[0]), 40, "the alert done")
    pace = stage.setting.people / stage.setting.mps
    stage.measure("last one resolved", max(0.0, seconds - pace), IN_FLIGHT_WITHIN_S)
    _hit(stage, "accept_then_hang")


@row("16 5xx storm", "every POST is answered 5xx for 6 s, half of them accepted", "one POST an attempt, nobody doubled",
     Setting(600, carrier={"share_5xx_accepted": 0.5, "share_5xx_refused": 0.5}))  # fmt: skip
def storm(stage: Stage) -> None:
    stage.usual()
    stage.release()
    stage.in_flight()
    stage.operate()
    time.sleep(60 * SCALE)
    stage.carrier.set_faults(share_5xx_accepted=0.0, share_5xx_refused=0.0)
    _hit(stage, "5xx_accepted", "5xx_refused")


CAP = 10.0


@row("17 429 and a cap", "the carrier caps at 10/s and answers 429 with Retry-After beyond",
     "never above 110 % of the cap over 10 s; by priority",
     Setting(150, mps=CAP, carrier={"mps_cap": CAP, "share_429": 0.05}, operator=False))  # fmt: skip
def capped(stage: Stage) -> None:
    stage.usual()
    stage.release()
    stage.in_flight(5)
    stage.until(lambda: stage.done(stage.alerts[0]), 60, "the alert done")
    attempts = stage.carrier.ledger()["attempts"]
    stage.measure("most POSTs in 10 s", most_within(sorted(each["at"] for each in attempts), 10.0), 1.1 * CAP * 10)
    medians = [median(_times(stage, attempts, town)) for town in MAIN]
    stage.must(medians == sorted(medians), "the towns were not served by their rank")
    _hit(stage, "429", "mps_cap")
    stage.hits["429"] += stage.hits.pop("mps cap")


def _times(stage: Stage, attempts: Sequence[dict[str, Any]], town: str) -> list[float]:
    return [each["at"] for each in attempts if stage.everyone[each["to"]] == town]


def most_within(times: Sequence[float], seconds: float) -> int:
    """The most events in any window of so many seconds; `times` are in order."""
    return max((bisect_left(times, at + seconds) - number for number, at in enumerate(times)), default=0)


@row("18 listing down", "15 % of the answers are lost, the listing is down", "sent again blindly after BLIND, counted",
     Setting(200, carrier={"share_accept_then_reset": 0.15, "listing_down": True}, operator=False))  # fmt: skip
def listing_down(stage: Stage) -> None:
    stage.usual()
    stage.release()
    exercise = stage.release(("town-9",), AlertKind.TEST)
    stage.in_flight()
    stage.carrier.set_faults(share_accept_then_reset=0.0)
    _hit(stage, "accept_then_reset")
    stage.until(lambda: stage.done(stage.alerts[0]), BLIND_S + 20, "the alert done")
    with stage.sessions() as session:
        blind = session.execute(BLIND_WAITS).all()
    stage.hits["blind resends"] = len(blind)
    stage.must(all(row.fanout_id != exercise.fanout for row in blind), "a test was sent again blindly")
    waits = [float(row.waited) for row in blind]
    stage.must(not waits or min(waits) >= BLIND_S, f"a blind resend after {min(waits, default=0):.1f} s")
    stage.measure("blind resend after", max(waits, default=0.0), BLIND_S + 5 * SCALE + SETTLE_S / 4 + UNSCALED_S)
    stage.carrier.set_faults(listing_down=False)


BLIND_WAITS = text(
    "SELECT p.fanout_id, extract(epoch FROM p.at - w.started_at) AS waited FROM past_attempt p JOIN wave w"
    " ON w.id = p.wave_id WHERE p.outcome = 'blind'"
)


@row("19 late evidence", "listing and callbacks are silent for 2 x SETTLE about texts whose answers were lost",
     "doubled, and each one counted",
     Setting(150, carrier={"share_accept_then_reset": 0.2, "listing_lag_s": 2 * SETTLE_S}, operator=False))  # fmt: skip
def late_evidence(stage: Stage) -> None:
    """The texts reach the phones, and the carrier's word about it comes when we have long sent again."""
    stage.start("callbacks")
    stage.usual()
    stage.carrier.set_faults(delivery_ms=2000 * SETTLE_S)
    stage.release()
    stage.in_flight()
    stage.until(lambda: stage.accepted() >= stage.setting.people, 20, "a first text to everybody")
    _hit(stage, "accept_then_reset")
    stage.carrier.set_faults(share_accept_then_reset=0.0, share_callbacks_dropped=0.0)
    stage.until(lambda: stage.done(stage.alerts[0]), 30, "the alert done")
    stage.until(lambda: stage.carrier.summary()["by_status"].get("delivered", 0) >= stage.accepted(), 60, "delivered")
    stage.until(lambda: hooks.all_applied(stage), 20, "the callbacks applied")


@row("19 no evidence", "as above, and no callback ever comes: only the listing", "doubled, and each one counted",
     Setting(150, carrier={"share_accept_then_reset": 0.2, "listing_lag_s": 2 * SETTLE_S}, operator=False))  # fmt: skip
def no_evidence(stage: Stage) -> None:
    stage.usual()
    stage.release()
    stage.in_flight()
    stage.until(lambda: stage.accepted() >= stage.setting.people, 20, "a first text to everybody")
    _hit(stage, "accept_then_reset")
    stage.carrier.set_faults(share_accept_then_reset=0.0)
    stage.until(lambda: stage.done(stage.alerts[0]), 30, "the alert done")
    stage.until(lambda: stage.watch.sightings() >= stage.accepted() - stage.setting.people, 3 * SETTLE_S, "all seen")


@row("20 callbacks lost", "no callback ever comes, and 20 % of the answers are lost", "the listing is enough",
     Setting(300, carrier={"share_accept_then_reset": 0.2}))  # fmt: skip
def callbacks_lost(stage: Stage) -> None:
    stage.usual()
    stage.release()
    stage.in_flight()
    stage.operate()
    _hit(stage, "accept_then_reset")


@row("20 callbacks lie", "callbacks in disorder and twice, then each ten times more, 200 forged, the process killed",
     "states equal the listing; forged ones change nothing",
     Setting(200, carrier={**HEARS, "callbacks_duplicated": 1.0, "callbacks_reordered": 1.0}))  # fmt: skip
def callbacks_lie(stage: Stage) -> None:
    receiving = hooks.start(stage)
    stage.usual()
    stage.release()
    stage.in_flight()
    receiving.kill()
    hooks.start(stage)
    stage.operate()
    stage.until(lambda: stage.done(stage.alerts[0]), 30, "the alert done")
    messages = stage.carrier.ledger()["messages"]
    before = hooks.handsets(stage)
    answers = [hooks.post(stage, message, "delivered") for message in messages for _ in range(10)]
    stage.must(set(answers) == {204}, f"genuine callbacks were answered {set(answers)}")
    forged = hooks.forgeries(stage, messages, proof(SECRET, "delivery", "1.1.1"))
    stage.must(set(forged) == {403}, f"forged callbacks were answered {set(forged)}")
    stage.hits["callbacks replayed"], stage.hits["forged"] = len(answers), len(forged)
    stage.until(lambda: hooks.all_applied(stage), 20, "the callbacks applied")
    delivered = {place for place, handset in hooks.handsets(stage).items() if handset == "delivered"}
    stage.must(len(delivered) >= len(before), "a genuine callback was not applied")
