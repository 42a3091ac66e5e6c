"""Where a request came from, as far as it can be believed."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

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
