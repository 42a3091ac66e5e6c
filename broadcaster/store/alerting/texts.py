"""The frozen words of a revision: written once at submit, read by the preview, the release and the waves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.messages.fit import fit
from broadcaster.messages.message import Message


@dataclass(frozen=True, slots=True)
class FrozenText:
    """One text with its audience: a community, an agency, or everybody (both ids None)."""

    community_id: int | None
    agency_id: int | None
    lang: str
    form: str
    sha: str
    subject: str
    text: str
    html: str
    encoding: str
    segments: int
    body_id: int = 0


_BODIES = text(
    "INSERT INTO body (sha, subject, text, html, encoding, segments)"
    " SELECT DISTINCT ON (sha) * FROM unnest(CAST(:sha AS text[]), CAST(:subject AS text[]), CAST(:text AS text[]),"
    "   CAST(:html AS text[]), CAST(:encoding AS text[]), CAST(:segments AS bigint[]))"
    "   AS b(sha, subject, text, html, encoding, segments) ON CONFLICT (sha) DO NOTHING"
)
_TEXTS = text(
    "INSERT INTO revision_text (revision_id, community_id, agency_id, lang, form, body_id)"
    " SELECT :revision, x.community, x.agency, x.lang, x.form, b.id"
    " FROM unnest(CAST(:community AS bigint[]), CAST(:agency AS bigint[]), CAST(:lang AS text[]),"
    "   CAST(:form AS text[]), CAST(:sha AS text[])) WITH ORDINALITY AS x(community, agency, lang, form, sha, place)"
    " JOIN body b ON b.sha = x.sha ORDER BY x.place"
)


def freeze(session: Session, revision: int, texts: Sequence[FrozenText]) -> None:
    """Write the texts of a revision; equal words share one body."""
    session.execute(
        _BODIES,
        {
            "sha": [t.sha for t in texts],
            "subject": [t.subject for t in texts],
            "text": [t.text for t in texts],
            "html": [t.html for t in texts],
            "encoding": [t.encoding for t in texts],
            "segments": [t.segments for t in texts],
        },
    )
    session.execute(
        _TEXTS,
        {
            "revision": revision,
            "community": [t.community_id for t in texts],
            "agency": [t.agency_id for t in texts],
            "lang": [t.lang for t in texts],
            "form": [t.form for t in texts],
            "sha": [t.sha for t in texts],
        },
    )


def of_revision(session: Session, revision: int, form: str) -> list[FrozenText]:
    """The frozen texts of one form, in the order in which they were rendered."""
    rows = session.execute(
        text(
            "SELECT t.community_id, t.agency_id, t.lang, t.form, b.sha, b.subject, b.text, b.html, b.encoding,"
            " b.segments, b.id AS body_id FROM revision_text t JOIN body b ON b.id = t.body_id"
            " WHERE t.revision_id = :r AND t.form = :form ORDER BY t.id"
        ),
        {"r": revision, "form": form},
    ).mappings()
    return [FrozenText(**row) for row in rows]


def to_communities(
    session: Session, revision: int, form: str, communities: Sequence[int] | None = None
) -> list[tuple[int, str, str, str, int]]:
    """(community id, language, words, encoding, segments) of the texts of one form for communities, all or these, in
    the order in which they were rendered."""
    rows = session.execute(
        text(
            "SELECT t.community_id, t.lang, b.text, b.encoding, b.segments"
            " FROM revision_text t JOIN body b ON b.id = t.body_id"
            " WHERE t.revision_id = :r AND t.form = :form AND t.community_id IS NOT NULL"
            " AND (CAST(:only AS bigint[]) IS NULL OR t.community_id = ANY(CAST(:only AS bigint[]))) ORDER BY t.id"
        ),
        {"r": revision, "form": form, "only": communities},
    )
    return [tuple(row) for row in rows]


def first(session: Session, revision: int, form: str, lang: str) -> str:
    """The words of the text of a form that was rendered first in a language; ``""`` where there is none."""
    words = session.scalar(
        text(
            "SELECT b.text FROM revision_text t JOIN body b ON b.id = t.body_id"
            " WHERE t.revision_id = :r AND t.form = :form AND t.lang = :lang ORDER BY t.id LIMIT 1"
        ),
        {"r": revision, "form": form, "lang": lang},
    )
    return str(words or "")


def bodies(session: Session, keys: Sequence[int]) -> dict[int, Message]:
    """The words of bodies by their ids."""
    rows = session.execute(
        text("SELECT id, subject, text, html FROM body WHERE id = ANY(CAST(:keys AS bigint[]))"), {"keys": list(keys)}
    )
    return {row.id: Message(row.subject, row.text, row.html) for row in rows}


def agency_bodies(session: Session, revision: int, form: str) -> list[tuple[int, int]]:
    """(agency id, body id) of a revision's texts for agencies in a form (``mail``, ``desk-sms``), as rendered; the
    words stay where they are."""
    rows = session.execute(
        text(
            "SELECT agency_id, body_id FROM revision_text WHERE revision_id = :r AND form = :form"
            " AND agency_id IS NOT NULL ORDER BY id"
        ),
        {"r": revision, "form": form},
    )
    return [(row.agency_id, row.body_id) for row in rows]


def communities_of(session: Session, revision: int, form: str) -> set[str]:
    """Codes of the communities that a revision holds words for in a form."""
    rows = session.execute(
        text(
            "SELECT DISTINCT c.code FROM revision_text t JOIN community c ON c.id = t.community_id"
            " WHERE t.revision_id = :r AND t.form = :form"
        ),
        {"r": revision, "form": form},
    )
    return set(rows.scalars())


def notice_body(session: Session, message: Message) -> int:
    """The id of the body of a short word to agencies or to the desk: plain, and counted in segments."""
    sha = sha256(f"{message.subject}\x00{message.text}\x00".encode()).hexdigest()
    return one_body(session, sha, message.subject, message.text, segments=fit(message.text).segments)


def one_body(session: Session, sha: str, subject: str, words: str, html: str = "", segments: int = 1) -> int:
    """The id of a body outside any revision's texts (a notice about the alert itself)."""
    values = {"sha": sha, "subject": subject, "text": words, "html": html, "segments": segments}
    session.execute(
        text(
            "INSERT INTO body (sha, subject, text, html, segments) VALUES (:sha, :subject, :text, :html, :segments)"
            " ON CONFLICT DO NOTHING"
        ),
        values,
    )
    return int(session.execute(text("SELECT id FROM body WHERE sha = :sha"), values).scalar_one())


def told_communities(session: Session, alert: int, but: int | None = None) -> list[str]:
    """Codes of the communities that any released public revision of this alert spoke to, `but` one left out."""
    rows = session.execute(
        text(
            "SELECT DISTINCT c.code FROM release x JOIN revision r ON r.id = x.revision_id"
            " JOIN revision_text t ON t.revision_id = r.id AND t.form = 'sms' JOIN community c ON c.id = t.community_id"
            " WHERE r.alert_id = :a AND x.tier = 'public' AND x.state IN ('released', 'held')"
            " AND r.id IS DISTINCT FROM CAST(:but AS bigint) ORDER BY c.code"
        ),
        {"a": alert, "but": but},
    )
    return list(rows.scalars())
