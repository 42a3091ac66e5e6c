"""The directory as tables: who answers 911 where, their numbers, and which agencies must hear of it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from broadcaster.alert.phone import Visibility
from broadcaster.store.database import Base, identity, one_of


class County(Base):
    """A county by its five-digit FIPS code."""

    __tablename__ = "county"
    fips: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class Community(Base):
    """A place that people say they live in; `last_slot` is the newest slot of its subscribers."""

    __tablename__ = "community"
    id: Mapped[int] = identity()
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str]
    county_fips: Mapped[str] = mapped_column(ForeignKey("county.fips"))
    timezone: Mapped[str]
    zips: Mapped[list[str]] = mapped_column(ARRAY(TEXT), default=list, server_default="{}")
    places: Mapped[list[str]] = mapped_column(ARRAY(TEXT), default=list, server_default="{}")
    population: Mapped[int] = mapped_column(default=0, server_default="0")
    note: Mapped[str] = mapped_column(default="", server_default="")
    last_slot: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    retired_at: Mapped[datetime | None]


class Psap(Base):
    """A public safety answering point."""

    __tablename__ = "psap"
    id: Mapped[int] = identity()
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    county_fips: Mapped[str] = mapped_column(ForeignKey("county.fips"))
    text_to_911: Mapped[bool] = mapped_column(default=False, server_default="false")
    note: Mapped[str] = mapped_column(default="", server_default="")
    retired_at: Mapped[datetime | None]


class CommunityPsap(Base):
    """A community is served by one primary PSAP and perhaps by others."""

    __tablename__ = "community_psap"
    __table_args__ = (Index("uq_community_psap_primary", "community_id", unique=True, postgresql_where="is_primary"),)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id", ondelete="CASCADE"), primary_key=True)
    psap_id: Mapped[int] = mapped_column(ForeignKey("psap.id", ondelete="CASCADE"), primary_key=True)
    is_primary: Mapped[bool]


class Number(Base):
    """An alternate number of a community, a county or the state, in the order in which it is used; those of scope
    ``text`` take texts alone, and their code is a community's."""

    __tablename__ = "number"
    __table_args__ = (
        CheckConstraint("scope IN ('community', 'county', 'state', 'text')", name="scope"),
        CheckConstraint(f"visibility IN ({one_of(Visibility)})", name="visibility"),
    )
    scope: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True)
    e164: Mapped[str]
    label: Mapped[str] = mapped_column(default="", server_default="")
    visibility: Mapped[str]
    verified_on: Mapped[date | None]
    sms: Mapped[bool] = mapped_column(default=False, server_default="false")
    sample: Mapped[bool] = mapped_column(default=False, server_default="false")


class Agency(Base):
    """Somebody who must hear of an outage: police, fire, PSAP, hospital, vendor, neighbouring state."""

    __tablename__ = "agency"
    id: Mapped[int] = identity()
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    statewide: Mapped[bool] = mapped_column(default=False, server_default="false")
    county_fips: Mapped[str | None]
    retired_at: Mapped[datetime | None]


class AgencyCommunity(Base):
    """An agency's own communities."""

    __tablename__ = "agency_community"
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id", ondelete="CASCADE"), primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id", ondelete="CASCADE"), primary_key=True)


class AgencyContact(Base):
    """How an agency is reached, in the order in which it is tried; the value itself is sealed in `address`."""

    __tablename__ = "agency_contact"
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id", ondelete="CASCADE"), primary_key=True)
    address_id: Mapped[int] = mapped_column(ForeignKey("address.id"), primary_key=True)
    rank: Mapped[int]
    verified_on: Mapped[date | None]
    consent_on: Mapped[date | None]
    consent: Mapped[str] = mapped_column(default="", server_default="")
