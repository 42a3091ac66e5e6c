"""Every page of the web: its blueprints, in the order in which they are read."""

from __future__ import annotations

from flask import Blueprint

from broadcaster.web import (
    ack,
    api,
    board,
    board_stream,
    check,
    handoff,
    missed_link,
    own_data,
    partners,
    practised,
    subscribe,
    trouble,
)
from broadcaster.web.account import account
from broadcaster.web.agency import agency
from broadcaster.web.approval import approval
from broadcaster.web.desk import desk
from broadcaster.web.desk_tongue import desk_tongue
from broadcaster.web.detector import detector
from broadcaster.web.directory import directory
from broadcaster.web.drafts import drafts
from broadcaster.web.drills import drills
from broadcaster.web.form import form
from broadcaster.web.form_numbers import numbers
from broadcaster.web.glass import glass
from broadcaster.web.health import health
from broadcaster.web.history import history
from broadcaster.web.identities import identities
from broadcaster.web.inbox import inbox
from broadcaster.web.incoming import incoming
from broadcaster.web.ledger import ledger
from broadcaster.web.lines import lines
from broadcaster.web.missed_links import missed
from broadcaster.web.notices import notices
from broadcaster.web.outages import outages
from broadcaster.web.paged import paged
from broadcaster.web.passkeys import mine
from broadcaster.web.people import people
from broadcaster.web.provider_signin import provider
from broadcaster.web.providers import providers
from broadcaster.web.reports import reports
from broadcaster.web.revision import revision
from broadcaster.web.roster import roster
from broadcaster.web.signin import signin
from broadcaster.web.summary import summary
from broadcaster.web.together import together
from broadcaster.web.town_map import town_map
from broadcaster.web.trouble_desk import desk_trouble
from broadcaster.web.upkeep import keeping
from broadcaster.web.words import words

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
    missed_link.blueprint,
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
