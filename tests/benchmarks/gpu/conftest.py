"""Fixtures of synthetic data for the tests of this folder."""

from tests.support.synthetic_fixtures import background_folder, egl, garments

__all__ = ["background_folder", "egl", "garments"]
