"""The knobs of practice, a part of the settings: where training posts it, and whose the live installation believes."""

from __future__ import annotations

from pydantic import BaseModel, field_validator

from broadcaster.values import is_loopback


class PracticeSettings(BaseModel):
    """Off without them. The address leads to this machine: outside live no door opens beyond it."""

    practice_url: str = ""
    practice_key: str = ""

    @field_validator("practice_url")
    @classmethod
    def _on_this_machine(cls, url: str) -> str:
        if url and not (url.startswith(("http://", "https://")) and is_loopback(url)):
            raise ValueError(
                "must be the live installation on this machine, or a tunnel to it: write http://127.0.0.1:8911"
            )
        return url

    def refuse_what_flows_back(self, *, training: bool) -> None:
        """Practice goes from training to live, and never the other way (ValueError)."""
        if self.practice_url and not training:
            raise ValueError("PRACTICE_URL belongs to MODE=training: only a training installation posts practice")
        if self.practice_key and training:
            raise ValueError("PRACTICE_KEY belongs to the live installation: it takes the practice of the training one")
