"""A Spanish officer and a Spanish approver send an alert: the desk speaks Spanish; what goes out stays as it was."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from broadcaster.store.database import Sessions
from broadcaster.store.timeline.ledger import AuditEvent
from broadcaster.web import tongue
from broadcaster.web.signin import accounts
from broadcaster.web.tongue import COOKIE
from broadcaster.web.vocabulary import SPOKEN
from tests.desk import ISSUER, PASSWORD, SECOND, Browser, Desk, walk
from tests.flow.test_the_directory import exported, upload

EVERYTHING = text(
    "SELECT t.form, t.lang, b.subject, b.text FROM revision_text t JOIN body b ON b.id = t.body_id"
    " JOIN revision r ON r.id = t.revision_id JOIN alert a ON a.id = r.alert_id"
    " WHERE a.public_id = :alert AND r.no = :no ORDER BY t.id"
)
ADMIN, POLICE = "ana@desk.example", "pat@desk.example"
READ = {
    "/desk/directory/?q=Groton": "Groton, condado de Middlesex",
    "/desk/directory/?q=Harvard": "No queda ningún número: vaya a la estación de bomberos",
    "/desk/directory/?q=atlantis": "Aquí nada se llama “atlantis”: escriba una localidad",
    "/desk/directory/upkeep": "3 sin verificar desde hace un año",
    "/desk/outages/providers": "Todavía no se conoce la dirección de ningún proveedor",
    "/desk/words/": "Frases para los residentes",
    "/desk/words/residents/es": "Envía la localidad por texto",
    "/desk/people/": "administrador autenticador",
}
"""Something that each page says to an administrator."""
ROWS = [
    ("+19785550101", "911", "911 no puede ser una alternativa al 911"),
    ("municipality", "hamlet", "kind: debe ser 'municipality'"),
    ("harvard", "hervord", "El directorio deja fuera Harvard: consérvelos"),
]
"""What an import refuses, and how it says so."""
SPANISH = {"HTTP_ACCEPT_LANGUAGE": "es-US,es;q=0.9"}


def spanish(desk: Desk, email: str = "") -> Browser:
    """A browser that asks for Spanish, signed in if somebody is named."""
    made = Browser(desk.app.test_client())
    made.client.environ_base |= SPANISH
    made.open("/desk/")
    if email:
        made.send("sign-in", email=email, password=PASSWORD, code=desk.code(email))
        assert made.path == "/desk/", made.words
    return made


def test_the_language_of_whoever_reads(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before signing in the browser's, then the one that was chosen, on each page that is translated."""
    desk = Desk(sessions)
    visitor = spanish(desk)
    assert visitor.page.get("lang") == "es"
    assert "Seis dígitos de su autenticador" in visitor.words
    visitor.send("sign-in", email=ISSUER, password="wrong", code="000000")
    assert visitor.beside("problem") == "" and "No coincide. Revise la dirección de correo" in visitor.words
    officer = spanish(desk, ISSUER)
    assert "El 911 no funciona" in officer.words and "No hay ninguna falla abierta" in officer.words
    with monkeypatch.context() as patched:
        patched.setattr(tongue, "SPOKEN", SPOKEN - {"directory"})
        officer.open("/desk/directory/")
    assert officer.page.get("lang") == "en" and "Esta página todavía está solo en inglés" in officer.words
    officer.open("/desk/roster/").send("/desk/language", lang="en")
    assert (officer.path, officer.page.get("lang")) == ("/desk/roster/", "en") and "On call" in officer.words
    officer.send("/desk/language", lang="es", next="//elsewhere.example/desk")
    assert (officer.path, officer.page.get("lang")) == ("/desk/", "es")
    officer.send("/desk/language", lang="tlh")
    assert officer.client.get_cookie(COOKIE).value == "es"  # type: ignore[union-attr]
    assert officer.open("/desk/nowhere").page.get("lang") == "es" and "empiece desde la mesa" in officer.words


