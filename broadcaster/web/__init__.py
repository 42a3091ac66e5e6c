"""The desk and the API, behind one door: `create_app`.

Law: a view checks, calls, redirects; it decides nothing. What issues, approves, holds or cancels works without
JavaScript and is never refused for being asked too often (reliability.md 4.1).

Rooms, in the order of a night: `signin`, `form`, `release`, `board`, `outages`; those who are told: `agencies`,
`residents`, `carriers`; around it: `missed`, `notices`, `detector`, `directory`, `duty`, `words`; and the `api`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from broadcaster.web.application import create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> Any:
    """The door, when somebody comes: whoever takes one module of this package does not wait for all the pages."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.application"), name)
