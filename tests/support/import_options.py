"""Import options for tests that compare the scene with the captured motion."""

from typing import Any

from tar_blender.scene.options import ImportOptions
from tar_core.options import NO_CLEANUP


def raw_options(**others: Any) -> ImportOptions:
    """Options without any clean-up."""
    return ImportOptions(**vars(NO_CLEANUP) | others)
