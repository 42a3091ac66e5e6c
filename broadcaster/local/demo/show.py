"""The demo from the first server to the last line on the screen."""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from passlib.totp import TOTP

from broadcaster import logs
from broadcaster.dispatch import engine as engines
from broadcaster.local import home, installation, massachusetts
from broadcaster.local.demo import stage as stages
from broadcaster.local.demo.around import Missed
from broadcaster.local.demo.desk import Desk
from broadcaster.local.demo.judge import Verdict, judge, judge_ipaws, towns
from broadcaster.local.demo.replay import THAT_DAY_MIN, Replay
from broadcaster.local.demo.stage import Cast, Stage
from broadcaster.local.supervisor import Supervisor
from broadcaster.settings import Settings
from broadcaster.store import database
from broadcaster.store.desk import people
from broadcaster.web.api import tokens


@dataclass(frozen=True, slots=True)
class Wish:
    """How the demo is to run: end by itself, print JSON, with how many residents."""

    leave: bool = False
    as_json: bool = False
    residents: int = 20_000


def say(line: str) -> None:
    """One line of progress, on standard error."""
    print(line, file=sys.stderr, flush=True)


def run(wish: Wish) -> int:
    """The whole demo; the exit status is 0 only when nobody was missed, every sum closes and nothing is unknown."""
    stage = stages.prepare(home.environment({**os.environ, "MODE": "demo"}))
    logs.configure("WARNING")
    say("Starting Postgres and Valkey, loading Massachusetts ...")
    with installation.standing(stage.env) as (settings, running, env):
        logs.configure("WARNING")
        cast = stages.furnish(settings, wish.residents)
        tokens = _settle(settings)
        say(f"{len(cast.everyone):,} residents in 357 communities. Starting the processes ...")
        services = [*stages.simulators(stage), *installation.services(settings, env)]
        supervisor = Supervisor(services, settings.data_dir / "logs", each_tick=running.revive)
        with supervisor:
            _welcome(stage, cast)
            ticker = Ticker(supervisor, cast, wish.leave)
            verdict, replay = _play(stage, cast, tokens, ticker, Missed(env, settings.data_dir / "missed-calls.csv"))
            _show(wish, verdict, replay)
            if not wish.leave:
                say(f"  The record: http://localhost:{stage.ports['PORT']}/desk/outages/{replay.outage}")
                _stay(ticker)
    return 0 if not verdict.reasons else 1


def _settle(settings: Settings) -> dict[str, str]:
    """Senders known to the limiter, and a token for each person."""
    sessions = database.sessions(database.connect(settings.database_url))
    engines.register_senders(sessions, settings)
    with sessions.begin() as session:
        found = {}
        for email in stages.PEOPLE:
            user = people.by_email(session, email)
            if user is not None:
                found[email] = tokens.make(session, user, "demo")
    sessions.kw["bind"].dispose()
    return found


def _play(
    stage: Stage, cast: Cast, tokens: Mapping[str, str], ticker: Ticker, missed: Missed
) -> tuple[Verdict, Replay]:
    faults = {"share_429": stages.SHARE_429, "share_accept_then_hang": stages.SHARE_HANG}
    _json(f"{stage.url('CARRIER')}/sim/faults", faults)
    say(f"The simulated carrier throttles {stages.SHARE_429:.0%} and hangs on {stages.SHARE_HANG:.1%} of the texts.")
    base = f"http://localhost:{stage.ports['PORT']}"
    desks = [Desk(base, tokens[email], cast.secrets[email]) for email in stages.PEOPLE]
    replay = Replay(desks[0], desks[1], ticker.tick, say, missed)
    replay.play()
    places = towns(massachusetts.load(datetime.now(UTC).date()))
    ledger = _json(f"{stage.url('CARRIER')}/sim/ledger")
    messages = [row for row in ledger["messages"] if row["direction"] == "outbound-api"]
    verdict = judge(cast.everyone, places, messages, replay.board()["channels"])
    judge_ipaws(verdict, _json(f"{stage.url('IPAWS')}/sim/ledger")["posts"])
    return verdict, replay


def _json(url: str, put: Mapping[str, Any] | None = None) -> Any:
    data = None if put is None else json.dumps(put).encode()
    request = urllib.request.Request(  # noqa: S310 - our own simulator on loopback
        url, data=data, method="GET" if put is None else "PUT", headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=120) as reply:  # noqa: S310 - the same
        return json.loads(reply.read())


def _welcome(stage: Stage, cast: Cast) -> None:
    say("")
    say(f"  the public page  http://localhost:{stage.ports['PORT']}/")
    say(f"  the desk         http://localhost:{stage.ports['PORT']}/desk")
    say(f"  the phones       {stage.url('CARRIER')}/")
    say(f"  the mailboxes    {stage.url('MAILBOX')}/")
    say(f"  IPAWS-OPEN       {stage.url('IPAWS')}/")
    say("")
    _codes(cast)


def _codes(cast: Cast) -> None:
    left = 30 - int(time.time()) % 30
    for email in stages.PEOPLE:
        code = TOTP(cast.secrets[email]).generate().token
        say(f"  {email:28} password {stages.PASSWORD}   code {code} ({left} s)")


def _show(wish: Wish, verdict: Verdict, replay: Replay) -> None:
    if wish.as_json:
        summary = {**verdict.json(), "ok": not verdict.reasons, "minutes": replay.minutes, "that_day": THAT_DAY_MIN}
        print(json.dumps(summary, indent=2), flush=True)
    say("")
    for what, minutes in replay.minutes.items():
        then = f"   (that day: {THAT_DAY_MIN[what]} min)" if what in THAT_DAY_MIN else ""
        say(f"  {what:32} {minutes * 60:8.1f} s{then}")
    heard = f"{verdict.heard:,} of {verdict.should_hear:,}"
    say(f"  {heard} people who should hear were texted, by the carrier's own ledger;")
    doubled = f"doubled {verdict.doubled} ({verdict.doubles_counted} counted)"
    say(f"  lost {verdict.lost}, strangers {verdict.strangers}, {doubled}.")
    say(f"  IPAWS-OPEN took {verdict.ipaws_taken} of {verdict.ipaws_posted} posts: {', '.join(verdict.ipaws_said)}.")
    for one in verdict.sums:
        say(f"  {_sum_line(one)}")
    say("  Passed." if not verdict.reasons else f"  FAILED: {'; '.join(verdict.reasons)}.")


def _sum_line(one: Mapping[str, Any]) -> str:
    states = [f"{name} {number:,}" for name, number in one.items() if type(number) is int and name != "revision"]
    end = "" if one["closes"] else "  DOES NOT CLOSE"
    return f"revision {one['revision']}, {one['channel']:5} {one['state']:5} {', '.join(states)}{end}"


@dataclass
class Ticker:
    """Keeps the services alive while we wait, and the current codes on the screen; silent for a demo that ends."""

    supervisor: Supervisor
    cast: Cast
    silent: bool
    _step: int = 0

    def tick(self) -> None:
        """One beat."""
        self.supervisor.tick()
        step = int(time.time()) // 30
        if step != self._step and not self.silent:
            self._step = step
            _codes(self.cast)


def _stay(ticker: Ticker) -> None:
    """Stay up until Ctrl-C."""
    say("")
    say("  Everything stays up; Ctrl-C ends it. Sign in with:")
    while True:
        ticker.tick()
        time.sleep(0.1)
