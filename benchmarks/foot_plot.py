"""A figure of foot locking on a captured clip: how far the feet are from the camera, before and after."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

from benchmarks.camera_joints import main_person
from benchmarks.motion_measures import joint_positions, knee_accelerations
from tar_core.body.data import BodyData
from tar_core.cleanup.foot_locking import FOOT_JOINTS, foot_points, foot_sliding, lock_feet, stance_weights
from tar_core.cleanup.kinematics import jitter
from tar_core.cleanup.smoothing import smooth_person
from tar_core.motion import MotionClip
from tar_core.skeleton import JOINT_NAMES


def draw_feet(clip: MotionClip, body: BodyData, smoothing: float, image: Path) -> None:
    """Clean up the main person of a raw clip, print measures of the steps, and draw both feet's distances."""
    person = main_person(clip)
    smooth = smooth_person(person, clip.fps, smoothing)
    locked = lock_feet(smooth, body, clip.fps)
    before, after = foot_points(person, body), foot_points(locked, body)
    weights = stance_weights(before, clip.fps)
    print(f"{Path(clip.source).name}: as captured, smoothed, locked")
    for name, measure in (
        ("feet in stance slide, mm/frame", lambda moving: 1000 * foot_sliding(foot_points(moving, body), weights)),
        ("jitter, 10 m/s^3", lambda moving: float(jitter(joint_positions(moving, body), clip.fps).mean())),
        (
            "largest angular acceleration of the knees, degrees/frame^2",
            lambda moving: float(knee_accelerations(moving).max()),
        ),
    ):
        print(f"  {name:60}" + "".join(f"{measure(moving):8.1f}" for moving in (person, smooth, locked)))
    pixels = []
    for moving in (smooth, locked):
        joints = joint_positions(moving, body)
        pixels.append(clip.focal_length * joints[..., :2] / joints[..., 2:])
    moved = np.linalg.norm(pixels[1] - pixels[0], axis=-1).mean()
    print(f"  {'foot locking moves joints in the image, pixels':60}{moved:8.1f}")
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), sharey=True, layout="constrained")
    for side, (plot, column) in enumerate(zip(axes, (0, 2), strict=True)):
        for points, color, name in ((before, "C1", "as captured"), (after, "C0", "smoothed and locked")):
            plot.plot(person.frames, points[:, column, 2], color, linewidth=1, alpha=0.5)
            stance = np.where(np.append(weights[:, column], 0) > 0.5, points[:, column, 2], np.nan)
            plot.plot(person.frames, stance, color, linewidth=3, label=name)
        plot.set(title=JOINT_NAMES[FOOT_JOINTS[column]].replace("_", " "), xlabel="frame")
        if side == 0:
            plot.set_ylabel("distance from the camera, m; thick: stance")
            plot.legend()
    figure.savefig(image, dpi=110)
    print(image)
