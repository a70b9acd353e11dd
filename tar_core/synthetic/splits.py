"""Which recordings are trained on, and which are kept for the test."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tar_core.errors import TarError
from tar_core.synthetic.key_poses import key_pose_motions
from tar_core.synthetic.motions import Motion, load_motions

TEST_COLLECTION = "cmu/005"  # subject 05, dance: never trained on


def load_split(paths: Sequence[Path], rest_joints: np.ndarray, split: str) -> list[Motion]:
    """The recordings of some files, and the key poses made by hand, that belong to `train` or to `test`.

    Args:
        paths: folders, files or tar archives.
        rest_joints: [24, 3] of the body in the T-pose.
    """
    return select_split(load_motions(*paths, rest_joints=rest_joints) + key_pose_motions(rest_joints), split)


def select_split(motions: list[Motion], split: str) -> list[Motion]:
    """The recordings of `train` or of `test`."""
    chosen = [motion for motion in motions if motion.name.startswith(TEST_COLLECTION) == (split == "test")]
    if not chosen:
        raise TarError(f"no motion for the {split} split; it takes {'only' if split == 'test' else 'all but'} cmu/005")
    return chosen
