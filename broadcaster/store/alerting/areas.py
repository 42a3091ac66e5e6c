"""An area in words, by the names of the directory."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcaster.alert.alert import Area
from broadcaster.said import Said, joined
from broadcaster.store.places.directory import Community, County, Psap

MOST_NAMED = 3


def place(session: Session, area: Area) -> str:
    """An area in a few words: ``the whole state``, ``Essex County, Ayer and 3 more``."""
    if area.statewide:
        return Said("the whole state")
    named = names(session, area)
    shown, more = joined(", ", named[:MOST_NAMED]), len(named) - MOST_NAMED
    return Said("%(names)s and %(more)s more", names=shown, more=more) if more > 0 else shown


def names(session: Session, area: Area) -> list[str]:
    """The places of an area by name, counties first; none of the whole state."""
    if area.statewide:
        return []
    counties = session.scalars(select(County.name).where(County.fips.in_(area.counties)).order_by(County.name))
    communities = session.scalars(
        select(Community.name).where(Community.code.in_(area.communities)).order_by(Community.name)
    )
    psaps = session.scalars(select(Psap.name).where(Psap.code.in_(area.psaps)).order_by(Psap.name))
    return [*(Said("%(name)s County", name=name) for name in counties), *communities, *psaps]
