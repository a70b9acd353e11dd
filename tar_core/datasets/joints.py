"""The joint sets that benchmarks score, and Human3.6M's joint regressor for SMPL's mesh."""

from pathlib import Path

import numpy as np

from tar_core.body.data import NUM_SMPL_VERTICES
from tar_core.errors import TarError

# Human3.6M's 17 joints in the order of the regressor that SPIN, VIBE, TCMR and others share (J_regressor_h36m.npy).
# Left comes first, unlike in the dataset's own order.
H36M_NAMES = (
    *("pelvis", "left_hip", "left_knee", "left_ankle", "right_hip", "right_knee", "right_ankle"),
    *("spine", "neck", "head", "head_top"),
    *("left_shoulder", "left_elbow", "left_wrist", "right_shoulder", "right_elbow", "right_wrist"),
)
# The LSP joints that 3DPW's and Human3.6M's tables score, from the ankles up to the head. Human3.6M's neck and head top
# are used for LSP's neck and head.
LSP_NAMES = (
    *("right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle"),
    *("right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist"),
    *("neck", "head_top"),
)
LSP14 = [H36M_NAMES.index(name) for name in LSP_NAMES]
LSP_HIPS = [LSP_NAMES.index("left_hip"), LSP_NAMES.index("right_hip")]
# MPI-INF-3DHP's test set scores 17 joints: those 14, then pelvis, spine and head.
MPI17 = [*LSP14, *(H36M_NAMES.index(name) for name in ("pelvis", "spine", "head"))]
MPI_PELVIS = [14]

# The SMPL joints whose orientations 3DPW's challenge and EMDB score: those next to a sensor.
ANGLE_JOINTS = [0, 1, 2, 4, 5, 16, 17, 18, 19]
# EMDB's script sets all other joints to zero before it averages over all 24.
JITTER_JOINTS = [1, 2, 3, 4, 5, 6, 9, 12, 13, 14, 15, 16, 17, 18, 19]
SMPL_HIPS = [1, 2]

# The SMPL joints that match the benchmarks' twelve keypoints: shoulders, elbows, wrists, hips, knees, ankles.
LIMB_JOINTS = [16, 17, 18, 19, 20, 21, 1, 2, 4, 5, 7, 8]
LIMB_HIPS = [6, 7]  # indices into LIMB_JOINTS


def load_regressor(path: Path) -> np.ndarray:
    """Load Human3.6M's joint regressor.

    Returns:
        [17, 6890] weights of SMPL's vertices for each joint.

    Raises:
        TarError: the file is missing or not this regressor.
    """
    if not path.is_file():
        raise TarError(f"{path}: no such file; get J_regressor_h36m.npy from SPIN's or VIBE's data and give its path")
    try:
        regressor = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise TarError(f"{path}: not a readable .npy file; get J_regressor_h36m.npy again") from error
    if getattr(regressor, "shape", None) != (len(H36M_NAMES), NUM_SMPL_VERTICES):
        raise TarError(f"{path}: not Human3.6M's regressor, which is 17 x 6890; give J_regressor_h36m.npy")
    return regressor.astype(np.float64)
