"""What could harm a missed caller: a text to somebody who hides, and a number that is kept for ever."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from broadcaster.outage.missed_calls import call_back
from broadcaster.outage.missed_calls.call_back import CallBackRefused
from broadcaster.store.database import Sessions
from broadcaster.store.fanout.courtesies import Courtesy
from broadcaster.store.outage import missed_callers, outages
from broadcaster.store.public import residents
from tests import calls
from tests.calls import Logs
from tests.desk import ISSUER, Desk
from tests.flow import missed
from tests.flow.missed import ADMIN, at_the_list, figures, imported, with_a_number
from tests.flow.test_an_outage_from_first_word import opened


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    return missed.desk_with_an_administrator(sessions)


@pytest.fixture
def logs() -> Logs:
    return calls.made()


def test_a_text_only_where_the_answering_point_wants_it(desk: Desk, logs: Logs) -> None:
    ida, ana = desk.browser(ISSUER), desk.browser(ADMIN)
    page = f"{opened(ida)}/missed"
    imported(ida, page, logs)
    caller = with_a_number(ida, page, "salem")
    token = ida.values("/give-back")["csrf_token"][0]
    assert not ida.has("/text")
    ida._see(ida.client.post(f"{caller}/text", data={"csrf_token": token}))
    assert ida.status == 422 and "does not let its callers be texted" in ida.words
    assert "can give away somebody who hides" in ana.open(page).words
    ana.send("/psaps/salem-psap/texts")
    number = ida.open(caller).page.xpath("//a/@href[starts-with(., 'tel:')]")[0].removeprefix("tel:")
    with desk.sessions.begin() as store:
        residents.address(store, desk.sealer, "sms", number, lang="ht")
    assert ida.open(caller).values("/text")["lang"] == ["ht"], "whoever is signed up has said in which language"
    ida.send("/text", lang="es")
    assert not ida.has("/text") and "A text was asked for" in ida.words
    with desk.sessions() as store:
        (courtesy,) = store.query(Courtesy)
        assert (courtesy.purpose, courtesy.places, courtesy.lang) == ("missed", ["salem"], "es")
    ana.open(page).send("/psaps/salem-psap/texts")
    with desk.sessions() as store:
        assert missed_callers.texting(store) == set()


def test_who_they_were_is_forgotten_and_what_became_of_them_is_not(desk: Desk, logs: Logs) -> None:
    ida = desk.browser(ISSUER)
    page = f"{opened(ida)}/missed"
    imported(ida, page, logs)
    ida.open(f"{page}/psaps/ayer-psap").send("/next")
    caller = ida.path
    ida.send("/outcome", outcome="welfare_check", to="Ayer Police", words="Silence")
    before = figures(desk)
    with desk.sessions.begin() as store:
        assert missed_callers.forget(store, 1000) == 0
        store.execute(text("UPDATE outage SET state = 'closed', closed_at = now() - interval '14 months'"))
        assert missed_callers.forget(store, 1000) > 160
        assert missed_callers.forget(store, 1000) == 0
    assert figures(desk) == before
    words = ida.open(caller).words
    assert "were deleted" in words and "Silence" not in words and not ida.has("/claim")
    with desk.sessions.begin() as store:
        assert store.execute(text("SELECT count(*) FROM missed_call")).scalar_one() == 0
        with pytest.raises(CallBackRefused, match="has been deleted"):
            call_back.claim(at_the_list(desk, store, ISSUER), caller.rpartition("/")[2])
        assert outages.open_ones(store) == []
