"""Every address by its class: who may be made to wait by whom (reliability.md 4.1, the firewall rule).

A class has threads of its own in the process of the desk, so that no flood at one door stands before another.
Nothing is ever refused for coming too often: what finds no free thread of its class waits for the next one.
"""

from __future__ import annotations

from enum import StrEnum


class RouteClass(StrEnum):
    """Who waits with whom."""

    EMERGENCY = "emergency"
    """Issuing, approving, holding, looking at the board, and being asked whether we are well."""
    KNOCK = "knock"
    """Emergency too, and open to whoever knocks: signing in, an agency's answer or report by its link."""
    PROVIDER = "provider"
    """Signing in by the agency's identity provider: it may be slow, and then nobody else is."""
    SIGN_UP = "sign-up"
    """What strangers write: residents who sign up, other authorities' alerts and practice, whose signatures cost."""
    PUBLIC = "public"
    """Files that anybody reads."""
    SLOW = "slow"
    """Whoever says where to go piece by piece: no address has this class, a request may."""
    CALLBACKS = "callbacks"
    """The carriers': a process of its own, see `callbacks`."""


CLASSES: dict[str, RouteClass] = {
    "/desk": RouteClass.EMERGENCY,
    "/desk/sign-in": RouteClass.KNOCK,
    "/desk/sign-in/provider": RouteClass.PROVIDER,
    "/desk/static/": RouteClass.KNOCK,
    "/desk/board/": RouteClass.KNOCK,
    "/api/": RouteClass.EMERGENCY,
    "/api/v1/cap": RouteClass.SIGN_UP,
    "/api/v1/practice": RouteClass.SIGN_UP,
    "/api/v1/openapi.json": RouteClass.KNOCK,
    "/ack/": RouteClass.KNOCK,
    "/a/": RouteClass.KNOCK,
    "/trouble/": RouteClass.KNOCK,
    "/subscribe": RouteClass.SIGN_UP,
    "/healthz": RouteClass.EMERGENCY,
    "/readyz": RouteClass.EMERGENCY,
    "/metrics": RouteClass.KNOCK,
    "/callbacks/": RouteClass.CALLBACKS,
    "/": RouteClass.PUBLIC,
}
"""By the beginning of the address; the longest that fits says it. What no line names is the public's."""
THREADS: dict[RouteClass, int] = {
    RouteClass.EMERGENCY: 30,
    RouteClass.KNOCK: 4,
    RouteClass.PROVIDER: 3,
    RouteClass.SIGN_UP: 2,
    RouteClass.PUBLIC: 3,
    RouteClass.SLOW: 4,
}
"""Python works on one request at a moment, and shares its time among all that are under way: few strangers at once
leave most of it to the others, and answer as many in a second. As many for the emergency as its database pool gives."""
OWN_DATABASE_POOL = (RouteClass.KNOCK, RouteClass.PROVIDER, RouteClass.SIGN_UP)
"""They share a pool of their own: what strangers cause takes no connection from the emergency."""
_LONGEST_FIRST = sorted(CLASSES, key=len, reverse=True)


def class_of(path: str) -> RouteClass:
    """The class of an address, without its query."""
    return next((CLASSES[start] for start in _LONGEST_FIRST if path.startswith(start)), RouteClass.PUBLIC)


def class_of_request(begun: bytes) -> RouteClass:
    """The class of a request by what has arrived of it."""
    words = begun.partition(b"\r\n")[0].split(b" ")
    if len(words) != 3 or b"\r\n\r\n" not in begun:
        return RouteClass.SLOW
    return class_of(words[1].partition(b"?")[0].decode("latin-1"))
