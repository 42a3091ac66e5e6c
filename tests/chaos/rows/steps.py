"""`kill -9` between every pair of steps: of a wave, of a retry, of a question to the carrier (row 2); enumerated."""

from __future__ import annotations

from collections.abc import Mapping

from tests.chaos.row import Setting, row
from tests.chaos.stage import Stage

WAVE = ("claimed", "opened", "posted", "recording", "recorded")
QUESTION = ("lease lost", "due", "listed", "adopting", "proving absence", "settled")
FEW = Setting(people=60)
UNSURE: Mapping[str, object] = {"share_accept_then_reset": 0.3, "share_5xx_refused": 0.3}
THROTTLED: Mapping[str, object] = {"share_429": 0.5}


def _setting(carrier: Mapping[str, object]) -> Setting:
    return Setting(people=60, carrier=carrier, operator=False)


def _first(stage: Stage, failpoint: str) -> None:
    """A sweep dies at the fail point of its first wave; then a healthy one takes over."""
    stage.release()
    _die(stage, failpoint)
    stage.operate()
    stage.start("sweep")


def _second(stage: Stage, failpoint: str) -> None:
    """A first life leaves some people throttled or unsure; a second one dies when it takes them up again."""
    first = stage.start("sweep")
    stage.release()
    stage.until(lambda: stage.carrier.summary()["attempts"] >= stage.setting.people, 20, "a first attempt for all")
    first.kill()
    stage.carrier.set_faults(**dict.fromkeys(stage.setting.carrier, 0.0))
    _die(stage, failpoint)
    stage.start("sweep")


def _die(stage: Stage, failpoint: str) -> None:
    stage.must(stage.start("sweep", FAILPOINT=failpoint).status() == -9, "it did not die at its fail point")
    stage.watch.catch(1)
    stage.hits["rows open"] += stage.watch.open_rows()


for _name in WAVE:
    row(f"02 {_name}", f"kill -9 of a wave at the step “{_name}”", "nobody doubled", FEW)(
        lambda stage, name=_name: _first(stage, name)
    )
    row(f"02 retry {_name}", f"kill -9 of a retry at the step “{_name}”", "nobody doubled", _setting(THROTTLED))(
        lambda stage, name=_name: _second(stage, name)
    )
for _name in QUESTION:
    row(f"02 {_name}", f"kill -9 of a question at the step “{_name}”", "nobody doubled", _setting(UNSURE))(
        lambda stage, name=_name: _second(stage, name)
    )
