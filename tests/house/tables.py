"""The tables of the README that are made from the program. Write them anew with ``python -m tests.house.tables``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click

from broadcaster.canary_settings import CanarySettings
from broadcaster.channels import registry
from broadcaster.channels.contract import Traits
from broadcaster.cli import root
from broadcaster.oidc_settings import OidcSettings
from broadcaster.practice_settings import PracticeSettings
from broadcaster.settings import SECRETS, Settings

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
MEANING = {
    "mode": "What the installation is for: `live`, `training` or `demo`. Outside `live`, nothing beyond this machine"
    " is reached",
    "data_dir": "State of the embedded servers, their logs, and the keys of a demo",
    "publish_dir": "Where the public files are written; empty: `public` under `DATA_DIR`",
    "database_url": "PostgreSQL 15 or newer; empty: an embedded one under `DATA_DIR`",
    "redis_url": "Redis or Valkey, the bell of the workers; empty: an embedded one under `DATA_DIR`",
    "secret_key": "Sessions, links and callback proofs; `openssl rand -base64 32`",
    "secret_key_previous": "The `SECRET_KEY` before, while it is changed: what it signed is still taken, and notices to"
    " machines carry its signature too",
    "field_key": "Encrypts phones, addresses and second factors",
    "index_key": "The blind index that finds a phone without decrypting; must differ from `FIELD_KEY`",
    "field_key_id": "Which `FIELD_KEY` new values are written with",
    "public_base_url": "The https address that the outside sees; links are made from it",
    "callbacks_base_url": "Where the carrier reaches the callbacks, if not at `PUBLIC_BASE_URL`",
    "bind": "The address that our servers listen on; behind a proxy on another host or in a container `0.0.0.0`",
    "port": "The desk, the API and the public window together",
    "callbacks_port": "The carriers' callbacks",
    "window_port": "The public window alone",
    "timezone": "The zone of every hour that people read",
    "authority": "The full name of the authority, in mails and on the public page",
    "authority_short": "Its name in a text",
    "state_fips": "The two digits of the state",
    "state_name": "The name of the state",
    "watch_phone": "The number of the watch, printed for agencies",
    "watch_email": "The mailbox of the watch, printed for agencies (47 CFR 4.9(h): name, phone and e-mail)",
    "twilio_account_sid": "The account at the carrier; empty: the channel is off",
    "twilio_auth_token": "Its token, which also signs the callbacks",
    "twilio_messaging_service_sid": "The sender: a Messaging Service ...",
    "twilio_from": "... or one number",
    "twilio_voice_from": "The number that calls agencies and landlines; empty: no calls",
    "voice_calls_per_second": "Calls that the carrier starts in a second for our account (1 unless it says otherwise)",
    "twilio_api_url": "Any carrier that speaks this API",
    "twilio_comms_url": "Its Bulk Messaging API, for `SMS_BULK`",
    "sms_mps": "Segments a second that the carrier has approved for the sender",
    "sms_in_flight": "Requests that a process keeps open at the carrier",
    "sms_weight": "The share of `SMS_MPS` that is used, 0 to 1; 0 stands by until every other carrier of texts is given"
    " up",
    "sms_secondary_account_sid": "A second carrier that speaks Twilio's API, used beside the first and instead of it;"
    " empty: there is none",
    "sms_secondary_auth_token": "Its token",
    "sms_secondary_messaging_service_sid": "Its sender: a Messaging Service ...",
    "sms_secondary_from": "... or one number",
    "sms_secondary_api_url": "Where it is",
    "sms_secondary_mps": "Segments a second that it has approved",
    "sms_secondary_in_flight": "Requests that a process keeps open there",
    "sms_secondary_weight": "The share of `SMS_SECONDARY_MPS` that is used",
    "sms_bulk": "Whole waves of texts in one request (Twilio's public beta, without an SLA); `on` needs `TWILIO_FROM`",
    "smtp_url": "`smtp://user:password@host:port` or `smtps://...`; STARTTLS where offered; empty: the channel is off",
    "mail_from": "The sender of the agency mail",
    "mail_per_second": "Mails a second that the relay takes; a hosted relay may allow far fewer",
    "bounce_address": "The envelope's sender, to which reports of mail that could not be delivered go; empty:"
    " `MAIL_FROM`",
    "bounce_mailbox": "An mbox file or a Maildir in which those reports arrive; the sweep reads it, and moves what it"
    " has read beside it",
    "notice_mailbox": "An mbox file or a Maildir in which providers' notices of outages arrive (47 CFR 4.9(h)); the"
    " sweep reads it in the same way",
    "notice_authserv_id": "The name that your own mail relay puts first into `Authentication-Results` (RFC 8601): by"
    " its word alone a provider's mail is proved; empty: none is",
    "metrics_token": "Who reads `/metrics` sends it as a bearer token; empty: only this machine itself may read it",
    "bounce_token": "Who posts those reports to `/callbacks/mail/bounce` sends it as a bearer token; empty: closed",
    "cap_sender": "`sender` of CAP documents; empty: `state911@` and the host of `PUBLIC_BASE_URL`",
    "cap_sender_name": "`senderName` of CAP documents; empty: `AUTHORITY`",
    "cap_signing_key": "A PEM file; without key and certificate CAP documents go out unsigned",
    "cap_signing_cert": "A PEM file: the signing certificate, then its intermediates, each signed by the next",
    "cap_partners": "Whose signed alerts `/api/v1/cap` takes: a JSON object of CAP senders and the PEM certificate,"
    " theirs or their authority's, that is pinned of each; best by `CAP_PARTNERS_FILE`",
    "cap_test_event": "The SAME code of tests: `DMO`, `RMT` or `RWT`; never TOE",
    "all_clear_eas": "Send an all-clear to EAS boxes too, as ADR, Administrative Message",
    "all_clear_wea": "Send an all-clear to phones too, as a Public Safety WEA that follows the outage's",
    "websub_hub": "A WebSub hub that is told when the CAP feeds change, and tells their readers; empty: there is none",
    "ipaws_url": "The address of IPAWS-OPEN that FEMA assigned; empty: the channel is off",
    "ipaws_cog_id": "Our group (COG) there",
    "ipaws_user": "The user who logs on for it",
    "ipaws_key": "The private key of the certificate that FEMA issued to the group, PEM",
    "ipaws_cert": "That certificate, PEM; read anew for each request, so that a renewal needs no restart",
    "ipaws_feed_url": "FEMA's feeds, in which what was published is compared with what was approved, such as"
    " `https://apps.fema.gov/IPAWSOPEN_EAS_SERVICE/rest`; empty: nobody compares",
    "handoff_email": "The mailbox of the agency that has the state's seat at IPAWS, where it is not ours; empty: off",
    "handoff_name": "The name of that agency",
    "upkeep_round": "Ask every agency's mailbox once a month whether what we have of it is still right",
    "handoff_loud_after": "Minutes after a hand-off at which the board turns loud if nobody said that it is on air",
    "oidc_issuer": "The identity provider by which people may sign in too (OpenID Connect): its issuer, to the letter;"
    " empty: there is none",
    "oidc_client_id": "The name by which it knows this desk; there the address that it comes back to is"
    " `PUBLIC_BASE_URL` and `/desk/sign-in/provider/answer`",
    "oidc_client_secret": "The secret that it gave us; empty: it gave none",
    "oidc_name": "What people call it, on the sign-in page",
    "oidc_acr": "Classes of authentication (`acr`) that mean two factors there: we ask for them, and take them for it",
    "oidc_trust_email": "Whether an address counts of which it does not say `email_verified`: for one that never says"
    " it and whose addresses only your own administrators give",
    "canary_phone": "The phone of your own that the canary texts; empty: there is no canary",
    "canary_keys": "The canary's two accounts: what `broadcaster users canary` prints",
    "canary_every": "Seconds between two canaries",
    "canary_url": "Where the canary finds the desk; empty: at `PUBLIC_BASE_URL`, as everybody does",
    "canary_account_sid": "The carrier's test credentials, over which the canary's text costs nothing and no delivery"
    " is reported; empty: it goes over the account of the texts",
    "canary_auth_token": "Their token",
    "canary_from": "Their sender: `+15005550006` at Twilio",
    "canary_page_url": "Two canaries missed are posted here, and that they fly again",
    "canary_page_to": "... and mailed to this mailbox",
    "canary_smtp_url": "... over this relay, as `SMTP_URL` is written: another one than the alerts'",
    "canary_deadman_url": "Visited after every good run: whoever waits for it outside pages when it does not come",
    "lookup_url": "The page where anyone finds the number of their community; printed where numbers do not fit",
    "lookup_sms": "A number to text a town or ZIP to",
    "lookup_voice": "A number to call and ask",
    "lookup_url_per_second": "People a second that this page serves; the preview says how long a WEA would jam it",
    "reminder_texts_per_day": "Texts a day for the yearly question and for changed numbers; 0 sends none",
    "export_cert": "PEM certificate (RSA) of the authority: a nightly export of residents is sealed to it",
    "export_dir": "Where the nightly exports are written; default: exports in DATA_DIR",
    "call_counts_dir": "A folder of CSV files, or one, with calls by PSAP and minute; the sweep reads each whole or"
    " not at all, and moves it beside",
    "practice_url": "Of a training installation: where the live one is on this machine, to which practice is posted;"
    " `http://127.0.0.1:8911`",
    "practice_key": "Of the live installation: what `broadcaster practice key` prints at the training one, whose"
    " practice counts; empty: nobody's",
    "binder_dir": "Where the binder is kept: a folder, a mounted stick or share; empty: `binder` under `DATA_DIR`",
    "binder_passphrase": "Opens the binder: 32 letters or more, best seven words of dice; empty: it is sealed to"
    " `EXPORT_CERT` only, and without that there is none",
    "signup_texts_per_day": "Texts a day that the sign-up page may cause; never shared with alerts",
    "trusted_proxies": "Proxies before the desk whose `X-Forwarded-For` is believed, for the sign-up page's budget for"
    " each source: 0 without one, 1 behind the nginx of the containers",
    "lookup_sms_per_second": "Texts a second that this number answers",
    "lookup_voice_per_second": "Calls a second that this number takes: lines by seconds of a call",
    "chase_after": "Minutes without an acknowledgement after which an agency's next contact is tried, in rising order",
    "page_after": "Minutes after approvers were first paged at which more people are, in rising order",
    "break_glass_after": "Minutes that a submitted alert waits for a second person before one may release it alone",
    "lease": "Seconds after which a wave whose process died is taken over",
    "settle": "Seconds after which a message that the carrier does not list was never accepted",
    "blind": "Seconds that a message of unknown outcome waits for a carrier whose listing is down; then it goes again,"
    " and is counted as possibly doubled",
    "sweep_every": "Seconds between two rounds of the sweep",
    "publish_every": "Seconds between two writings of the public files",
    "log_level": "`DEBUG`, `INFO`, `WARNING` or `ERROR`",
}
"""What each setting means, by the field of Settings."""

TRAIT = {
    "receipts": "reports delivery",
    "listing": "can be asked what it has",
    "segments": "counts in segments",
    "cancels": "can cancel what waits",
    "idempotent": "twice is once",
    "in_flight": "most at once",
}
"""What each trait of a channel means to a reader."""

CHANNEL = {"sms": "texts to residents", "email": "mail to agencies", "feed": "public page and CAP feed"}
CHANNEL |= {"voice": "calls to landlines and to silent agencies", "webhook": "signed notices to agencies' machines"}
CHANNEL |= {"canary": "the canary's one text", "canary-second": "the same over the second carrier"}
CHANNEL |= {"ipaws": "EAS, WEA and FEMA's feeds", "handoff": "the agency with the seat at IPAWS"}
"""What each channel is for."""
COMPLETE = {
    "twilio_account_sid": "AC1",
    "twilio_auth_token": "token",
    "twilio_from": "+18885550911",
    "twilio_voice_from": "+18885550911",
    "sms_secondary_account_sid": "AC2",
    "sms_secondary_auth_token": "token",
    "sms_secondary_from": "+18885550912",
    "smtp_url": "smtp://127.0.0.1:1",
    "mail_from": "a@state.example",
    "ipaws_url": "http://127.0.0.1:1/IPAWS",
    "ipaws_cog_id": "120911",
    "ipaws_user": "user",
    "ipaws_key": "ipaws.key",
    "ipaws_cert": "ipaws.crt",
    "handoff_email": "ema@state.example",
    "canary_phone": "+16175550100",
    "secret_key": "a-long-and-varied-0123456789-secret",
}
"""Enough settings for every channel to be made; nothing is opened."""


def settings() -> Iterator[str]:
    """A row for each setting, in the order of Settings; those of practice, the provider and the canary at the end."""
    yield "| setting | default | meaning |"
    yield "| --- | --- | --- |"
    for name, info in sorted(Settings.model_fields.items(), key=lambda one: _at_the_end(one[0])):
        default = "" if info.default in ("", None) else f"`{_shown(info.default)}`"
        secret = " (secret)" if name.upper() in SECRETS else ""
        yield f"| `{name.upper()}` | {default} | {MEANING[name]}{secret} |"


def _at_the_end(name: str) -> int:
    apart = (PracticeSettings, OidcSettings, CanarySettings)
    return next((no for no, of in enumerate(apart, 1) if name in of.model_fields), 0)


def _shown(default: object) -> object:
    return ("off", "on")[default] if isinstance(default, bool) else getattr(default, "value", default)


def channels() -> Iterator[str]:
    """A row for each carrier that can be set up, from its traits."""
    names = [field.name for field in fields(Traits)]
    yield "| channel | carrier | for | " + " | ".join(TRAIT[name] for name in names) + " |"
    yield "| --- " * (len(names) + 3) + "|"
    full = Settings.model_validate({"mode": "demo", **COMPLETE})
    for name, way in registry.WAYS_OUT.items():
        traits = way.make(full).traits
        marks = " | ".join(_mark(getattr(traits, trait)) for trait in names)
        yield f"| `{way.channel}` | `{name}` | {CHANNEL[way.channel]} | {marks} |"


def _mark(value: bool | int) -> str:
    return ("no", "yes")[value] if isinstance(value, bool) else f"{value:,}"


def commands() -> Iterator[str]:
    """A row for each command, with the first line of its help and its example."""
    yield "| command | what it does | example |"
    yield "| --- | --- | --- |"
    for path, command in _leaves(root, ()):
        paragraphs = [" ".join(part.split()) for part in (command.help or "").split("\n\n")]
        example = paragraphs[-1].removeprefix("Example: ").replace("|", "\\|")
        yield f"| `{' '.join(path)}` | {paragraphs[0]} | `{example}` |"


def _leaves(group: click.Group, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _leaves(command, (*path, name))
        else:
            yield (*path, name), command


TABLES = {"settings": settings, "channels": channels, "commands": commands}


def written(text: str) -> str:
    """The README with every table as the program has it now; ValueError when a marker is missing."""
    for name, rows in TABLES.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.S)
        if not pattern.search(text):
            raise ValueError(f"The README has no place for the table of {name}.")
        made = "\n".join(rows())
        text = pattern.sub(lambda found, made=made: f"{found[1]}{made}\n{found[2]}", text)  # type: ignore[misc]
    return text


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
