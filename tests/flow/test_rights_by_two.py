"""Rights that two administrators give, and what happens when they meet: at the desk, on the host, at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click.testing
import pytest
from sqlalchemy import select

from broadcaster.cli import root
from broadcaster.store.database import Sessions
from broadcaster.store.desk import people, rights
from broadcaster.store.desk.people import User
from broadcaster.store.desk.rights import RightsRefused, RightsRequest
from broadcaster.store.timeline.ledger import AuditEvent
from broadcaster.web.signin import accounts
from tests.desk import AUDITOR, BOTH, ISSUER, PASSWORD, SECOND, Browser, Desk

ANA, BOB = "ana@desk.example", "bob@desk.example"


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    made = Desk(sessions)
    with sessions.begin() as store:
        for email in (ANA, BOB):
            accounts.add_user(store, made.sealer, email, email.partition("@")[0].title(), PASSWORD, ["admin"])
    return made


def key_of(desk: Desk, email: str) -> int:
    with desk.sessions() as store:
        user = people.by_email(store, email)
        assert user is not None
        return user.id


def roles(desk: Desk, email: str) -> set[str]:
    with desk.sessions() as store:
        user = people.by_email(store, email)
        assert user is not None
        return user.role_names


def asked(desk: Desk, admin: Browser, email: str, role: str) -> str:
    admin.open(f"/desk/people/{key_of(desk, email)}").send("/ask", role=role, reason="She is trained")
    return admin.words


def events(desk: Desk) -> list[tuple[str, str, str]]:
    with desk.sessions() as store:
        query = select(AuditEvent.actor, AuditEvent.action, AuditEvent.object).order_by(AuditEvent.seq)
        return [tuple(row) for row in store.execute(query)]  # type: ignore[misc]


def test_one_asks_another_confirms_and_nothing_is_given_before(desk: Desk) -> None:
    ana, bob = desk.browser(ANA), desk.browser(BOB)
    assert "Say why" in ana.open(f"/desk/people/{key_of(desk, ISSUER)}").send("/ask", role="approver").words
    assert "Nothing is given before" in asked(desk, ana, ISSUER, "approver")
    assert "asked for already" in asked(desk, ana, ISSUER, "approver")
    assert roles(desk, ISSUER) == {"issuer"}
    assert "another administrator must confirm it" in ana.open("/desk/people/").words and not ana.has("/confirm")
    assert "Waiting for a second administrator" in bob.open("/desk/").words
    bob.open("/desk/people/").send("/confirm", code="000000")
    assert bob.status == 422 and roles(desk, ISSUER) == {"issuer"}
    bob.send("/confirm", code=desk.code(BOB))
    assert "Confirmed: Ida has the role approver" in bob.words and roles(desk, ISSUER) == {"issuer", "approver"}
    assert [row for row in events(desk) if row[2] == ISSUER and "r" in row[1]][-3:] == [
        (ANA, "rights-asked-for", ISSUER),
        (BOB, "role-given", ISSUER),
        (BOB, "rights-confirmed", ISSUER),
    ]


def test_whoever_asked_cannot_confirm_by_any_way(desk: Desk) -> None:
    ana = desk.browser(ANA)
    asked(desk, ana, ANA, "approver")
    with desk.sessions() as store:
        key = store.scalars(select(RightsRequest.id)).one()
    token = ana.open("/desk/people/").values("/refuse")["csrf_token"][0]
    ana.client.post(f"/desk/people/requests/{key}/confirm", data={"csrf_token": token, "code": desk.code(ANA)})
    assert "another administrator must confirm it" in ana.open("/desk/people/").words
    for email in (SECOND, AUDITOR):
        other = desk.browser(email)
        token = other.open("/desk/").values("sign-out")["csrf_token"][0]
        form = {"csrf_token": token, "code": desk.code(email)}
        assert other.client.post(f"/desk/people/requests/{key}/confirm", data=form).status_code == 403
    ana.send("/refuse")
    assert roles(desk, ANA) == {"admin"} and (ANA, "rights-withdrawn", ANA) in events(desk)


def test_a_token_does_nothing_before_it_is_confirmed(desk: Desk) -> None:
    ana, bob, page = desk.browser(ANA), desk.browser(BOB), f"/desk/people/{key_of(desk, ISSUER)}"
    assert "Say what the token is for" in ana.open(page).send("/token", label="").words
    made = []
    for label in ("dashboard", "another"):
        ana.open(page).send("/token", label=label, reason="The wall in the watch room")
        made.append(re.findall(r"bc_[\w-]{43}", ana.text)[0])

    def status(token: str) -> int:
        client = desk.app.test_client()
        return client.get("/api/v1/alerts", headers={"Authorization": f"Bearer {token}"}).status_code

    assert [status(token) for token in made] == [401, 401]
    bob.open("/desk/people/").send("/confirm", code=desk.code(BOB))
    bob.send("/refuse")
    assert [status(token) for token in made] == [200, 401]
    ana.open(page).send("/end")
    assert [status(token) for token in made] == [401, 401]


def test_an_ended_account_comes_back_by_two(desk: Desk) -> None:
    ana, bob, page = desk.browser(ANA), desk.browser(BOB), f"/desk/people/{key_of(desk, ISSUER)}"
    ida = desk.browser(ISSUER)
    ana.open(page).send("/disable", code=desk.code(ANA))
    assert "account has ended" in ana.words and ida.open("/desk/new").path == "/desk/sign-in"
    ana.open(page).send("/ask", reason="She is back")
    bob.open("/desk/people/").send("/confirm", code=desk.code(BOB))
    assert desk.browser(ISSUER).open("/desk/new").status == 200


def test_the_desk_says_why_the_last_ones_stay(desk: Desk) -> None:
    ana = desk.browser(ANA)
    for email, act in ((SECOND, "/take"), (SECOND, "/disable"), (BOTH, "/end-factors")):
        ana.open(f"/desk/people/{key_of(desk, email)}").send(act, code=desk.code(ANA))
        assert ana.status == 422 and "fewer than two people could approve" in ana.words, act
    ana.open(f"/desk/people/{key_of(desk, BOB)}").send("/take", code=desk.code(ANA))
    assert "The role is taken" in ana.words and "no second administrator" in ana.open("/desk/people/").words
    ana.open(f"/desk/people/{key_of(desk, ANA)}").send("/take", code=desk.code(ANA))
    assert "nobody could administer" in ana.words and roles(desk, ANA) == {"admin"}
    assert roles(desk, SECOND) == {"approver"}


OF_EVERY_PAGE = ["/desk/language", "/desk/sign-out"]


def test_an_auditor_reads_and_moves_nothing(desk: Desk) -> None:
    una = desk.browser(AUDITOR).open(f"/desk/people/{key_of(desk, ISSUER)}")
    assert una.status == 200 and [form.action for form in una.page.forms] == OF_EVERY_PAGE
    assert desk.browser(ISSUER).open("/desk/people/").status == 403


def test_confirmed_twice_at_once_is_given_once(desk: Desk) -> None:
    with desk.sessions.begin() as store:
        subject = people.by_email(store, ISSUER)
        assert subject is not None
        made = rights.ask_role(store, subject, rights.Role.APPROVER, None, "asked on the host")
        assert made is not None
        key = made.id

    def confirm(by: int) -> bool:
        try:
            with desk.sessions.begin() as store:
                rights.confirm(store, key, by, desk.now)
        except RightsRefused:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(confirm, [key_of(desk, ANA), key_of(desk, BOB)])) == 1
    assert [row[1] for row in events(desk)].count("role-given") == 1


@pytest.fixture
def host(
    desk: Desk, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[click.testing.CliRunner]:
    monkeypatch.chdir(tmp_path)
    given = {"DATABASE_URL": database_url, "REDIS_URL": "redis://127.0.0.1:1/0", "MODE": "demo", "DATA_DIR": tmp_path}
    keys = {name.upper(): getattr(desk.chosen, name) for name in ("secret_key", "field_key", "index_key")}
    for name, value in {**given, **keys}.items():
        monkeypatch.setenv(name, str(value))
    yield click.testing.CliRunner()


def test_the_host_asks_too_once_there_are_two_administrators(desk: Desk, host: click.testing.CliRunner) -> None:
    def run(*words: str) -> str:
        done = host.invoke(root, words, input="a long enough one\n")
        return done.output if done.exception is None else f"refused: {done.exception}"

    assert "waits for an administrator" in run(
        "users", "add", "new@desk.example", "--role", "issuer", "--role", "auditor"
    )
    assert roles(desk, "new@desk.example") == {"auditor"}
    assert "waits for an administrator" in run("users", "give", ISSUER, "approver")
    assert "asked for already" in run("users", "give", ISSUER, "approver")
    assert "waits for an administrator" in run("tokens", "add", ISSUER, "--label", "wall")
    assert "has the role approver now" in run("users", "give", AUDITOR, "approver", "--alone", "Both are on leave")
    assert "is no approver any more" in run("users", "take", AUDITOR, "approver")
    assert "fewer than two people" in run("users", "take", SECOND, "approver")
    assert "fewer than two people" in run("users", "disable", BOTH)
    assert "has ended" in run("users", "disable", ISSUER)
    assert "waits for an administrator" in run("users", "enable", ISSUER)
    assert "account ended" in run("users", "list")
    assert "shown this once" in run("users", "authenticator", SECOND)
    assert "has another password" in run("users", "password", SECOND)
    pat = ("users", "add", "pat@desk.example", "--role", "agency")
    assert "write its whole name or its code" in run(*pat)
    assert "shown this once" in run(*pat, "--agency", "ayer police") and roles(desk, pat[2]) == {"agency"}
    run("users", "take", BOB, "admin")
    assert "has the role admin now" in run("users", "give", BOB, "admin")
    with desk.sessions() as store:
        asked = {(row.what, row.user.email) for row in rights.waiting(store)}
        assert asked == {("role", "new@desk.example"), ("role", ISSUER), ("token", ISSUER), ("account", ISSUER)}
        assert store.query(User).count() == 8
