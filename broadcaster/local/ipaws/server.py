"""The exchange as a web application, and as a command."""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from aiohttp import web

from broadcaster import logs
from broadcaster.local.ipaws import answers
from broadcaster.local.ipaws.envelope import REQUEST, Request, RequestRefused, read
from broadcaster.local.ipaws.exchange import Exchange
from broadcaster.local.ipaws.faults import FaultError, Faults
from broadcaster.local.ipaws.group import Group

HOST = "127.0.0.1"
SOAP_PATH = "/IPAWS_CAPService/IPAWS"
FEEDS = ("public", "public_non_eas", "eas", "nwem", "PublicWEA")
OUTLET = {"eas": "EAS", "nwem": "NWEM", "PublicWEA": "CMAS", "public_non_eas": "PUBLIC"}
LARGEST = 4 * 2**20


class Service:
    """The exchange behind HTTP: SOAP for the group, pages and switches for people and tests."""

    def __init__(self, group: Group, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.exchange = Exchange(group, self.faults)
        self.closing = asyncio.Event()

    def app(self) -> web.Application:
        """The application."""
        app = web.Application(client_max_size=LARGEST)
        app.add_routes(
            [
                web.post(SOAP_PATH, self._soap),
                web.get("/sim/ledger", self._ledger),
                web.put("/sim/faults", self._change),
                web.get("/IPAWSOPEN_EAS_SERVICE/rest/{feed}/recent/{since}", self._recent),
                web.get("/", self._page),
            ]
        )
        app.on_shutdown.append(self._close)
        return app

    def summary(self) -> dict[str, Any]:
        """Counts: posts, alerts that were taken, duplicates that were refused, and questions by their name."""
        posts = self.exchange.posts
        return {
            "posts": len(posts),
            "taken": len(self.exchange.taken),
            "duplicates": sum(any(status.code == "201" for status in post.statuses) for post in posts),
            "asked": dict(self.exchange.asked),
        }

    async def _soap(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        await asyncio.sleep(self.faults.latency_ms / 1000)
        if self.faults.down:
            return _hang_up(request)
        try:
            asked = read(raw, self.exchange.group.transport, self.exchange.group.clock())
            self._known(asked)
        except RequestRefused as refused:
            return _fault(refused.code, refused.words)
        if asked.body.tag.endswith("}postCAPRequestTypeDef"):
            return await self._post(request, asked)
        return await self._question(request, asked)

    def _known(self, asked: Request) -> None:
        group = self.exchange.group
        if asked.cog != group.cog or asked.user not in group.users:
            raise RequestRefused("FailedAuthentication", "This user is not of this group.")

    async def _post(self, request: web.Request, asked: Request) -> web.StreamResponse:
        faults = self.faults
        match faults.draw("fault_certificate", "fault_receiver", "fault_client", "refused_hang", "refused_500"):
            case "fault_certificate":
                return _fault("Receiver", "SOAPMessage signed with invalid certificate.")
            case "fault_receiver":
                return _fault("Receiver", "The service is busy.")
            case "fault_client":
                return _fault("Client", "The request is malformed.")
            case "refused_hang":
                return await self._hang(request)
            case "refused_500":
                return web.Response(status=500, text="<html>Internal Server Error</html>")
        fault = faults.draw("accepted_hang", "accepted_reset", "accepted_500", "accepted_garbage")
        try:
            post = self.exchange.take(asked.alert, fault)
        except RequestRefused as refused:
            return _fault(refused.code, refused.words)
        match fault:
            case "accepted_hang":
                return await self._hang(request)
            case "accepted_reset":
                return _hang_up(request)
            case "accepted_500":
                return web.Response(status=500, text="<html>Internal Server Error</html>")
        answer = answers.to_a_post(post.identifier, post.statuses, faults.shape)
        return _xml(answer[: len(answer) // 2] if fault == "accepted_garbage" else answer)

    async def _question(self, request: web.Request, asked: Request) -> web.StreamResponse:
        operation = asked.body.findtext(f"{REQUEST}requestOperation") or ""
        self.exchange.asked[operation] = self.exchange.asked.get(operation, 0) + 1
        faults, group = self.faults, self.exchange.group
        if (operation == "getMessageList" and faults.listing_down) or (operation == "getAck" and faults.ack_down):
            return _hang_up(request)
        match operation:
            case "getAck":
                return _xml(answers.pong(group))
            case "getCOGProfile":
                return _xml(answers.profile(group))
            case "getMessageList":
                listed = [] if faults.listing_empty else self.exchange.taken.values()
                return _xml(answers.messages(listed))
        return _fault("Client", f"There is no operation {operation}.")

    async def _hang(self, request: web.Request) -> web.StreamResponse:
        with suppress(TimeoutError):
            async with asyncio.timeout(self.faults.hang_s):
                await self.closing.wait()
        return _hang_up(request)

    async def _ledger(self, _: web.Request) -> web.Response:
        posts = [post.json() for post in self.exchange.posts]
        return web.json_response({"posts": posts, "summary": self.summary()})

    async def _change(self, request: web.Request) -> web.Response:
        try:
            return web.json_response(self.faults.change(await request.json()))
        except (FaultError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=400)

    async def _recent(self, request: web.Request) -> web.Response:
        feed = request.match_info["feed"]
        try:
            since = datetime.fromisoformat(request.match_info["since"].replace("Z", "+00:00"))
        except ValueError:
            raise web.HTTPBadRequest(text="The time must be written as 2026-06-18T17:15:00Z.") from None
        if feed not in FEEDS:
            raise web.HTTPNotFound(text=f"There is no feed {feed}: choose among {', '.join(FEEDS)}.")
        outlet = OUTLET.get(feed)
        shown = [
            post
            for post in self.exchange.taken.values()
            if post.at >= since.timestamp()
            and (outlet is None or any(each.channel == outlet and not each.error for each in post.statuses))
        ]
        return _xml(answers.recent(shown, self.faults.loses))

    async def _page(self, _: web.Request) -> web.Response:
        rows = "".join(
            f"<tr><td>{escape(post.identifier)}</td><td>{escape(post.msg_type)} {escape(post.event)}</td><td>"
            + escape(", ".join(f"{each.gateway or each.channel} {each.code}" for each in post.statuses))
            + f"</td><td>{'taken' if post.taken else 'refused'}</td></tr>"
            for post in reversed(self.exchange.posts)
        )
        return web.Response(
            text=f"<!DOCTYPE html><title>IPAWS-OPEN</title><h1>IPAWS-OPEN, simulated</h1><table>{rows}</table>",
            content_type="text/html",
        )

    async def _close(self, _: web.Application) -> None:
        self.closing.set()


def _xml(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/xml", charset="utf-8")


def _fault(code: str, words: str) -> web.Response:
    """SOAP 1.1 over HTTP: a Fault comes with status 500."""
    return web.Response(text=answers.fault(code, words), status=500, content_type="text/xml", charset="utf-8")


def _hang_up(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def listen(service: Service, port: int) -> tuple[web.AppRunner, str]:
    """Serve on loopback: the runner to clean up, and the URL. OSError when the port is taken."""
    runner = web.AppRunner(service.app(), access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError:
        await runner.cleanup()
        raise
    return runner, f"http://{HOST}:{runner.addresses[0][1]}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run until SIGINT or SIGTERM; exit code 2 with a sentence if it cannot start."""
    logs.configure()
    parser = argparse.ArgumentParser(
        prog="python -m broadcaster.local.ipaws",
        description="IPAWS-OPEN on 127.0.0.1: verifies both signatures, answers per channel, keeps a ledger.",
        epilog="example: python -m broadcaster.local.ipaws --cog 120911 --user demo --transport a.crt --alert b.crt",
    )
    parser.add_argument("--port", type=int, default=8924)
    parser.add_argument("--cog", required=True)
    parser.add_argument("--user", action="append", required=True)
    parser.add_argument("--transport", action="append", type=Path, required=True, help="a certificate of requests")
    parser.add_argument("--alert", action="append", type=Path, required=True, help="a certificate of alerts")
    parser.add_argument(
        "--place", action="append", default=[], help="a SAME code that the group may alert; default all"
    )
    parser.add_argument("--airs", action="append", default=[], help="a CAP status that goes on air; default Actual")
    parser.add_argument("--ledger", type=Path, help="an NDJSON file")
    chosen = parser.parse_args(arguments)
    try:
        asyncio.run(_serve(_group(chosen), chosen.port))
    except OSError as error:
        logs.get(__name__).error("it cannot start: choose a free port and readable certificates", error=str(error))
        raise SystemExit(2) from None


def _group(chosen: argparse.Namespace) -> Group:
    return Group(
        cog=chosen.cog,
        users=tuple(chosen.user),
        transport=tuple(path.read_bytes() for path in chosen.transport),
        alert=tuple(path.read_bytes() for path in chosen.alert),
        places=tuple(chosen.place),
        airs=tuple(chosen.airs) or ("Actual",),
        ledger=chosen.ledger,
    )


async def _serve(group: Group, port: int) -> None:
    runner, url = await listen(Service(group), port)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    print(f"IPAWS-OPEN simulator on {url}{SOAP_PATH}", flush=True)
    await stop.wait()
    await runner.cleanup()
