"""The camera trajectory of a capture: given by the user, or tracked in the background of the video."""

import logging
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tar_core.body.data import BodyData
from tar_core.camera.rotation_tracking import track_camera_rotation
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.camera.trajectory_io import KnownCamera, read_camera_trajectory
from tar_core.camera.vanishing_points import EstimatedCamera
from tar_core.camera.world import with_camera_trajectory
from tar_core.capture.frames import read_frames, sampling_step
from tar_core.capture.people_pass import TrackedShot
from tar_core.capture.progress import Progress
from tar_core.cleanup.trajectory_scale import SCALE_TOLERANCE, scale_from_feet
from tar_core.motion import MotionClip, Vertical
from tar_core.options import CaptureOptions
from tar_core.video.reader import VideoReader

logger = logging.getLogger(__name__)

KNOWN_VERTICAL_ERROR = 0.5  # degrees; expected error of the vertical direction of a given trajectory


def load_known_camera(reader: VideoReader, options: CaptureOptions) -> KnownCamera:
    """Load the camera trajectory that the user gives, and check that it covers the range to capture.

    Raises:
        TarError: the file is not a camera trajectory, or does not cover the range.
    """
    assert options.camera_trajectory is not None
    known = read_camera_trajectory(options.camera_trajectory, reader.size)
    first = options.first_frame
    count = reader.frames_in(first, options.end)
    last = known.trajectory.last_frame if count is None else first + count - 1
    known.trajectory.check_frames(first, last, slack=reader.fps / 10)
    return replace(known, trajectory=known.trajectory.scaled(options.trajectory_scale or 1.0))


def with_known_camera(options: CaptureOptions, known: KnownCamera) -> CaptureOptions:
    """The options of a capture with a given trajectory: no tracking of the camera, and its focal length."""
    options = replace(options, static_camera=True)
    if options.focal_length is None and options.fov is None:
        options = replace(options, focal_length=known.focal_length)
    return options


def track_camera(
    reader: VideoReader, options: CaptureOptions, tracked: TrackedShot, report: Callable[[Progress], None]
) -> CameraTrajectory:
    """Track the rotation and zoom of the camera in a second pass over a shot.

    Args:
        reader: the video.
        options: of the first pass.
        tracked: result of the first pass; the boxes exclude people from the background.
        report: called after each frame.
    """
    first, step = tracked.shot.first, sampling_step(options, reader.fps)
    part = replace(options, start=first, end=tracked.shot.last, box=None)
    frames = read_frames(reader, part, report, "camera")
    images = (tracked.area.cut(frame.image) for frame in frames if (frame.index - first) % step == 0)
    boxes = (np.array(frame_boxes).reshape(-1, 4) for frame_boxes in tracked.boxes)
    track = track_camera_rotation(zip(images, boxes, strict=False), tracked.area.size, tracked.camera.focal_length)
    # The motion of people is extrapolated after the last processed frame, so the camera is extrapolated too.
    vectors = track.rotation_vectors
    sampled = CameraTrajectory(
        0,
        np.concatenate([vectors, 2 * vectors[-1:] - vectors[-2:-1]]),
        zoom_factors=np.append(track.zoom_factors, track.zoom_factors[-1:]),
        inlier_ratio=track.inlier_ratio,
    )
    trajectory = replace(sampled.resampled(step), first_frame=first).part(first, tracked.last_frame)
    if trajectory.is_unreliable:
        logger.warning(
            "the camera moves through the scene instead of only rotating, so the trajectories of people in the world"
            " are unreliable; film from a fixed position, or give the camera's solved trajectory",
            extra={"topic": "moving_camera"},
        )
    return trajectory


def correct_scale(clip: MotionClip, body: BodyData, from_feet: bool) -> MotionClip:
    """Check the scale of a given camera trajectory by the feet of the people.

    Args:
        clip: motion in the world of the trajectory.
        body: the clip's body.
        from_feet: scale the trajectory so that feet slide least; otherwise only warn if the scale seems wrong.
    """
    scale = scale_from_feet(clip, body)
    if from_feet and scale is None:
        logger.warning(
            "the scale of the camera trajectory cannot be estimated from feet; its unit is assumed to be one meter"
        )
    elif from_feet and scale is not None and clip.camera_trajectory is not None:
        return with_camera_trajectory(clip, clip.camera_trajectory.scaled(scale), body)
    elif scale is not None and not 1 / SCALE_TOLERANCE < scale < SCALE_TOLERANCE:
        logger.warning(
            "feet would slide less with a camera trajectory %.2g times as long; if its scale is unknown, estimate the"
            " scale from feet",
            scale,
            extra={"topic": "trajectory_scale"},
        )
    return clip


def vertical_direction(camera: EstimatedCamera, trajectory: CameraTrajectory | None) -> Vertical:
    """The vertical in the first frame's camera: that of a given trajectory with an upright world, else the estimate."""
    if trajectory is None or trajectory.world is None:
        return Vertical(camera.up, camera.up_error)
    return Vertical(trajectory.world[2, :3], KNOWN_VERTICAL_ERROR)
