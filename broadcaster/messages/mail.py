"""The mail to an agency: the same words as text and as HTML, from one template line by line.

The lines of `body.txt` begin with what they are: ``# `` a heading, ``= label :: value`` a fact, ``> `` words to paste,
``! label :: address`` the button; anything else is a paragraph. Lines of a mail are in English: agencies of a state.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from html import escape
from itertools import groupby
from zoneinfo import ZoneInfo

from broadcaster.directory import Agency, AgencyRole, Community, Directory
from broadcaster.messages.book import FALLBACK, ROOT
from broadcaster.messages.book import agency as desk_words
from broadcaster.messages.bulletin import Bulletin, bulletin, failing, post, way_out
from broadcaster.messages.changes import changes
from broadcaster.messages.edition import Clock, Edition, answers_of
from broadcaster.messages.message import Message
from broadcaster.messages.template import Template, plain
from broadcaster.messages.wording import Form, lines

ACK_TOKEN = "%%ACK_URL%%"  # noqa: S105  # a placeholder, patched per recipient at send
"""Stands in the mail where the address of the recipient's acknowledgement goes."""

SUBJECT_LIMIT = 110
"""Characters of a subject: more than a phone shows, less than a header line is folded at."""

LONGEST_LIST = 40
"""More communities than this are counted by county."""

_PUBLIC_STYLE = "margin:8px 0;padding:12px;border-left:4px solid #005ea2;background:#f0f0f0"
_BUTTON_STYLE = "display:inline-block;padding:12px 20px;background:#005ea2;color:#ffffff;text-decoration:none"
_CELL_STYLE = "padding:6px 12px 6px 0;border-bottom:1px solid #dfe1e2;text-align:left;vertical-align:top"


@dataclass(frozen=True, slots=True)
class Block:
    """A line of a mail: its mark (`#`, `=`, `>`, `!` or nothing), its words, and what stands beside them."""

    mark: str
    text: str
    beside: str = ""


def agency_mail(edition: Edition, agency: Agency, affected: Sequence[Community], directory: Directory) -> Message:
    """The one mail to an agency about this edition: first what fails and since when, then what we publish for it.

    Carries ACK_TOKEN in text and HTML. RestrictedNumber when an answer must not be seen.
    """
    return next(message for _, message in agency_mails(edition, [agency], affected, directory))


def agency_mails(
    edition: Edition, agencies: Sequence[Agency], affected: Sequence[Community], directory: Directory
) -> Iterator[tuple[Agency, Message]]:
    """The mail of each agency; what they all share is worded once, and agencies of the same places share their mail."""
    shared = bulletin(edition, affected, directory, FALLBACK)
    known: dict[tuple[str, ...], Message] = {}
    for agency in agencies:
        own = [community for community in affected if community.code in agency.communities]
        same = (neighbour(agency, own), *(community.code for community in own))
        if same not in known:
            told = {**agency_values(shared.edition, agency, own), "post": post(edition, own or affected, directory)}
            made = replace(shared, ways=tuple({**way, **told} for way in shared.ways))
            known[same] = _mail(made, _lists(shared.edition, own, affected, directory))
        yield agency, known[same]


def _mail(made: Bulletin, lists: Mapping[str, list[Block]]) -> Message:
    subject = made.within("subject", lambda text: len(text) <= SUBJECT_LIMIT)
    blocks = list(_blocks(made.form, made.ways[0], lists))
    if made.mark:
        blocks.insert(0, Block("", made.mark.strip()))
    return Message(subject, _as_text(blocks), _as_html(subject, blocks))


def agency_values(edition: Edition, agency: Agency, own: Sequence[Community]) -> dict[str, str]:
    """The values of a notice that only its agency reads: how sure, what fails, since when, and what it is to it."""
    content, certainty = edition.content, edition.content.certainty.value
    clock = Clock(ZoneInfo(edition.voice.timezone), edition.books.book(FALLBACK), edition.issued, named=True)
    return {
        "certainty": desk_words().word(certainty),
        "stamp": desk_words().word(f"{certainty}_stamp"),
        "service": desk_words().word("service", content.failure.value),
        "effect": desk_words().word("effect", content.failure.value),
        "stage": desk_words().word(edition.kind.value),
        "began_on": clock.dated(content.began),
        "expected_on": clock.dated(content.expected_restoration),
        "neighbour": desk_words().word(neighbour(agency, own)) if neighbour(agency, own) else "",
        "heading": desk_words().word("own" if own else "all"),
    }


def neighbour(agency: Agency, own: Sequence[Community]) -> str:
    """Which sentence says that this agency's own 911 works: another state's, or one whose communities are elsewhere."""
    if agency.role is AgencyRole.NEIGHBOUR_STATE:
        return "neighbour"
    return "elsewhere_only" if agency.communities and not own else ""


