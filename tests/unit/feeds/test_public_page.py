"""The public window as files: which number do I call in my town, and as of when."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from broadcaster.alert.alert import RevisionKind
from broadcaster.feeds import public_page
from broadcaster.feeds.lookup import advice_by_town, find
from broadcaster.feeds.picture import AreaMap, Piece
from broadcaster.feeds.snapshot import AirState, Sealed, TownAnswer
from broadcaster.settings import Mode
from tests.unit.feeds.samples import ANSWERS, NOON, on_air, snapshot


def table(*alerts, **changes):
    given = snapshot(*alerts, **changes)
    return public_page.lookup_table(given, advice_by_town(given))


def page(*alerts, name="index.html", **changes):
    return public_page.files(snapshot(*alerts, **changes))[name].decode()


ANSWERED = [
    # query, towns found, and words of the first answer
    ("Springfield", ["springfield"], "call 413-555-0100"),
    ("  sPRINGfield ", ["springfield"], "call 413-555-0100"),
    ("town of Ware", ["ware"], "go to the nearest fire or police station"),
    ("01103", ["springfield"], "Do not dial 911"),
    ("01104-1234", ["springfield"], "call 413-555-0100"),
    ("springfeild", ["springfield"], "call 413-555-0100"),
    ("amh", ["amherst"], "911 works again in Amherst"),
    ("Worcester", ["worcester"], "In an emergency, call 911."),
    ("w", ["ware", "worcester"], ""),
    ("99999", [], ""),
    ("Gotham", [], ""),
    ("", [], ""),
    ("'; drop table", [], ""),
]


@pytest.mark.parametrize(("query", "codes", "words"), ANSWERED)
def test_a_town_or_zip_finds_its_answer(query, codes, words):
    found = find(table(on_air())["towns"], query)
    assert [town["code"] for town in found] == codes
    assert words in (found[0]["answer"] if found else "")


def test_a_map_shows_where_911_is_down_until_it_works_again():
    pieces = (
        Piece("Hampden County", "M0 0L1 0L1 1Z", True),
        Piece("Ware", "M2 2L3 2L3 3Z", True),
        Piece("Amherst", "M5 5Z"),
    )
    map_ = AreaMap(640, 320, (Piece("Vermont", "M0 9Z"),), pieces[:1], (), (), 3, pieces[1:])
    shown = page(on_air(drawing=map_))
    assert re.findall(r'class="down" d="[^"]*"><title>([^<]*)', shown) == ["Hampden County", "Ware"]
    assert "<title>Amherst</title>" in shown and 'viewBox="0 0 640 320"' in shown
    assert "<svg" not in page(on_air())
    assert "<svg" not in page(on_air(drawing=map_, kind=RevisionKind.ALL_CLEAR))


def test_with_nothing_on_air_every_town_is_told_to_call_911():
    rows = table()["towns"]
    assert len(rows) == 5
    assert all(row["state"] == "works" and row["answer"].endswith("call 911.") for row in rows)


def test_the_worst_news_wins_where_alerts_overlap():
    over = on_air(alert="a0", kind=RevisionKind.ALL_CLEAR, issued=NOON)
    rows = {row["code"]: row for row in table(over, on_air())["towns"]}
    assert (rows["springfield"]["state"], rows["springfield"]["alert"]) == ("down", "a1")
    assert rows["amherst"]["state"] == "restored"


def test_two_alerts_over_one_town_give_both_numbers_and_the_words_that_hold():
    """An all-clear that was frozen before the other one knows nothing of it: its words are quoted nowhere there. One
    that has run out speaks after the one that stands."""
    clear = on_air(alert="a0", kind=RevisionKind.ALL_CLEAR, issued=NOON, texts={"springfield": [("en", "It works.")]})
    knows = replace(clear, beside=frozenset({"springfield"}))
    down = on_air(texts={"springfield": [("en", "It is down.")]})
    for first, words in ((clear, "It is down."), (knows, "It works.")):
        assert words in page(first, down, name="town/springfield.html")
    other = replace(ANSWERS[0], number="413-555-0199", dial="+14135550199")
    second = on_air(alert="a2", issued=NOON, communities=(other,))
    told = {row["code"]: row for row in table(down, second)["towns"]}["springfield"]
    assert (told["alert"], told["number"]) == ("a2", "413-555-0199")
    assert told["answer"].endswith("call 413-555-0199. If that fails, call 413-555-0100.")
    old = on_air(alert="a2", issued=NOON, communities=(other,), expires=NOON)
    told = {row["code"]: row for row in table(down, old)["towns"]}["springfield"]
    assert (told["alert"], told["unsure"]) == ("a1", False) and told["answer"].endswith("call 413-555-0199.")


def test_nothing_is_all_clear_where_another_alert_goes_on():
    """An end is green for the places where 911 works; the others are told what holds there, by whichever alert."""
    clear = on_air(alert="a0", kind=RevisionKind.ALL_CLEAR, issued=NOON)
    part = replace(clear, communities=ANSWERS[:2])
    for ended, down, label in (
        (
            clear,
            on_air(communities=ANSWERS[:1]),
            '<section class="panel amber" id="alert-a0">\n<p class="label">Another',
        ),
        (part, on_air(), '<section class="panel red" id="alert-a0">\n<p class="label">911 outage'),
    ):
        text = page(ended, down)
        assert label in text and "All clear" not in text
        works = text.partition('id="towns-a0"')[2].partition("</section>")[0]
        assert ("Ware" in works) is (ended is clear) and "Springfield" not in works
    assert "Another alert goes on: 911 does not work reliably in Chicopee, Springfield." in text
    restored = on_air(alert="a2", communities=(replace(ANSWERS[3], restored=False),), issued=NOON)
    row = page(on_air(), restored).partition('id="town-amherst"')[2].partition("</tr>")[0]
    assert "call 911" not in row and 'href="tel:+14135550103"' in row


def test_the_lines_for_asking_are_written_as_people_read_them():
    made = public_page.files(snapshot(lookup_sms="+16175550911", lookup_voice="+16175550912"))["index.html"].decode()
    assert "<strong>617-555-0911</strong>" in made and '<a href="tel:+16175550912">617-555-0912</a>' in made


STATES = [
    # what differs, state of the alert, of the whole, words on the page
    ({}, AirState.DOWN, "down", "911 outage"),
    ({"kind": RevisionKind.RESTORED_IN_PART}, AirState.DOWN, "down", "911 restored in part"),
    ({"next_update": NOON}, AirState.UPDATE_OVERDUE, "down", "The promised update is overdue."),
    (
        {"expires": NOON},
        AirState.EXPIRED_WITHOUT_ALL_CLEAR,
        "unconfirmed",
        "nobody has confirmed that 911 works again",
    ),
    ({"kind": RevisionKind.ALL_CLEAR}, AirState.ENDED, "clear", "All clear"),
    ({"kind": RevisionKind.FALSE_ALARM}, AirState.ENDED, "clear", "False alarm"),
    ({"is_test": True}, AirState.TEST, "test", "Test"),
]


@pytest.mark.parametrize(("changes", "state", "overall", "words"), STATES)
def test_every_state_of_an_alert_is_said(changes, state, overall, words):
    made = public_page.files(snapshot(on_air(**changes)))
    status = json.loads(made["status.json"])
    assert status["alerts"][0]["state"] == state
    assert status["state"] == overall
    assert words in made["index.html"].decode()


def test_an_expired_alert_is_loud_on_the_page_of_each_town_too():
    text = page(on_air(expires=NOON), name="town/springfield.html")
    assert "nobody has confirmed that 911 works again" in text
    assert "try 911 first; if it fails, call" in text


def test_a_test_changes_no_answer():
    assert {row["state"] for row in table(on_air(is_test=True))["towns"]} == {"works"}


def test_the_front_page_names_every_town_with_its_number_to_dial():
    text = page(on_air())
    for answer in ANSWERS[:2]:
        row = re.search(rf'<tr id="town-{answer.code}">.*?</tr>', text, re.DOTALL)
        assert row is not None
        assert answer.name in row[0]
        assert f'href="tel:{answer.dial}">{answer.number}</a>' in row[0]
    assert "not yet" in text
    assert "Go to the nearest fire or police station" in text
    assert 'lang="es"' in text
    assert "/cap/MA911-a1-1.xml" in text


def test_every_page_says_as_of_and_has_a_place_for_the_stale_banner():
    made = public_page.files(snapshot(on_air()))
    pages = {name: data for name, data in made.items() if name.endswith(".html")}
    assert len(pages) == 6 + 14  # five towns and the front, and a page for each language
    for data in pages.values():
        assert b"2:30 p.m. EDT, Tuesday, June 18, 2024" in data
        assert re.search(rb"as of", data, re.IGNORECASE)
        assert public_page.STALE_MARKER in data


@pytest.mark.parametrize(("mode", "word"), [(Mode.DEMO, "DEMO"), (Mode.TRAINING, "TRAINING")])
def test_outside_live_every_page_says_so(mode, word):
    made = public_page.files(snapshot(on_air(), mode=mode))
    assert all(f"<strong>{word}</strong>".encode() in data for name, data in made.items() if name.endswith(".html"))
    assert json.loads(made["status.json"])["mode"] == mode.value
    assert "mode-banner" not in page(on_air())


def test_pages_ask_nothing_of_other_hosts_and_run_no_inline_code():
    made = public_page.files(snapshot(on_air()))
    for name, data in made.items():
        if name.endswith(".html"):
            text = data.decode()
            assert not re.search(r'(src|href|action)="(https?:)?//', text)
            assert not re.search(r"<script(?! src=)|<style|style=|\son\w+=", text)


def test_what_people_typed_is_escaped_and_numbers_in_it_can_be_dialled():
    text = page(on_air(headline="<b>911</b>", paragraphs=('<a href="x">Call</a> 413-555-0100',)))
    assert "<b>911" not in text
    assert '<a href="x">' not in text
    assert '<a class="tel" href="tel:+14135550100">413-555-0100</a>' in text


def test_a_later_moment_rewrites_no_page_of_a_town():
    first = public_page.files(snapshot(on_air(), changed=NOON))
    later = public_page.files(snapshot(on_air(), changed=NOON, as_of=NOON + timedelta(seconds=10)))
    assert sorted(name for name in first if first[name] != later[name]) == ["index.html", "lookup.json", "status.json"]


def test_a_town_that_the_list_forgot_is_answered_from_the_alert():
    new = TownAnswer("mosside", "Mosside", "Hampden County", "413-555-0104", "+14135550104", zips=("01299",))
    rows = table(on_air(communities=(new,)))["towns"]
    assert find(rows, "01299")[0]["number"] == "413-555-0104"


def test_the_answer_to_a_query_is_escaped():
    given = table(on_air())
    made = public_page.find_page(given, "<script>", find(given["towns"], "<script>"))
    assert b"<script>" not in made.replace(b"<script src", b"")
    assert b"&lt;script&gt;" in made


def test_the_foot_of_the_page_has_the_newest_checkpoint_of_the_ledger():
    sealed = Sealed(12_345, "ab" * 32, NOON, "911.state.example\n12345\nroot\n\nsignature\n")
    made = public_page.files(snapshot(on_air(), ledger=sealed))
    foot = made["index.html"].decode().partition('<footer class="foot">')[2]
    assert (
        "ledger of 12,345 events" in foot and 'href="/ledger/checkpoint"' in foot and f"<code>{'ab' * 8}</code>" in foot
    )
    assert made["ledger/checkpoint"].decode() == sealed.note
    assert json.loads(made["status.json"])["ledger"] == {"size": 12_345, "root": "ab" * 32, "at": NOON.isoformat()}
    before = public_page.files(snapshot(on_air()))
    assert "ledger/checkpoint" not in before and "checkpoint" not in before["index.html"].decode()
