"""Programs of other people, as the tests have them: they read what we publish and know nothing of how it is made."""
