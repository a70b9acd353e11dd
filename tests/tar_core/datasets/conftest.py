"""The fixtures of synthetic people, for the tests of this folder."""

from tests.support.synthetic_fixtures import background_folder, backgrounds, clips, egl, garments, people

__all__ = ["background_folder", "backgrounds", "clips", "egl", "garments", "people"]
