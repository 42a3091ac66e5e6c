"""The simulator's pages as handlers: overview, search, phones, and the two forms on them."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web

from broadcaster.local.carrier import page
from broadcaster.local.carrier.api import read_form
from broadcaster.local.carrier.faults import FaultError
from broadcaster.local.carrier.inbound import hear
from broadcaster.local.carrier.records import Message
from broadcaster.local.carrier.sim import summary_of
from broadcaster.local.carrier.switch import Switch

LATEST = 12
MOST_FOUND = 60


class Pages:
    """Handlers that answer HTML."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch

    def routes(self) -> list[web.RouteDef]:
        """The paths of the pages."""
        return [
            web.get("/", self.overview),
            web.post("/faults", self.set_faults),
            web.get("/phones", self.search),
            web.get("/phones/{number}", self.phone),
            web.post("/phones/{number}/reply", self.reply),
        ]

    async def overview(self, _: web.Request) -> web.Response:
        """GET /."""
        return self._overview()

    async def set_faults(self, request: web.Request) -> web.Response:
        """POST /faults: back to the overview, or the overview with a sentence about what was wrong."""
        _refuse_other_sites(request)
        try:
            self._switch.panel.change(_but_unchanged_seed(self._switch, read_form(await request.read())))
        except FaultError as error:
            return self._overview(str(error))
        raise web.HTTPSeeOther("/")

    async def search(self, request: web.Request) -> web.Response:
        """GET /phones?number=: straight to the phone if there is one, otherwise all that contain these digits."""
        number = request.query.get("number", "").strip()
        found = self._find(number)
        if len(found) == 1:
            raise web.HTTPSeeOther(f"/phones/{quote(found[0].phone)}")
        return _html(page.matches(number, found))

    async def phone(self, request: web.Request) -> web.Response:
        """GET /phones/{number}: also for a phone that has not been texted yet."""
        number, ledger = request.match_info["number"], self._switch.ledger
        return _html(page.phone(number, ledger.conversation(number), number in ledger.opted_out))

    async def reply(self, request: web.Request) -> web.Response:
        """POST /phones/{number}/reply: the phone texts whoever texted it last."""
        _refuse_other_sites(request)
        number, form = request.match_info["number"], read_form(await request.read())
        if body := form.get("word") or form.get("body", "").strip():
            await hear(self._switch, number, form.get("to") or self._switch.config.service_sender, body)
        raise web.HTTPSeeOther(f"/phones/{quote(number)}")

    def _overview(self, error: str = "") -> web.Response:
        latest = self._switch.ledger.latest_phones(LATEST)
        text = page.overview(summary_of(self._switch), self._switch.panel.faults, latest, error)
        return _html(text, status=400 if error else 200)

    def _find(self, number: str) -> list[Message]:
        ledger, digits = self._switch.ledger, "".join(char for char in number if char.isdigit())
        if not digits:
            return []
        exact = ledger.conversation(f"+{digits}") or ledger.conversation(f"+1{digits}")
        if exact:
            return exact[-1:]
        known = (messages[-1] for to, messages in ledger.by_to.items() if digits in to)
        return [message for message, _ in zip(known, range(MOST_FOUND), strict=False)]


def _but_unchanged_seed(switch: Switch, form: dict[str, str]) -> dict[str, str]:
    """The form without a seed that was only carried along, so that setting another knob does not restart the dice."""
    same = form.get("seed") == f"{switch.panel.faults.seed:g}"
    return {name: value for name, value in form.items() if not (same and name == "seed")}


def _refuse_other_sites(request: web.Request) -> None:
    """A form on another site must not text from here (Fetch Metadata)."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise web.HTTPForbidden(text="This form was posted from another site.")


def _html(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html")
