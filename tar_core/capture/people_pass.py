"""The pass over the video that tracks people and computes their motion in each frame's own camera."""

from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import count

import cv2
import numpy as np

from tar_core.body.data import BodyData, load_body
from tar_core.camera.crop_camera import CropCamera, Pinhole, image_center
from tar_core.camera.rotation_tracking import CameraMotionDetector
from tar_core.camera.vanishing_points import EstimatedCamera
from tar_core.capture.frames import read_marked_frames, sampling_step
from tar_core.capture.initial_camera import estimate_initial_camera
from tar_core.capture.networks import Networks
from tar_core.capture.pass_record import PassRecord, ShotStart
from tar_core.capture.progress import Progress
from tar_core.capture.track import CapturedPerson, NetworkTrack
from tar_core.cleanup.resampling import fill_frames
from tar_core.errors import TarError
from tar_core.face.tracker import FaceTracker
from tar_core.hands.tracker import HandTracker
from tar_core.model.keypoints import BLAZEPOSE_POINTS
from tar_core.motion import PersonMotion
from tar_core.options import CaptureOptions
from tar_core.people.looks import without_swapped_hands
from tar_core.people.selection import PeopleSelection
from tar_core.people.track import Sighting
from tar_core.people.tracker import PeopleTracker
from tar_core.preview import Preview
from tar_core.shots import Shot, add_frame, check_number
from tar_core.video.bars import PictureArea
from tar_core.video.cuts import is_blank, thumbnail
from tar_core.video.first_view import first_view
from tar_core.video.reader import VideoFrame, VideoReader

CAMERA_CHECKS_PER_SECOND = 3.0  # frames in which the motion of the camera is checked


@dataclass(frozen=True)
class TrackedShot:
    """Result of the pass for one shot.

    Attributes:
        shot: number and frames of the shot.
        people: captured people, the largest first; the motion in each frame is in the frame's own camera.
        camera: the camera at the first frame that is neither of one color nor dim.
        camera_moves: whether the background moves.
        area: the picture between bars.
        boxes: boxes of all tracked people in each processed frame, x0, y0, x1, y1 in pixels of the area.
    """

    shot: Shot
    people: list[PersonMotion]
    camera: EstimatedCamera
    camera_moves: bool
    area: PictureArea
    boxes: list[list[list[float]]]

    @property
    def last_frame(self) -> int:
        """The last frame of any person."""
        return max(int(person.frames[-1]) for person in self.people)


@dataclass
class _Shot:
    """A shot that has begun; see `ShotStart`. The camera is known once it is estimated."""

    first: int
    number: int
    area: PictureArea
    camera: Future[EstimatedCamera]
    is_seen: bool


