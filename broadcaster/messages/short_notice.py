"""What an agency's phones get: a text of one segment with its link of acknowledgement, and the words of a call.

In English, as the mail is; made of the agency's own communities, or of the whole area where it has none in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from broadcaster.directory import Agency, Community, Directory
from broadcaster.messages.book import FALLBACK
from broadcaster.messages.book import agency as desk_words
from broadcaster.messages.bulletin import Bulletin, bulletin
from broadcaster.messages.compose import as_said
from broadcaster.messages.edition import Edition
from broadcaster.messages.fit import fit, only_gsm
from broadcaster.messages.mail import ACK_TOKEN, agency_values, neighbour


@dataclass(frozen=True, slots=True)
class ShortNotice:
    """The words for an agency's phones; `sms` carries ACK_TOKEN, `voice` is what a call says once."""

    agency: Agency
    sms: str
    voice: str


def short_notices(
    edition: Edition,
    agencies: Sequence[Agency],
    affected: Sequence[Community],
    directory: Directory,
    link_room: int,
) -> Iterator[ShortNotice]:
    """The text and the call of each agency; `link_room` is the characters of the longest link of acknowledgement.

    The text is one segment of GSM-7 wherever the least of it fits: the hour of the next update gives way first, then
    the number. Agencies of the same places share their words. RestrictedNumber when an answer must not be seen.
    """
    made: dict[tuple[str, ...], ShortNotice] = {}
    for agency in agencies:
        own = [community for community in affected if community.code in agency.communities]
        shared = (neighbour(agency, own), *(community.code for community in own))
        if shared not in made:
            words = bulletin(edition, own or affected, directory, FALLBACK)
            made[shared] = _notice(agency, own, words, link_room)
        yield replace(made[shared], agency=agency)


def _notice(agency: Agency, own: Sequence[Community], shared: Bulletin, link_room: int) -> ShortNotice:
    said = {**agency_values(shared.edition, agency, own), "heading": ""}
    if which := neighbour(agency, own):
        said["neighbour"] = desk_words().word(f"{which}_short")
    told = replace(shared, ways=tuple({**way, **said} for way in shared.ways))
    text = told.within("desk-sms", lambda words: sent(words, link_room) == 1)
    return ShortNotice(agency, _plain(text), as_said(told.text("desk-voice")))


def sent(text: str, link_room: int) -> int:
    """The segments of a text once its link stands in it."""
    return fit(_plain(text).replace(ACK_TOKEN, "x" * link_room)).segments


def _plain(text: str) -> str:
    """In GSM-7, but for the mark where the link goes."""
    return ACK_TOKEN.join(only_gsm(part) for part in text.split(ACK_TOKEN))
