"""The relay and its pages: in a thread for tests, and as a command."""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

from aiohttp import web
from aiosmtpd.smtp import SMTP

from broadcaster import logs
from broadcaster.local.mailbox.pages import Pages
from broadcaster.local.mailbox.post import Counter, Faults, Mail, Office

HOST = "127.0.0.1"
LARGEST = 10 * 1024 * 1024
T = TypeVar("T")


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


class Mailboxes:
    """A relay that listens; a context manager that stops it. Every method may be called from any other thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, listening: Listening) -> None:
        self._loop, self._listening = loop, listening
        self._thread: Thread | None = None
        self.smtp_url = f"smtp://{HOST}:{listening.smtp_port}"
        self.url = f"http://{HOST}:{listening.http_port}"

    def __enter__(self) -> Mailboxes:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

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

    def stop(self) -> None:
        """Stop listening and join the thread."""
        if self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._listening.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._thread = None

    def keep(self, thread: Thread) -> Mailboxes:
        """Remember the thread to join."""
        self._thread = thread
        return self

    def _do(self, work: Callable[[], T]) -> T:
        async def run() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result()


def start_in_thread(office: Office | None = None, smtp_port: int = 0, http_port: int = 0) -> Mailboxes:
    """Start a relay and wait until it listens; OSError when a port is taken."""
    started: Future[Mailboxes] = Future()
    arguments = (Listening(office or Office()), smtp_port, http_port, started)
    thread = Thread(target=_run, args=arguments, name="mailbox", daemon=True)
    thread.start()
    return started.result().keep(thread)


def _run(listening: Listening, smtp_port: int, http_port: int, started: Future[Mailboxes]) -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(listening.open(smtp_port, http_port))
        started.set_result(Mailboxes(loop, listening))
    except Exception as error:
        started.set_exception(error)
    else:
        loop.run_forever()
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


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
