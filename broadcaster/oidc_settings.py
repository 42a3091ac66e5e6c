"""The knobs of the sign-in by an identity provider (OpenID Connect), a part of the settings."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, field_validator, model_validator

from broadcaster.values import is_loopback

SECRETS = ("OIDC_CLIENT_SECRET",)


class OidcSettings(BaseModel):
    """Off without an issuer; everybody signs in here too, whatever becomes of the provider."""

    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_name: str = "your agency’s sign-in"
    oidc_acr: str = ""
    oidc_trust_email: bool = False

    @field_validator("oidc_issuer")
    @classmethod
    def _secure(cls, url: str) -> str:
        parts = urlsplit(url)
        fits = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url))
        if url and not (fits and parts.hostname and "@" not in parts.netloc and not parts.query and not parts.fragment):
            raise ValueError("is no issuer: write its https address, as https://login.state.example")
        return url

    @model_validator(mode="after")
    def _refuse_half_a_provider(self) -> Self:
        if self.oidc_issuer and not self.oidc_client_id:
            raise ValueError("OIDC_ISSUER needs OIDC_CLIENT_ID: the name by which the provider knows this desk")
        return self
