"""The naive peer: what a competent team in a hurry writes with Celery, SQLAlchemy and the twilio library.

It is meant honestly: the client and the engine are kept per process, tasks are small and acknowledged late, rows are
added in bulk. What it lacks is a design: a task per recipient, a call after another, two updates around each.
"""
