"""How many SMS segments a body takes (3GPP TS 23.038): the judge's own count, independent of the product's."""

from __future__ import annotations

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("\f^{}\\[~]|€")
GSM7 = BASIC | EXTENDED


def count(body: str) -> int:
    """Segments of a body: GSM-7 in 160 or 153 septets, otherwise UCS-2 in 70 or 67 units; an empty body is one."""
    if BASIC.issuperset(body):
        return 1 if len(body) <= 160 else -(-len(body) // 153)
    if GSM7.issuperset(body):
        return _pack([2 if char in EXTENDED else 1 for char in body], alone=160, joined=153)
    return _pack([2 if ord(char) > 0xFFFF else 1 for char in body], alone=70, joined=67)


def _pack(widths: list[int], alone: int, joined: int) -> int:
    """Segments for characters of these widths; a character of two units is never cut in half."""
    if sum(widths) <= alone:
        return 1
    segments, room = 1, joined
    for width in widths:
        if width > room:
            segments, room = segments + 1, joined
        room -= width
    return segments
