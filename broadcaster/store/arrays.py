"""Arrays for bulk statements as literals (PostgreSQL, "Array Value Input").

The driver's own arrays cost three times as much as the rest of a row; their values are bound all the same.
"""

from __future__ import annotations

from collections.abc import Iterable


def numbers(values: Iterable[float]) -> str:
    """For `CAST(:name AS bigint[])`, or of floats for `float8[]`."""
    return "{" + ",".join(map(str, values)) + "}"


def texts(values: Iterable[str]) -> str:
    """For `CAST(:name AS text[])`."""
    return "{" + ",".join(['"' + each.replace("\\", r"\\").replace('"', r"\"") + '"' for each in values]) + "}"


def binaries(values: Iterable[bytes | None]) -> str:
    """For `CAST(:name AS bytea[])`; None is NULL."""
    return "{" + ",".join(["NULL" if each is None else rf'"\\x{each.hex()}"' for each in values]) + "}"
