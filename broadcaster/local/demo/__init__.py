"""18 June 2024 again."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wish:
    exit: bool
    json: bool
    residents: int


def run(wish: Wish) -> int:
    raise SystemExit(1)