def _lists(
    edition: Edition, own: Sequence[Community], affected: Sequence[Community], directory: Directory
) -> dict[str, list[Block]]:
    mine = {community.code for community in own}
    others = [community for community in affected if community.code not in mine]
    return {
        "numbers": [*_numbers(edition, own, directory), *_numbers(edition, others, directory, LONGEST_LIST - len(own))],
        "changes": [Block("=", label, text) for label, text in changes(edition, directory)],
    }


def _numbers(
    edition: Edition, communities: Sequence[Community], directory: Directory, room: int = LONGEST_LIST
) -> Iterator[Block]:
    """What we publish for each community, or for how many in each county where they are more than `room`."""
    english = edition.books.book(FALLBACK)
    if len(communities) > room:
        counted = groupby(sorted(communities, key=_county), key=_county)
        for fips, inside in counted:
            county = desk_words().word("in_county", county=plain(directory.county_names[fips]))
            count = len(list(inside))
            yield Block("=", county, desk_words().word("community" if count == 1 else "communities", count=str(count)))
        return
    for community, answer in zip(communities, answers_of(edition.content, communities, directory), strict=True):
        if not failing(edition, [community]):
            yield Block("=", plain(community.name), desk_words().word("works"))
            continue
        on = answer.number.verified_on if answer.number else None
        known = desk_words().word("verified", date=on.isoformat()) if on else desk_words().word("unverified")
        yield Block(
            "=",
            plain(community.name),
            way_out(answer, english) + (f" ({known})" if answer.number else ""),
        )


def _county(community: Community) -> str:
    return community.county_fips


def _blocks(form: Form, told: Mapping[str, str], lists: Mapping[str, Sequence[Block]]) -> Iterator[Block]:
    """The lines of the body that have something to say; a heading with nothing under it is left out."""
    heading: Block | None = None
    for template in lines(form, "body"):
        for block in _filled(template, told, lists):
            if block.mark == "#":
                heading = block
                continue
            if heading:
                yield heading
            heading = None
            yield block


def _filled(template: Template, told: Mapping[str, str], lists: Mapping[str, Sequence[Block]]) -> Sequence[Block]:
    first = template.stretches[0].wordings[0]
    if first.strip("{}") in lists:
        return lists[first.strip("{}")]
    mark = first[0] if re.match(r"[#=>!] ", first) else ""
    text = template.text(told).removeprefix(f"{mark} " if mark else "")
    if mark in ("=", "!"):
        label, _, beside = text.partition(" :: ")
        return [Block(mark, label, beside)]
    return [Block(mark, text)] if text else []


def _as_text(blocks: Sequence[Block]) -> str:
    shown: list[str] = []
    for block in blocks:
        if block.mark == "#":
            shown.append(f"\n{block.text}\n{'-' * len(block.text)}")
        elif block.mark in ("=", "!"):
            shown.append(f"{block.text}: {block.beside}")
        else:
            shown.append(block.text)
    return "\n".join(shown).strip() + "\n"


def _as_html(subject: str, blocks: Sequence[Block]) -> str:
    content = "\n".join(_html_of(mark, list(group)) for mark, group in groupby(blocks, key=lambda block: block.mark))
    before, between, after = _shell()
    return f"{before}{escape(subject)}{between}{content}{after}"


@cache
def _shell() -> list[str]:
    """The page around a mail: before the subject, between it and the content, and after that."""
    return re.split(r"<!-- (?:subject|content) -->", (ROOT / "_mail" / "body.html").read_text(encoding="utf-8"))


def _html_of(mark: str, blocks: Sequence[Block]) -> str:
    match mark:
        case "#":
            return "\n".join(f"<h2>{escape(block.text)}</h2>" for block in blocks)
        case "=":
            return f"<table>{''.join(map(_row, blocks))}</table>"
        case ">":
            return "\n".join(f'<p style="{_PUBLIC_STYLE}">{escape(block.text)}</p>' for block in blocks)
        case "!":
            return "\n".join(_button(block) for block in blocks)
        case _:
            return "\n".join(f"<p>{escape(block.text)}</p>" for block in blocks)


def _row(block: Block) -> str:
    left, right = escape(block.text), escape(block.beside)
    return f'<tr><th style="{_CELL_STYLE}" scope="row">{left}</th><td style="{_CELL_STYLE}">{right}</td></tr>'


def _button(block: Block) -> str:
    return f'<p><a style="{_BUTTON_STYLE}" href="{escape(block.beside)}">{escape(block.text)}</a></p>'