def test_from_the_form_to_the_release(sessions: Sessions) -> None:
    desk = Desk(sessions)
    plain, officer, second = desk.browser(ISSUER), spanish(desk, ISSUER), spanish(desk, SECOND)
    walk(desk, plain)
    english = _texts(sessions, plain.send("/submit"))
    assert {form for form, *_ in english} >= {"sms", "mail", "page", "cap"}
    officer.open("/desk/new").send("/desk/new", names="Ayer, Atlantis", expires="yesterday")
    assert officer.status == 422
    assert officer.beside("names") == "“Atlantis” no está en el directorio: revise la ortografía."
    assert "no es una fecha con hora" in officer.beside("expires")
    alert = walk(desk, officer)
    assert "1 localidad no tiene número propio: Harvard" in officer.words
    assert "Ayer, Groton, Harvard" in officer.page.xpath("string(//h1)")
    assert _texts(sessions, officer.send("/submit")) == english
    assert "Presentado. Lo que ve aquí queda fijo" in officer.words
    page = officer.path
    assert "Solo un aprobador puede aprobar: pídalo a uno" in officer.words
    officer.send("/release-agencies")
    second.open(page).send("/approve", code="000000")
    assert "Este código no coincide" in second.beside("code")
    second.send("/approve", code=desk.code(SECOND))
    assert second.path == alert and "aceptado no es entregado" in second.words
    assert "Mensajes de texto" in second.words and "Policía" not in second.text.split("<head>")[0]
    english_board = desk.browser(ISSUER).open(alert)
    assert "Text messages" in english_board.words and "accepted is not delivered" in english_board.words
    with sessions() as store:
        said = b" ".join(store.scalars(select(AuditEvent.canonical)).all())
    assert b"Presentado" not in said and b"localidad" not in said


def test_an_administrator_keeps_everything_in_spanish(sessions: Sessions) -> None:
    """The directory, the words, the people and the providers; then somebody of an agency signs in."""
    desk = Desk(sessions)
    with sessions.begin() as store:
        accounts.add_user(store, desk.sealer, ADMIN, "Ana", PASSWORD, ["admin"])
        police, _ = accounts.add_account(store, desk.sealer, POLICE, "Pat", PASSWORD)
        page = f"/desk/people/{police.id}"
    ana = spanish(desk, ADMIN)
    for path, words in READ.items():
        assert words in ana.open(path).words, path
        assert (ana.status, ana.page.get("lang")) == (200, "es"), path
    for before, after, words in ROWS:
        upload(ana, exported(ana).replace(before, after))
        assert (ana.status, words in ana.words) == (422, True), words
    upload(ana, exported(ana).replace("+19785550101", "978-555-0111"))
    assert "número: se agregan 1, número: se retiran 1." in ana.words
    assert "se agrega: número community/ayer/+19785550111" in ana.words
    assert "El directorio se modificó: 2 diferencias." in ana.send("/apply").words
    assert "se retiró número community/ayer/+19785550101" in ana.words
    history = ana.open("/desk/directory/history?kind=community&code=ayer").words
    assert "Historial de: localidad ayer" in history and "etiqueta: Police" in history
    ana.open("/desk/outages/providers").send("/providers", provider="Comtech", sender="gmail.com")
    assert ana.beside("sender") == "Cualquiera puede tener una dirección en gmail.com: escriba la dirección completa."
    ana.open("/desk/words/es").send("/es", do="show", event="Falla en {plaza}")
    assert "imprime {plaza}, que no es un valor conocido." in ana.beside("event")
    assert "No se perdió nada" in ana.words and "Mensaje de texto" in ana.open("/desk/words/fr").words
    assert "Diga por qué en pocas palabras" in ana.open(page).send("/ask", role="approver").words
    ana.send("/ask", role="approver", reason="Turno de noche")
    assert "Solicitado. No se concede nada antes" in ana.words and "Solicitado: la función “aprobador”." in ana.words
    ana.send("/ask", role="agency", agency="ayer police")
    assert "Pat ve ahora lo que es de Ayer Police, y nada más." in ana.words
    pat = spanish(desk).send("sign-in", email=POLICE, password=PASSWORD, code=desk.code(POLICE))
    assert pat.path == "/desk/agency/" and "No hay ninguna falla abierta allí." in pat.words
    form = {"csrf_token": pat.open("/desk/agency/upkeep").values("/sign-out")["csrf_token"][0], "do": "correct"}
    assert "Escriba el número correcto" in pat.client.post("/desk/agency/upkeep", data=form).get_data(as_text=True)
    assert "Esta página no es de su agencia" in pat.open("/desk/directory/").words
    with sessions() as store:
        told = b" ".join(store.scalars(select(AuditEvent.canonical)).all())
    assert b"Turno de noche" in told and "función".encode() not in told


def _texts(sessions: Sessions, at: Browser) -> list[tuple[str, str, str, str]]:
    """Everything that the revision of this page has frozen, but for the number of its alert."""
    public_id, no = at.path.removeprefix("/desk/alerts/").split("/revisions/")
    with sessions() as store:
        found = store.execute(EVERYTHING, {"alert": public_id, "no": int(no)})
        return [(form, lang, *(each.replace(public_id, "") for each in words)) for form, lang, *words in found]
