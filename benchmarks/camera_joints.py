"""SMPL's joints of captured people in the camera frame, for the comparison with ground truth."""

import numpy as np
import torch

from tar_core.body.model import BodyModel
from tar_core.motion import MotionClip, PersonMotion
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import JOINT_NAMES, NUM_JOINTS

KEYPOINTS = tuple(
    f"{side}_{part}" for part in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle") for side in ("left", "right")
)  # of the ground truth
SMPL_KEYPOINTS = [JOINT_NAMES.index(name) for name in KEYPOINTS]
BLAZEPOSE_KEYPOINTS = [11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28]
HIPS = [KEYPOINTS.index("left_hip"), KEYPOINTS.index("right_hip")]


def main_person(clip: MotionClip) -> PersonMotion:
    """Find the person with the largest sum of box areas over the frames."""
    return max(clip.people, key=lambda person: float(np.prod(person.boxes[:, 2:] - person.boxes[:, :2], axis=1).sum()))


def camera_frame_joints(person: PersonMotion, body: BodyModel, frame_count: int) -> np.ndarray:
    """SMPL's joints [frame_count, 24, 3] in the camera frame, meters; NaN in frames without the person."""
    rotations = axis_angle_to_matrix(torch.from_numpy(person.poses).view(-1, NUM_JOINTS, 3))
    with torch.no_grad():
        points = body(rotations, torch.from_numpy(person.betas).expand(len(person), -1))
    joints = np.full((frame_count, NUM_JOINTS, 3), np.nan, np.float32)
    within = person.frames < frame_count
    joints[person.frames[within]] = (points.joints.numpy() + person.trans[:, None])[within]
    return joints
