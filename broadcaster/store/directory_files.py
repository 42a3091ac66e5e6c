"""The directory as a file: one JSON document, strict in both directions."""

from __future__ import annotations

from pydantic import TypeAdapter, ValidationError

from broadcaster.directory import BrokenDirectory, Directory

_DIRECTORY = TypeAdapter(Directory)


class BadFile(ValueError):
    """A file that is no directory; the message says where it is wrong."""


def write(directory: Directory) -> bytes:
    """A directory as indented JSON."""
    return _DIRECTORY.dump_json(directory, indent=1, exclude={"former"})


def read(data: bytes) -> Directory:
    """The directory that `write` wrote; BadFile names the first place that does not fit."""
    try:
        return _DIRECTORY.validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = " > ".join(str(part) for part in first["loc"]) or "the beginning"
        raise BadFile(f"This file is no directory: at {where}: {first['msg']}. Nothing was imported.") from error
    except BrokenDirectory as error:
        raise BadFile(f"{error} Nothing was imported.") from error
