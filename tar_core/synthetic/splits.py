"""The split of the recordings into training and test."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tar_core.errors import TarError
from tar_core.synthetic.key_poses import key_pose_motions
from tar_core.synthetic.motions import Motion
from tar_core.synthetic.recordings import load_motions

TEST_COLLECTION = "cmu/005"  # subject 05, dance: excluded from training


def load_split(paths: Sequence[Path], rest_joints: np.ndarray, split: str) -> list[Motion]:
    """Load the motions of a split: recordings and motions between hand-made key poses.

    Args:
        paths: files, folders or tar archives of recordings.
        rest_joints: [24, 3] SMPL's joints in its T-pose.
        split: "train" or "test".

    Raises:
        TarError: a path is not usable, or the split is empty.
    """
    return select_split(load_motions(*paths, rest_joints=rest_joints) + key_pose_motions(rest_joints), split)


def select_split(motions: list[Motion], split: str) -> list[Motion]:
    """Select the motions of a split, "train" or "test".

    Raises:
        TarError: there is none.
    """
    selected = [motion for motion in motions if motion.name.startswith(TEST_COLLECTION) == (split == "test")]
    if not selected:
        contents = f"{'only' if split == 'test' else 'all but'} {TEST_COLLECTION}"
        raise TarError(f"no motion for the {split} split; it contains {contents}: give recordings of these")
    return selected
