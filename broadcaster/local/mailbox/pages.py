"""The mailboxes as pages and as JSON. A mail's HTML stands in a sandboxed frame: it runs nothing and loads nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from html import escape
from json import JSONDecodeError
from urllib.parse import quote

from aiohttp import web

from broadcaster.local.mailbox.post import FaultError, Mail, Office

LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")
FRAMED = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:;"
    " sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
}
STYLE = """
:root { --ink:#1b1b1b; --soft:#5c6670; --line:#d6dbe0; --paper:#f4f6f8; --blue:#005ea2; --bad:#b50909 }
* { box-sizing:border-box }
body { margin:0; font:16px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif; color:var(--ink);
  background:var(--paper) }
header { background:#3d2b56; color:#fff; padding:.7rem 1.2rem; display:flex; gap:1rem; flex-wrap:wrap;
  align-items:baseline }
header a { color:#fff; font-weight:600; text-decoration:none } header small { opacity:.85 }
main { max-width:68rem; margin:0 auto; padding:1.2rem }
h1 { font-size:1.3rem; margin:.4rem 0 1rem; overflow-wrap:anywhere }
ul.list { list-style:none; margin:0; padding:0; background:#fff; border:1px solid var(--line); border-radius:.5rem }
ul.list a { display:grid; grid-template-columns:minmax(10rem,20rem) 1fr auto; gap:1rem; padding:.6rem .9rem;
  color:inherit; text-decoration:none; border-bottom:1px solid var(--line) }
ul.list li:last-child a { border-bottom:0 } ul.list a:hover { background:#eef4fa }
ul.list b, ul.list span { overflow:hidden; text-overflow:ellipsis; white-space:nowrap }
time, .count { color:var(--soft); font-size:.86rem; white-space:nowrap }
dl { display:grid; grid-template-columns:7rem 1fr; gap:.2rem .8rem; margin:0 0 1rem } dt { color:var(--soft) }
dd { margin:0; overflow-wrap:anywhere }
iframe { width:100%; height:40rem; border:1px solid var(--line); border-radius:.5rem; background:#fff }
pre { background:#fff; border:1px solid var(--line); border-radius:.5rem; padding:1rem; white-space:pre-wrap;
  overflow-wrap:anywhere; font:inherit }
.bad { color:var(--bad) } :focus-visible { outline:3px solid #2491ff; outline-offset:1px }
@media (max-width:40rem) { ul.list a { grid-template-columns:1fr } }
"""
SCRIPT = """
setInterval(async () => {
  const live = document.querySelector('[data-live]');
  if (!live || document.hidden) return;
  const answer = await fetch(location.href).catch(() => null);
  if (!answer || !answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('[data-live]');
  if (fresh && fresh.innerHTML !== live.innerHTML) live.innerHTML = fresh.innerHTML;
}, 2000);
"""


class Pages:
    """Who has mail, a mailbox, a mail; and the same for machines."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def routes(self) -> list[web.RouteDef]:
        """Every address."""
        return [
            web.get("/", self._front),
            web.get("/box/{address}", self._box),
            web.get("/mail/{no:\\d+}", self._mail),
            web.get("/mail/{no:\\d+}/html", self._html),
            web.get("/mail/{no:\\d+}.eml", self._raw),
            web.get("/sim/mails", self._mails),
            web.get("/sim/summary", self._summary),
            web.get("/sim/faults", self._faults),
            web.post("/sim/faults", self._set_faults),
        ]

    async def _front(self, _: web.Request) -> web.Response:
        rows = [
            _row(f"/box/{quote(address)}", address, mails[0].subject, f"{len(mails)} mail{'s' * (len(mails) > 1)}")
            for address, mails in sorted(self._office.boxes().items())
        ]
        count = self._office.summary()
        told = f"{count['mails']:,} mails in {count['mailboxes']:,} mailboxes"
        return _page("Mailboxes", f"<h1>{told}</h1>{_list(rows) or '<p>No mail has come yet.</p>'}", live=True)

    async def _box(self, request: web.Request) -> web.Response:
        address = request.match_info["address"].lower()
        mails = self._office.boxes().get(address, [])
        rows = [_row(f"/mail/{mail.no}", mail.subject, _first_line(mail), _clock(mail)) for mail in mails]
        return _page(address, f"<h1>{escape(address)}</h1>{_list(rows) or '<p>This mailbox is empty.</p>'}", live=True)

    async def _mail(self, request: web.Request) -> web.Response:
        mail = self._found(request)
        lost = "" if mail.answered else '<p class="bad">Taken, but the sender was not told: the line was cut.</p>'
        frame = f'<iframe title="The mail as HTML" src="/mail/{mail.no}/html"></iframe>' if mail.html else ""
        facts = {"To": mail.to, "From": mail.sender, "Message-ID": mail.message_id, "Came": _clock(mail)}
        shown = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
        back = (
            f'<p><a href="/box/{quote(mail.to)}">All of this mailbox</a> · <a href="/mail/{mail.no}.eml">source</a></p>'
        )
        return _page(
            mail.subject,
            f"<h1>{escape(mail.subject)}</h1>{lost}<dl>{shown}</dl>{frame}<h2>As text</h2>"
            f"<pre>{linked(mail.text)}</pre>{back}",
        )

    async def _html(self, request: web.Request) -> web.Response:
        mail = self._found(request)
        opened = '<base target="_blank">' + mail.html
        return web.Response(text=opened, content_type="text/html", charset="utf-8", headers=FRAMED)

    async def _raw(self, request: web.Request) -> web.Response:
        return web.Response(body=self._found(request).raw, content_type="message/rfc822")

    async def _mails(self, request: web.Request) -> web.Response:
        to = request.query.get("to", "").lower()
        return web.json_response([mail.json() for mail in self._office.mails if not to or mail.to == to])

    async def _summary(self, _: web.Request) -> web.Response:
        return web.json_response(self._office.summary())

    async def _faults(self, _: web.Request) -> web.Response:
        return web.json_response(asdict(self._office.faults))

    async def _set_faults(self, request: web.Request) -> web.Response:
        try:
            updates = await request.json()
            if not isinstance(updates, dict):
                raise FaultError("Send a JSON object: a number for each fault.")
            self._office.faults = self._office.faults.changed(updates)
        except (FaultError, JSONDecodeError) as error:
            return web.json_response({"error": str(error)}, status=422)
        return web.json_response(asdict(self._office.faults))

    def _found(self, request: web.Request) -> Mail:
        no = int(request.match_info["no"])
        if not 1 <= no <= len(self._office.mails):
            raise web.HTTPNotFound(text="There is no such mail.")
        return self._office.mails[no - 1]


def linked(text: str) -> str:
    """Text as HTML in which addresses can be clicked; nothing else in it is mark-up."""
    parts, end = [], 0
    for match in LINK.finditer(text):
        url = escape(match[0])
        parts += [escape(text[end : match.start()]), f'<a href="{url}" target="_blank" rel="noopener">{url}</a>']
        end = match.end()
    return "".join([*parts, escape(text[end:])])


def _page(title: str, content: str, *, live: bool = False) -> web.Response:
    script = f"<script>{SCRIPT}</script>" if live else ""
    page = f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>
<link rel="icon" href="data:,"><style>{STYLE}</style></head><body>
<header><a href="/">Simulated mailboxes</a><small>No real mail leaves this machine.</small></header>
<main{" data-live" if live else ""}>{content}</main>{script}</body></html>"""
    return web.Response(text=page, content_type="text/html", charset="utf-8")


def _list(rows: Sequence[str]) -> str:
    return f'<ul class="list">{"".join(rows)}</ul>' if rows else ""


def _row(href: str, bold: str, beside: str, end: str) -> str:
    return (
        f'<li><a href="{escape(href)}"><b>{escape(bold)}</b><span>{escape(beside)}</span>'
        f'<span class="count">{escape(end)}</span></a></li>'
    )


def _first_line(mail: Mail) -> str:
    return next((line.strip() for line in mail.text.splitlines() if line.strip()), "")


def _clock(mail: Mail) -> str:
    return datetime.fromtimestamp(mail.at, UTC).strftime("%H:%M:%S UTC")
