"""The pass over the video that tracks people and computes their motion in each frame's own camera."""

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from tar_core.body.data import BodyData, load_body
from tar_core.camera.crop_camera import CropCamera, image_center
from tar_core.camera.rotation_tracking import CameraMotionDetector
from tar_core.camera.vanishing_points import EstimatedCamera
from tar_core.capture.frames import read_marked_frames, sampling_step
from tar_core.capture.initial_camera import estimate_initial_camera
from tar_core.capture.networks import Networks
from tar_core.capture.progress import Progress
from tar_core.capture.track import CapturedPerson, NetworkTrack, collect_people
from tar_core.cleanup.resampling import fill_frames
from tar_core.errors import TarError
from tar_core.hands.tracker import HandTracker
from tar_core.model.keypoints import BLAZEPOSE_POINTS
from tar_core.motion import PersonMotion
from tar_core.options import CaptureOptions
from tar_core.people.selection import PeopleSelection
from tar_core.people.track import Sighting
from tar_core.people.tracker import PeopleTracker
from tar_core.preview import Preview
from tar_core.shots import Shot, add_frame, check_number
from tar_core.video.cuts import is_blank, thumbnail
from tar_core.video.reader import VideoFrame, VideoReader

CAMERA_CHECKS_PER_SECOND = 3.0  # frames in which the motion of the camera is checked


@dataclass(frozen=True)
class TrackedShot:
    """Result of the pass for one shot.

    Attributes:
        shot: number and frames of the shot.
        people: captured people, the largest first; the motion in each frame is in the frame's own camera.
        camera: the camera at the first frame that is not of one color.
        camera_moves: whether the background moves.
        boxes: boxes of all tracked people in each processed frame, x0, y0, x1, y1 in pixels.
    """

    shot: Shot
    people: list[PersonMotion]
    camera: EstimatedCamera
    camera_moves: bool
    boxes: list[list[list[float]]]

    @property
    def last_frame(self) -> int:
        """The last frame of any person."""
        return max(int(person.frames[-1]) for person in self.people)


class _ShotPass:
    """What the pass records about one shot.

    Args:
        first: the first frame of the shot.
        number: number of that frame among all processed ones.
        camera: the camera at that frame, once it is estimated.
        is_seen: whether that frame is not blank; otherwise the camera is estimated from a later frame.
    """

    def __init__(self, first: int, number: int, camera: Future[EstimatedCamera], is_seen: bool) -> None:
        self.first, self.number, self.camera, self.is_seen = first, number, camera, is_seen
        self.camera_motion = CameraMotionDetector()
        self.boxes: list[list[list[float]]] = []  # lists use less memory than arrays, see FrameResult.packed
        self.people: list[CapturedPerson] = []

    def frame_zero(self, step: int) -> int:
        """The video frame at which the processed frames would be numbered 0 if the video were this shot alone."""
        return self.first - step * self.number


