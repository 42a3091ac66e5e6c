"""The ledger's memory on disk: one JSON object a line, written to the kernel before the client gets its answer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


class Journal:
    """An append-only NDJSON file; a last line that was torn by a kill is cut off when the file is opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+b", buffering=0)
        self._lines: list[bytes] = []
        self._cut_torn_line()

    def append(self, *rows: Mapping[str, Any]) -> None:
        """Write rows as one piece, after those that were put off."""
        self.put_off(*rows)
        self.flush()

    def put_off(self, *rows: Mapping[str, Any]) -> None:
        """Rows that may wait for the next `append` or `flush`: what happens to a message, but not that it exists."""
        self._lines += [json.dumps(row).encode() + b"\n" for row in rows]

    def flush(self) -> None:
        """Write what was put off."""
        if self._lines:
            self._file.write(b"".join(self._lines))
            self._lines.clear()

    def rows(self) -> Iterator[dict[str, Any]]:
        """All rows so far; raises json.JSONDecodeError if the file was damaged by another hand."""
        with self.path.open("rb") as lines:
            for line in lines:
                yield json.loads(line)

    def clear(self) -> None:
        """Forget everything."""
        self._lines.clear()
        self._file.truncate(0)

    def close(self) -> None:
        """Write what was put off and release the file."""
        self.flush()
        self._file.close()

    def _cut_torn_line(self) -> None:
        whole = self.path.read_bytes()
        self._file.truncate(whole.rfind(b"\n") + 1)
