"""Everything a laptop needs to run the real thing, with Python alone: no Docker, no root, no account anywhere.

The law: nothing here is needed in production, and nothing here is a toy. Postgres and Valkey are the real servers from
their wheels, durable, on loopback, each behind a generated password. A process that we start belongs to us: it has its
own session and its own log, it starts after what it needs, stops before what it needs, and does not outlive us.
A URL in the environment always wins over a server of ours.
"""
