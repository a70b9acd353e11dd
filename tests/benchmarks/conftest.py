"""Fixtures of the benchmarks that render."""

from tests.support.synthetic_fixtures import egl

__all__ = ["egl"]
