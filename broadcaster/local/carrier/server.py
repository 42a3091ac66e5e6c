"""The carrier as a web application, and as a command."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from aiohttp import web

from broadcaster import logs
from broadcaster.local.carrier.api import Api
from broadcaster.local.carrier.bulk import BulkApi
from broadcaster.local.carrier.calls_api import CallsApi
from broadcaster.local.carrier.config import Carrier
from broadcaster.local.carrier.faults import Faults
from broadcaster.local.carrier.front import Front
from broadcaster.local.carrier.loop import new_event_loop
from broadcaster.local.carrier.pages import Pages
from broadcaster.local.carrier.sim import Sim
from broadcaster.local.carrier.switch import Switch

HOST = "127.0.0.1"
SHUTDOWN_S = 1.0
BACKLOG = 4096
LARGEST_REQUEST = 32 * 2**20  # 10,000 recipients with a long text each
SWITCH = web.AppKey("switch", Switch)


def build_app(config: Carrier) -> web.Application:
    """The application of one carrier; raises OSError if its ledger's file cannot be opened."""
    switch = Switch(config)
    front = Front(switch)
    app = web.Application(client_max_size=LARGEST_REQUEST)
    app[SWITCH] = switch
    apis = (Api(switch, front), CallsApi(switch, front), BulkApi(switch, front), Sim(switch), Pages(switch))
    app.add_routes([route for api in apis for route in api.routes()])
    app.on_startup.append(_start)
    app.on_shutdown.append(_release)
    app.on_cleanup.append(_stop)
    return app


async def listen(config: Carrier) -> tuple[web.AppRunner, Switch, str]:
    """Serve on loopback: the runner to clean up, the carrier, its URL. Raises OSError if the port is taken."""
    app = build_app(config)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, config.port, backlog=BACKLOG).start()
    except OSError:
        await runner.cleanup()
        raise
    return runner, app[SWITCH], f"http://{HOST}:{runner.addresses[0][1]}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run until SIGINT or SIGTERM; exit code 2 with a sentence if it cannot start."""
    logs.configure()
    config = _config(arguments)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        try:
            runner.run(_serve(config))
        except OSError as error:
            raise SystemExit(_cannot_start(error)) from None


async def _serve(config: Carrier) -> None:
    runner, switch, url = await listen(config)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    print(f"carrier simulator on {url} ({len(switch.ledger.messages)} messages in its ledger)", flush=True)
    await stop.wait()
    await runner.cleanup()


async def _start(app: web.Application) -> None:
    await app[SWITCH].start()


async def _release(app: web.Application) -> None:
    app[SWITCH].closing.set()


async def _stop(app: web.Application) -> None:
    await app[SWITCH].stop()


def _cannot_start(error: OSError) -> int:
    logs.get(__name__).error("the carrier cannot start: choose a free port and a writable ledger", error=str(error))
    return 2


def _config(arguments: Sequence[str] | None) -> Carrier:
    parser = argparse.ArgumentParser(
        prog="python -m broadcaster.local.carrier",
        description="A Twilio-compatible carrier on 127.0.0.1 that keeps a ledger and breaks on request.",
        epilog="example: python -m broadcaster.local.carrier --port 8921 --account-sid AC1 --auth-token secret",
    )
    sid, token = os.environ.get("TWILIO_ACCOUNT_SID"), os.environ.get("TWILIO_AUTH_TOKEN")
    parser.add_argument("--port", type=int, default=8921)
    parser.add_argument("--account-sid", default=sid, required=not sid, help="default: TWILIO_ACCOUNT_SID")
    parser.add_argument("--auth-token", default=token, required=not token, help="default: TWILIO_AUTH_TOKEN")
    parser.add_argument("--ledger", type=Path, help="append-only NDJSON file, read back at start")
    parser.add_argument("--inbound-url", default="", help="where texts from phones are posted")
    parser.add_argument("--events-url", default="", help="where events of bulk messages are posted")
    parser.add_argument("--sender-mps", type=float, default=0.0, help="segments per second of a sender; 0 is unlimited")
    parser.add_argument("--seed", type=float, default=1.0, help="of the dice")
    chosen = parser.parse_args(arguments)
    urls = {"inbound_url": chosen.inbound_url, "events_url": chosen.events_url}
    faults = replace(Faults(), **urls, sender_mps=chosen.sender_mps, seed=chosen.seed)
    return Carrier(chosen.account_sid, chosen.auth_token, chosen.port, chosen.ledger, faults)
