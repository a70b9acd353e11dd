"""Settings and fixtures that every test shares."""

from hypothesis import settings

# Machines are shared: a slow moment is no failure.
settings.register_profile("tar", deadline=None)
settings.load_profile("tar")
