"""The words of a revision for whoever looks: those of a draft are made, those of a frozen one read from its rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy.orm import Session

from broadcaster.dispatch.revision import render
from broadcaster.dispatch.revision.render import Look, Text, Work
from broadcaster.feeds.cap import InfoTexts
from broadcaster.messages.bulletin import Page
from broadcaster.messages.message import Message
from broadcaster.store.alerting import texts
from broadcaster.store.places import directory_load


class SmsText(NamedTuple):
    """A text message as the people of one community will read it."""

    community: str
    name: str
    lang: str
    text: str
    encoding: str
    segments: int


class CallText(NamedTuple):
    """A call as the landlines of one community will hear it, a line for each language that it is said in."""

    community: str
    name: str
    lang: str
    text: str


class Told(NamedTuple):
    """An agency that is told, by its code and its name."""

    agency: str
    name: str


@dataclass(frozen=True, slots=True)
class MailText:
    """A mail as one agency will read it."""

    agency: str
    name: str
    message: Message


@dataclass(frozen=True, slots=True)
class Words:
    """Everything that is said; of `calls`, `mails` and `desk_texts` as much as was looked for (`render.Look`), of
    `told` every agency that is told."""

    sms: list[SmsText]
    text_first: list[SmsText]
    calls: list[CallText]
    told: list[Told]
    mails: list[MailText]
    desk_texts: list[MailText]
    infos: list[InfoTexts]
    page: Page


def made(work: Work, look: Look) -> Words:
    """The words of a draft, made now."""
    names, by_form = names_of(work), dict[str, list[Text]]()
    for text in render.others(work, look):
        by_form.setdefault(text.form, []).append(text)
    page, phones = by_form["page"][0].message, {"sms": list[SmsText](), render.TEXT_FIRST: list[SmsText]()}
    for code, form, (lang, words, size) in render.to_phones(work):
        phones[form].append(SmsText(code, names[code], lang, words, size.encoding, size.segments))
    return Words(
        sms=phones["sms"],
        text_first=phones[render.TEXT_FIRST],
        calls=[CallText(t.audience, names[t.audience], t.lang, t.message.text) for t in by_form.get(render.CALL, ())],
        told=[Told(agency.code, agency.name) for agency in (work.agencies if render.is_mailed(work.content) else ())],
        mails=_to_agencies(by_form.get("mail", ()), names),
        desk_texts=_to_agencies(by_form.get(render.DESK_SMS, ()), names),
        infos=[InfoTexts(**json.loads(text.message.text)) for text in by_form.get("cap", ())],
        page=Page(page.subject, tuple(json.loads(page.text))),
    )


def names_of(work: Work) -> dict[str, str]:
    """Every community and agency by its code, those that were told before and are gone since among them."""
    places = {community.code: community.name for community in (*work.directory.former, *work.directory.communities)}
    return places | {agency.code: agency.name for agency in work.directory.agencies}


def _to_agencies(made: Iterable[Text], names: Mapping[str, str]) -> list[MailText]:
    return [MailText(one.audience, names.get(one.audience, one.audience), one.message) for one in made]


def frozen(session: Session, work: Work, revision: int, look: Look) -> Words:
    """The words of a submitted revision, from its rows: nothing is worded again."""
    names = names_of(work)
    codes = {key: code for code, key in directory_load.community_ids(session).items()}
    desks = {key: code for code, key in directory_load.agency_ids(session).items()}

    def to_phones(form: str) -> list[SmsText]:
        rows = texts.to_communities(session, revision, form)
        return [SmsText(code := codes[row[0]], names[code], *row[1:]) for row in rows]

    def to_agencies(form: str) -> list[MailText]:
        listed = [(desks[key], body) for key, body in texts.agency_bodies(session, revision, form)]
        wanted = look.of_agencies(listed, lambda one: one[0])
        said = texts.bodies(session, [body for _, body in wanted])
        return [MailText(code, names.get(code, code), said[body]) for code, body in wanted]

    sms = to_phones("sms")
    looked = set(look.of_communities(dict.fromkeys(one.community for one in sms)))
    where = [key for key, code in codes.items() if code in looked]
    calls = texts.to_communities(session, revision, render.CALL, where)
    page = texts.of_revision(session, revision, "page")[0]
    return Words(
        sms=sms,
        text_first=to_phones(render.TEXT_FIRST),
        calls=[CallText(code := codes[row[0]], names[code], *row[1:3]) for row in calls],
        told=[
            Told(code := desks[key], names.get(code, code)) for key, _ in texts.agency_bodies(session, revision, "mail")
        ],
        mails=to_agencies("mail"),
        desk_texts=to_agencies(render.DESK_SMS),
        infos=[InfoTexts(**json.loads(row.text)) for row in texts.of_revision(session, revision, "cap")],
        page=Page(page.subject, tuple(json.loads(page.text))),
    )
