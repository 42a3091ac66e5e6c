"""From the settings to the binder: what stands in its page, to whom it is sealed, and where it is kept."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcaster.alert.alert import content_from_json
from broadcaster.alert.lifecycle import AlertState
from broadcaster.alert.phone import display
from broadcaster.directory import Directory
from broadcaster.dispatch.engine import sealer_of
from broadcaster.dispatch.office import Office
from broadcaster.dispatch.revision import where
from broadcaster.dispatch.witness import signer_of
from broadcaster.messages import read_aloud
from broadcaster.messages.book import Books
from broadcaster.outage.binder import cap as binder_cap
from broadcaster.outage.binder import settings as binder_settings
from broadcaster.outage.binder.cap import Issuer
from broadcaster.outage.binder.duty import Binders
from broadcaster.outage.binder.page import OnAir, Pages, Person
from broadcaster.settings import Mode, Settings
from broadcaster.store.alerting import areas, wordings
from broadcaster.store.alerting.alerts import Alert, Revision
from broadcaster.store.database import Sessions
from broadcaster.store.desk import contacts
from broadcaster.store.desk.contacts import What
from broadcaster.store.desk.people import User
from broadcaster.store.places import directory_load
from broadcaster.store.sealed import Sealer


def binders_of(settings: Settings, sessions: Sessions) -> Binders | None:
    """The binder of an installation; None where it is sealed to nobody."""
    if not settings.export_cert and not settings.binder_passphrase:
        return None
    at_hand, office = settings.data_dir / "binder", Office.of(settings)
    sender = {"CAP_SENDER": office.cap_sender, "CAP_SENDER_NAME": office.cap_sender_name}
    return Binders(
        sessions=sessions,
        sealer=sealer_of(settings),
        signer=signer_of(settings),
        pages=lambda session, moment: pages(session, settings, moment),
        carried={**binder_settings.travelling(settings), **sender},
        folder=settings.binder_dir or at_hand,
        at_hand=at_hand,
        zone=ZoneInfo(settings.timezone),
        certificate=settings.export_cert,
        passphrase=settings.binder_passphrase,
    )


def pages(session: Session, settings: Settings, moment: datetime) -> Pages:
    """What the binder says at this moment."""
    office, sealer = Office.of(settings), sealer_of(settings)
    books = wordings.books(session, strict=settings.mode is Mode.LIVE)
    directory = directory_load.load(session, sealer)
    return Pages(
        made_at=moment.replace(microsecond=0),
        mode=settings.mode,
        authority=settings.authority,
        timezone=settings.timezone,
        watch_phone=settings.watch_phone,
        directory=directory,
        people=_people(session, sealer),
        scripts=tuple(read_aloud.scripts(office.voice, books, moment)),
        cap=_messages(session, office, books, directory, moment),
        on_air=_on_air(session),
    )


def _messages(
    session: Session, office: Office, books: Books, directory: Directory, moment: datetime
) -> tuple[binder_cap.Ready, ...]:
    issuer = Issuer(
        voice=office.voice,
        state_fips=office.state_fips,
        sender=office.cap_sender,
        sender_name=office.cap_sender_name,
        web=f"{office.public_base_url}/",
        status=office.status,
        test_event=office.test_event,
        books=books,
    )
    return tuple(binder_cap.ready(issuer, directory, where.known(session, office.state_fips), moment))


def _people(session: Session, sealer: Sealer) -> tuple[Person, ...]:
    found = []
    for user in session.scalars(select(User).where(User.active).order_by(User.name)):
        ways = contacts.of(session, sealer, user.id)
        phones = tuple(display(ways[what].value) for what in (What.PHONE, What.SECOND_PHONE) if what in ways)
        found.append(Person(user.name or user.email, tuple(sorted(user.role_names)), phones))
    return tuple(found)


def _on_air(session: Session) -> tuple[OnAir, ...]:
    found = []
    for alert in session.scalars(select(Alert).where(Alert.state == AlertState.OPEN).order_by(Alert.known_since)):
        newest = select(Revision).where(Revision.alert_id == alert.id).order_by(Revision.no.desc()).limit(1)
        area = content_from_json(session.scalars(newest).one().content).area
        found.append(OnAir(alert.public_id, areas.place(session, area), alert.known_since))
    return tuple(found)
