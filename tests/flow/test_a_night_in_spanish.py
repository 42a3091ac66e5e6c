"""The pages around an alert in Spanish: drills, reported trouble, the detector, a notice, missed callers, the report,
the ledger. What they keep, print and send stays English."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from broadcaster.store.database import Sessions
from broadcaster.store.outage import outages
from broadcaster.store.outage.outages import Outage
from broadcaster.store.timeline.ledger import AuditEvent
from broadcaster.web.signin import accounts
from broadcaster.web.tongue import catalogue
from tests import calls
from tests.desk import ISSUER, PASSWORD, Browser, Desk
from tests.flow.missed import ADMIN, upload, with_a_number
from tests.flow.test_911_trouble import places, tap
from tests.flow.test_the_desk_in_spanish import spanish

NOTICE = {"provider": "Example Telecom", "ticket": "ET-1", "kind": "initial", "area": "Ayer"}
TIMES = {"told_at": "2026-06-18T12:00", "discovered": "2026-06-18T11:50"}
WORK = {"words": "Cambio de central", "where": "county:25017"}
HOURS = {"begins": "2026-06-18T13:00", "ends": "2026-06-18T15:00"}
ENGLISH = [
    english
    for english, forms in catalogue().items()
    if english.count(" ") > 1 and not {"%", "<"} & {*english} and not any(english in form for form in forms)
]
"""Sentences that a Spanish page never says."""


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    made = Desk(sessions, places=places())
    with sessions.begin() as store:
        accounts.add_user(store, made.sealer, ADMIN, "Ana", PASSWORD, ["admin"])
    return made


def read(browser: Browser, path: str = "") -> str:
    """The words of a page, which is Spanish but for what is marked as English."""
    page = (browser.open(path) if path else browser).page
    for each in page.xpath("//body//*[@lang='en']"):
        each.drop_tree()
    words = " ".join(page.text_content().split())
    assert page.get("lang") == "es" and [each for each in ENGLISH if each in words] == [], browser.path
    return words


def record(desk: Desk) -> str:
    with desk.sessions() as store:
        return f"/desk/outages/{store.scalars(select(Outage.public_id)).one()}"


def test_drills_and_the_detector(desk: Desk) -> None:
    ana, ida = spanish(desk, ADMIN), spanish(desk, ISSUER)
    ana.open("/desk/drills/").send("/desk/drills/", who="7777", begins="pronto", failure="all_calls", county="25009")
    assert ana.beside("begins") == "Indique fecha y hora, como 2026-06-18T19:00."
    assert ana.beside("who") == "Elija a un emisor, a un aprobador o a quien esté de guardia."
    ana.send("/desk/drills/", who="on-call", begins="2026-06-18T14:00")
    assert "Previsto. Aparece para quien corresponda" in read(ana)
    assert (
        "El 911 no funciona en el condado de EssexPara quien esté de guardia. Se les envía un aviso. Sin anunciar"
        in ana.words
    )
    ida.open("/desk/drills/").send("/practise")
    assert "Simulacro: El 911 no funciona en el condado de" in read(ida, "/desk/drills/")
    assert "El simulacro ha terminado; no se presentó." in ida.send("/finish").words
    assert "El 911 no funciona en el condado de" in read(ida) and "sin terminar" in ida.words

    assert "No hay nada propuesto." in read(ida, "/desk/detector") and "Nunca llegaron datos" in ida.words
    ida.send("/planned", words="", begins="nunca")
    assert ida.beside("words") == "Diga qué se hace y quién: otros lo preguntarán."
    assert (ida.beside("where"), ida.beside("begins")) == ("Elija dónde.", "Indique fecha y hora.")
    assert "Previsto. Mientras tanto el detector no dice nada" in ida.send("/planned", **WORK, **HOURS).words
    assert "condado de Middlesex" in read(ida)
    assert "Ningún texto espera a nadie." in read(ida, "/desk/texts/")
    assert "No hay ninguna propuesta en esta dirección" in ida.open("/desk/detector/nowhere").words


def test_from_reported_trouble_to_the_report(desk: Desk) -> None:
    ana, ida = spanish(desk, ADMIN), spanish(desk, ISSUER)
    tap(desk, "ayer-psap", "some")
    outage = record(desk)
    assert "Lo que los centros de llamadas y otras agencias informan" in read(ida, "/desk/trouble")
    assert "Apartado. No se envió nada." in ida.send("/trouble/aside").words
    assert "centro de llamadas al 911; nunca ha informado" in read(ana, "/desk/trouble/links")
    assert "tiene un enlace nuevo. Envíeselo" in ana.send("/new").words
    _notice(ida, outage)
    _missed(ida, f"{outage}/missed")
    for path in ("", "/full"):
        assert "Informe posterior: Falla del 911, Ayer" in read(ida, f"{outage}/report{path}")
    assert "Se sabe que el 911 falla" in ida.words
    statement = ida.open(f"{outage}/report/statement").values("/statement")["text"][0]
    assert "we learned that calls to 911 could fail in Ayer" in statement and "(preliminary" in statement
    assert ida.send("/statement", text=" ").beside("text").startswith("La declaración está vacía")
    assert "Guardada. No se publicó nada" in ida.send("/statement", text="We told everybody.").words
    assert ana.open("/desk/ledger/?since=ayer").beside("since") == "Escriba el día así: 2026-06-18."
    assert "Quién hizo qué, y cuándo." in read(ana) and "Evento 1" in read(ana, "/desk/ledger/1")
    with desk.sessions() as store:
        told = " ".join(line.text for line in outages.log_of(store, store.scalars(select(Outage.id)).one()))
        said = b" ".join(store.scalars(select(AuditEvent.canonical)).all()).decode()
    assert "Put aside: the report of Ayer dispatch." in told and "A log of Router was imported" in told
    assert not any(word in told + said for word in ("Apartado", "registro", "Guardado", "persona"))


def _notice(ida: Browser, outage: str) -> None:
    """A provider calls; what it said is written down and passed on."""
    ida.open("/desk/outages/notices/new").send("/notices/new", told_at="", expected="pronto")
    assert ida.beside("told_at") == "Indique fecha y hora."
    assert "no es una fecha con hora" in ida.beside("expected")
    assert ida.beside("provider").startswith("Escriba al menos de quién es la falla")
    ida.send("/notices/new", **NOTICE, **TIMES, expected="")
    assert "Guardado. Llame al proveedor si falta algo." in read(ida)
    assert "Inicial 1, comunicado a las 12:00 p. m., 18 jun" in ida.words
    assert "Va en camino a los centros, por correo y por teléfono." in ida.send("/pass-on").words
    assert "correo en camino" in read(ida)
    assert "la única comunicación hasta ahora" in read(ida, f"{outage}/notices")


def _missed(ida: Browser, page: str) -> None:
    """Two logs are imported, one caller has an outcome, and a list goes to its answering point."""
    logs = calls.made()
    assert "Diga de qué sistema es el registro" in upload(ida, page, " ", logs.router_csv).words
    assert "observaciones sobre sus líneas" in read(upload(ida, page, "Router", logs.router_csv))
    assert "no se pueden leer. Corríjalas" in ida.send("/import").beside("lines")
    assert "Se importó un registro de Router" in ida.send("/import", skip="yes").words
    upload(ida, page, "CPE", logs.cpe_csv).send("/import")
    assert "Personas que no pudieron llamar" in read(ida, page)
    remarks = [read(ida, href) for href in ida.page.xpath("//a/@href") if f"{page}/logs/" in href]
    assert "la hora no se puede leer: elija cómo la escribe el registro." in " ".join(remarks)
    assert "Devolver la llamada" in read(ida, with_a_number(ida, page, "ayer"))
    ida.send("/outcome", outcome="not_reached", words="")
    assert ida.beside("act").startswith("“No se le localizó, y no queda nada por intentar” necesita una nota")
    assert "Anotado." in ida.send("/outcome", outcome="no_emergency").words
    assert "Localizada: no hay emergencia" in read(ida)
    assert "Va en camino a su buzón." in ida.open(f"{page}/links").send("/psaps/ayer-psap/link").words
    assert "Sirve hasta las" in read(ida)
