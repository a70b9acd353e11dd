import math
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tar_core.arrays import Array, to_tensor
from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.camera.crop import Crop
from tar_core.camera.crop_camera import CropCamera
from tar_core.capture import track
from tar_core.capture.track import NetworkTrack, TrackResults, assemble_motion, collect_people, interpolate_poses
from tar_core.model.config import PAPER, TAR_S
from tar_core.model.features import NUM_LANDMARKS, VECTOR_SIZE, FrameFeatures, Landmarks
from tar_core.people.identity import Identity
from tar_core.people.swapped_limbs import ARMS, swap_sides
from tar_core.rotations import axis_angle_to_matrix, axis_angle_to_quaternion
from tar_core.runtime.streaming import FrameResult


def result(poses: np.ndarray, betas: np.ndarray, trans: np.ndarray, confidence: float) -> FrameResult:
    arrays = (array.astype(np.float32) for array in (poses, betas, trans))
    return FrameResult(*arrays, confidence, np.full(24, 0.05, np.float32))


def test_missing_frames_are_interpolated_with_confidence_zero() -> None:
    body = load_body()
    pose = np.zeros(72)
    pose[1] = 1.0
    betas = np.zeros(10)
    results = [
        result(0 * pose, betas, np.array([0.0, 0, 4]), 0.8),
        result(0.4 * pose, betas, np.array([0.4, 0, 4]), 0.9),
    ]
    boxes = [np.array([0.0, 0, 10, 10]), np.array([40.0, 0, 50, 10])]
    motion = assemble_motion(7, [10, 14], boxes, results, body, body)
    np.testing.assert_array_equal(motion.frames, [10, 11, 12, 13, 14])
    np.testing.assert_allclose(motion.poses[:, 1], [0, 0.1, 0.2, 0.3, 0.4], atol=1e-6)
    np.testing.assert_allclose(motion.trans[:, 0], [0, 0.1, 0.2, 0.3, 0.4], atol=1e-6)
    np.testing.assert_allclose(motion.boxes[:, 0], [0, 10, 20, 30, 40])
    np.testing.assert_allclose(motion.confidence, [0.8, 0, 0, 0, 0.9], atol=1e-6)


def known_track(frames: range, side: float) -> TrackResults:
    """The results of a track whose boxes have this side."""
    packed = (result(np.zeros(72), np.zeros(10), np.array([frame, side, 4]), 1).packed() for frame in frames)
    return {frame: ([0.0, 0.0, side, side], data) for frame, data in zip(frames, packed, strict=True)}


def test_people_are_collected_from_the_tracks_that_show_them() -> None:
    tracks = {1: known_track(range(10), side=20), 2: known_track(range(10), side=30)}
    exchanged = Identity(np.array([0, 1, 5, 6]), np.array([1, 1, 2, 2]))
    unknown = Identity(np.array([0, 1]), np.array([7, 7]))
    partly = Identity(np.array([3, 4]), np.array([7, 1]))
    first, last = collect_people([exchanged, unknown, partly], tracks, {}, with_hands=False, with_face=False)
    assert (first.person_id, last.person_id) == (1, 3), "people without results are left out"
    assert list(first.frames) == [0, 1, 5, 6] and list(last.frames) == [4]
    assert first.total_size() == pytest.approx(20 + 20 + 30 + 30)
    motion = first.motion(load_body(), load_body(), 30.0)
    np.testing.assert_allclose(motion.trans[[0, 1, 5, 6], 0], [0, 1, 5, 6], atol=1e-5)
    np.testing.assert_allclose(motion.boxes[[0, 6], 2], [20, 30])
    np.testing.assert_array_equal(motion.confidence, [1, 1, 0, 0, 0, 1, 1])


def test_median_shape_keeps_the_pelvis_on_its_line_of_sight() -> None:
    body, rng = load_body(), np.random.default_rng(0)
    results = [result(np.zeros(72), rng.normal(size=10), rng.normal([0, 0, 4], 0.3), 1.0) for _ in range(5)]
    motion = assemble_motion(1, range(5), [np.array([0, 0, 9, 9])] * 5, results, body, body)
    for row, frame in enumerate(results):
        before = rest_joints(body, frame.betas)[0] + frame.trans
        after = rest_joints(body, motion.betas)[0] + motion.trans[row]
        np.testing.assert_allclose(after[:2] / after[2], before[:2] / before[2], atol=1e-5)
        assert after[2] == pytest.approx(before[2], rel=0.2)


def test_poses_are_interpolated_on_the_shorter_arc() -> None:
    """From 170 to -170 degrees it is 20 degrees, not 340. Known frames are unchanged."""
    angle = np.radians(170)
    poses = np.zeros((2, 72))
    poses[:, 2] = angle, -angle
    between = interpolate_poses(np.arange(3), np.array([0, 2]), poses)
    half_turn = axis_angle_to_matrix(np.array([0, 0, np.pi]))
    np.testing.assert_allclose(axis_angle_to_matrix(between[1, :3]), half_turn, atol=1e-9)
    np.testing.assert_array_equal(between[[0, 2]], poses)
    assert np.isfinite(axis_angle_to_quaternion(between.reshape(3, 24, 3))).all()


