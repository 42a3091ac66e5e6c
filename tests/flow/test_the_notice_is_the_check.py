"""During an outage each agency says whether its line is answered; a jammed one leaves the page at once."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, text

from broadcaster.alert.phone import AlternateNumber
from broadcaster.channels.agency_email import ack_token
from broadcaster.directory.rows import RowKind
from broadcaster.dispatch.documents.publish import Publisher
from broadcaster.dispatch.residents.frontdoor import FrontDoor
from broadcaster.dispatch.telling.known_lines import learn
from broadcaster.feeds import replies
from broadcaster.messages.keywords import asked
from broadcaster.store.alerting.alerts import Alert
from broadcaster.store.database import Sessions
from broadcaster.store.places import directory_history, directory_load
from broadcaster.store.timeline import ledger
from tests.desk import AUDITOR, ISSUER, SECOND, Browser, Desk, directory, released, walk

SECOND_LINE = AlternateNumber("+19785550111", "Fire desk", verified_on=date(2026, 6, 1))
UNVERIFIED = AlternateNumber("+19785550122", "Town hall")


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    """Ayer has three numbers: one that is told, one that nobody ever verified, and a verified one."""
    made = Desk(sessions)
    plain = directory()
    numbers = {**plain.numbers, "ayer": (*plain.numbers["ayer"], UNVERIFIED, SECOND_LINE)}
    with sessions.begin() as store:
        directory_load.save(store, replace(plain, numbers=numbers), made.sealer)
    return made


def link(desk: Desk, agency: str) -> str:
    """The address in the newest mail to an agency."""
    query = text(
        "SELECT t.fanout_id, t.address_id FROM target t JOIN agency a ON a.id = t.agency_id"
        " WHERE a.code = :code ORDER BY t.fanout_id DESC LIMIT 1"
    )
    with desk.sessions() as store:
        fanout, address = store.execute(query, {"code": agency}).one()
    return f"/ack/{ack_token(desk.chosen.secret_key, fanout, address)}"


def looked_up(desk: Desk, publisher: Publisher, root: Path, code: str) -> str:
    publisher.look()
    towns = json.loads((root / "lookup.json").read_text())["towns"]
    return next(town["number"] for town in towns if town["code"] == code)


def answered(door: FrontDoor, body: str) -> str:
    """What a phone is told a second later that texts us."""
    door._looked_at = 0.0
    return replies.reply(door.reception(), asked(body), "en", ()).text


def texts(desk: Desk, no: int) -> dict[str, str]:
    query = text(
        "SELECT c.code, b.text FROM revision_text t JOIN revision r ON r.id = t.revision_id AND r.no = :no"
        " JOIN community c ON c.id = t.community_id JOIN body b ON b.id = t.body_id"
        " WHERE t.form = 'sms' AND t.lang = 'en'"
    )
    with desk.sessions() as store:
        return {row.code: row.text for row in store.execute(query, {"no": no})}


def test_a_jammed_line_leaves_page_and_lookup_and_one_click_texts_the_town(desk: Desk, tmp_path: Path) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    alert = released(desk, author, second, SECOND)
    publisher = Publisher(desk.sessions, desk.app.extensions["broadcaster"].office, tmp_path, every=3600.0)
    assert looked_up(desk, publisher, tmp_path, "ayer") == "978-555-0101"

    agency = Browser(desk.app.test_client()).open(link(desk, "ayer-police"))
    assert "Is this line answered now? Ayer: 978-555-0101" in agency.words
    assert looked_up(desk, publisher, tmp_path, "ayer") == "978-555-0101", "a GET changed something"
    agency.send(agency.path, **{"line-ayer": "right", "answer": "read"})
    author.open(alert)
    assert "1 of 3 said to be answered now" in author.words or "1 of 2 said to be answered now" in author.words
    assert author.page.xpath("//li[@data-k='line-ayer']")[0].get("class") == "is-green"

    agency.send(agency.path, **{"line-ayer": "jammed", "answer": "read"})
    assert looked_up(desk, publisher, tmp_path, "ayer") == "978-555-0111", "the next verified one, at once"
    author.open(alert)
    assert author.page.xpath("//li[@data-k='line-ayer']")[0].get("class") == "is-red"
    assert "JAMMED, says Ayer Police" in author.words
    author.send("/lines/tell")
    assert "are told the next number" in author.words
    assert "978-555-0111" in texts(desk, 2)["ayer"]
    with desk.sessions() as store:
        lanes = store.execute(
            text(
                "SELECT DISTINCT c.code FROM lane l JOIN fanout f ON f.id = l.fanout_id JOIN revision r"
                " ON r.id = f.revision_id AND r.no = 2 JOIN community c ON c.id = l.community_id"
                " WHERE f.channel = 'sms'"
            )
        )
        assert set(lanes.scalars()) == {"ayer"}, "nobody else is texted"
        row = store.scalars(select(Alert)).one()
        actions = [event.action for event in ledger.timeline(store, f"alert:{row.public_id}")]
    assert {"lines_reported", "number_switched"} <= set(actions)
    author.send("/lines/tell") if author.has("/lines/tell") else None
    assert not author.has("/lines/tell")


def test_lines_without_a_word_are_folded_and_one_that_is_jammed_is_not(sessions: Sessions) -> None:
    """A statewide board does not begin with hundreds of lines of which nobody knows anything. A line's key changes with
    the first word of it, so that an open board is drawn anew instead of colouring what nobody sees."""
    plain = directory()
    towns = tuple(replace(plain.communities[0], code=f"town-{no}", name=f"Town {no}") for no in range(30))
    numbers = {**plain.numbers, **{town.code: (SECOND_LINE,) for town in towns}}
    desk = Desk(sessions, places=replace(plain, communities=(*plain.communities, *towns), numbers=numbers))
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    alert = walk(desk, author, names="", statewide="1")
    page = author.send("/submit").path
    author.send("/release-agencies")
    second.open(page).send("/approve", code=desk.code(SECOND))
    assert author.open(alert).page.xpath("//details//li[@data-k='quiet-ayer']")
    agency = Browser(desk.app.test_client()).open(link(desk, "ayer-police"))
    agency.send(agency.path, **{"line-ayer": "jammed", "answer": "read"})
    shown = author.open(alert).page
    assert shown.xpath("//li[@data-k='line-ayer'][not(ancestor::details)]/@class") == ["is-red"]
    assert shown.xpath("//details//li/@data-k") and not shown.xpath("//*[@data-k='quiet-ayer']")


def test_a_line_that_is_answered_again_comes_back(desk: Desk, tmp_path: Path) -> None:
    released(desk, desk.browser(ISSUER), desk.browser(SECOND), SECOND)
    publisher = Publisher(desk.sessions, desk.app.extensions["broadcaster"].office, tmp_path, every=3600.0)
    agency = Browser(desk.app.test_client()).open(link(desk, "ayer-police"))
    agency.send(agency.path, answer="jammed")
    assert looked_up(desk, publisher, tmp_path, "ayer") == "978-555-0111"
    agency.send(agency.path, **{"line-ayer": "right"})
    assert looked_up(desk, publisher, tmp_path, "ayer") == "978-555-0101"


def test_without_another_verified_number_the_officer_is_sent_to_two_people(desk: Desk, tmp_path: Path) -> None:
    with desk.sessions.begin() as store:
        plain = directory()
        whole = replace(
            plain, numbers={**plain.numbers, "ayer": (*plain.numbers["ayer"], UNVERIFIED)}, state_numbers=()
        )
        directory_load.save(store, whole, desk.sealer)
    author = desk.browser(ISSUER)
    alert = released(desk, author, desk.browser(SECOND), SECOND)
    publisher = Publisher(desk.sessions, desk.app.extensions["broadcaster"].office, tmp_path, every=3600.0)
    agency = Browser(desk.app.test_client()).open(link(desk, "ayer-police"))
    agency.send(agency.path, answer="jammed")
    assert looked_up(desk, publisher, tmp_path, "ayer") == "978-555-0101", "never a number that nobody verified"
    author.open(alert)
    assert "the directory has no other verified number: give one by hand" in author.words
    assert not author.has("/lines/tell")


def test_who_cannot_speak_of_a_line_is_not_asked(desk: Desk) -> None:
    alert = released(desk, desk.browser(ISSUER), desk.browser(SECOND), SECOND)
    state = Browser(desk.app.test_client()).open(link(desk, "state-police"))
    assert "Is this line answered now?" not in state.words
    state.client.post(state.path, data={"answer": "jammed", "line-ayer": "jammed"})
    board = desk.browser(AUDITOR).open(alert)
    assert "JAMMED" not in board.words
    assert board.client.post(f"{alert}/lines/tell").status_code in (400, 403)


def test_the_words_of_a_page_with_one_number_change_with_it(desk: Desk, tmp_path: Path) -> None:
    """An alert for one town prints its number in the approved words too, in every language."""
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    walk(desk, author, names="Ayer")
    author.send("/submit")
    shown = author.path
    author.send("/release-agencies")
    second.open(shown).send("/approve", code=desk.code(SECOND))
    publisher = Publisher(desk.sessions, desk.app.extensions["broadcaster"].office, tmp_path, every=3600.0)
    publisher.look()
    pages = [tmp_path / "index.html", tmp_path / "town" / "ayer.html", tmp_path / "l" / "es.html"]
    assert all("978-555-0101" in page.read_text() for page in pages)
    agency = Browser(desk.app.test_client()).open(link(desk, "ayer-police"))
    agency.send(agency.path, answer="jammed")
    publisher.look()
    for page in pages:
        assert "978-555-0101" not in page.read_text()
        assert "978-555-0111" in page.read_text()


def test_two_officers_at_once_send_one_text(desk: Desk) -> None:
    author = desk.browser(ISSUER)
    alert = released(desk, author, desk.browser(SECOND), SECOND)
    agency = Browser(desk.app.test_client()).open(link(desk, "ayer-police"))
    agency.send(agency.path, answer="jammed")
    officers = [author, desk.browser(ISSUER)]
    for officer in officers:
        officer.open(alert)
    threads = [threading.Thread(target=officer.send, args=("/lines/tell",)) for officer in officers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    said = [officer.words for officer in officers]
    assert sum("are told the next number" in words for words in said) == 1
    assert sum("Everybody was told the next number already" in words for words in said) == 1
    with desk.sessions() as store:
        assert store.execute(text("SELECT count(*) FROM revision WHERE kind = 'number_change'")).scalar_one() == 1


def test_whoever_texts_their_town_is_told_the_next_number_within_a_second(desk: Desk) -> None:
    released(desk, desk.browser(ISSUER), desk.browser(SECOND), SECOND)
    door = FrontDoor(desk.sessions, desk.app.extensions["broadcaster"].office)
    assert answered(door, "ayer").startswith("978-555-0101 Ayer\n")
    agency = Browser(desk.app.test_client()).open(link(desk, "ayer-police"))
    agency.send(agency.path, answer="jammed")
    told = answered(door, "ayer")
    assert told.startswith("978-555-0111 Ayer\n")
    assert "978-555-0101" not in told, "the approved words of the jammed line are quoted no more"


def verified(desk: Desk) -> date | None:
    with desk.sessions() as store:
        return directory_load.load(store).numbers["ayer"][0].verified_on


def ended(desk: Desk) -> None:
    with desk.sessions.begin() as store:
        store.execute(text("UPDATE alert SET state = 'closed', closed_at = clock_timestamp() WHERE state = 'open'"))


def test_what_was_said_of_a_line_is_known_at_the_next_outage(desk: Desk) -> None:
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    released(desk, author, second, SECOND)
    agency = Browser(desk.app.test_client()).open(link(desk, "ayer-police"))
    agency.send(agency.path, **{"line-ayer": "right"})
    assert learn(desk.sessions) == 0, "never while an alert is open"
    ended(desk)
    with desk.sessions() as store:
        today = store.execute(text("SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date")).scalar_one()
    assert (learn(desk.sessions), verified(desk), learn(desk.sessions)) == (1, today, 0)
    with desk.sessions() as store:
        newest = directory_history.of_row(store, RowKind.NUMBER, "community/ayer/+19785550101")[0]
        actions = [event.action for event in ledger.timeline(store, "directory")]
    assert (newest.by, newest.source) == ("agency:ayer-police", "outage notice")
    assert "lines-learned" in actions

    released(desk, author, second, SECOND)
    agency.open(link(desk, "ayer-police")).send(agency.path, **{"line-ayer": "wrong"})
    ended(desk)
    assert (learn(desk.sessions), verified(desk), learn(desk.sessions)) == (1, None, 0)
    walk(desk, author)
    assert "A number goes out that nobody ever found answered: Ayer 978-555-0101" in author.words
    stale = desk.browser(AUDITOR).open("/desk/directory/upkeep").page.xpath("//tbody/tr")[0]
    said = " ".join(" ".join(stale.itertext()).split())
    assert said == "Ayer number 978-555-0101 told to 1,000 people never now", "the first of the stale"
    with desk.sessions.begin() as store:
        whole = directory_load.load(store, desk.sealer)
        first, *others = whole.numbers["ayer"]
        mended = {**whole.numbers, "ayer": (replace(first, verified_on=date(2026, 6, 19)), *others)}
        directory_load.save(store, replace(whole, numbers=mended), desk.sealer)
    assert (learn(desk.sessions), verified(desk)) == (0, date(2026, 6, 19)), "an editor's later word stands"


@pytest.mark.parametrize("word", ["jammed", "other"])
def test_a_busy_line_of_one_night_is_no_wrong_number(desk: Desk, word: str) -> None:
    released(desk, desk.browser(ISSUER), desk.browser(SECOND), SECOND)
    agency = Browser(desk.app.test_client()).open(link(desk, "ayer-police"))
    agency.send(agency.path, **{"line-ayer": word})
    ended(desk)
    assert (learn(desk.sessions), verified(desk)) == (0, date(2026, 6, 1))
