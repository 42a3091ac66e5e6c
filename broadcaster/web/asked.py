"""A request as the desk reads it: no text in it has a character of code zero, which PostgreSQL keeps in no text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Request
from werkzeug.datastructures import ImmutableMultiDict, iter_multi_items

ZERO = "\0"


class WithoutZero(ImmutableMultiDict[str, Any]):
    """The fields of a form or of a query. What is pasted brings the character along, and nobody sees it there."""

    def __init__(self, fields: Any = None) -> None:
        super().__init__([(_plain(name), _plain(value)) for name, value in _items(fields)])


def _items(fields: Any) -> Iterable[tuple[Any, Any]]:
    return iter_multi_items(fields) if fields else ()


def _plain(value: Any) -> Any:
    return value.replace(ZERO, "") if isinstance(value, str) else value  # a file is none


class Asked(Request):
    """What the application reads its forms by."""

    parameter_storage_class = WithoutZero
