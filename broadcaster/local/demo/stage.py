"""The stage of the demo: ports, keys, the simulators as services, Massachusetts and its residents in the database."""

from __future__ import annotations

import secrets
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from broadcaster import settings as knobs
from broadcaster.dispatch.engine import sealer_of
from broadcaster.feeds import shapes
from broadcaster.local import borders, keys, massachusetts, seat
from broadcaster.local.massachusetts.residents import Resident, residents
from broadcaster.local.massachusetts.shapes import generated
from broadcaster.local.supervisor import Service, listening
from broadcaster.settings import Mode, Settings, SettingsError
from broadcaster.store import database, schema
from broadcaster.store.places import directory_load, town_shapes
from broadcaster.store.public import residents as phones
from broadcaster.store.public.residents import NewResident
from broadcaster.web.signin import accounts

PORTS = {"PORT": 8911, "CALLBACKS_PORT": 8912, "WINDOW_PORT": 8913, "CARRIER": 8921, "MAILBOX": 8922, "SMTP": 8923}
PORTS |= {"IPAWS": seat.PORT}
SENDER = "+18885550911"
PASSWORD = "demo-of-18-june"  # noqa: S105 - printed on the screen of a demo that no door leads out of
PEOPLE = {
    "issuer@state911.example": ("Ida Officer", ["issuer"]),
    "approver@state911.example": ("Abe Second", ["approver", "issuer"]),
}
SHARE_429, SHARE_HANG = 0.01, 0.005
"""The faults of the simulated carrier that the demo must get over (interface.md, `make demo`)."""
TEXTS_PER_S = 400.0
BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Stage:
    """Where everything is: the environment of the processes and the addresses for people."""

    env: dict[str, str]
    ports: Mapping[str, int]

    def url(self, name: str) -> str:
        """The address of one of the servers."""
        return f"http://127.0.0.1:{self.ports[name]}"


def prepare(environ: Mapping[str, str]) -> Stage:
    """Choose ports and keys; the demo has a DATA_DIR of its own, so that it never meets another installation."""
    base = knobs.load({**environ, "MODE": Mode.DEMO.value})
    ports = {name: _free(int(environ.get(name, usual))) for name, usual in PORTS.items()}
    folder = base.data_dir / "demo"
    env = {
        **{name: value for name, value in environ.items() if name not in ("DATABASE_URL", "REDIS_URL")},
        "MODE": Mode.DEMO.value,
        "DATA_DIR": str(folder),
        "PUBLISH_DIR": str(folder / "public"),
        "PUBLIC_BASE_URL": f"http://localhost:{ports['PORT']}",
        "CALLBACKS_BASE_URL": f"http://127.0.0.1:{ports['CALLBACKS_PORT']}",
        "LOOKUP_URL": f"http://localhost:{ports['PORT']}",
        "TWILIO_ACCOUNT_SID": "AC" + "d" * 32,
        "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
        "TWILIO_FROM": SENDER,
        "TWILIO_API_URL": f"http://127.0.0.1:{ports['CARRIER']}",
        "TWILIO_COMMS_URL": f"http://127.0.0.1:{ports['CARRIER']}",
        "SMS_MPS": environ.get("SMS_MPS", str(TEXTS_PER_S)),
        "SMTP_URL": f"smtp://127.0.0.1:{ports['SMTP']}",
        "MAIL_FROM": "alerts@state911.example",
        "BOUNCE_MAILBOX": str(folder / "bounces"),
        "CAP_SENDER": "alerts@state911.example",
        **seat.settings(folder / "keys", ports["IPAWS"]),
        **{name: str(ports[name]) for name in ("PORT", "CALLBACKS_PORT", "WINDOW_PORT")},
        **keys.ensure_keys(folder, Mode.DEMO),
    }
    return Stage(env, ports)


def _free(usual: int) -> int:
    """The usual port, or any free one when somebody has it."""
    for port in (usual, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SettingsError("No free port on this machine: stop something that listens on loopback.")


def simulators(stage: Stage) -> list[Service]:
    """The carrier, the mailboxes and IPAWS-OPEN, started before everything else."""
    ports, env = stage.ports, stage.env
    carrier = [sys.executable, "-m", "broadcaster.local.carrier", "--port", str(ports["CARRIER"])]
    carrier += ["--inbound-url", f"{env['CALLBACKS_BASE_URL']}/callbacks/twilio/inbound"]
    mailbox = [sys.executable, "-m", "broadcaster.local.mailbox"]
    mailbox += [
        "--smtp-port",
        str(ports["SMTP"]),
        "--http-port",
        str(ports["MAILBOX"]),
        "--bounces",
        env["BOUNCE_MAILBOX"],
    ]
    return [
        Service("carrier", carrier, env, listening(ports["CARRIER"])),
        Service("mailbox", mailbox, env, listening(ports["MAILBOX"])),
        seat.simulator(env, ports["IPAWS"]),
    ]


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays: the residents of the generator, and the second factors of the two people."""

    everyone: list[Resident]
    secrets: dict[str, str]


def furnish(settings: Settings, many: int) -> Cast:
    """An empty schema, then Massachusetts, two people and `many` residents."""
    schema.empty(settings.database_url)
    schema.upgrade(settings.database_url)
    sessions = database.sessions(database.connect(settings.database_url))
    sealer = sealer_of(settings)
    everyone = list(residents(many))
    with sessions.begin() as session:
        database.stamp_mode(session, settings.mode.value)
        directory_load.save(session, massachusetts.load(datetime.now(UTC).date()), sealer)
        if borders.install(session, settings.state_fips):
            town_shapes.save(session, generated(shapes.read(borders.built(settings.state_fips)).counties))
        totp = {
            email: accounts.add_user(session, sealer, email, name, PASSWORD, roles)
            for email, (name, roles) in PEOPLE.items()
        }
        ids = directory_load.community_ids(session)
    for start in range(0, len(everyone), BATCH):
        rows = [
            NewResident(one.phone, one.lang, tuple(ids[code] for code in one.communities), one.opted_out)
            for one in everyone[start : start + BATCH]
        ]
        with sessions.begin() as session:
            phones.import_residents(session, sealer, rows)
    sessions.kw["bind"].dispose()
    return Cast(everyone, totp)
