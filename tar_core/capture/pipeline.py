"""Capture: from a video to the SMPL motion of the people in it, in one pass and bounded memory.

The stages: decode frames -> detect and track people -> cut crops -> backbone, once per frame and person -> TAR on each
track -> MotionClip. If the camera moves, a second pass tracks its rotation.
"""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from tar_core.body.data import BodyData, load_body
from tar_core.body.shape import rest_joints
from tar_core.camera.crop_camera import image_center
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.camera.world import to_world_frame
from tar_core.capture.camera_trajectory import (
    correct_scale,
    load_known_camera,
    track_camera,
    vertical_direction,
    with_known_camera,
)
from tar_core.capture.frames import read_frames
from tar_core.capture.networks import Networks
from tar_core.capture.people_pass import TrackedPeople, track_people
from tar_core.capture.progress import Progress
from tar_core.errors import TarError
from tar_core.lens import focal_length_warning
from tar_core.memory import return_large_blocks
from tar_core.motion import MotionClip, PersonMotion
from tar_core.options import CaptureOptions
from tar_core.people.scan import scan_people
from tar_core.people.selection import DetectedPerson
from tar_core.people.tracker import PeopleTracker
from tar_core.video.reader import VideoReader

logger = logging.getLogger(__name__)

MAX_CUTS_SHOWN = 5  # in the warning


def capture(
    video: str | Path,
    options: CaptureOptions | None = None,
    progress: Callable[[Progress], None] | None = None,
    load: Callable[[CaptureOptions], Networks] | None = None,
) -> MotionClip:
    """Capture the motion of the people in a video.

    Args:
        video: any file that FFmpeg reads.
        options: what to capture; by default all people in the whole video.
        progress: called after each frame. An exception that it raises ends the capture.
        load: provides the networks instead of `Networks.load`.

    Raises:
        TarError: the video cannot be read or shows no person, or an option, the checkpoint or the body file is
            unusable.
    """
    options = options or CaptureOptions()
    report = progress or (lambda _: None)
    reader = VideoReader(video)
    report(Progress("load", 0, None, 0.0))
    return_large_blocks()
    known = None if options.camera_trajectory is None else load_known_camera(reader, options)
    if known is not None:
        options = with_known_camera(options, known)
    target_body = load_body(options.body) if options.body is not None else None
    networks = (load or Networks.load)(options)
    tracked = track_people(reader, options, networks, target_body, report)
    for line in reader.warnings:
        logger.warning(line)
    if tracked.cuts:
        logger.warning(cut_warning(reader.path, tracked.cuts))
    trajectory = None
    if known is not None:
        trajectory = known.trajectory.part(options.first_frame, tracked.last_frame)
    elif tracked.camera_moves:
        trajectory = _track_camera_if_readable(video, options, tracked, report)
    clip = MotionClip(
        fps=reader.fps,
        width=reader.width,
        height=reader.height,
        focal_length=tracked.camera.focal_length,
        focal_length_error=tracked.camera.focal_length_error,
        principal_point=np.array(image_center(*reader.size)),
        source=str(Path(video).absolute()),  # Blender may open the clip from another folder
        people=_in_world(tracked.people, trajectory, target_body),
        body="free" if options.body is None else str(options.body.absolute()),
        vertical=vertical_direction(tracked.camera, trajectory),
        camera_trajectory=trajectory,
    )
    if warning := focal_length_warning(clip):
        logger.warning(warning, extra={"topic": "focal_length"})
    return clip if known is None else correct_scale(clip, target_body or load_body(), options.trajectory_scale == 0)


def scan(
    video: str | Path, options: CaptureOptions | None = None, progress: Callable[[Progress], None] | None = None
) -> list[DetectedPerson]:
    """Detect the people in a video, the largest first, in a fast pass without motion capture.

    Raises:
        TarError: the video cannot be read or shows no person, or the device is not available.
    """
    options = options or CaptureOptions()
    report = progress or (lambda _: None)
    reader = VideoReader(video)
    report(Progress("load", 0, None, 0.0))
    networks = Networks.load(options)
    frames = read_frames(reader, options, report, "scan")
    detected = scan_people(
        frames, reader.fps, lambda fps: PeopleTracker(networks.backbone, networks.detector, fps, None, networks.movenet)
    )
    if not detected:
        message = f"{reader.path}: no person found; check the frame range, or give a box around the person"
        raise TarError(message, "nobody_detected")
    return detected


def cut_warning(video: Path, cuts: Sequence[int]) -> str:
    """What a user should know about a video with cuts at the given frames."""
    noun = "a cut at frame" if len(cuts) == 1 else "cuts at frames"
    frames = ", ".join(str(frame) for frame in cuts[:MAX_CUTS_SHOWN]) + (", ..." if len(cuts) > MAX_CUTS_SHOWN else "")
    return f"{video}: {noun} {frames}; people are new after a cut, and the camera is that of the first shot"


def _track_camera_if_readable(
    video: str | Path, options: CaptureOptions, tracked: TrackedPeople, report: Callable[[Progress], None]
) -> CameraTrajectory | None:
    """Track the camera; warn and return None if the video can no longer be read.

    The motion of the people has already been computed and took long, so it is not thrown away.
    """
    try:
        return track_camera(VideoReader(video), options, tracked, report)
    except TarError as error:
        logger.warning(f"{error}; the camera cannot be tracked and is treated as static")
        return None


def _in_world(
    people: list[PersonMotion], trajectory: CameraTrajectory | None, target_body: BodyData | None
) -> list[PersonMotion]:
    """The motion in the world of the trajectory; unchanged for a static camera."""
    if trajectory is None:
        return people
    body = target_body or load_body()
    return [to_world_frame(person, trajectory, rest_joints(body, person.betas)[0]) for person in people]
