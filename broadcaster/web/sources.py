"""Where a request came from, as far as it can be believed."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from broadcaster.said import Said

SITE_BITS = 64
"""The part of an IPv6 address that a network gives to one customer (RFC 6177): the rest is theirs to change."""


def behind(app: Flask, proxies: int) -> None:
    """Take the visitor's address from X-Forwarded-For: the one that the outermost of our proxies wrote there. What a
    visitor wrote stands before it and is never looked at; other forwarded headers are not believed at all."""
    if proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=0, x_host=0, x_port=0, x_prefix=0
        )


def site() -> str:
    """Whose budget a request of this moment spends: an IPv4 address or an IPv6 network. Empty for this machine: then a
    proxy stands before us that TRUSTED_PROXIES does not name, and everybody would share one budget."""
    given = request.remote_addr or ""
    try:
        address = ip_address(given)
    except ValueError:
        return given
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    if address.is_loopback:
        return ""
    return str(address) if address.version == 4 else str(ip_network((address, SITE_BITS), strict=False))


NEAR_BITS = {4: 24, 6: 48}
"""The part of an address that says from where somebody came, and not who they are."""
BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrom": "Chrome", "Safari/": "Safari"}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS": "Mac",
    "Linux": "Linux",
}
"""The first that stands in what a browser says of itself (``User-Agent``) is its name."""


def network() -> str:
    """The network of a request's address, ``203.0.113.0/24``; empty where the address is none."""
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return ""
    address = getattr(address, "ipv4_mapped", None) or address
    return str(ip_network((address, NEAR_BITS[address.version]), strict=False))


def machine() -> str:
    """The browser and system of a request in two words, ``Firefox on Windows``: enough to know one's own by."""
    said = request.headers.get("User-Agent", "")
    browser, system = (
        next((name for mark, name in table.items() if mark in said), "") for table in (BROWSERS, SYSTEMS)
    )
    return (
        Said("%(browser)s on %(system)s", browser=browser or Said("A browser"), system=system)
        if system
        else browser or Said("A program")
    )
