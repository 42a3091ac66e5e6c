"""What a careful operator checks before a drill, in one go: each finding says what to do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import redis
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from broadcaster import settings as knobs
from broadcaster.channels import registry
from broadcaster.dispatch.documents import ipaws_watch
from broadcaster.dispatch.office import Office
from broadcaster.feeds import certificates, shapes
from broadcaster.feeds.certificates import CertificateRefused
from broadcaster.feeds.shapes import NoOutlines
from broadcaster.local import (
    binder_check,
    home,
    practice_check,
    provider_check,
    words_check,
)
from broadcaster.messages import book
from broadcaster.settings import Mode, Settings, SettingsError
from broadcaster.store import database
from broadcaster.store.alerting import ipaws
from broadcaster.store.envelope import CannotSeal, certificate_of
from broadcaster.store.places import outlines

LEAST_FREE = 500_000_000
"""Bytes on the disk of DATA_DIR below which the doctor says no."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: it works, it does not, or it is off (None); nothing stands on what is `spare`."""

    what: str
    works: bool | None
    sentence: str
    spare: bool = False


def examine(env: Mapping[str, str]) -> list[Finding]:
    """Look at everything; a broken part never hides the others."""
    settings = knobs.load(env)
    found = [_secrets(settings)]
    try:
        settings = knobs.load(home.connected(env))
    except SettingsError as error:
        found.append(Finding("database", False, str(error)))
    else:
        found += [_guarded("database", _database, settings), _guarded("broker", _broker, settings)]
        found.append(_guarded("sample data", _sample, settings))
        found.append(_guarded("county outlines", _outlines, settings))
        found += [_guarded("binder", _binder, settings), _guarded("practice", _practice, settings)]
        found.append(_guarded("wordings", _wordings, settings))
        if not registry.WAYS_OUT["ipaws"].missing(settings):
            found.append(_guarded("IPAWS path", _ipaws, settings))
    found += [_carrier(settings, name) for name in registry.WAYS_OUT]
    found += [
        _ipaws_certificate(settings),
        _bounces(settings),
        _notices(settings),
        _certificate(settings),
        _partners(settings),
        _templates(),
        _disk(settings),
        _lookup(settings),
        _proxies(settings),
        _nightly(settings),
        Finding("identity provider", *provider_check.look(settings), spare=True),
    ]
    return found


def _guarded(what: str, look: Callable[[Settings], Finding], settings: Settings) -> Finding:
    try:
        return look(settings)
    except (SQLAlchemyError, redis.RedisError) as error:
        first = str(error).strip().splitlines()[0]
        return Finding(what, False, f"does not answer ({first}): check its URL and whether it runs.")


def _secrets(settings: Settings) -> Finding:
    missing = [name for name in ("secret_key", "field_key", "index_key") if not getattr(settings, name)]
    if missing:
        names = ", ".join(name.upper() for name in missing)
        return Finding("secrets", False, f"{names} not set: make each with `openssl rand -base64 32`.")
    changing = " What SECRET_KEY_PREVIOUS signed is still taken: remove it when every receiver has its new secret."
    return Finding("secrets", True, f"all three are set.{changing if settings.secret_key_previous else ''}")


def _database(settings: Settings) -> Finding:
    engine = database.connect(settings.database_url)
    with engine.connect() as connection:
        version = connection.execute(text("SHOW server_version")).scalar_one()
        schema = connection.execute(text("SELECT to_regclass('installation')")).scalar_one()
        mode = connection.execute(text("SELECT mode FROM installation")).scalar() if schema else None
    engine.dispose()
    if schema is None:
        return Finding("database", False, f"PostgreSQL {version} has no tables yet: run `broadcaster db upgrade`.")
    if mode not in (None, settings.mode.value):
        return Finding("database", False, f"belongs to a {mode} installation: start with MODE={mode}.")
    return Finding("database", True, f"PostgreSQL {version}, {mode} installation.")


def _broker(settings: Settings) -> Finding:
    broker = redis.Redis.from_url(settings.redis_url, socket_timeout=2, socket_connect_timeout=2)
    policy = str(broker.config_get("maxmemory-policy").get("maxmemory-policy", ""))
    broker.close()
    if policy != "noeviction":
        return Finding("broker", False, f"maxmemory-policy is {policy}: set it to noeviction.")
    return Finding("broker", True, "answers; alerts go out without it too.")


