"""Hands on a page: every input is counted, and the time that it takes is estimated by the keystroke-level model.

Card, Moran and Newell, The Psychology of Human-Computer Interaction, 1983, chapter 8: an operator for each key, each
movement of the pointer, each press of a button, each change of the hand between mouse and keys, and each thought.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import Page

KEY, POINT, BUTTON, HOME, MIND = 0.28, 1.1, 0.1, 0.4, 1.35
"""Seconds: K of an average typist who is no secretary, P, B (down or up), H, M."""
CLICK = MIND + POINT + 2 * BUTTON
STEP = ".steps [aria-current=step]"


@dataclass
class Hands:
    """Somebody at a page who reads each screen once, thinks before each act, and moves the hand for each field."""

    page: Page
    acts: list[tuple[str, float]] = field(default_factory=list)
    screens: list[str] = field(default_factory=list)

    def press(self, target: str) -> None:
        """Point at something and click it."""
        self.acts.append((f"press {target}", CLICK))
        self.page.click(target)
        self._look()

    def type(self, target: str, text: str) -> None:
        """Click into a field, go to the keys, type, go back to the mouse."""
        self.acts.append((f"type {text!r}", CLICK + 2 * HOME + KEY * len(text)))
        self.page.click(target)
        self.page.keyboard.type(text)

    def reads(self, what: str, glances: int) -> None:
        """Look at something and decide: a thought for each glance; no input."""
        self.acts.append((f"look at {what}", MIND * glances))

    @property
    def inputs(self) -> int:
        """How often something was pressed or a field was filled in."""
        return sum(not name.startswith("look") for name, _ in self.acts)

    @property
    def seconds(self) -> float:
        """The estimate for everything so far."""
        return sum(seconds for _, seconds in self.acts)

    def account(self) -> str:
        """The estimate, act by act."""
        lines = [f"{seconds:6.2f} s  {name}" for name, seconds in self.acts]
        total = f"{self.seconds:6.2f} s  in {len(self.screens)} screens and with {self.inputs} inputs"
        return "\n".join(["Keystroke-level estimate (Card, Moran and Newell 1983)", *lines, total])

    def _look(self) -> None:
        at = self.page.locator(STEP)
        name = at.inner_text() if at.count() else ""
        if name and name not in self.screens:
            self.screens.append(name)
