"""The shapes of communities as they were imported, and the simpler ones that maps draw."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, exists, insert, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.directory.boundaries import Areas
from broadcaster.directory.town_shapes import TownShape, simplified
from broadcaster.store.database import Base
from broadcaster.store.places import boundaries


class CommunityShape(Base):
    """The area of a community; `geometry` is GeoJSON in WGS 84, `drawn` the same with few points."""

    __tablename__ = "community_shape"
    code: Mapped[str] = mapped_column(primary_key=True)
    geometry: Mapped[dict[str, Any]] = mapped_column(JSONB)
    drawn: Mapped[dict[str, Any]] = mapped_column(JSONB)
    generated: Mapped[bool] = mapped_column(default=False, server_default="false")
    digest: Mapped[str]


_STAMP = text("SELECT md5(string_agg(code || digest, ' ' ORDER BY code)) FROM community_shape")


def load(session: Session) -> list[TownShape]:
    """Every shape, by the code of its community."""
    query = select(CommunityShape.code, CommunityShape.geometry, CommunityShape.generated)
    return [TownShape(*row) for row in session.execute(query.order_by(CommunityShape.code))]


def save(session: Session, shapes: Sequence[TownShape]) -> None:
    """These shapes and no others; the older ones stay in the history."""
    drawn = simplified(shapes)
    session.execute(delete(CommunityShape))
    rows = [
        {
            "code": one.code,
            "geometry": one.geometry,
            "drawn": drawn[one.code],
            "generated": one.generated,
            "digest": _digest(one),
        }
        for one in shapes
    ]
    if rows:
        session.execute(insert(CommunityShape), rows)


def _digest(one: TownShape) -> str:
    return sha256(json.dumps([one.geometry, one.generated], sort_keys=True).encode()).hexdigest()


def stamp(session: Session) -> str:
    """What changes with any of the shapes; ``""`` where there is none."""
    return session.scalar(_STAMP) or ""


def drawings(session: Session) -> dict[str, dict[str, Any]]:
    """What maps draw, by code."""
    return {row.code: row.drawn for row in session.execute(select(CommunityShape.code, CommunityShape.drawn))}


def is_generated(session: Session) -> bool:
    """Whether any shape was made up."""
    return bool(session.scalar(select(exists().where(CommunityShape.generated))))


def areas(session: Session) -> Areas:
    """Shapes and service boundaries, ready to be asked for a point."""
    return Areas(boundaries.load(session), load(session))
