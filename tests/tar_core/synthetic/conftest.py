"""Fixtures of synthetic data and of recorded motion for the tests of this folder."""

from tests.support.motion_files import deepmimic_walk, recorded
from tests.support.synthetic_fixtures import (
    background_folder,
    backgrounds,
    egl,
    garments,
    people,
    people_in_garments,
)

__all__ = [
    "background_folder",
    "backgrounds",
    "deepmimic_walk",
    "egl",
    "garments",
    "people",
    "people_in_garments",
    "recorded",
]
