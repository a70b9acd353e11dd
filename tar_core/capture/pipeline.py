"""From a video to everybody's motion, in one pass and bounded memory.

decode -> find and follow people -> crop -> backbone, once per frame and person -> TAR over each track -> MotionClip
"""

import logging
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tar_core.body.data import BodyData, load_body
from tar_core.body.shape import consistent_shape, move_to_shape, rest_joints, transfer_shape
from tar_core.camera.crop_camera import CropCamera, default_focal_length, focal_length_from_fov, image_center
from tar_core.camera.rotation_tracking import CameraMotionDetector, track_camera_rotation
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.camera.trajectory_io import KnownCamera, read_camera_trajectory
from tar_core.camera.vanishing_points import EstimatedCamera, estimate_camera, find_segments
from tar_core.camera.world import to_world_frame, with_camera_trajectory
from tar_core.capture.progress import Progress
from tar_core.cleanup.path_scale import SCALE_TOLERANCE, scale_from_feet
from tar_core.cleanup.resampling import fill_frames
from tar_core.errors import TarError
from tar_core.files import atomic_path
from tar_core.memory import return_large_blocks
from tar_core.model.backbones.blazepose import load_blazepose
from tar_core.model.checkpoint import load_tar
from tar_core.model.convolution import pack_convolutions
from tar_core.model.features import FrameFeatures
from tar_core.model.streaming import FrameResult, TARStream, frame_step
from tar_core.model.tar import TAR
from tar_core.motion import MotionClip, PersonMotion, Vertical
from tar_core.options import CaptureOptions
from tar_core.people.detector import PersonDetector, load_detector
from tar_core.people.scan import scan_people
from tar_core.people.selection import DetectedPerson, PeopleSelection
from tar_core.people.track import Sighting
from tar_core.people.tracker import PeopleTracker
from tar_core.rotations import axis_angle_to_quaternion, quaternion_to_axis_angle, slerp_at
from tar_core.video.prefetch import prefetch
from tar_core.video.reader import VideoFrame, VideoReader

logger = logging.getLogger(__name__)

RELIABLE_FOCAL_LENGTH = 0.15  # expected error of its logarithm up to which a focal length is taken from the picture
WATCHED_PER_SECOND = 3.0  # frames in which it is seen whether the camera moves
UP_BY_PATH = 0.5  # degrees by which a given camera path is expected to be off in up
MOST_WAITING = 8  # frames of a person that may wait for the network


def capture_step(options: CaptureOptions, fps: float) -> int:
    """Number of frames from one analyzed frame to the next."""
    return 1 if options.every_frame else frame_step(fps)


def known_focal_length(options: CaptureOptions, width: int, height: int) -> float | None:
    """The focal length in pixels that the options give; None if they give none."""
    return options.focal_length if options.fov is None else focal_length_from_fov(width, height, options.fov)


