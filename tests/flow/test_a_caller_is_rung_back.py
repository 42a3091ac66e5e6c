"""Click to call: the officer's own phone rings over a real callbacks process, and only their key rings the caller."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from broadcaster.local.carrier import Carrier, Faults, Running, start_in_thread
from broadcaster.store.database import Sessions
from broadcaster.web.missed.bridge import BRIDGE
from tests import calls
from tests.desk import ISSUER, Browser, Desk, settings
from tests.factories import KEYS, SENDER, SID, TOKEN
from tests.flow import installation, story
from tests.flow.missed import upload
from tests.flow.test_an_outage_from_first_word import opened
from tests.flow.test_what_comes_back import free_port, knock

MINE = "+12025550142"


@contextmanager
def ground(sessions: Sessions, database_url: str, folder: Path, faults: Faults) -> Iterator[tuple[Desk, Running, str]]:
    """A desk whose carrier calls, and the process that the carrier asks."""
    port = free_port()
    here = f"http://127.0.0.1:{port}"
    with start_in_thread(Carrier(SID, TOKEN, faults=faults)) as carrier:
        account = {"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_VOICE_FROM": SENDER}
        urls = {"TWILIO_API_URL": carrier.url, "CALLBACKS_BASE_URL": here}
        env = installation.environment(database_url, "redis://127.0.0.1:9/0", carrier.url, folder)
        with installation.process({**env, **account, **urls, "CALLBACKS_PORT": str(port)}, "callbacks"):
            story.until(lambda: knock(here + "/readyz") == 200)
            chosen = settings(**{name.lower(): value for name, value in {**KEYS, **account, **urls}.items()})
            yield Desk(sessions, datetime.now(UTC).replace(microsecond=0), chosen), carrier, here


def with_a_caller(desk: Desk) -> tuple[Browser, str]:
    """An officer who has taken somebody with a number on; the number."""
    ida = desk.browser(ISSUER)
    page = f"{opened(ida)}/missed"
    log = calls.Logs()
    log.seen_by_router(calls.BEGAN, calls.digits(1), "Ayer", "ABANDONED")
    upload(ida, page, "Router", log.router_csv).send("/import")
    ida.open(f"{page}/psaps/ayer-psap").send("/next")
    return ida, f"+1{calls.digits(1)}"


def test_my_phone_rings_and_my_key_rings_theirs(sessions: Sessions, database_url: str, tmp_path: Path) -> None:
    quiet = Faults(call_rings_ms=10.0, call_presses="1")
    with ground(sessions, database_url, tmp_path, quiet) as (desk, carrier, here):
        ida, number = with_a_caller(desk)
        ida.send("/ring")
        assert ida.status == 422 and "Give your phone under Roster" in ida.words and carrier.calls() == []
        caller = ida.path.removesuffix("/ring")
        ida.open("/desk/roster/me").send("/me", phone=MINE)
        ida.open(caller).send("/ring")
        assert "Your phone rings" in ida.words and "called them" in ida.words
        story.until(lambda: [call["status"] for call in carrier.calls()] == ["completed"])
        (call,) = carrier.calls()
        assert (call["to"], call["pressed"], call["dialled"]) == (MINE, ["1"], [number])
        assert number[2:] not in str(call["url"])

        ida.open(caller).send("/give-back")
        forged = f"{here}{BRIDGE}?d=1.1.9999999999&m={'x' * 22}"
        assert knock(forged, {"CallSid": "CA1"}, "no signature of the carrier") == 403
