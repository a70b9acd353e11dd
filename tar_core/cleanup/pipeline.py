"""The clean-up of captured motion. Only this module calls its steps.

    outliers and smoothing -> focal length -> lean correction -> ground plane -> root path -> foot locking
    -> resampling -> placement in the world

The command line, the sidebar, the headless command and Re-import all call `clean_up`.
"""

from dataclasses import dataclass, replace

import numpy as np

from tar_core.body.data import BodyData
from tar_core.camera.placement import WorldPlacement
from tar_core.cleanup.camera_height import camera_height
from tar_core.cleanup.foot_locking import lock_clip_feet
from tar_core.cleanup.ground_plane import MIN_CONFIDENCE, find_floor
from tar_core.cleanup.lean_correction import correct_clip_lean
from tar_core.cleanup.resampling import resample_clip
from tar_core.cleanup.root_path import correct_root_paths
from tar_core.cleanup.smoothing import smooth_clip
from tar_core.motion import Floor, MotionClip
from tar_core.options import CleanupOptions


@dataclass(frozen=True)
class CleanMotion:
    """The result of the clean-up.

    Attributes:
        clip: the motion.
        floor: the floor, of any confidence; None if it was not estimated, or no foot is ever on the ground.
        placement: transformation from the camera frame to the world.
    """

    clip: MotionClip
    floor: Floor | None
    placement: WorldPlacement


def clean_up(
    clip: MotionClip,
    body: BodyData,
    options: CleanupOptions,
    *,
    focal_length: float | None = None,
    on_ground: bool = False,
    fps: float | None = None,
) -> CleanMotion:
    """Clean up captured motion and place it in the world.

    Args:
        clip: the captured motion.
        body: the clip's body.
        options: strengths of the steps; `NO_CLEANUP` leaves the motion as it is.
        focal_length: pixels; replaces that of the clip and moves the people along the line of sight accordingly.
        on_ground: estimate the floor and place it at z = 0; otherwise the camera is level, at the world's origin.
        fps: resample the motion to this frame rate.
    """
    if options.smoothing > 0:
        clip = smooth_clip(clip, options.smoothing)
    if focal_length is not None:
        clip = clip.with_focal_length(focal_length)
    if options.lean_correction:
        clip = correct_clip_lean(clip, body)
    floor = clip.floor
    if floor is None and (options.depth_correction or (on_ground and not _has_world(clip))):
        floor = _estimate_floor(clip, body)
    if options.depth_correction:
        corrected, reliable = correct_root_paths(clip, body, _if_reliable(floor))
        if clip.floor is None and not _is_from_lines(floor, clip):
            # Better paths give a better floor, and the other way round.
            corrected, reliable = correct_root_paths(clip, body, _if_reliable(_estimate_floor(corrected, body)))
        clip = replace(corrected, floor=reliable)
        floor = reliable or floor
    clip = lock_clip_feet(clip, body, options.foot_locking, clip.floor)
    placement = place(clip, body, floor, on_ground)
    floor = None if _has_world(clip) else floor
    return CleanMotion(clip if fps is None else resample_clip(clip, fps), floor, placement)


def place(clip: MotionClip, body: BodyData, floor: Floor | None, on_ground: bool) -> WorldPlacement:
    """Place the camera frame in the world.

    A camera trajectory with its own world is placed in that world. Otherwise, with `on_ground`, a known or reliable
    floor is placed at z = 0; without one, the camera is level at the height at which the feet are at z = 0. Without
    `on_ground`, the camera is level at the origin.
    """
    if clip.camera_trajectory is not None and clip.camera_trajectory.world is not None:
        return WorldPlacement.in_world(clip.camera_trajectory.world)
    if not on_ground:
        return WorldPlacement.level()
    if floor is not None and (clip.floor is not None or floor.confidence >= MIN_CONFIDENCE):
        return WorldPlacement.on_floor(floor)
    return WorldPlacement.level(camera_height(clip.people, body))


def _estimate_floor(clip: MotionClip, body: BodyData) -> Floor | None:
    """Estimate the floor from fully locked feet, whose contacts vary least."""
    return find_floor(lock_clip_feet(clip, body, 1.0), body)


def _is_from_lines(floor: Floor | None, clip: MotionClip) -> bool:
    """Whether the floor's direction is that of the straight lines in the image, so that people do not change it."""
    return floor is not None and clip.vertical is not None and np.array_equal(floor.up, clip.vertical.up)


def _if_reliable(floor: Floor | None) -> Floor | None:
    return None if floor is None or floor.confidence < MIN_CONFIDENCE else floor


def _has_world(clip: MotionClip) -> bool:
    return clip.camera_trajectory is not None and clip.camera_trajectory.world is not None
