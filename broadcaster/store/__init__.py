"""What must survive: tables, and functions that take a session.

Law: the database is the truth. Nothing here calls out; nobody else moves a delivery. Personal columns are sealed.

Rooms: `places` (who answers 911 where), `alerting` (what is said), `fanout` (to whom, and what became of it), `public`
(residents), `agencies`, `desk` (whoever works there), `outage` (around an alert), `timeline` (the ledger), `binder`.
"""
