"""Several alerts over one place: each text says what holds there now, whichever alert it belongs to. Pure.

What is gravest is said first, with what to do; of the others what fails, and their number where it is another one. An
end, or a restoration, is never “911 works again” where another alert goes on: there it is that alert's word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from broadcaster.alert.alert import ENDINGS, Beside, CommunityAnswer, FailureKind, RevisionKind
from broadcaster.directory import Community
from broadcaster.messages.edition import Also, Edition

GRAVEST = (
    FailureKind.ALL_CALLS,
    FailureKind.INTERMITTENT,
    FailureKind.ONE_CARRIER,
    FailureKind.NO_LOCATION,
    FailureKind.TEXT_TO_911,
)
"""Whose advice is given where several stand: "do not text, call 911" helps nobody where no call arrives."""


@dataclass(frozen=True, slots=True)
class Whole:
    """What is said of an area: an edition for these communities, and for each group of the others the edition of the
    alert that goes on there."""

    edition: Edition
    affected: Sequence[Community]
    others: tuple[tuple[Edition, Sequence[Community]], ...] = ()


def lead(edition: Edition, community: Community, answer: CommunityAnswer) -> tuple[Edition, CommunityAnswer]:
    """The edition that speaks to the people of one community, and their answer: the edition itself, or that of a graver
    alert or of one that goes on where this one ends, with what else holds in `also`."""
    if edition.is_test or not edition.content.beside:
        return edition, answer
    standing = [] if works(edition, community.code) else [(edition, answer)]
    standing += [(_of(edition, one), own) for one, own in _standing(edition, community.code)]
    if not standing:
        return edition, answer
    first, said = min(standing, key=lambda one: GRAVEST.index(one[0].content.failure))
    rest = [one for one in standing if one[0] is not first]
    also = dict.fromkeys(_also(one, own, is_new=_is_first(one)) for one, own in rest if _adds(first, said, one, own))
    return replace(first, content=replace(first.content, beside=()), also=tuple(also)), said


def works(edition: Edition, code: str) -> bool:
    """Whether an edition says that what it speaks of works again, or never failed, in a community."""
    return edition.kind in ENDINGS or (edition.kind is not RevisionKind.INITIAL and code in edition.content.restored)


def of_area(edition: Edition, affected: Sequence[Community]) -> Whole:
    """The same for texts of a whole area: places that work by this edition and fail by another one are taken out of it,
    and said to go on."""
    if not edition.content.beside:
        return Whole(edition, affected)
    groups = tuple(_groups(edition, affected))
    gone = {place.code for _, places in groups for place in places}
    free = [place for place in affected if place.code not in gone]
    if groups and not free:
        return Whole(groups[0][0], groups[0][1], groups[1:])
    return Whole(edition, free, groups)


def goes_on(edition: Edition, code: str) -> CommunityAnswer | None:
    """What people do in a community where this edition says that 911 works and another alert goes on; else None."""
    found = _gravest(edition, code)
    return found[1] if found else None


def other_number(said: CommunityAnswer, own: CommunityAnswer) -> bool:
    """Whether an answer names a number that people were not given yet."""
    return own.number is not None and (said.number is None or said.number.e164 != own.number.e164)


def _gravest(edition: Edition, code: str) -> tuple[Beside, CommunityAnswer] | None:
    if edition.is_test or not works(edition, code):
        return None
    return min(_standing(edition, code), key=lambda one: GRAVEST.index(one[0].failure), default=None)


def _groups(edition: Edition, affected: Sequence[Community]) -> list[tuple[Edition, Sequence[Community]]]:
    """The alerts that go on, the gravest first, each with the places that are told of it."""
    found: dict[str, tuple[Beside, list[Community]]] = {}
    for place in affected:
        if one := _gravest(edition, place.code):
            found.setdefault(one[0].alert, (one[0], []))[1].append(place)
    ranked = sorted(found.values(), key=lambda one: GRAVEST.index(one[0].failure))
    return [(_of(edition, beside), places) for beside, places in ranked]


def _standing(edition: Edition, code: str) -> Iterator[tuple[Beside, CommunityAnswer]]:
    for one in edition.content.beside:
        for answer in one.answers:
            if answer.community == code:
                yield one, answer


def _of(edition: Edition, one: Beside) -> Edition:
    """An update of the other alert, as it would be worded now."""
    content = replace(
        edition.content,
        failure=one.failure,
        provider=one.provider,
        began=one.began,
        next_update=one.next_update,
        expected_restoration=None,
        note="",
        cause="",
        restored=(),
        answers=one.answers,
        beside=(),
    )
    return replace(edition, kind=RevisionKind.UPDATE, content=content, previous=None, earlier=None)


def _adds(first: Edition, said: CommunityAnswer, one: Edition, own: CommunityAnswer) -> bool:
    """Whether another alert says anything that the first does not."""
    return _fact(first) != _fact(one) or other_number(said, own)


def _fact(edition: Edition) -> tuple[FailureKind, str]:
    return edition.content.failure, edition.content.provider


def _is_first(edition: Edition) -> bool:
    return edition.kind is RevisionKind.INITIAL


def _also(edition: Edition, answer: CommunityAnswer, *, is_new: bool) -> Also:
    return Also(edition.content.failure, edition.content.provider, answer, is_new)