def _sample(settings: Settings) -> Finding:
    engine = database.connect(settings.database_url)
    with engine.connect() as connection:
        sample = connection.execute(text("SELECT count(*) FROM number WHERE sample")).scalar_one()
        made_up = connection.execute(text("SELECT count(*) FROM community_shape WHERE generated")).scalar_one()
    engine.dispose()
    found = f"{sample} sample numbers" + (f" and {made_up} made-up shapes" if made_up else "")
    if (sample or made_up) and settings.mode is Mode.LIVE:
        return Finding("sample data", False, f"{found} in a live directory: import your own directory.")
    return Finding("sample data", True, f"{found}, mode {settings.mode.value}.")


def _outlines(settings: Settings) -> Finding:
    """Whether alerts get polygons: without outlines phones and boxes go by whole counties."""
    engine = database.connect(settings.database_url)
    with database.sessions(engine)() as session:
        kept = outlines.load(session, settings.state_fips)
    engine.dispose()
    if not kept:
        return Finding("county outlines", False, "none: run `make assets` and `broadcaster db upgrade`.")
    try:
        return Finding("county outlines", True, f"{len(shapes.read(kept).counties)} counties of {settings.state_name}.")
    except NoOutlines as error:
        return Finding("county outlines", False, str(error))


def _ipaws(settings: Settings) -> Finding:
    """When the path last answered, by the sweep's own link test; and whether we know what our group may send."""
    engine = database.connect(settings.database_url)
    with database.sessions(engine)() as session:
        stands, now = ipaws.path(session), database.now(session)
    engine.dispose()
    said = ipaws_watch.words(stands, now)
    if stands.seen_at is None or stands.down_since is not None:
        return Finding("IPAWS path", False, said)
    if stands.profile is None:
        return Finding(
            "IPAWS path", False, f"{said} What our group may send is not known yet: look at the sweep's log."
        )
    return Finding("IPAWS path", True, said)


def _ipaws_certificate(settings: Settings) -> Finding:
    if settings.ipaws_cert is None:
        return Finding("IPAWS certificate", None, "off: set IPAWS_KEY and IPAWS_CERT.")
    warning = ipaws_watch.certificate_warning(settings.ipaws_cert, datetime.now(UTC))
    return Finding("IPAWS certificate", not warning, warning or "good for more than 60 days.")


def _carrier(settings: Settings, name: str) -> Finding:
    missing = registry.WAYS_OUT[name].missing(settings)
    if missing:
        return Finding(f"carrier {name}", None, f"off: set {missing}.")
    return Finding(f"carrier {name}", True, f"on, {registry.WAYS_OUT[name].pace(settings):g} a second.")


def _bounces(settings: Settings) -> Finding:
    """Whether a mail that comes back is read; without it a dead mailbox looks like an agency that is slow to answer."""
    box = settings.bounce_mailbox
    if box is None and not settings.bounce_token:
        return Finding("bounces", None, "off: set BOUNCE_MAILBOX or BOUNCE_TOKEN, or nobody learns of dead mailboxes.")
    if box is None:
        return Finding("bounces", True, "posted to /callbacks/mail/bounce.")
    return _mailbox("bounces", box)


def _notices(settings: Settings) -> Finding:
    """Whether a provider's notice that comes by mail is read."""
    box = settings.notice_mailbox
    if box is None:
        return Finding("providers' notices", None, "by form and API alone: set NOTICE_MAILBOX to read them by mail.")
    found = _mailbox("providers' notices", box)
    if found.works and not settings.notice_authserv_id:
        told = f"{found.sentence} No sender is proved: set NOTICE_AUTHSERV_ID to the name of your mail relay."
        return Finding(found.what, None, told)
    return found


def _mailbox(what: str, box: Path) -> Finding:
    if box.is_dir() and not (box / "new").is_dir():
        return Finding(what, False, f"{box} is a folder and no Maildir: name a Maildir or an mbox file.")
    written = box if box.is_dir() else box.parent
    if not os.access(written, os.R_OK | os.W_OK | os.X_OK):
        return Finding(what, False, f"{written} cannot be read and written: give the sweep's user access.")
    return Finding(what, True, f"read from {box}.")


