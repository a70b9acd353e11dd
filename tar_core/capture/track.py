"""The motion of the people, from the sightings of tracks."""

from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tar_core.arrays import Array
from tar_core.body.data import BodyData, load_body
from tar_core.body.shape import median_shape, rest_joints, transfer_shape, translation_for_shape
from tar_core.camera.crop_camera import CropCamera
from tar_core.face.head import turn_head
from tar_core.face.motion import face_motion
from tar_core.face.tracker import SeenFace
from tar_core.hands.motion import hand_motion
from tar_core.hands.skeleton import SIDES
from tar_core.hands.tracker import SeenHand
from tar_core.model.config import BLAZEPOSE
from tar_core.model.features import FrameFeatures
from tar_core.motion import PersonMotion
from tar_core.people.identity import Identity
from tar_core.people.looks import FACE, LEFT_HAND, RIGHT_HAND, looks_at
from tar_core.people.swapped_limbs import LimbCorrector, SeenFrame
from tar_core.people.track import Sighting
from tar_core.rotations import axis_angle_to_quaternion, quaternion_to_axis_angle, slerp_at
from tar_core.runtime.graphs import Runtime
from tar_core.runtime.streaming import FrameResult, TARStream
from tar_core.skeleton import JOINT_NAMES, NUM_BODY_JOINTS, NUM_HAND_JOINTS, NUM_JOINTS

MAX_PENDING = 8  # frames of a person that may wait for the network
MAX_REPEATED = 0.25  # seconds for which an image is taken for late; the person in one that is shown longer stands still
MAX_TURN = 1.0  # radians between two crops whose features are interpolated
TrackResults = dict[int, tuple[list[float], bytes]]  # frame -> box and packed result (see FrameResult.packed)


class NetworkTrack:
    """Runs TAR on the sightings of a track, frame by frame, and keeps the results.

    The network's windows hold consecutive frames only. A frame without a sighting therefore ends one run of the
    network, and the next sighting starts another. `CapturedPerson.motion` interpolates between the runs.

    At a variable rate, some frames repeat an image of another time, in which the network would see the person stop.
    They get features between those of the frames around them.

    Legs and arms whose sides the backbone has swapped are swapped back before (`LimbCorrector`).

    Args:
        runtime: runs the network.
        fps: rate of the frames that are processed.
        worker: an executor with one thread, in which TAR runs while the next frames are searched for people.

    Attributes:
        swapped_arms: frames of the runs that have ended in which the left arm was taken for the right one.
    """

    def __init__(self, runtime: Runtime, fps: float, worker: Executor) -> None:
        self._runtime, self._fps, self._worker = runtime, fps, worker
        self._pending: deque[Future[list[FrameResult]]] = deque()
        self._stream: TARStream | None = None
        self._limbs = LimbCorrector(fps)
        self._last: SeenFrame | None = None  # that was pushed
        self._repeated: deque[SeenFrame] = deque()  # after it, of frames that repeat an image
        self._frames: list[int] = []
        self._boxes: list[list[float]] = []
        self._results: list[bytes] = []  # see FrameResult.packed
        self._first = 0  # of the current run in `_frames`
        self.swapped_arms: set[int] = set()

    def add(self, sighting: Sighting, camera: CropCamera, is_repeated: bool = False) -> None:
        """Process the sighting in the next frame; `is_repeated` says whether its image is of another time."""
        if self._stream is None:
            self._stream = TARStream(self._runtime, self._fps)
            self._first = len(self._frames)
        self._frames.append(sighting.frame)
        self._boxes.append(sighting.box.tolist())
        seen = sighting.features, camera
        if is_repeated:
            self._repeated.append(seen)
            if len(self._repeated) > MAX_REPEATED * self._fps:
                self._push(self._repeated.popleft())
            return
        first, count = self._last, len(self._repeated)
        is_between = first is not None and abs(float((first[1].roll - camera.roll)[0])) < MAX_TURN
        for number, repeated in enumerate(self._repeated, 1):
            self._push(_between(first, seen, number / (count + 1)) if first and is_between else repeated)
        self._repeated.clear()
        self._push(seen)

    def end_run(self) -> None:
        """End the current run of the network, if any: fetch the delayed results and free its memory."""
        if self._stream is not None:
            while self._repeated:
                self._push(self._repeated.popleft())
            self._run(self._limbs.finish())
            self.swapped_arms |= {self._frames[self._first + number] for number in self._limbs.swapped_arms}
            self._pending.append(self._worker.submit(self._stream.finish))
            self._collect(0)
            self._stream = self._last = None
            self._limbs = LimbCorrector(self._fps)

    def _push(self, seen: SeenFrame) -> None:
        self._last = seen
        has_landmarks = self._runtime.config.backbone == BLAZEPOSE
        self._run(self._limbs.push(*seen) if has_landmarks else [seen])

    def _run(self, frames: Sequence[SeenFrame]) -> None:
        assert self._stream is not None
        for frame in frames:
            self._pending.append(self._worker.submit(self._stream.push, *frame))
            self._collect(MAX_PENDING)

    def _collect(self, max_pending: int) -> None:
        """Wait until at most so many frames are pending."""
        while len(self._pending) > max_pending:
            self._results += [result.packed() for result in self._pending.popleft().result()]

    def results(self) -> TrackResults:
        """The results for each frame with a sighting. Call it after `end_run`."""
        return dict(zip(self._frames, zip(self._boxes, self._results, strict=True), strict=True))


