"""The relay and its pages: in a thread for tests, and as a command."""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP

from broadcaster import logs
from broadcaster.local import in_thread
from broadcaster.local.in_thread import InThread
from broadcaster.local.mailbox.pages import Pages
from broadcaster.local.mailbox.post import Counter, Faults, Mail, Office

HOST = "127.0.0.1"
LARGEST = 10 * 1024 * 1024


class Listening:
    """The relay and its pages inside one event loop."""

    def __init__(self, office: Office) -> None:
        self.office = office
        app = web.Application()
        app.add_routes(Pages(office).routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        self._relay: asyncio.Server | None = None
        self.smtp_port = self.http_port = 0

    async def open(self, smtp_port: int, http_port: int) -> None:
        """Listen on loopback; port 0 takes a free one. OSError when a port is taken."""
        loop = asyncio.get_running_loop()
        self._relay = await loop.create_server(self._smtp, HOST, smtp_port)
        self.smtp_port = self._relay.sockets[0].getsockname()[1]
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, http_port).start()
        self.http_port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Stop listening."""
        if self._relay:
            self._relay.close()
        await self._runner.cleanup()

    def _smtp(self) -> asyncio.Protocol:
        made: asyncio.Protocol = SMTP(
            Counter(self.office), hostname="mailbox.localhost", data_size_limit=LARGEST, enable_SMTPUTF8=True
        )
        return made


class Mailboxes(InThread):
    """A relay that listens."""

    def __init__(self, loop: asyncio.AbstractEventLoop, listening: Listening) -> None:
        super().__init__(loop, listening.close)
        self._listening = listening
        self.smtp_url = f"smtp://{HOST}:{listening.smtp_port}"
        self.url = f"http://{HOST}:{listening.http_port}"

    def mails(self) -> list[Mail]:
        """Every mail that was taken, oldest first."""
        return self._do(lambda: list(self._listening.office.mails))

    def summary(self) -> dict[str, Any]:
        """The counts alone."""
        return self._do(self._listening.office.summary)

    def set_faults(self, **updates: float) -> Faults:
        """Change some faults; FaultError says which cannot be."""

        def change() -> Faults:
            office = self._listening.office
            office.faults = office.faults.changed(dict(updates))
            return office.faults

        return self._do(change)


def start_in_thread(office: Office | None = None, smtp_port: int = 0, http_port: int = 0) -> Mailboxes:
    """Start a relay and wait until it listens; OSError when a port is taken."""
    listening = Listening(office or Office())

    async def opened(loop: asyncio.AbstractEventLoop) -> Mailboxes:
        await listening.open(smtp_port, http_port)
        return Mailboxes(loop, listening)

    return in_thread.start("mailbox", opened)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run until SIGINT or SIGTERM; exit code 2 with a sentence if it cannot start."""
    logs.configure()
    parser = argparse.ArgumentParser(
        prog="python -m broadcaster.local.mailbox",
        description="A mail relay on 127.0.0.1 that keeps every mail and shows it, and breaks on request.",
        epilog="example: python -m broadcaster.local.mailbox --smtp-port 8925 --http-port 8922",
    )
    parser.add_argument("--smtp-port", type=int, default=8925)
    parser.add_argument("--http-port", type=int, default=8922)
    parser.add_argument("--folder", type=Path, help="also write each mail there as an .eml file")
    parser.add_argument("--bounces", type=Path, help="a Maildir for the mails that come back (share_returned)")
    chosen = parser.parse_args(arguments)
    if chosen.folder:
        chosen.folder.mkdir(parents=True, exist_ok=True)
    try:
        asyncio.run(_serve(Listening(Office(chosen.folder, chosen.bounces)), chosen.smtp_port, chosen.http_port))
    except OSError as error:
        logs.get(__name__).error("the mailboxes cannot open: choose free ports", error=str(error))
        raise SystemExit(2) from None


async def _serve(listening: Listening, smtp_port: int, http_port: int) -> None:
    await listening.open(smtp_port, http_port)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    print(
        f"mail relay on {HOST}:{listening.smtp_port}, mailboxes on http://{HOST}:{listening.http_port}",
        flush=True,
    )
    await stop.wait()
    await listening.close()
