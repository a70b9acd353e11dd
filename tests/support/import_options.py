"""Import options for tests that compare the scene with the captured motion."""

from typing import Any

from tar_blender.scene.options import ImportOptions


def raw_options(**others: Any) -> ImportOptions:
    """Options without any clean-up."""
    return ImportOptions(**{"smoothing": 0.0, "foot_locking": 0.0, "lean_correction": False} | others)
