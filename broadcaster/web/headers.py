"""What every response says about itself: who may frame, script, cache or name it."""

from __future__ import annotations

import secrets

from flask import Flask, Response, g, request

POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
A_YEAR = 31_536_000


def nonce() -> str:
    """This response's nonce for scripts (Content Security Policy Level 3)."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def install(app: Flask, *, https: bool) -> None:
    """Put the headers on every response; those that a view has set stay as they are."""

    def add(response: Response) -> Response:
        policy = "; ".join(f"{name} {value}" for name, value in POLICY.items())
        response.headers.setdefault("Content-Security-Policy", f"{policy}; script-src 'nonce-{nonce()}'")
        for name, value in FIXED.items():
            response.headers.setdefault(name, value)
        if https:
            response.headers.setdefault("Strict-Transport-Security", f"max-age={A_YEAR}; includeSubDomains")
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    app.after_request(add)