class _PeoplePass:
    """State of the pass.

    Args:
        worker: an executor with one thread; see `NetworkTrack`.
    """

    def __init__(self, reader: VideoReader, options: CaptureOptions, networks: Networks, worker: Executor) -> None:
        self.shots: list[_ShotPass] = []
        self.step = sampling_step(options, reader.fps)
        self.fps = reader.fps / self.step
        self._number = 0  # of processed frames
        self._options, self._networks, self._worker = options, networks, worker
        self._video = reader.path
        self._principal_point = image_center(*reader.size)
        self._tracker = PeopleTracker(
            networks.backbone, networks.detector, self.fps, options.max_people, networks.movenet
        )
        selected = options.selection
        self._selection = None if selected is None else PeopleSelection.from_job(selected, slack=reader.fps)
        self._tracks: dict[int, NetworkTrack] = {}
        self._hands = HandTracker(networks.hands) if options.fingers else None
        self._held: tuple[VideoFrame, bool] | None = None
        self._first = 0  # frame of the shot of `_held`
        self.preview: Preview | None = None  # of the most recently processed frame

    def add(self, frame: VideoFrame, is_first: bool) -> None:
        """Add a frame of the video; `is_first` says whether it is the first one of a shot.

        Each frame is processed when the next one to be processed is known, so that the tracker can look ahead.
        """
        if is_first:
            self._first = frame.index
        if (frame.index - self._first) % self.step:
            return
        if self._held is not None:
            self._process(*self._held, None if is_first else frame.image)
        self._held = frame, is_first

    def _process(self, frame: VideoFrame, is_first: bool, upcoming: np.ndarray | None) -> None:
        if is_first:
            self._begin_shot(frame)
        shot = self.shots[-1]
        if not shot.is_seen and not is_blank(thumbnail(frame.image)):
            shot.camera, shot.is_seen = self._estimate_camera(frame), True
        sightings = self._tracker.step(self._number, frame.image, upcoming)
        shot.boxes.append([sighting.box.tolist() for sighting in sightings])
        if not self._options.static_camera and self._number % max(1, round(self.fps / CAMERA_CHECKS_PER_SECOND)) == 0:
            shot.camera_motion.add(frame.image, np.array(shot.boxes[-1]).reshape(-1, 4))
        selection = self._selection
        if selection is not None:
            sightings = [s for s in sightings if selection.needs(s.track_id, frame.index, s.box)]
        if self._hands is not None:
            self._hands.step(self._number, frame.image, sightings)
        sightings = self._networks.with_own_features(sightings, frame.image)
        is_repeated = abs(frame.time * self.fps - frame.index / self.step) > 0.5  # at a variable rate
        self._run_network(
            {sighting.track_id: sighting for sighting in sightings}, shot.camera.result().focal_length, is_repeated
        )
        self.preview = _preview(frame, sightings)
        self._number += 1

    def _begin_shot(self, frame: VideoFrame) -> None:
        options = self._options
        if self.shots:
            self._tracker.cut(self._number)
        elif options.box is not None:
            self._tracker.start_from_box(self._number, frame.image, np.array(options.box.box))
        is_seen = not is_blank(thumbnail(frame.image))
        self.shots.append(_ShotPass(frame.index, self._number, self._estimate_camera(frame), is_seen))

    def _estimate_camera(self, frame: VideoFrame) -> Future[EstimatedCamera]:
        """Estimate the camera in the worker while the frame is searched for people."""
        return self._worker.submit(estimate_initial_camera, frame.image, self._options, self._video)

    def _run_network(self, sightings: dict[int, Sighting], focal_length: float, is_repeated: bool) -> None:
        for track_id in self._tracks.keys() - sightings.keys():
            self._tracks[track_id].end_run()
        for track_id, sighting in sightings.items():
            if track_id not in self._tracks:
                self._tracks[track_id] = NetworkTrack(self._networks.runtime, self.fps, self._worker)
            crop_camera = CropCamera.from_crop(sighting.crop, focal_length, self._principal_point)
            self._tracks[track_id].add(sighting, crop_camera, is_repeated)

    def finish(self) -> list[_ShotPass]:
        """Finish the computation. Returns the shots with the people to keep, the largest first."""
        if self._held is not None:
            self._process(*self._held, None)
        for track in self._tracks.values():
            track.end_run()
        for person in collect_people(self._tracker.confirmed_people(), self._tracks, self._hands):
            shot = next(shot for shot in reversed(self.shots) if shot.number <= person.frames[0])
            if self._is_selected(person, shot):
                shot.people.append(person)
        for shot in self.shots:
            shot.people = sorted(shot.people, key=CapturedPerson.total_size, reverse=True)[: self._options.max_people]
        return self.shots

    def _is_selected(self, person: CapturedPerson, shot: _ShotPass) -> bool:
        frames = [shot.frame_zero(self.step) + self.step * number for number in person.frames]
        return self._selection is None or self._selection.includes(frames, np.array(person.boxes))


def _preview(frame: VideoFrame, sightings: list[Sighting]) -> Preview:
    """The landmarks of the people in a frame, which were computed anyway."""
    people = {}
    for sighting in sightings:
        landmarks = sighting.features.landmarks.points[0, list(BLAZEPOSE_POINTS)]
        people[sighting.track_id] = tuple(map(tuple, sighting.crop.to_image(landmarks.astype(np.float64)).tolist()))
    height, width = frame.image.shape[:2]
    return Preview(frame.index, width, height, people)


def track_people(
    reader: VideoReader,
    options: CaptureOptions,
    networks: Networks,
    target_body: BodyData | None,
    report: Callable[[Progress], None],
) -> list[TrackedShot]:
    """Track people through the video and compute their motion.

    Args:
        reader: the video.
        options: what to capture.
        networks: the networks.
        target_body: the body to which the shapes are fitted; None for the free body.
        report: called after each frame.

    Returns:
        The captured shots, with or without people.

    Raises:
        TarError: the video has no frame in the range, does not have the shot, or shows no person.
    """
    shots: list[Shot] = []
    with ThreadPoolExecutor(max_workers=1) as worker:
        state = _PeoplePass(reader, options, networks, worker)

        def report_people(progress: Progress) -> None:
            report(replace(progress, preview=state.preview))

        for frame, is_cut in read_marked_frames(reader, options, report_people, "capture"):
            add_frame(shots, frame.index, is_cut)
            if options.shot is not None and options.shot < len(shots):
                break
            if options.shot is None or options.shot == len(shots):
                state.add(frame, is_first=shots[-1].first == frame.index)
        captured = state.finish()
    if options.shot is not None:
        check_number(options.shot, (shot.number for shot in shots), reader.path)
        shots = shots[options.shot - 1 : options.shot]
    if not any(shot.people for shot in captured):
        message = f"{reader.path}: no person found; check the frame range, or give a box around the person"
        raise TarError(message, "nobody_detected")
    body = load_body()
    return [
        TrackedShot(
            shot,
            [
                fill_frames(motion, result.frame_zero(state.step), state.step, shot.last)
                for motion in (person.motion(body, target_body or body, state.fps) for person in result.people)
            ],
            result.camera.result(),
            result.camera_motion.is_moving,
            result.boxes,
        )
        for shot, result in zip(shots, captured, strict=True)
    ]
