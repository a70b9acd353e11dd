"""The pass over the video that tracks people and computes their motion in each frame's own camera."""

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from tar_core.body.data import BodyData, load_body
from tar_core.camera.crop_camera import CropCamera, image_center
from tar_core.camera.rotation_tracking import CameraMotionDetector
from tar_core.camera.vanishing_points import EstimatedCamera
from tar_core.capture.frames import read_frames, sampling_step
from tar_core.capture.initial_camera import estimate_initial_camera
from tar_core.capture.networks import Networks
from tar_core.capture.progress import Progress
from tar_core.capture.track import CapturedPerson, NetworkTrack, collect_people
from tar_core.cleanup.resampling import fill_frames
from tar_core.errors import TarError
from tar_core.motion import PersonMotion
from tar_core.options import CaptureOptions
from tar_core.people.selection import PeopleSelection
from tar_core.people.track import Sighting
from tar_core.people.tracker import PeopleTracker
from tar_core.video.cuts import mark_cuts
from tar_core.video.reader import VideoFrame, VideoReader

CAMERA_CHECKS_PER_SECOND = 3.0  # frames in which the motion of the camera is checked


@dataclass(frozen=True)
class TrackedPeople:
    """Result of the pass.

    Attributes:
        people: captured people, the largest first; the motion in each frame is in the frame's own camera.
        camera: the camera at the first frame.
        camera_moves: whether the background moves.
        boxes: boxes of all tracked people in each processed frame, x0, y0, x1, y1 in pixels.
        cuts: first frames of the video after camera cuts.
    """

    people: list[PersonMotion]
    camera: EstimatedCamera
    camera_moves: bool
    boxes: list[list[list[float]]]
    cuts: list[int]

    @property
    def last_frame(self) -> int:
        """The last frame of any person."""
        return max(int(person.frames[-1]) for person in self.people)


class _PeoplePass:
    """State of the pass.

    Args:
        worker: an executor with one thread; see `NetworkTrack`.
    """

    def __init__(self, reader: VideoReader, options: CaptureOptions, networks: Networks, worker: Executor) -> None:
        self.camera: EstimatedCamera | None = None
        self.camera_motion = CameraMotionDetector()
        self.boxes: list[list[list[float]]] = []  # lists use less memory than arrays, see FrameResult.packed
        self._step = sampling_step(options, reader.fps)
        self.fps = reader.fps / self._step
        self._options, self._networks, self._worker = options, networks, worker
        self._video = reader.path
        self._principal_point = image_center(*reader.size)
        self._tracker = PeopleTracker(
            networks.backbone, networks.detector, self.fps, options.max_people, networks.movenet
        )
        selected = options.selection
        self._selection = None if selected is None else PeopleSelection.from_job(selected, slack=reader.fps)
        self._tracks: dict[int, NetworkTrack] = {}

    def process(self, number: int, frame: VideoFrame, is_cut: bool) -> None:
        """Process a frame.

        Args:
            number: counts the processed frames.
            frame: the frame of the video.
            is_cut: whether another shot has begun since the last processed frame.
        """
        options = self._options
        self.camera = self.camera or estimate_initial_camera(frame.image, options, self._video)
        if options.box is not None and frame.index == options.first_frame:
            self._tracker.start_from_box(number, frame.image, np.array(options.box.box))
        if is_cut:
            self._tracker.cut(number)
        sightings = self._tracker.step(number, frame.image)
        self.boxes.append([sighting.box.tolist() for sighting in sightings])
        if not options.static_camera and number % max(1, round(self.fps / CAMERA_CHECKS_PER_SECOND)) == 0:
            self.camera_motion.add(frame.image, np.array(self.boxes[-1]).reshape(-1, 4))
        selection = self._selection
        if selection is not None:
            sightings = [s for s in sightings if selection.needs(s.track_id, frame.index, s.box)]
        self._run_network({sighting.track_id: sighting for sighting in sightings}, self.camera.focal_length)

    def _run_network(self, sightings: dict[int, Sighting], focal_length: float) -> None:
        for track_id in self._tracks.keys() - sightings.keys():
            self._tracks[track_id].end_run()
        for track_id, sighting in sightings.items():
            if track_id not in self._tracks:
                self._tracks[track_id] = NetworkTrack(self._networks.runtime, self.fps, self._worker)
            crop_camera = CropCamera.from_crop(sighting.crop, focal_length, self._principal_point)
            self._tracks[track_id].add(sighting, crop_camera)

    def finish(self) -> list[CapturedPerson]:
        """Finish the computation and return the people to keep, the largest first."""
        for track in self._tracks.values():
            track.end_run()
        people = collect_people(self._tracker.confirmed_people(), self._tracks)
        selection = self._selection
        if selection is not None:
            first, step = self._options.first_frame, self._step
            people = [p for p in people if selection.includes([first + step * k for k in p.frames], np.array(p.boxes))]
        return sorted(people, key=CapturedPerson.total_size, reverse=True)[: self._options.max_people]


def track_people(
    reader: VideoReader,
    options: CaptureOptions,
    networks: Networks,
    target_body: BodyData | None,
    report: Callable[[Progress], None],
) -> TrackedPeople:
    """Track people through the video and compute their motion.

    Args:
        reader: the video.
        options: what to capture.
        networks: the networks.
        target_body: the body to which the shapes are fitted; None for the free body.
        report: called after each frame.

    Raises:
        TarError: the video has no frame in the range, or shows no person.
    """
    step = sampling_step(options, reader.fps)
    with ThreadPoolExecutor(max_workers=1) as worker:
        state = _PeoplePass(reader, options, networks, worker)
        is_cut, cuts = False, []
        for frame, is_first in mark_cuts(read_frames(reader, options, report, "capture")):
            is_cut = is_cut or is_first
            if is_first:
                cuts.append(frame.index)
            number, skipped = divmod(frame.index - options.first_frame, step)
            if not skipped:
                state.process(number, frame, is_cut)
                is_cut = False
        captured = state.finish()
    if not captured or state.camera is None:
        message = f"{reader.path}: no person found; check the frame range, or give a box around the person"
        raise TarError(message, "nobody_detected")
    body = load_body()
    motions = [person.motion(body, target_body or body) for person in captured]
    people = [fill_frames(motion, options.first_frame, step, last=frame.index) for motion in motions]
    return TrackedPeople(people, state.camera, state.camera_motion.is_moving, state.boxes, cuts)
