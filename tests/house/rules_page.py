"""The table of rules in the handbook, made from the program; `python -m tests.house.rules_page` writes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from broadcaster.feeds.finding import Concern
from broadcaster.feeds.rules import RULES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "handbook" / "cap.md"
BEGIN, END = "<!-- rules -->\n", "<!-- end of rules -->"
OF = {
    Concern.CAP: "of CAP: an error keeps the document out of the feed and of IPAWS",
    Concern.FEED: "of feed readers: an error keeps it out of the feed",
    Concern.IPAWS: "of IPAWS: an error keeps it out of IPAWS",
    Concern.EAS: "of EAS: an error closes EAS by BLOCKCHANNEL",
    Concern.WEA: "of WEA: an error closes WEA by BLOCKCHANNEL",
}


def rows() -> Iterator[str]:
    """A table for each concern, in the order of the rules."""
    for concern, title in OF.items():
        yield f"\n**Rules {title}**\n"
        yield "| code | level | what holds | source |"
        yield "| --- | --- | --- | --- |"
        for rule in RULES.values():
            if rule.concern is concern:
                demands = rule.demands.replace("|", "\\|").replace("<", "&lt;")
                yield f"| `{rule.code}` | {rule.level} | {demands} | {rule.source} |"


def written(text: str) -> str:
    """The page with the table as the program has it now; ValueError when a marker is missing."""
    before, after = text.index(BEGIN) + len(BEGIN), text.index(END)
    return f"{text[:before]}{chr(10).join(rows())}\n\n{text[after:]}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