def capture(
    video: str | Path,
    options: CaptureOptions | None = None,
    progress: Callable[[Progress], None] | None = None,
    load: "Callable[[CaptureOptions], Networks] | None" = None,
) -> MotionClip:
    """Everybody's motion in a video.

    Args:
        video: any file that FFmpeg reads.
        options: defaults capture everybody in all of it.
        progress: called after each frame; an exception that it raises ends the capture.
        load: gives the networks, instead of loading them.

    Raises:
        TarError: no readable video, nobody in it, or a wrong option, checkpoint or body file.
    """
    options = options or CaptureOptions()
    report = progress or (lambda _: None)
    reader = VideoReader(video)
    report(Progress("load", 0, None, 0.0))
    return_large_blocks()
    known = None if options.camera_trajectory is None else _known_camera(reader, options)
    if known is not None:
        options = replace(options, static_camera=True)  # in each frame by itself
        if options.focal_length is None and options.fov is None:
            options = replace(options, focal_length=known.focal_length)
    target_body = load_body(options.body) if options.body is not None else None
    networks = (load or Networks.load)(options)
    try:
        followed = _follow_people(reader, options, networks, target_body, report)
    except torch.cuda.OutOfMemoryError:
        raise TarError(f"{networks.device} has too little memory left; close other programs or use the cpu") from None
    for line in reader.warnings:
        logger.warning(line)
    people, path, camera = followed.people, None, followed.camera
    if known is not None:
        path = known.trajectory.part(options.first_frame, max(int(person.frames[-1]) for person in people))
    elif followed.camera_moves:
        try:
            path = _track_camera_trajectory(VideoReader(video), options, followed, report)
        except TarError as error:  # the disk was unplugged meanwhile; people's motion is there, and took long
            logger.warning(f"{error}; the camera is taken to stand, as its way cannot be followed any more")
    if path is not None:
        rest = {person.person_id: rest_joints(target_body or load_body(), person.betas)[0] for person in people}
        people = [to_world_frame(person, path, rest[person.person_id]) for person in people]
    clip = MotionClip(
        fps=reader.fps,
        width=reader.width,
        height=reader.height,
        focal_length=camera.focal_length,
        principal_point=np.array(image_center(*reader.size)),
        source=str(Path(video).absolute()),  # Blender may open the clip from another folder
        people=people,
        body="free" if options.body is None else str(options.body.absolute()),
        vertical=_vertical(camera, path),
        camera_trajectory=path,
    )
    return (
        clip if known is None else _check_scale(clip, target_body or load_body(), by_feet=options.trajectory_scale == 0)
    )


def look(
    video: str | Path, options: CaptureOptions | None = None, progress: Callable[[Progress], None] | None = None
) -> list[DetectedPerson]:
    """Who is in the video, the largest first: a quick pass that captures no motion.

    Raises:
        TarError: no readable video, nobody in it, or no such device.
    """
    options = options or CaptureOptions()
    report = progress or (lambda _: None)
    reader = VideoReader(video)
    report(Progress("load", 0, None, 0.0))
    device = choose_device(options.device)
    detector = pack_convolutions(load_detector().to(device))
    backbone = pack_convolutions(load_blazepose().to(device))
    frames = _frames_with_progress(reader, options, report, "look")
    found = scan_people(frames, reader.fps, lambda fps: PeopleTracker(backbone, detector, fps, device))
    if not found:
        raise TarError(f"{reader.path}: nobody was found in it; check the frame range")
    return found


def initial_camera(image: np.ndarray, options: CaptureOptions) -> EstimatedCamera:
    """The camera as the user knows it, else as the straight lines of its first picture [H, W, 3] tell it."""
    size = image.shape[1], image.shape[0]
    segments = find_segments(image)
    camera = estimate_camera(segments, size, known_focal_length(options, *size))
    return (
        camera
        if camera.focal_length_error < RELIABLE_FOCAL_LENGTH
        else estimate_camera(segments, size, default_focal_length(*size))
    )


def check_writable(path: str | Path) -> None:
    """Tells before the work, not after it, that its result cannot be written.

    Raises:
        TarError: the folder is missing or not writable, or the disk is full.
    """

    class Written(Exception):
        """Makes atomic_path throw the trial away."""

    try:
        with atomic_path(path):
            raise Written
    except Written:
        pass


