"""Capture: from a video to the SMPL motion of the people in it, in one pass and bounded memory.

The stages: decode frames -> detect and track people -> cut crops -> backbone, once per frame and person -> TAR on each
track -> a MotionClip for each shot. If the camera moves, a second pass tracks its rotation.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from tar_core.body.data import BodyData, load_body
from tar_core.body.shape import rest_joints
from tar_core.camera.crop_camera import image_center
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.camera.trajectory_io import KnownCamera
from tar_core.camera.world import to_world_frame
from tar_core.capture.camera_trajectory import (
    correct_scale,
    load_known_camera,
    track_camera,
    vertical_direction,
    with_known_camera,
)
from tar_core.capture.frames import in_video_frames, read_marked_frames
from tar_core.capture.networks import Networks
from tar_core.capture.people_pass import TrackedShot, follow_people, tracked_shots
from tar_core.capture.progress import Progress
from tar_core.capture.stretches import follow_in_stretches, plan_stretches
from tar_core.capture.views import combine_shots, open_views, options_of_view, span_of_views
from tar_core.errors import TarError
from tar_core.lens import focal_length_warning
from tar_core.memory import return_large_blocks
from tar_core.motion import MotionClip, PersonMotion
from tar_core.options import CaptureOptions
from tar_core.people.scan import scan_people
from tar_core.people.selection import Scan
from tar_core.people.tracker import PeopleTracker
from tar_core.shots import Shot, shots_text
from tar_core.video.reader import VideoReader

logger = logging.getLogger(__name__)


def capture(
    video: str | Path,
    options: CaptureOptions | None = None,
    progress: Callable[[Progress], None] | None = None,
    load: Callable[[CaptureOptions], Networks] | None = None,
) -> list[MotionClip]:
    """Capture the motion of the people in a video.

    A shot is the part of a video between two camera cuts. Each has its own camera and people.

    Args:
        video: any file that FFmpeg reads.
        options: what to capture; by default all people in the whole video. Other views are captured too, and combined
            with the video's clip (tar_core/views).
        progress: called after each frame. An exception that it raises ends the capture.
        load: provides the networks instead of `Networks.load`, unless the video is followed in several processes.

    Returns:
        A clip for each shot with people.

    Raises:
        TarError: the video cannot be read, does not have the shot or shows no person, an option, the checkpoint or the
            body file is unusable, or other views do not show the same motion.
    """
    options = options or CaptureOptions()
    report = progress or (lambda _: None)
    load = load or Networks.load
    reader = VideoReader(video)
    views = open_views(video, options.views)  # before the first capture, so that errors appear at once
    clips = _capture_video(reader, replace(options, views=()), report, load)
    if not views:
        return clips
    others = [
        _capture_video(view, options_of_view(options), lambda done: report(replace(done, preview=None)), load)
        for view in views
    ]
    span = span_of_views(clips[0], in_video_frames(options, reader.fps), reader.frame_count)
    return [combine_shots(clips, others, load_body(options.body), span)]


def _capture_video(
    reader: VideoReader,
    options: CaptureOptions,
    report: Callable[[Progress], None],
    load: Callable[[CaptureOptions], Networks],
) -> list[MotionClip]:
    """Capture the motion of the people in one video; see `capture`."""
    options = in_video_frames(options, reader.fps)
    report(Progress("load", 0, None, 0.0))
    return_large_blocks()
    known = None if options.camera_trajectory is None else load_known_camera(reader, options)
    if known is not None:
        options = with_known_camera(options, known)
    target_body = load_body(options.body) if options.body is not None else None
    stretches = plan_stretches(reader, options)
    if len(stretches) == 1:
        record = follow_people(reader, options, load(options), report)
    else:
        record = follow_in_stretches(reader, options, stretches, report)
    shots = tracked_shots(record, reader, options, target_body)
    for line in record.warnings:
        logger.warning(line)
    if len(shots) > 1:
        logger.warning(cut_warning(reader.path, [tracked.shot for tracked in shots]))
    clips = []
    for tracked in shots:
        if tracked.people:
            clip = _clip(reader, options, known, tracked, target_body, report)
            clips.append(clip if len(shots) > 1 or options.shot is not None else replace(clip, shot=None))
    return clips


def _clip(
    reader: VideoReader,
    options: CaptureOptions,
    known: KnownCamera | None,
    tracked: TrackedShot,
    target_body: BodyData | None,
    report: Callable[[Progress], None],
) -> MotionClip:
    """The clip of a shot with people."""
    trajectory = None
    if known is not None:
        trajectory = known.trajectory.part(tracked.shot.first, tracked.last_frame)
    elif tracked.camera_moves:
        trajectory = _track_camera_if_readable(reader.path, options, tracked, report)
    clip = MotionClip(
        fps=reader.fps,
        width=reader.width,
        height=reader.height,
        focal_length=tracked.camera.focal_length,
        focal_length_error=tracked.camera.focal_length_error,
        principal_point=np.array(image_center(*reader.size)),
        source=str(reader.path.absolute()),  # Blender may open the clip from another folder
        people=_in_world(tracked.people, trajectory, target_body),
        body="free" if options.body is None else str(options.body.absolute()),
        vertical=vertical_direction(tracked.camera, trajectory),
        camera_trajectory=trajectory,
        shot=tracked.shot,
    )
    if warning := focal_length_warning(clip):
        shot = "" if tracked.shot.number == 1 else f"shot {tracked.shot.number}: "
        logger.warning(shot + warning, extra={"topic": "focal_length"})
    return clip if known is None else correct_scale(clip, target_body or load_body(), options.trajectory_scale == 0)


def scan(
    video: str | Path, options: CaptureOptions | None = None, progress: Callable[[Progress], None] | None = None
) -> Scan:
    """Detect the people in a video and its shots, in a fast pass without motion capture.

    Raises:
        TarError: the video cannot be read or shows no person, or the device is not available.
    """
    options = options or CaptureOptions()
    report = progress or (lambda _: None)
    reader = VideoReader(video)
    options = in_video_frames(options, reader.fps)
    report(Progress("load", 0, None, 0.0))
    networks = Networks.load(options)
    frames = read_marked_frames(reader, options, report, "scan")
    found = scan_people(
        frames, reader.fps, lambda fps: PeopleTracker(networks.backbone, networks.detector, fps, None, networks.movenet)
    )
    if not found.people:
        message = f"{reader.path}: no person found; check the frame range, or give a box around the person"
        raise TarError(message, "nobody_detected")
    return found


def cut_warning(video: Path, shots: Sequence[Shot]) -> str:
    """What a user should know about a video with several shots."""
    return f"{video}: {len(shots)} shots, each with its own camera and people; {shots_text(shots)}"


def _track_camera_if_readable(
    video: str | Path, options: CaptureOptions, tracked: TrackedShot, report: Callable[[Progress], None]
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
