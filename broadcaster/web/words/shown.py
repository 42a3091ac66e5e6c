"""What a book says, for the page on which it is edited or approved: every form of it, for the longest name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from broadcaster.alert.alert import FailureKind, RevisionKind
from broadcaster.feeds import phrase_sample
from broadcaster.feeds.replies import Reception
from broadcaster.messages import lint
from broadcaster.messages.book import Book, Books, shipped
from broadcaster.messages.sample import FAILURES, KINDS, Case, Sample, rendered
from broadcaster.messages.template import BadTemplate, MissingValue
from broadcaster.messages.volume import ALERTS, RESIDENTS, Volume
from broadcaster.said import Said
from broadcaster.settings import Mode
from broadcaster.store.alerting import wordings
from broadcaster.store.places import directory_load
from broadcaster.web.house import house

TEST = "test"
CASE_NAMES = {**{kind.value: name for kind, name in KINDS.items()}, TEST: Said("test of the system")}
FAILURE_NAMES = {failure.value: name for failure, name in FAILURES.items()}


def books(store: Session, volume: Volume) -> Books:
    """The books of a volume that are in use here."""
    return wordings.books(store, volume, strict=house().office.mode is Mode.LIVE)


def shown(store: Session, volume: Volume, book: Book) -> dict[str, Any]:
    """What the template shows of a book, in the form of its volume."""
    place = _longest(store)
    made = _alerts(book, place) if volume is ALERTS else _phrases(store, book, place)
    return {"volume": volume.name, "longest_place": place, **made}


def _longest(store: Session) -> str:
    """The longest name of a community: what fits it fits everybody."""
    names = [community.name for community in directory_load.load(store).communities]
    return max(names, key=len, default="Manchester-by-the-Sea")


def _case() -> Case:
    """The kind and the failure whose texts are shown, as the address or the form asks."""
    kind, failure = request.values.get("kind", ""), request.values.get("failure", "")
    return Case(
        RevisionKind(kind) if kind in CASE_NAMES and kind != TEST else RevisionKind.INITIAL,
        FailureKind(failure) if failure in FAILURE_NAMES else FailureKind.ALL_CALLS,
        kind == TEST,
    )


def _alerts(book: Book, place: str) -> dict[str, Any]:
    """Every form of one case, and the segments of every text message."""
    case, with_it, voice = _case(), shipped().with_book(book), house().office.voice
    failed: list[str] = []

    def made(one: Case) -> list[Sample]:
        return _tried(lambda: rendered(one, with_it, book.lang, place, voice), failed)

    table = [
        (CASE_NAMES[kind.value], [made(Case(kind, failure))[:1] for failure in FailureKind]) for kind in RevisionKind
    ]
    return {
        "samples": made(case),
        "table": table,
        "failed": failed[:1],
        "case": TEST if case.is_test else case.kind.value,
        "failure": case.failure.value,
        "cases": CASE_NAMES,
        "failures": FAILURE_NAMES,
        "parts": lint.PART_NAMES,
    }


def _phrases(store: Session, book: Book, place: str) -> dict[str, Any]:
    """Every text, call and page in these phrases, beside the words of alerts that are in use."""
    office, failed = house().office, list[str]()
    told = books(store, RESIDENTS).with_book(book)

    def desk() -> Reception:
        own = books(store, ALERTS)
        return phrase_sample.desk_of(told, own, book.lang, place, office.voice, office.public_base_url)

    texts = _tried(lambda: phrase_sample.texts(desk(), book.lang), failed)
    return {
        "texts": texts,
        "calls": _tried(lambda: phrase_sample.calls(desk(), book.lang), failed),
        "pages": _tried(lambda: phrase_sample.pages(desk(), book.lang), failed),
        "in_one": sum(text.segments <= 1 for text in texts),
        "failed": failed[:1],
    }


def _tried(make: Callable[[], Iterable[Sample]], failed: list[str]) -> list[Sample]:
    try:
        return list(make())
    except (BadTemplate, MissingValue) as error:
        failed.append(str(error))
        return []