def _between(first: SeenFrame, second: SeenFrame, share: float) -> SeenFrame:
    """Interpolate from the first to the second by a share of the way."""

    def mixed(pair: Array) -> Array:
        return (1 - share) * pair[:1] + share * pair[1:]

    features, cameras = [first[0], second[0]], [first[1], second[1]]
    return FrameFeatures.cat(features).map(mixed), CropCamera.cat(cameras).map(mixed)


@dataclass(frozen=True)
class CapturedPerson:
    """The results of one person, in M frames.

    Attributes:
        person_id: number of the person.
        frames: [M] increasing.
        boxes: M boxes x0, y0, x1, y1 in pixels.
        results: M results, see FrameResult.packed.
        hands: the looks at the left and at the right hand; None if hands are not captured.
        face: the looks at the face; None if faces are not captured.
    """

    person_id: int
    frames: Sequence[int]
    boxes: Sequence[Sequence[float]]
    results: Sequence[bytes]
    hands: tuple[Sequence[SeenHand], Sequence[SeenHand]] | None = None
    face: Sequence[SeenFace] | None = None

    def total_size(self) -> float:
        """Square root of the person's box area, summed over the frames. It ranks people by size and presence."""
        return float(np.sqrt([(box[2] - box[0]) * (box[3] - box[1]) for box in self.boxes]).sum())

    def motion(self, source_body: BodyData, target_body: BodyData, fps: float) -> PersonMotion:
        """The complete motion, see `assemble_motion`; `fps` is the rate of the processed frames."""
        boxes = [np.array(box) for box in self.boxes]
        results = [FrameResult.unpacked(data) for data in self.results]
        motion = assemble_motion(self.person_id, self.frames, boxes, results, source_body, target_body)
        if self.hands is not None:
            motion = with_hands(motion, self.hands, target_body, fps)
        return motion if self.face is None else with_face(motion, self.face, fps)


def collect_people(
    people: Sequence[Identity],
    results: Mapping[int, TrackResults],
    looks: Mapping[tuple[int, int], Sequence[Any]],
    with_hands: bool,
    with_face: bool,
) -> list[CapturedPerson]:
    """Collect the results of people from their tracks; frames of other tracks, and people without frames, are left out.

    Args:
        people: numbered from 1 in this order.
        results: by track number.
        looks: at hands and faces of the tracks.
        with_hands, with_face: whether hands and faces are captured.
    """
    captured = []
    for number, person in enumerate(people, 1):
        seen = dict(zip(person.frames.tolist(), person.track_ids.tolist(), strict=True))
        rows = [(frame, *results[track][frame]) for frame, track in seen.items() if frame in results.get(track, ())]
        if rows:
            frames, boxes, packed = zip(*rows, strict=True)
            hands = (looks_at(seen, LEFT_HAND, looks), looks_at(seen, RIGHT_HAND, looks)) if with_hands else None
            face = looks_at(seen, FACE, looks) if with_face else None
            captured.append(CapturedPerson(number, frames, boxes, packed, hands, face))
    return captured


