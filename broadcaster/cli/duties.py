"""The sweep's duties beside the fan-out: each by its name, with the seconds between two looks."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from zoneinfo import ZoneInfo

from broadcaster.channels import registry
from broadcaster.channels.ipaws import Ipaws
from broadcaster.cli.binding import binders_of
from broadcaster.cli.provider_watch import EVERY_S as PROVIDERS_EVERY_S
from broadcaster.cli.provider_watch import ProviderWatch
from broadcaster.cli.trouble_watch import EVERY_S as TROUBLE_EVERY_S
from broadcaster.cli.trouble_watch import TroubleWatch
from broadcaster.dispatch.documents.announce import Announcer
from broadcaster.dispatch.documents.ipaws_echo import LOOK_EVERY_S as COMPARE_EVERY_S
from broadcaster.dispatch.documents.ipaws_echo import Echoes
from broadcaster.dispatch.documents.ipaws_watch import PING_EVERY_S, Watch
from broadcaster.dispatch.documents.publish import Publisher
from broadcaster.dispatch.engine import Engine
from broadcaster.dispatch.office import Office
from broadcaster.dispatch.paging.page_recall import LOOK_EVERY_S as RECALL_EVERY_S
from broadcaster.dispatch.paging.page_recall import PageRecall
from broadcaster.dispatch.paging.page_tests import LOOK_EVERY_S as TEST_EVERY_S
from broadcaster.dispatch.paging.page_tests import PageTests
from broadcaster.dispatch.paging.paging import LOOK_EVERY_S as PAGE_EVERY_S
from broadcaster.dispatch.paging.paging import Pager
from broadcaster.dispatch.paging.proposal_pages import LOOK_EVERY_S as PROPOSE_EVERY_S
from broadcaster.dispatch.paging.proposal_pages import ProposalPages
from broadcaster.dispatch.paging.review_pages import LOOK_EVERY_S as REVIEW_EVERY_S
from broadcaster.dispatch.paging.review_pages import ReviewPages
from broadcaster.dispatch.practice.drill_author import DrillAuthor
from broadcaster.dispatch.practice.drill_pages import DrillPages
from broadcaster.dispatch.practice.drills import EVERY_S as DRILLS_EVERY_S
from broadcaster.dispatch.practice.drills import Drills
from broadcaster.dispatch.practice.practice_posts import EVERY_S as PRACTICE_EVERY_S
from broadcaster.dispatch.practice.practice_posts import PracticePosts
from broadcaster.dispatch.proofread import EVERY_S as PROOFREAD_EVERY_S
from broadcaster.dispatch.proofread import Proofreader
from broadcaster.dispatch.residents.nightly import LOOK_EVERY_S, Nightly
from broadcaster.dispatch.residents.reminders import EVERY_S as REMIND_EVERY_S
from broadcaster.dispatch.residents.reminders import Reminders
from broadcaster.dispatch.retention import EVERY_S as RETAIN_EVERY_S
from broadcaster.dispatch.retention import Retention
from broadcaster.dispatch.telling.escalate import escalate
from broadcaster.dispatch.telling.known_lines import EVERY_S as LEARN_EVERY_S
from broadcaster.dispatch.telling.known_lines import learn
from broadcaster.dispatch.telling.notice_chase import chase
from broadcaster.dispatch.telling.upkeep import EVERY_S as UPKEEP_EVERY_S
from broadcaster.dispatch.telling.upkeep import Round
from broadcaster.dispatch.telling.watching import EVERY_S as WATCH_EVERY_S
from broadcaster.dispatch.telling.watching import Watching
from broadcaster.dispatch.tidings import EVERY_S as TIDINGS_EVERY_S
from broadcaster.dispatch.tidings import Tidings
from broadcaster.dispatch.waves import courtesies
from broadcaster.dispatch.waves.call_again import call_again
from broadcaster.dispatch.waves.courtesies import Courtesies
from broadcaster.dispatch.witness import Witness
from broadcaster.outage.binder.duty import LOOK_EVERY_S as BIND_EVERY_S
from broadcaster.outage.detector.listening import LOOK_EVERY_S as LISTEN_EVERY_S
from broadcaster.outage.detector.listening import Listening
from broadcaster.outage.notice.reader import NoticeReader
from broadcaster.receipts import intake
from broadcaster.receipts.bounce_mailbox import BounceMailbox
from broadcaster.receipts.bounces import Desk
from broadcaster.settings import Settings

Duties = dict[str, tuple[Callable[[], object], float]]


def of(settings: Settings, engine: Engine, closing: ExitStack) -> Duties:
    """All duties of an installation; what some of them hold open is closed with `closing`."""
    return {
        **_always(settings, engine),
        **_of_residents(settings, engine, closing),
        **_where_set_up(settings, engine, closing),
    }


def _always(settings: Settings, engine: Engine) -> Duties:
    publisher = Publisher(engine.sessions, Office.of(settings), settings.published, settings.publish_every)
    every, pauses = settings.sweep_every, settings.chase_seconds
    return {
        "receipts": (lambda: intake.apply_waiting(engine.sessions), 1.0),
        "publish": (publisher.look, 0.25),
        "paging": (Pager.of(settings, engine).look, PAGE_EVERY_S),
        "review-pages": (ReviewPages.of(settings, engine).look, REVIEW_EVERY_S),
        "page-recall": (PageRecall(engine).look, RECALL_EVERY_S),
        "providers": (ProviderWatch.of(settings, engine).look, PROVIDERS_EVERY_S),
        "trouble": (TroubleWatch.of(settings, engine).look, TROUBLE_EVERY_S),
        "page-tests": (PageTests.of(settings, engine).look, TEST_EVERY_S),
        "escalate": (lambda: escalate(engine.sessions, pauses), every),
        "notice-chase": (lambda: chase(engine.sessions, pauses), every),
        "call-again": (lambda: call_again(engine.sessions, pauses), every),
        "witness": (Witness.of(settings, engine.sessions, engine.window).look, every),
        "watching": (Watching(engine.sessions, engine.window, engine.carriers["webhook"]).look, WATCH_EVERY_S),
        "proposal-pages": (ProposalPages.of(settings, engine).look, PROPOSE_EVERY_S),
        "detector": (Listening.of(settings, engine.sessions).look, LISTEN_EVERY_S),
        "drills": (Drills(engine.sessions).look, DRILLS_EVERY_S),
        "drill-author": (DrillAuthor.of(settings, engine).look, DRILLS_EVERY_S),
        "drill-pages": (DrillPages.of(settings, engine).look, DRILLS_EVERY_S),
        "tidings": (Tidings.of(settings, engine).look, TIDINGS_EVERY_S),
        "proofread": (Proofreader(engine.sessions).look, PROOFREAD_EVERY_S),
        "known-lines": (lambda: learn(engine.sessions), LEARN_EVERY_S),
        "retention": (Retention(engine.sessions).look, RETAIN_EVERY_S),
    }


def _of_residents(settings: Settings, engine: Engine, closing: ExitStack) -> Duties:
    made: Duties = {}
    if settings.export_cert:
        folder = settings.export_dir or settings.data_dir / "exports"
        night = Nightly(engine.sessions, engine.sealer, settings.export_cert, folder, ZoneInfo(settings.timezone))
        made["nightly"] = (night.look, LOOK_EVERY_S)
    if bound := binders_of(settings, engine.sessions):
        made["binder"] = (bound.look, BIND_EVERY_S)
    if courtesy := courtesies.channel(settings):
        waiter = Courtesies.of(settings, engine, courtesy)
        closing.callback(waiter.close)
        made["reminders"] = (Reminders(engine.sessions, settings.reminder_texts_per_day).look, REMIND_EVERY_S)
        made["courtesies"] = (waiter.look, max(1.0, 1.0 / settings.lookup_sms_per_second))
    return made


def _where_set_up(settings: Settings, engine: Engine, closing: ExitStack) -> Duties:
    made: Duties = {}
    if isinstance(way := engine.carriers.get("ipaws"), Ipaws):
        made["ipaws"] = (Watch(engine, way, settings.ipaws_cert).look, PING_EVERY_S)
    if settings.ipaws_feed_url:
        echoes = Echoes.of(settings, engine.sessions, engine.window)
        closing.callback(echoes.close)
        made["ipaws-echo"] = (echoes.look, COMPARE_EVERY_S)
    if settings.upkeep_round and settings.smtp_url and settings.mail_from:
        names = engine.carriers_by_channel.get("sms", ())
        phones = engine.carriers[names[0]] if names else None
        asking = Round(engine, registry.checks(settings), settings.authority, settings.public_base_url, phones)
        made["upkeep"] = (asking.look, UPKEEP_EVERY_S)
    if settings.bounce_mailbox:
        made["bounces"] = (BounceMailbox(settings.bounce_mailbox, engine.sessions, Desk.of(settings)).look, 5.0)
    if settings.notice_mailbox:
        reader = NoticeReader.of(settings, engine.sealer)
        box = BounceMailbox(settings.notice_mailbox, engine.sessions, reader, "notices.read", cut=True)
        made["notices"] = (box.look, 5.0)
    if settings.practice_url:
        posts = PracticePosts.of(settings, engine.sessions, engine.window)
        closing.callback(posts.close)
        made["practice"] = (posts.look, PRACTICE_EVERY_S)
    if settings.websub_hub:
        announcer = Announcer.of(settings, engine.window)
        closing.callback(announcer.close)
        made["announce"] = (announcer.look, 1.0)
    return made