class _PeoplePass:
    """State of the pass.

    Args:
        worker: an executor with one thread; see `NetworkTrack`.
        begun: the shot within which the pass begins, if it does.
    """

    def __init__(
        self,
        reader: VideoReader,
        options: CaptureOptions,
        networks: Networks,
        worker: Executor,
        begun: ShotStart | None = None,
    ) -> None:
        self.step = sampling_step(options, reader.fps)
        self.fps = reader.fps / self.step
        self.last = -1  # video frame
        self._options, self._networks, self._worker = options, networks, worker
        self._video = reader.path
        self._open_again = cache(partial(VideoReader, reader.path))
        self._principal_point = image_center(*reader.size)
        self._tracker = PeopleTracker(
            networks.backbone, networks.detector, self.fps, options.max_people, networks.movenet
        )
        selected = options.selection
        self._selection = None if selected is None else PeopleSelection.from_job(selected, slack=reader.fps)
        self._tracks: dict[int, NetworkTrack] = {}
        self._parts: list[HandTracker | FaceTracker] = []
        if options.fingers:
            self._parts.append(HandTracker(networks.hands))
        if options.face:
            self._parts.append(FaceTracker(networks.faces))
        self._shots: list[_Shot] = []
        self._number = 0
        self._held: tuple[VideoFrame, bool] | None = None
        self._first = -1  # frame of the shot of `_held`
        if begun is not None:
            camera: Future[EstimatedCamera] = Future()
            camera.set_result(begun.camera)
            self._shots.append(_Shot(begun.first, begun.number, begun.area, camera, begun.is_seen))
            self._number, self._first = begun.number_at(options.first_frame, self.step), begun.first
        self._camera_motion = CameraMotionDetector()
        self._moving: set[int] = set()
        self._boxes: dict[int, list[list[float]]] = {}  # lists use less memory than arrays, see FrameResult.packed
        self.preview: Preview | None = None  # of the most recently processed frame

    def add(self, frame: VideoFrame, is_cut: bool) -> None:
        """Add a frame of the video; `is_cut` says whether it is the first one after a cut.

        Each frame is processed when the next one to be processed is known, so that the tracker can look ahead.
        """
        self.last = frame.index
        is_first = is_cut or self._first < 0
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
        shot = self._shots[-1]
        if not shot.is_seen and not is_blank(thumbnail(frame.image)):
            shot.area, shot.camera = self._estimate_camera(frame)
            shot.is_seen = True
        picture = shot.area.cut(frame.image)
        following = None if upcoming is None or not shot.is_seen else shot.area.cut(upcoming)
        sightings = self._tracker.step(self._number, picture, following)
        boxes = [sighting.box.tolist() for sighting in sightings]
        self._boxes[self._number] = boxes
        if not self._options.static_camera and self._number % max(1, round(self.fps / CAMERA_CHECKS_PER_SECOND)) == 0:
            self._camera_motion.add(picture, np.array(boxes).reshape(-1, 4))
            if self._camera_motion.is_moving:
                self._moving.add(self._number)
        selection = self._selection
        if selection is not None:
            sightings = [s for s in sightings if selection.needs(s.track_id, frame.index, shot.area.to_image(s.box))]
        if self._parts:
            corner = shot.area.corner
            x, y = (float(value - start) for value, start in zip(self._principal_point, corner, strict=True))
            camera = Pinhole(shot.camera.result().focal_length, (x, y))
            for part in self._parts:
                part.step(self._number, picture, sightings, camera)
        sightings = self._networks.with_own_features(sightings, picture)
        sightings = [sighting.moved(shot.area.corner) for sighting in sightings]
        is_repeated = abs(frame.time * self.fps - frame.index / self.step) > 0.5  # at a variable rate
        self._run_network(
            {sighting.track_id: sighting for sighting in sightings}, shot.camera.result().focal_length, is_repeated
        )
        self.preview = preview_of(frame.index, frame.image.shape[:2], sightings)
        self._number += 1

    def _begin_shot(self, frame: VideoFrame) -> None:
        area, camera = self._estimate_camera(frame)
        if self._shots:
            self._tracker.cut(self._number)
        elif self._options.box is not None:
            box = area.from_image(np.array(self._options.box.box))
            self._tracker.start_from_box(self._number, area.cut(frame.image), box)
        is_seen = not is_blank(thumbnail(frame.image))
        self._shots.append(_Shot(frame.index, self._number, area, camera, is_seen))
        self._camera_motion = CameraMotionDetector()

    def _estimate_camera(self, frame: VideoFrame) -> tuple[PictureArea, Future[EstimatedCamera]]:
        """The picture between bars; the camera is estimated in the worker while the frame is searched for people."""
        clear, area = first_view(frame, self._open_again)
        return area, self._worker.submit(estimate_initial_camera, clear.image, self._options, self._video, area)

    def _run_network(self, sightings: dict[int, Sighting], focal_length: float, is_repeated: bool) -> None:
        for track_id in self._tracks.keys() - sightings.keys():
            self._tracks[track_id].end_run()
        for track_id, sighting in sightings.items():
            if track_id not in self._tracks:
                self._tracks[track_id] = NetworkTrack(self._networks.runtime, self.fps, self._worker)
            crop_camera = CropCamera.from_crop(sighting.crop, focal_length, self._principal_point)
            self._tracks[track_id].add(sighting, crop_camera, is_repeated)

    def finish(self) -> PassRecord:
        """Finish the computation. Returns all that was recorded."""
        if self._held is not None:
            self._process(*self._held, None)
        for track in self._tracks.values():
            track.end_run()
        return PassRecord(
            self.step,
            self._tracker.record(),
            [ShotStart(shot.first, shot.number, shot.area, shot.camera.result(), shot.is_seen) for shot in self._shots],
            self.last,
            self._moving,
            self._boxes,
            {number: track.results() for number, track in self._tracks.items()},
            without_swapped_hands(
                {key: seen for part in self._parts for key, seen in part.looks.items()},
                {number: track.swapped_arms for number, track in self._tracks.items()},
            ),
        )


