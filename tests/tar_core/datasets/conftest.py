"""Fixtures of cached clips for the tests of this folder."""

from tests.support.synthetic_fixtures import clips

__all__ = ["clips"]
