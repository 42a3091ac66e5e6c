"""Every page of the web: its blueprints, in the order in which they are read."""

from __future__ import annotations

from flask import Blueprint

from broadcaster.web.agencies import ack, check, handoff, trouble
from broadcaster.web.agencies.agency import agency
from broadcaster.web.agencies.trouble_desk import desk_trouble
from broadcaster.web.api import api, partners, practised
from broadcaster.web.board import board
from broadcaster.web.board import stream as board_stream
from broadcaster.web.board.summary import summary
from broadcaster.web.desk import desk
from broadcaster.web.desk_tongue import desk_tongue
from broadcaster.web.detector.detector import detector
from broadcaster.web.directory.directory import directory
from broadcaster.web.directory.history import history
from broadcaster.web.directory.upkeep import keeping
from broadcaster.web.duty.drills import drills
from broadcaster.web.duty.roster import roster
from broadcaster.web.form.drafts import drafts
from broadcaster.web.form.form import form
from broadcaster.web.form.numbers import numbers
from broadcaster.web.health import health
from broadcaster.web.ledger import ledger
from broadcaster.web.missed import link
from broadcaster.web.missed.links import missed
from broadcaster.web.notices.notices import notices
from broadcaster.web.notices.providers import providers
from broadcaster.web.outages.outages import outages
from broadcaster.web.outages.reports import reports
from broadcaster.web.release.approval import approval
from broadcaster.web.release.glass import glass
from broadcaster.web.release.incoming import incoming
from broadcaster.web.release.lines import lines
from broadcaster.web.release.paged import paged
from broadcaster.web.release.revision import revision
from broadcaster.web.release.together import together
from broadcaster.web.residents import own_data, subscribe
from broadcaster.web.residents.inbox import inbox
from broadcaster.web.signin.account import account
from broadcaster.web.signin.identities import identities
from broadcaster.web.signin.passkeys import mine
from broadcaster.web.signin.people import people
from broadcaster.web.signin.provider_signin import provider
from broadcaster.web.signin.signin import signin
from broadcaster.web.town_map import town_map
from broadcaster.web.words.words import words

PAGES: tuple[Blueprint, ...] = (
    signin,
    provider,
    desk,
    drafts,
    form,
    town_map,
    numbers,
    revision,
    approval,
    glass,
    words,
    outages,
    notices,
    providers,
    missed,
    desk_trouble,
    detector,
    incoming,
    inbox,
    directory,
    lines,
    health,
    keeping,
    history,
    ledger,
    paged,
    reports,
    roster,
    drills,
    together,
    board.blueprint,
    board_stream.blueprint,
    partners.blueprint,
    practised.blueprint,
    api.blueprint,
    ack.blueprint,
    trouble.blueprint,
    handoff.blueprint,
    link.blueprint,
    subscribe.blueprint,
    own_data.blueprint,
    check.blueprint,
    agency,
    account,
    mine,
    identities,
    people,
    desk_tongue,
    summary,
)
