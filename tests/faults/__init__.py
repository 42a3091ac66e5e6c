"""Tools that break things between real parts, on loopback. The faulty carrier itself is `broadcaster.local.carrier`."""
