"""What a provider said in confidence reaches nobody outside, whatever is made of its notice."""

from __future__ import annotations

import string
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadcaster.dispatch.documents.publish import publish
from broadcaster.store.desk import people
from broadcaster.web.api import tokens
from tests.desk import AUDITOR, ISSUER, SECOND, Desk
from tests.flow.test_a_providers_notice import NOTICES, column, desk

__all__ = ["desk"]
SECRET = st.text(string.ascii_letters + string.digits, min_size=9, max_size=16).map(lambda word: f"zq{word}")
SECRETS = st.lists(SECRET, min_size=7, max_size=7, unique=True)


@settings(max_examples=2, suppress_health_check=list(HealthCheck))
@given(secrets=SECRETS)
def test_what_was_said_in_confidence_reaches_nobody_outside(desk: Desk, tmp_path: Path, secrets: list[str]) -> None:
    """A whole night is played from a notice with these words in its confidential fields, and they are looked for in all
    that was made of it: every row of every table, every public file, every answer of the API."""
    headers = {who: {"Authorization": f"Bearer {token(desk, who)}"} for who in (ISSUER, AUDITOR)}
    phone, name, box, cause, nors, circuits, minutes = secrets
    sent = {
        "provider": "Example Telecom", "ticket": f"T-{sum(map(ord, ''.join(secrets)))}",
        "kind": "initial", "began": (desk.now - timedelta(minutes=9)).isoformat(), "area": "Ayer and Groton",
        "effect": "Our customers cannot reach 911.", "contact": {"phone": phone, "name": name, "email": box},
        "cause": cause, "nors_number": nors, "circuits": circuits, "user_minutes": minutes,
    }  # fmt: skip
    client = desk.app.test_client()
    answer = client.post("/api/v1/notices", json=sent, headers=headers[ISSUER])
    assert (answer.status_code, answer.json["clocks"][0]["name"]) == (201, "follow_up"), answer.text
    author, second = desk.browser(ISSUER), desk.browser(SECOND)
    page = author.open(f"{NOTICES}{answer.json['id']}")
    assert all(word in page.words for word in secrets)
    made = [answer.text, page.send("/draft").text, author.send("/desk/new").text]
    alert = author.path.split("/revisions/")[0]
    author.send("/submit")
    author.send("/release-agencies")
    second.open(f"{alert}/revisions/1").send("/approve", code=desk.code(SECOND))
    assert second.path == alert, second.words
    publish(desk.sessions, desk.app.extensions["broadcaster"].office, tmp_path, desk.now)
    ask = [answer.headers["Location"], *(f"/api/v1{alert.removeprefix('/desk')}{end}" for end in ("", "/report"))]
    made += [client.get(where, headers=headers[ISSUER]).text for where in ask]
    made += [client.get(where).text for where in (*ask, "/api/v1/openapi.json")]
    made += [client.get("/desk/ledger/", headers=headers[AUDITOR]).text, *files(tmp_path), *dump(desk)]
    assert any("Ayer" in words for words in files(tmp_path)) and any("Example Telecom" in words for words in dump(desk))
    whole = "\n".join(made)
    assert [word for word in secrets if word in whole] == []


def token(desk: Desk, who: str) -> str:
    with desk.sessions.begin() as store:
        user = people.by_email(store, who)
        assert user is not None
        return tokens.make(store, user, "test")


def files(folder: Path) -> Iterator[str]:
    """Everything that the public can read."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.read_bytes().decode("utf-8", "replace")


def dump(desk: Desk) -> Iterator[str]:
    """Every row of every table, as a backup holds it."""
    tables = column(desk, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    for table in tables:
        yield "\n".join(map(str, column(desk, f'SELECT CAST(x AS text) FROM "{table}" x')))  # noqa: S608 (names of our own tables)
