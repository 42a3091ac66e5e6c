"""Commands about alerts: fan out what is approved without Celery."""

from __future__ import annotations

import click

from broadcaster.alert.lifecycle import LifecycleRefused
from broadcaster.dispatch import engine as engines
from broadcaster.dispatch.engine import QUEUES
from broadcaster.dispatch.sweep import keep
from broadcaster.dispatch.waves.drain import drain
from broadcaster.local import home
from broadcaster.store.alerting import alerts
from broadcaster.store.fanout import fanouts


@click.command()
@click.argument("alert_id")
def release(alert_id: str) -> None:
    """Fan out in this process what is approved already, with neither Celery nor Redis. It never approves.

    Example: broadcaster release 7k2m9q4x8h3n5p6r
    """
    env = home.environment()
    if not env.get("REDIS_URL"):
        env["REDIS_URL"] = "redis://unused.invalid"
    settings = home.adopt(home.connected(env))
    engine = engines.build(settings)
    engines.hold_after_restore(engine.sessions)
    engines.register_senders(engine.sessions, settings)
    with engine.sessions() as session:
        alert = alerts.by_public_id(session, alert_id)
        if alert is None:
            raise LifecycleRefused(f"There is no alert {alert_id}: its id is in the address of its board.")
        if not fanouts.of_alert(session, alert.id):
            raise LifecycleRefused(f"Nothing of alert {alert_id} is approved: two people do that at the desk.")
        key = alert.id
    _send_all(engine, key)
    engine.close()


def _send_all(engine: engines.Engine, alert: int) -> None:
    while True:
        sent = sum(drain(engine, queue).sent for queue in QUEUES)
        keep(engine)
        with engine.sessions() as session:
            still = fanouts.open_of_alert(session, alert)
        click.echo(f"{sent} sent, {still} fan-outs still open", err=True)
        if not still:
            return


COMMANDS = (release,)
