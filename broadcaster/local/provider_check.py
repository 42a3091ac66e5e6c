"""Whether the identity provider answers: a warning and no more, because everybody signs in here without it."""

from __future__ import annotations

from broadcaster.settings import Settings
from broadcaster.web.signin.provider import Provider, ProviderDown, Question

OFF = "off: set OIDC_ISSUER and OIDC_CLIENT_ID, if your agency has one."


def look(settings: Settings) -> tuple[bool | None, str]:
    """Whether it can be used (None: there is to be none), and a sentence about it."""
    provider = Provider.of(settings)
    if provider is None:
        return None, OFF
    try:
        provider.address(Question())
    except ProviderDown as down:
        return False, f"{settings.oidc_issuer} cannot be used ({down}): look at OIDC_ISSUER. People sign in here."
    return True, f"{settings.oidc_issuer} answers."