def assemble_motion(
    person_id: int,
    seen: Sequence[int],
    boxes: Sequence[np.ndarray],
    results: Sequence[FrameResult],
    source_body: BodyData,
    target_body: BodyData,
) -> PersonMotion:
    """Join the network's results to a motion with one shape, and interpolate the frames between sightings.

    Args:
        person_id: number of the person.
        seen: M increasing frame numbers with a sighting. Interpolated frames have confidence 0.
        boxes: M boxes [4] in pixels.
        results: M results of the network.
        source_body: the body to which the results' betas belong.
        target_body: the body to which the motion is fitted; may be the same.
    """
    betas = np.stack([result.betas for result in results])
    confidence = np.array([result.confidence for result in results])
    shape = median_shape(betas, confidence)
    if target_body is not source_body:
        shape = transfer_shape(shape, source_body, target_body)
    trans = np.stack([result.trans for result in results])
    trans = translation_for_shape(trans, betas, shape, source_body, target_body)
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


def with_hands(
    motion: PersonMotion, looks: tuple[Sequence[SeenHand], Sequence[SeenHand]], body: BodyData, fps: float
) -> PersonMotion:
    """Add the fingers to a motion, and turn its wrists and forearms to the palms.

    Args:
        looks: at the left and at the right hand.
        body: of the motion. If it has no fingers, those of the free body are used.
        fps: frames per second.
    """
    rest = rest_joints_with_fingers(body, motion.betas)
    hands = hand_motion(looks, motion.frames, motion.poses.reshape(-1, NUM_JOINTS, 3), rest, fps)
    poses = hands.body_poses.reshape(motion.poses.shape)
    return replace(motion, poses=poses, hand_poses=hands.poses, hand_confidence=hands.confidence)


def rest_joints_with_fingers(body: BodyData, betas: np.ndarray) -> np.ndarray:
    """[52, 3] joints of a body at rest, in SMPL-H's order; a body without fingers gets those of the free body."""
    fingers = body.with_fingers()
    if fingers.has_fingers:
        return rest_joints(fingers, betas).astype(np.float64)
    rest, own = rest_joints(load_body().with_fingers(), betas).astype(np.float64), rest_joints(body, betas)
    wrists = [JOINT_NAMES.index(f"{side}_wrist") for side in SIDES]
    rest[NUM_BODY_JOINTS:] += np.repeat(own[wrists] - rest[wrists], NUM_HAND_JOINTS, 0)
    rest[:NUM_BODY_JOINTS] = own[:NUM_BODY_JOINTS]
    return rest


def with_face(motion: PersonMotion, looks: Sequence[SeenFace], fps: float) -> PersonMotion:
    """Add the shape keys of the face to a motion, and turn its head to the face; `fps` is its frame rate."""
    face = face_motion(looks, motion.frames, fps)
    poses = turn_head(motion.poses.reshape(-1, NUM_JOINTS, 3), looks, motion.frames, fps)
    values, confidence = face.values, face.confidence
    return replace(motion, poses=poses.reshape(motion.poses.shape), face_values=values, face_confidence=confidence)


def interpolate_linearly(frames: np.ndarray, known: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Interpolate values [M, C] at the frame numbers `known` [M] to `frames` [N]: [N, C]."""
    return np.stack([np.interp(frames, known, column) for column in values.T], 1)


def interpolate_poses(frames: np.ndarray, known: np.ndarray, poses: np.ndarray) -> np.ndarray:
    """Interpolate poses [M, 72] at the frame numbers `known` [M] to `frames` [N], by slerp of each joint: [N, 72]."""
    quaternions = axis_angle_to_quaternion(poses.reshape(len(known), -1, 3).astype(np.float64))
    result = quaternion_to_axis_angle(slerp_at(frames, known, quaternions)).reshape(len(frames), -1)
    result[known - frames[0]] = poses  # exactly, without the rounding of the conversion
    return result