def test_single_frame_needs_no_interpolation() -> None:
    poses = np.full((1, 72), 0.1)
    np.testing.assert_array_equal(interpolate_poses(np.array([4]), np.array([4]), poses), poses)


class EchoStream:
    """Instead of the network: returns the features as the translation, and the crop's place as the pose."""

    def __init__(self, *_: Any) -> None:
        pass

    def push(self, features: FrameFeatures, camera: CropCamera) -> list[FrameResult]:
        seen = (features.vector[0, 0], features.landmarks.points[0, 0, 0], features.local_map[0, 0, 0, 0])
        return [result(np.full(72, camera.center[0, 0]), np.zeros(10), np.array([float(one) for one in seen]), 1.0)]

    def finish(self) -> list[FrameResult]:
        return []


def results_of(
    monkeypatch: pytest.MonkeyPatch,
    values: Iterable[float],
    repeated: set[int],
    roll: dict[int, float],
    on_device: Callable[[np.ndarray], Array] = np.asarray,
) -> list[float]:
    """The values of the features that the network gets, for features with other values in each frame."""
    monkeypatch.setattr(track, "TARStream", EchoStream)
    with ThreadPoolExecutor(max_workers=1) as worker:
        runtime: Any = SimpleNamespace(config=PAPER)  # EchoStream needs no network
        person = NetworkTrack(runtime, 30.0, worker)
        for frame, value in enumerate(values):
            landmarks = Landmarks.unknown([1])
            landmarks.points[:] = value
            local_map = on_device(np.full((1, 1, 64, 64), value, np.float32))
            features = FrameFeatures(np.full((1, 2), value, np.float32), local_map, landmarks)
            camera = CropCamera.from_crop(Crop(value, 0, 10, roll.get(frame, 0.0)), 500, (0, 0))
            sighting: Any = SimpleNamespace(frame=frame, features=features, box=np.zeros(4))
            person.add(sighting, camera, frame in repeated)
        person.end_run()
    found = [FrameResult.unpacked(packed) for _, packed in person.results().values()]
    for frame, one in enumerate(found):
        np.testing.assert_allclose(one.trans, one.trans[0], rtol=1e-5)
        if frame not in roll:
            np.testing.assert_allclose(one.poses, one.trans[0], rtol=1e-5)
    return [float(one.trans[0]) for one in found]


@pytest.mark.parametrize("on_device", [np.asarray, to_tensor], ids=["arrays", "maps on the device"])
def test_frames_that_repeat_an_image_get_features_in_between(
    monkeypatch: pytest.MonkeyPatch, on_device: Callable[[np.ndarray], Array]
) -> None:
    values = [0.0, 1, 1, 1, 4, 5, 5]
    assert results_of(monkeypatch, values, {2, 3, 6}, {}, on_device) == pytest.approx([0, 1, 2, 3, 4, 5, 5])
    assert results_of(monkeypatch, [3.0, 3, 5], {0, 1}, {}) == pytest.approx([3, 3, 5]), "nothing before"


def test_a_person_in_an_image_that_is_shown_long_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    values = [0.0] * 20 + [8.0]
    expected = [0.0] * 13 + [1.0, 2, 3, 4, 5, 6, 7, 8]
    assert results_of(monkeypatch, values, set(range(1, 20)), {}) == pytest.approx(expected)


def test_features_of_differently_turned_crops_are_not_mixed(monkeypatch: pytest.MonkeyPatch) -> None:
    turned = {0: 3.1, 1: 3.1, 2: -3.1}
    assert all(abs(math.sin(roll)) < 0.1 for roll in turned.values()), "both crops are upside down"
    assert results_of(monkeypatch, [0.0, 0, 2], {1}, turned) == pytest.approx([0, 0, 2])


def test_frames_with_swapped_arms_are_named_after_gaps_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(track, "TARStream", EchoStream)
    camera = CropCamera.from_crop(Crop(0, 0, 300), 500, (0, 0))
    points = np.random.default_rng(0).uniform(50, 200, (1, NUM_LANDMARKS, 2))
    still = FrameFeatures(
        np.zeros((1, VECTOR_SIZE)), np.zeros((1, 1, 64, 64)), replace(Landmarks.unknown([1]), points=points)
    )
    with ThreadPoolExecutor(max_workers=1) as worker:
        runtime: Any = SimpleNamespace(config=TAR_S)
        person = NetworkTrack(runtime, 30.0, worker)
        for first in (10, 70):
            for frame in range(first, first + 40):
                features = swap_sides(still, ARMS) if frame in (25, 26, 90) else still
                sighting: Any = SimpleNamespace(frame=frame, features=features, box=np.zeros(4))
                person.add(sighting, camera)
            person.end_run()
    assert person.swapped_arms == {25, 26, 90}