def _certificate(settings: Settings) -> Finding:
    if settings.cap_signing_cert is None or settings.cap_signing_key is None:
        return Finding("CAP signature", None, "off: set CAP_SIGNING_KEY and CAP_SIGNING_CERT.")
    office = Office.of(settings)
    warning = office.certificate_warning(datetime.now(UTC))
    return Finding("CAP signature", not warning, warning or "the certificate is good for more than 60 days.")


def _partners(settings: Settings) -> Finding:
    """Whether what is pinned of each partner can be read, and for how long it counts."""
    if not settings.partners:
        return Finding("CAP partners", None, "off: set CAP_PARTNERS to take the signed alerts of others.")
    wrong = [words for sender, pem in settings.partners.items() if (words := _pinned(sender, pem.encode()))]
    return Finding("CAP partners", not wrong, " ".join(wrong) or f"{len(settings.partners)} are pinned.")


def _pinned(sender: str, pem: bytes) -> str:
    try:
        return certificates.expiry_warning(pem, datetime.now(UTC), f"certificate pinned of {sender}")
    except CertificateRefused as refused:
        return f"What is pinned of {sender} cannot be used. {refused}"


def _templates() -> Finding:
    return Finding("templates", True, f"languages: {', '.join(book.shipped().books)}.")


def _disk(settings: Settings) -> Finding:
    place = next(path for path in (settings.data_dir, *settings.data_dir.parents) if path.exists())
    free = shutil.disk_usage(place).free
    return Finding("disk", free > LEAST_FREE, f"{free // 1_000_000} MB free below {place}.")


def _binder(settings: Settings) -> Finding:
    """Whether something is left for the night on which our own house is what failed."""
    engine = database.connect(settings.database_url)
    works, sentence = binder_check.look(settings, database.sessions(engine))
    engine.dispose()
    return Finding("binder", works, sentence)


def _wordings(settings: Settings) -> Finding:
    """Whether the words that the authority approved still fit after an upgrade."""
    engine = database.connect(settings.database_url)
    works, sentence = words_check.look(database.sessions(engine))
    engine.dispose()
    return Finding("wordings", works, sentence)


def _practice(settings: Settings) -> Finding:
    """Whether what is practised at the training desk counts at the live one."""
    engine = database.connect(settings.database_url)
    works, sentence = practice_check.look(settings, database.sessions(engine))
    engine.dispose()
    return Finding("practice", works, sentence)


def _nightly(settings: Settings) -> Finding:
    """Whether the authority's own copy of the residents can be sealed."""
    if settings.export_cert is None:
        return Finding("nightly export", None, "off: set EXPORT_CERT to the authority's certificate.")
    try:
        good_until = certificate_of(settings.export_cert).not_valid_after_utc
    except CannotSeal as error:
        return Finding("nightly export", False, str(error))
    if good_until < datetime.now(UTC):
        return Finding("nightly export", False, "EXPORT_CERT has expired: ask the authority for a new one.")
    return Finding("nightly export", True, f"sealed to a certificate that is good until {good_until:%Y-%m-%d}.")


def _lookup(settings: Settings) -> Finding:
    if not settings.lookup_url:
        return Finding("lookup", None, "LOOKUP_URL is not set: texts and WEA name no page to find a number.")
    return Finding("lookup", True, settings.lookup_url)


def _proxies(settings: Settings) -> Finding:
    """Our servers speak no TLS: a desk that is reached over https has a proxy before it. Requests are not looked at."""
    outside, believed = settings.public_base_url.startswith("https:"), settings.trusted_proxies
    if outside and not believed:
        said = "PUBLIC_BASE_URL is https, so a proxy stands before the desk, and TRUSTED_PROXIES is 0: set it to 1."
        return Finding("proxies", False, said)
    if believed and not outside and settings.mode is Mode.LIVE:
        said = (
            f"TRUSTED_PROXIES is {believed} without https: set it to 0, or any visitor can name an address of theirs."
        )
        return Finding("proxies", False, said)
    return Finding("proxies", True, f"{believed} before the desk.")
