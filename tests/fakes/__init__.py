"""Stand-ins for what the outside does, small enough to be read before the test that uses them."""
