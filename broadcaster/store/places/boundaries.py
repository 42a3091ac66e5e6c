"""Service boundaries as they were imported; they are read only for a point, an export or an import."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from broadcaster.directory.boundaries import Boundary
from broadcaster.store.database import Base


class ServiceBoundary(Base):
    """The area of a PSAP; `geometry` is GeoJSON in WGS 84."""

    __tablename__ = "service_boundary"
    nguid: Mapped[str] = mapped_column(primary_key=True)
    psap_code: Mapped[str]
    name: Mapped[str] = mapped_column(default="", server_default="")
    communities: Mapped[list[str]] = mapped_column(JSONB, default=list, server_default="[]")
    properties: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    geometry: Mapped[dict[str, Any]] = mapped_column(JSONB)


def load(session: Session) -> list[Boundary]:
    """Every boundary, by its NGUID."""
    query = select(ServiceBoundary).order_by(ServiceBoundary.nguid).execution_options(populate_existing=True)
    return [
        Boundary(row.nguid, row.psap_code, row.name, row.geometry, tuple(row.communities), row.properties)
        for row in session.scalars(query)
    ]


def save(session: Session, boundaries: list[Boundary]) -> None:
    """These boundaries and no others; the older ones stay in the history."""
    session.execute(delete(ServiceBoundary))
    session.expire_all()
    session.add_all(
        ServiceBoundary(
            nguid=one.nguid,
            psap_code=one.psap,
            name=one.name,
            communities=list(one.communities),
            properties=one.properties or {},
            geometry=one.geometry,
        )
        for one in boundaries
    )
    session.flush()
