"""`python -m broadcaster.local.carrier`."""

from broadcaster.local.carrier.server import main

main()
