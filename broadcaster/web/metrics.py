"""/metrics, in the text format of Prometheus: what an operator needs to be woken by, counted when it is asked for.

No number, name or address is ever a label, nor a path, which may hold a token: a request is counted by what answered.
Open with METRICS_TOKEN; without one only to this machine itself, and never through a proxy.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from prometheus_client import CollectorRegistry, Counter, Info, disable_created_metrics, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from broadcaster import logs
from broadcaster.settings import Settings
from broadcaster.store import vitals
from broadcaster.store.database import Sessions
from broadcaster.values import LOOPBACK_HOSTS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

log = logs.get(__name__)
disable_created_metrics()  # type: ignore[no-untyped-call]
PATH = "/metrics"
KIND = "text/plain; version=0.0.4; charset=utf-8"
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
"""Whatever bears one of these came through a proxy: it is somebody else's request, wherever it ends."""
GAUGES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "alerts": ("broadcaster_open_alerts", "Open alerts by kind.", ("kind",)),
    "overdue": ("broadcaster_overdue_alerts", "Open outages past their expiry, without an all-clear.", ()),
    "deliveries": ("broadcaster_deliveries", "Deliveries of open fan-outs.", ("channel", "state")),
    "lanes": ("broadcaster_open_lanes", "Communities and lists that are not read to their end.", ("channel",)),
    "followups": ("broadcaster_followups", "Deliveries to ask after (ask) or to try again (retry).", ("kind",)),
    "wave": ("broadcaster_oldest_open_wave_seconds", "Age of the oldest wave without all its outcomes.", ()),
    "doubles": ("broadcaster_doubles", "Sent twice by open alerts, for certain (confirmed) or perhaps.", ("kind",)),
    "circuits": ("broadcaster_circuit_open", "1 while a carrier is given up.", ("channel", "carrier")),
    "receipts": ("broadcaster_receipts_waiting", "Receipts kept and not applied yet.", ()),
    "canary": ("broadcaster_canary_age_seconds", "Since a canary last went all the way; absent: none has.", ()),
    "canary_steps": ("broadcaster_canary_step_seconds", "Seconds of each step of the newest canary.", ("step",)),
    "canary_missed": ("broadcaster_canary_missed", "Canaries missed in a row.", ()),
    "sweep": ("broadcaster_sweep_age_seconds", "Since a sweep last finished a whole round; absent: none runs.", ()),
}
"""The name, meaning and labels of each part of `store.vitals`."""


@dataclass(frozen=True)
class Vitals(Collector):
    """What the database and the published files say at this moment."""

    sessions: Sessions
    published: Path
    clock: Callable[[], float]

    def collect(self) -> Iterator[Metric]:
        """The whole page but what this process counts itself; with the database away, that and the rest."""
        yield from self._published()
        try:
            parts = vitals.look(self.sessions)
        except SQLAlchemyError as error:
            log.warning("metrics_without_database", error=type(error).__name__)
            yield GaugeMetricFamily("broadcaster_database_up", "1 when the database answers.", 0)
            return
        yield GaugeMetricFamily("broadcaster_database_up", "1 when the database answers.", 1)
        for part, (name, meaning, labels) in GAUGES.items():
            yield _family(GaugeMetricFamily(name, meaning, labels=labels), parts[part])
        for unknown in ("unknown", "queued"):
            found = sum(value for (_, state), value in parts["deliveries"].items() if state == unknown)
            yield GaugeMetricFamily(f"broadcaster_{unknown}", f"Deliveries of open fan-outs that are {unknown}.", found)
        taken = CounterMetricFamily("broadcaster_receipts_taken", "Receipts written down since the server's counters.")
        yield _family(taken, parts["taken"])

    def _published(self) -> Iterator[Metric]:
        """How old the public files are, where this process sees them."""
        try:
            age = self.clock() - (self.published / "status.json").stat().st_mtime
        except FileNotFoundError:
            return
        yield GaugeMetricFamily("broadcaster_published_age_seconds", "Since the public files were written.", age)


def _family(
    family: GaugeMetricFamily | CounterMetricFamily, part: vitals.Part
) -> GaugeMetricFamily | CounterMetricFamily:
    """A family with a sample for each row; its labels are as many as the row needs."""
    width = len(family._labelnames)
    for labels, value in part.items():
        family.add_metric(labels[:width], value)
    return family


@dataclass
class Page:
    """The page of one process: who may read it, what is on it, and the requests that the process has answered."""

    token: str = field(repr=False)
    mode: str
    vitals: Vitals
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        self.registry.register(self.vitals)
        build = Info("broadcaster_build", "This program.", registry=self.registry)
        build.info({"version": version("broadcaster"), "mode": self.mode})
        self._requests = Counter(
            "broadcaster_requests", "Requests by what answered.", ["route", "status"], registry=self.registry
        )

    @classmethod
    def of(cls, settings: Settings, sessions: Sessions, clock: Callable[[], float]) -> Page:
        """The page of an installation."""
        return cls(settings.metrics_token, settings.mode.value, Vitals(sessions, settings.published, clock))

    def count(self, route: str, status: int) -> None:
        """A request was answered; `route` is one of ours, never what a visitor wrote."""
        self._requests.labels(route, f"{status // 100}xx").inc()

    def text(self) -> str:
        """The page; it takes as long as the database takes to answer."""
        return generate_latest(self.registry).decode()

    def may(self, remote: str, header: Callable[[str], str]) -> bool:
        """Whether whoever asks may read: by the token, else from this machine, at its own name, through no proxy."""
        if self.token:
            kind, _, given = header("authorization").partition(" ")
            right = hmac.compare_digest(given.encode(), self.token.encode())
            return right and kind.lower() == "bearer"
        if any(header(name) for name in FORWARDED):
            return False
        return _is_here(remote) and _is_here(_host(header("host")))


def _host(given: str) -> str:
    """A host without its port, and an IPv6 address without its brackets."""
    return given[1:].partition("]")[0] if given.startswith("[") else given.partition(":")[0]


def _is_here(host: str) -> bool:
    return host in LOOPBACK_HOSTS or host.startswith("127.")


def install(app: Flask, page: Page) -> None:
    """Serve the page in front of the application, and count what the application answers.

    In front: no session, no budget and no list of host names stands between a monitor and this page.
    """
    behind: WSGIApplication = app.wsgi_app
    app.after_request(lambda response: _counted(page, response))

    def front(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != PATH:
            return behind(environ, start_response)

        def header(name: str) -> str:
            return str(environ.get(f"HTTP_{name.upper().replace('-', '_')}", ""))

        if not page.may(str(environ.get("REMOTE_ADDR", "")), header):
            return Response("There is nothing here.\n", 404, mimetype="text/plain")(environ, start_response)
        return Response(page.text(), headers={"Content-Type": KIND})(environ, start_response)

    app.wsgi_app = front  # type: ignore[method-assign]


def _counted(page: Page, response: Response) -> Response:
    page.count(request.endpoint or "none", response.status_code)
    return response
