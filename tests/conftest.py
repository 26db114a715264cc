"""Settings of all tests: no time limits on examples, since the first text in a language also builds its parser."""

from hypothesis import settings

settings.register_profile("default", deadline=None)
settings.load_profile("default")
