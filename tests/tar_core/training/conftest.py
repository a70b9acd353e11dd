"""Fixtures of synthetic data for the tests of this folder."""

from tests.support.synthetic_fixtures import background_folder, clips, egl, garments

__all__ = ["background_folder", "clips", "egl", "garments"]