def preview_of(frame: int, shape: tuple[int, ...], sightings: Sequence[Sighting], time: float | None = None) -> Preview:
    """The landmarks of the people in a frame, which were computed anyway.

    Args:
        frame: number of the frame.
        shape: height and width of the image.
        sightings: of the people.
        time: see `Preview`.
    """
    people = {}
    for sighting in sightings:
        landmarks = sighting.features.landmarks.points[0, list(BLAZEPOSE_POINTS)]
        people[sighting.track_id] = tuple(map(tuple, sighting.crop.to_image(landmarks.astype(np.float64)).tolist()))
    height, width = shape
    return Preview(frame, width, height, people, time)


def follow_people(
    reader: VideoReader,
    options: CaptureOptions,
    networks: Networks,
    report: Callable[[Progress], None],
    begun: ShotStart | None = None,
) -> PassRecord:
    """Track people through the range to capture, and compute their motion in each frame.

    Args:
        reader: the video.
        options: what to capture.
        networks: the networks.
        report: called after each frame.
        begun: the shot within which the range begins, if it begins within one.

    Raises:
        TarError: the video has no frame in the range, or does not have the shot.
    """
    shots: list[Shot] = []
    with one_opencv_thread(), ThreadPoolExecutor(max_workers=1) as worker:
        state = _PeoplePass(reader, options, networks, worker, begun)

        def report_people(progress: Progress) -> None:
            report(replace(progress, preview=state.preview))

        for frame, is_cut in read_marked_frames(reader, options, report_people, "capture", state.step):
            add_frame(shots, frame.index, is_cut)
            if options.shot is not None and options.shot < len(shots):
                break
            if options.shot is None or options.shot == len(shots):
                state.add(frame, is_cut)
        if options.shot is not None:
            check_number(options.shot, (shot.number for shot in shots), reader.path)
        return replace(state.finish(), warnings=reader.warnings)


@contextmanager
def one_opencv_thread() -> Iterator[None]:
    """Let OpenCV use one thread: more would wait for the threads of the decoder and the networks."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def tracked_shots(
    record: PassRecord, reader: VideoReader, options: CaptureOptions, target_body: BodyData | None
) -> list[TrackedShot]:
    """The shots of a pass, and the motion of the people in them.

    Args:
        record: of the whole range to capture.
        reader: the video.
        options: what to capture.
        target_body: the body to which the shapes are fitted; None for the free body.

    Returns:
        The captured shots, with or without people.

    Raises:
        TarError: the video shows no person.
    """
    fps = reader.fps / record.step
    people = _people_by_shot(record, options, reader.fps)
    if not any(people):
        message = f"{reader.path}: no person found; check the frame range, or give a box around the person"
        raise TarError(message, "nobody_detected")
    body = load_body()
    ends = [shot.first - 1 for shot in record.shots[1:]] + [record.last]
    tracked = []
    for index, (shot, last) in enumerate(zip(record.shots, ends, strict=True)):
        motions = (person.motion(body, target_body or body, fps) for person in people[index])
        numbers = record.numbers(index)
        tracked.append(
            TrackedShot(
                Shot((options.shot or 1) + index, shot.first, last),
                [fill_frames(motion, shot.frame_zero(record.step), record.step, last) for motion in motions],
                shot.camera,
                any(number in numbers for number in record.moving),
                shot.area,
                [record.boxes.get(number, []) for number in numbers],
            )
        )
    return tracked


def _people_by_shot(record: PassRecord, options: CaptureOptions, fps: float) -> list[list[CapturedPerson]]:
    """For each shot, the people to keep, the largest first. Selected people keep their numbers in the selection."""
    selected = options.selection
    selection = None if selected is None else PeopleSelection.from_job(selected, slack=fps)
    people: list[list[CapturedPerson]] = [[] for _ in record.shots]
    for person in record.people(fps / record.step, options.fingers, options.face):
        index = bisect([shot.number for shot in record.shots], person.frames[0]) - 1
        zero = record.shots[index].frame_zero(record.step)
        frames = [zero + record.step * number for number in person.frames]
        number = person.person_id if selection is None else selection.number_of(frames, np.array(person.boxes))
        if number is not None:
            people[index].append(replace(person, person_id=number))
    largest = (sorted(own, key=CapturedPerson.total_size, reverse=True)[: options.max_people] for own in people)
    return [_with_different_numbers(own) for own in largest]


def _with_different_numbers(people: list[CapturedPerson]) -> list[CapturedPerson]:
    """People with different numbers: of two with the same one, who may be parts of one track, the first keeps it."""
    used: set[int] = set()
    free = count(max((person.person_id for person in people), default=0) + 1)
    for row, person in enumerate(people):
        if person.person_id in used:
            people[row] = replace(person, person_id=next(free))
        used.add(people[row].person_id)
    return people