@dataclass(frozen=True)
class Networks:
    """What a capture runs, all on one device."""

    tar: TAR
    backbone: Callable[[Tensor], FrameFeatures]
    detector: PersonDetector | None
    device: torch.device

    @classmethod
    def load(cls, options: CaptureOptions) -> "Networks":
        """Loads what `options` ask for.

        Raises:
            TarError: a wrong checkpoint or an unknown device.
        """
        device = choose_device(options.device)
        if device.type == "cpu":
            # Decoder, backbone and TAR run side by side; a single crop gains little from many threads.
            torch.set_num_threads(options.threads or max(1, (os.cpu_count() or 1) // 2))
        tar = load_tar(options.checkpoint, device)
        if tar.config.backbone != "blazepose":
            raise TarError(f"the checkpoint wants the backbone {tar.config.backbone}, which capture does not have yet")
        detector = None if options.box is not None else pack_convolutions(load_detector().to(device))
        backbone = pack_convolutions(load_blazepose().to(device))
        return cls(tar, backbone, detector, device)


def choose_device(name: str) -> torch.device:
    """The torch device of a name; "auto" is the GPU if there is one.

    Raises:
        TarError: no such device here.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError):  # torch raises any of them
        raise TarError(f"the device {name!r} is not there; use auto or cpu") from None
    return device


class PersonTrack:
    """Takes one person's sightings frame by frame, runs TAR on them and keeps the results.

    A frame without a sighting ends one run of the network and begins another: its windows hold consecutive frames
    only. What lies between two runs is interpolated in the end.

    Args:
        worker: one thread, in which TAR runs while the next frames are searched for people.
    """

    def __init__(self, track_id: int, network: TAR, fps: float, worker: Executor) -> None:
        self.track_id = track_id
        self._network, self._fps, self._worker = network, fps, worker
        self._running: deque[Future[list[FrameResult]]] = deque()
        self._stream: TARStream | None = None
        self._frames: list[int] = []
        self._boxes: list[list[float]] = []
        self._results: list[bytes] = []  # see FrameResult.packed

    def add(self, sighting: Sighting, camera: CropCamera) -> None:
        if self._stream is None:
            self._stream = TARStream(self._network, self._fps)
        self._frames.append(sighting.frame)
        self._boxes.append(sighting.box.tolist())
        self._running.append(self._worker.submit(self._stream.push, sighting.features, camera))
        self._collect(MOST_WAITING)

    def finish(self) -> None:
        """Fetches the results that the network holds back and frees its memory; call in a frame without a sighting."""
        if self._stream is not None:
            self._running.append(self._worker.submit(self._stream.finish))
            self._collect(0)
            self._stream = None

    def _collect(self, waiting: int) -> None:
        """Waits until no more than so many frames are still to be taken by the network."""
        while len(self._running) > waiting:
            self._results += [result.packed() for result in self._running.popleft().result()]

    def size(self) -> float:
        """The person's size in the video, summed over the frames: who is largest is in front and there for long."""
        return float(np.sqrt([(box[2] - box[0]) * (box[3] - box[1]) for box in self._boxes]).sum())

    def motion(self, source_body: BodyData, target_body: BodyData) -> PersonMotion:
        """The whole motion (see `assemble_motion`)."""
        boxes = [np.array(box) for box in self._boxes]
        results = [FrameResult.unpacked(data) for data in self._results]
        return assemble_motion(self.track_id, self._frames, boxes, results, source_body, target_body)


def assemble_motion(
    person_id: int,
    seen: Sequence[int],
    boxes: Sequence[np.ndarray],
    results: Sequence[FrameResult],
    source_body: BodyData,
    target_body: BodyData,
) -> PersonMotion:
    """One shape for all frames, and the frames between sightings filled in, with confidence 0.

    Args:
        seen: the frames' numbers [M], rising; boxes, results: theirs.
        source_body: the body that the results' betas belong to.
        target_body: the body to which the motion is to be fitted; may be the same.
    """
    betas = np.stack([result.betas for result in results])
    confidence = np.array([result.confidence for result in results])
    shape = consistent_shape(betas, confidence)
    if target_body is not source_body:
        shape = transfer_shape(shape, source_body, target_body)
    trans = np.stack([result.trans for result in results])
    trans = move_to_shape(trans, betas, shape, source_body, target_body)
    known = np.array(seen)
    frames = np.arange(known[0], known[-1] + 1)
    confidence_of_all = np.zeros(len(frames))
    confidence_of_all[known - known[0]] = confidence
    return PersonMotion(
        person_id=person_id,
        poses=interpolate_poses(frames, known, np.stack([result.poses for result in results])),
        betas=shape,
        trans=interpolate_linearly(frames, known, trans),
        frames=frames,
        boxes=interpolate_linearly(frames, known, np.stack(boxes)),
        confidence=confidence_of_all,
        joint_errors=interpolate_linearly(frames, known, np.stack([result.joint_errors for result in results])),
    )


def interpolate_linearly(frames: np.ndarray, seen: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values [M, C] at the frame numbers `seen` [M] -> [N, C] at `frames` [N]."""
    return np.stack([np.interp(frames, seen, column) for column in values.T], 1)


def interpolate_poses(frames: np.ndarray, seen: np.ndarray, poses: np.ndarray) -> np.ndarray:
    """Poses [M, 72] at the frame numbers `seen` [M] -> [N, 72] at `frames` [N], each joint on its shortest arc."""
    quaternions = axis_angle_to_quaternion(poses.reshape(len(seen), -1, 3).astype(np.float64))
    result = quaternion_to_axis_angle(slerp_at(frames, seen, quaternions)).reshape(len(frames), -1)
    result[seen - frames[0]] = poses  # exactly, not through quaternions
    return result


@dataclass(frozen=True)
class _Followed:
    """What one pass over a video gave.

    Attributes:
        people: those who are to be kept, the largest first, each frame in its own camera.
        camera: as the first picture tells it.
        camera_moves: the background does not stay in its place.
        boxes: of everybody seen in each frame that was looked at.
    """

    people: list[PersonMotion]
    camera: EstimatedCamera
    camera_moves: bool
    boxes: list[list[list[float]]]


def _follow_people(
    reader: VideoReader,
    options: CaptureOptions,
    networks: Networks,
    target_body: BodyData | None,
    report: Callable[[Progress], None],
) -> _Followed:
    """The one pass over the video."""
    step = capture_step(options, reader.fps)
    fps = reader.fps / step
    tracker = PeopleTracker(networks.backbone, networks.detector, fps, networks.device, options.max_people)
    principal_point = image_center(*reader.size)
    camera: EstimatedCamera | None = None
    watch, watched_every = CameraMotionDetector(), max(1, round(fps / WATCHED_PER_SECOND))
    boxes: list[list[list[float]]] = []  # not arrays: see FrameResult.packed
    choice = None if options.selection is None else PeopleSelection.from_job(options.selection, slack=reader.fps)
    tracks: dict[int, PersonTrack] = {}
    with ThreadPoolExecutor(max_workers=1) as worker:
        for frame in _frames_with_progress(reader, options, report):
            number, between = divmod(frame.index - options.first_frame, step)
            if between:
                continue
            camera = camera or initial_camera(frame.image, options)
            if options.box is not None and frame.index == options.first_frame:
                tracker.start_from_box(number, frame.image, np.array(options.box.box))
            sightings = {sighting.track_id: sighting for sighting in tracker.step(number, frame.image)}
            boxes.append([sighting.box.tolist() for sighting in sightings.values()])
            if not options.static_camera and number % watched_every == 0:
                watch.add(frame.image, np.array(boxes[-1]).reshape(-1, 4))
            if choice is not None:
                sightings = {
                    track_id: sighting
                    for track_id, sighting in sightings.items()
                    if choice.includes(track_id, frame.index, sighting.box)
                }
            for track_id in tracks.keys() - sightings.keys():
                tracks[track_id].finish()
            for track_id, sighting in sightings.items():
                if track_id not in tracks:
                    tracks[track_id] = PersonTrack(track_id, networks.tar, fps, worker)
                crop_camera = CropCamera.from_crop(sighting.crop, camera.focal_length, principal_point)
                tracks[track_id].add(sighting, crop_camera.to(networks.device))
        for person in tracks.values():
            person.finish()
    kept = [tracks[track.track_id] for track in tracker.confirmed_tracks() if track.track_id in tracks]
    if not kept or camera is None:
        raise TarError(
            f"{reader.path}: nobody was found in it; check the frame range, or draw a box around the person"
            " (--box FRAME,X0,Y0,X1,Y1)"
        )
    largest = sorted(kept, key=PersonTrack.size, reverse=True)[: options.max_people]
    body = load_body()
    motions = [track.motion(body, target_body or body) for track in largest]
    filled = [fill_frames(motion, options.first_frame, step, last=frame.index) for motion in motions]
    return _Followed(filled, camera, watch.is_moving, boxes)


def _known_camera(reader: VideoReader, options: CaptureOptions) -> KnownCamera:
    """The camera path that the user gives, checked before the work begins.

    Raises:
        TarError: no camera path, or one that ends long before the video.
    """
    assert options.camera_trajectory is not None
    known = read_camera_trajectory(options.camera_trajectory, reader.size)
    first = options.first_frame
    count = reader.frames_in(first, options.end)
    known.trajectory.check_frames(
        first, known.trajectory.last_frame if count is None else first + count - 1, slack=reader.fps / 10
    )
    return replace(known, trajectory=known.trajectory.scaled(options.trajectory_scale or 1.0))


def _check_scale(clip: MotionClip, body: BodyData, by_feet: bool) -> MotionClip:
    """The clip before a camera path of the length at which feet stand best, or with a warning where that is another."""
    scale = scale_from_feet(clip, body)
    if by_feet and scale is None:
        logger.warning("feet do not tell how long the camera's path is; it is taken as it is, in meters")
    elif by_feet and scale is not None and clip.camera_trajectory is not None:
        return with_camera_trajectory(clip, clip.camera_trajectory.scaled(scale), body)
    elif scale is not None and not 1 / SCALE_TOLERANCE < scale < SCALE_TOLERANCE:
        logger.warning(
            "feet would stand better if the camera's path were %.2g times as long; if you do not know its length, give"
            " --trajectory-scale feet",
            scale,
        )
    return clip


def _vertical(camera: EstimatedCamera, path: CameraTrajectory | None) -> Vertical:
    """Up in the first frame's camera, by a given path whose world is upright, else by the picture's lines."""
    if path is None or path.world is None:
        return Vertical(camera.up, camera.up_error)
    return Vertical(path.world[2, :3], UP_BY_PATH)


def _track_camera_trajectory(
    reader: VideoReader, options: CaptureOptions, followed: _Followed, report: Callable[[Progress], None]
) -> CameraTrajectory:
    """A second pass, over the pictures that were looked at: how the camera turned in every frame since the first."""
    first, step = options.first_frame, capture_step(options, reader.fps)
    frames = _frames_with_progress(reader, options, report, "camera")
    looked_at = (frame.image for frame in frames if (frame.index - first) % step == 0)
    boxes = (np.array(seen).reshape(-1, 4) for seen in followed.boxes)
    track = track_camera_rotation(zip(looked_at, boxes, strict=False), reader.size, followed.camera.focal_length)
    # People go straight on after the last picture looked at.
    rotation_vectors = np.concatenate(
        [track.rotation_vectors, 2 * track.rotation_vectors[-1:] - track.rotation_vectors[-2:-1]]
    )
    zooms = np.append(track.zoom_factors, track.zoom_factors[-1:])
    looked = CameraTrajectory(0, rotation_vectors, zoom_factors=zooms, inlier_ratio=track.inlier_ratio).resampled(step)
    last = max(int(person.frames[-1]) for person in followed.people)
    path = replace(looked, first_frame=first).part(first, last)
    if path.is_unreliable:
        logger.warning(
            "the camera is carried along, not only turned: people's way through the world is unsure; film from one"
            " place, or solve the camera's path and give it (--camera-trajectory; in Blender, Camera: As Animated)"
        )
    return path


def _frames_with_progress(
    reader: VideoReader, options: CaptureOptions, report: Callable[[Progress], None], stage: str = "capture"
) -> Iterator[VideoFrame]:
    first = options.first_frame
    total = reader.frames_in(first, options.end)
    began, done = time.monotonic(), 0
    for frame in prefetch(reader.frames(first, options.end)):
        yield frame
        done += 1
        report(Progress(stage, done, total, done / max(time.monotonic() - began, 1e-6)))
    if done == 0:
        raise TarError(f"{reader.path}: has no frame {first}; it ends before, give an earlier start")
