"""The training desk has another word on every button: nobody takes it for the live one, nor the live one for it.

Pickering, Ontario, 2020: the test system and the real one had the same screens and the same templates (outage-domain.md
section 1.2, no. 7). The colour alone does not tell somebody who is in a hurry, or who does not see colours.
"""

from __future__ import annotations

import re

from flask import Flask, Response, request

from broadcaster.said import Said
from broadcaster.settings import Mode
from broadcaster.web import tongue

WORD = Said("Practise:")
BUTTON = re.compile(r"<(?:button|a)\b[^>]*\bclass=\"[^\"]*\busa-button\b[^>]*>")
"""What starts a button of a page; those in the head of a page have another class, and do nothing to an alert."""
OF_A_LINK = re.compile(r"<button\b[^>]*>|<a\b[^>]*\bclass=\"big\"[^>]*>")
"""The same on the pages that agencies open by a link; those speak English."""
LINKS = ("/ack/", "/a/", "/trouble/")


def install(app: Flask, mode: Mode) -> None:
    """Put the word on every button of every page of a training desk; elsewhere nothing is touched."""
    if mode is Mode.TRAINING:
        app.after_request(_worded)


def _worded(response: Response) -> Response:
    by_link = request.path.startswith(LINKS)
    if response.mimetype == "text/html" and (by_link or request.path.startswith("/desk")) and not response.is_streamed:
        start, word = (OF_A_LINK, f"{WORD} ") if by_link else (BUTTON, f"{tongue.said(WORD)} ")
        response.set_data(start.sub(lambda found: found[0] + word, response.get_data(as_text=True)))
    return response
