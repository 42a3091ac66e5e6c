"""The parts of a stage: servers, the carrier, proxies before them, the environment of our processes, the people."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from broadcaster.local.carrier import Carrier, Faults, Running, start_in_thread
from broadcaster.local.postgres import Postgres
from broadcaster.local.valkey import Valkey
from broadcaster.store import database, schema
from broadcaster.store.database import Sessions
from broadcaster.store.places import directory_load
from broadcaster.store.public import residents
from broadcaster.store.public.residents import NewResident
from tests.chaos.ground import Ground
from tests.chaos.row import BLIND_S, LEASE_S, SCALE, SETTLE_S, Setting
from tests.factories import SEALER, SECOND_SENDER, SID, TOKEN, House, directory, furnish, phones
from tests.faults.proxy import Proxy
from tests.flow import installation

TOWNS = 9
MAIN = ("town-1", "town-2", "town-3")
BESIDE = "town-9"
"""Where the operator releases, holds and resumes a second alert while the fault lasts: five people of its own."""
BESIDE_PEOPLE = 5
CALM: Mapping[str, object] = {
    "latency_ms": 200.0,
    "listing_lag_s": 0.2,
    "delivery_ms": 0.0,
    "hang_s": 2.0,
    "share_callbacks_dropped": 1.0,
}
"""Callbacks are off unless a row wants them: the listing alone must do."""
NO_REDIS = "redis://127.0.0.1:1/0"
SECOND_SID = "AC" + "1" * 32
"""The account at the second carrier."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What was started; `sessions` go past every proxy, `env` leads through them. The first of `carriers` is the one
    that breaks."""

    postgres: Postgres
    valkey: Valkey
    carriers: tuple[Running, ...]
    sessions: Sessions
    env: dict[str, str]
    proxies: dict[str, Proxy]


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def build(stack: ExitStack, setting: Setting, ground: Ground, folder: Path, seed: int) -> Parts:
    """Start everything that is not ours; `stack` ends it."""
    server = Postgres(folder / "postgres")
    if setting.postgres_mb:
        _mount(stack, server.home, setting.postgres_mb)
    url = _own(stack, server) if setting.own_postgres else stack.enter_context(ground.database())
    engine = database.connect(url, pool_size=10)
    stack.callback(engine.dispose)
    carriers = _carriers(stack, setting, seed)
    valkey = Valkey(folder / "valkey")
    stack.callback(valkey.stop)
    addresses = {
        "postgres": url,
        "redis": valkey.start() if setting.redis else NO_REDIS,
        "carrier": carriers[0].url,
    }
    proxies = {name: stack.enter_context(Proxy(make_url(addresses[name]).port or 0, seed)) for name in setting.proxied}
    reached = {
        name: make_url(address).set(port=proxies[name].at).render_as_string(hide_password=False)
        if name in proxies
        else address
        for name, address in addresses.items()
    }
    env = {**environment(reached, setting, folder), **_standing_by(carriers[1:], setting)}
    return Parts(server, valkey, carriers, database.sessions(engine), env, proxies)


def _carriers(stack: ExitStack, setting: Setting, seed: int) -> tuple[Running, ...]:
    """The carrier with the faults of the row, and the one that stands by where there is one."""
    broken = Faults(**{**CALM, "seed": float(seed), **setting.carrier})  # type: ignore[arg-type]
    made = [Carrier(SID, TOKEN, faults=broken)]
    if setting.standby:
        made.append(Carrier(SECOND_SID, TOKEN, faults=Faults(**CALM)))  # type: ignore[arg-type]
    return tuple(stack.enter_context(start_in_thread(each)) for each in made)


def _standing_by(carriers: Sequence[Running], setting: Setting) -> dict[str, str]:
    """What our processes are told of a second carrier."""
    return {
        name: value
        for carrier in carriers
        for name, value in {
            "SMS_SECONDARY_ACCOUNT_SID": SECOND_SID,
            "SMS_SECONDARY_AUTH_TOKEN": TOKEN,
            "SMS_SECONDARY_FROM": SECOND_SENDER,
            "SMS_SECONDARY_API_URL": carrier.url,
            "SMS_SECONDARY_MPS": str(setting.mps),
            "SMS_SECONDARY_WEIGHT": "0",
        }.items()
    }


def _mount(stack: ExitStack, place: Path, megabytes: int) -> None:
    """A small disk of its own for a server."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", place], check=True)
    stack.callback(subprocess.run, ["umount", "--lazy", place], check=True)


def _own(stack: ExitStack, server: Postgres) -> str:
    """A server of this row's own, with the schema; it may be dead when the row ends."""
    stack.callback(server.stop)
    server.start()
    schema.upgrade(server.url)
    return server.url


def environment(reached: Mapping[str, str], setting: Setting, folder: Path) -> dict[str, str]:
    """The environment of our processes, with the times of the algorithm at a tenth."""
    desk, callbacks = free_port(), free_port()
    return {
        **installation.environment(reached["postgres"], reached["redis"], reached["carrier"].rstrip("/"), folder),
        "LEASE": str(LEASE_S),
        "SETTLE": str(SETTLE_S),
        "BLIND": str(BLIND_S),
        "SWEEP_EVERY": str(2 * SCALE),
        "SMS_MPS": str(setting.mps),
        "PORT": str(desk),
        "CALLBACKS_PORT": str(callbacks),
        "PUBLIC_BASE_URL": f"http://localhost:{desk}",
        "CALLBACKS_BASE_URL": f"http://127.0.0.1:{callbacks}",
    }


def furnished(stack: ExitStack, built: Parts, setting: Setting) -> tuple[dict[str, str], House]:
    """People by phone and town, and the office that works through the proxies as our processes do."""
    house = furnish(built.sessions, directory(TOWNS), {}, mps=setting.mps)
    towns = [MAIN[no % len(MAIN)] for no in range(setting.people)] + [BESIDE] * BESIDE_PEOPLE
    everyone = dict(zip(phones(len(towns)), towns, strict=True))
    with built.sessions.begin() as session:
        ids = directory_load.community_ids(session)
        rows = [NewResident(phone, "en", (ids[town],)) for phone, town in everyone.items()]
        residents.import_residents(session, SEALER, rows)
    engine = database.connect(built.env["DATABASE_URL"])
    stack.callback(engine.dispose)
    return everyone, House(database.sessions(engine), house.office, house.issuer, house.approver)
