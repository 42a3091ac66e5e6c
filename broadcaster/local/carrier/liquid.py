"""The part of Liquid that personalises a bulk text here: `{{ name }}` and `{{ name | default: 'words' }}`.

Twilio takes all of Liquid; conditions and other filters are refused here rather than rendered wrongly. What a variable
holds is not read as a template again, and nothing is escaped or trimmed, as Liquid has it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_PLACE = re.compile(r"\{\{\s*(\w+)\s*(?:\|\s*default:\s*(?:'([^']*)'|\"([^\"]*)\")\s*)?\}\}")


class LiquidError(ValueError):
    """A template that cannot be rendered; its text is a sentence for the caller."""


def check(template: str) -> None:
    """Raises LiquidError if there is anything in a template that `render` does not know."""
    rest = _PLACE.sub("", template)
    if "{{" in rest or "{%" in rest:
        raise LiquidError("This simulator renders {{name}} and {{name | default: 'words'}}, no other Liquid.")


def render(template: str, variables: Mapping[str, str]) -> str:
    """The template with its variables in place; one that is missing or empty is its default, or nothing."""
    return _PLACE.sub(lambda found: variables.get(found[1]) or found[2] or found[3] or "", template)
