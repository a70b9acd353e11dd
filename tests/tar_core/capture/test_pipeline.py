from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from benchmarks.bench_turning import degrees_off, turn_video
from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.camera.world import to_camera_frame, with_camera_trajectory
from tar_core.capture.pipeline import (
    _check_scale,
    assemble_motion,
    capture,
    check_writable,
    choose_device,
    interpolate_poses,
)
from tar_core.capture.progress import Progress
from tar_core.errors import TarError
from tar_core.model.streaming import FrameResult
from tar_core.motion import Floor
from tar_core.options import CaptureOptions, StartBox
from tar_core.people.boxes import box_iou
from tar_core.rotations import axis_angle_to_matrix, axis_angle_to_quaternion
from tar_core.video.writer import VideoWriter
from tests.support.moving_camera import clip_of, dolly, walker

CALIBRATED_FOCAL = 1681  # of the demo's camera, pixels
MAN = (240, 330, 620, 1260)  # where the demo's man stands in frame 0


def result(poses: np.ndarray, betas: np.ndarray, trans: np.ndarray, confidence: float) -> FrameResult:
    arrays = (array.astype(np.float32) for array in (poses, betas, trans))
    return FrameResult(*arrays, confidence, np.full(24, 0.05, np.float32))


def test_demo_person(demo_video: Path, untrained_checkpoint: Path) -> None:
    told: list[Progress] = []
    options = CaptureOptions(people="largest", end=5, checkpoint=untrained_checkpoint, device="cpu")
    clip = capture(demo_video, options, told.append)
    assert (clip.width, clip.height, clip.body) == (1080, 1920, "free")
    assert clip.fps == pytest.approx(60, abs=0.1)
    # The video's own calibration (Qualisys): the camera looks down and is turned.
    assert clip.focal_length == pytest.approx(CALIBRATED_FOCAL, rel=0.05)
    up = Floor(clip.vertical.up, 0.0)
    assert np.degrees([up.pitch, up.roll]) == pytest.approx([22.5, 13.4], abs=1.5)
    np.testing.assert_allclose(clip.principal_point, [539.5, 959.5])
    (person,) = clip.people
    np.testing.assert_array_equal(person.frames, np.arange(6))
    assert (person.confidence > 0.3).all()
    assert box_iou(person.boxes[0], np.array(MAN)) > 0.5
    assert [(progress.stage, progress.done) for progress in told] == [("load", 0)] + [
        ("capture", done) for done in range(1, 7)
    ]
    assert all(progress.total == 6 for progress in told[1:])


def test_a_camera_that_turns(demo_video: Path, untrained_checkpoint: Path, tmp_path: Path) -> None:
    turns = np.radians(np.linspace([0, 0, 0], [1, 4, 2], 40))
    turn_video(demo_video, tmp_path / "turning.mp4", turns)
    options = CaptureOptions(people="largest", focal_length=1681, checkpoint=untrained_checkpoint, device="cpu")
    told: list[Progress] = []
    clip = capture(tmp_path / "turning.mp4", options, told.append)
    assert clip.camera_trajectory is not None and len(clip.camera_trajectory.rotation_vectors) == 40
    off = degrees_off(clip.camera_rotations(np.arange(40)), Rotation.from_rotvec(turns).as_matrix())
    assert off.max() < 0.3
    assert [progress.stage for progress in told[-40:]] == ["camera"] * 40

    still = capture(tmp_path / "turning.mp4", replace(options, static_camera=True))
    assert still.camera_trajectory is None
    seen, held = still.people[0], clip.people[0]
    rest = rest_joints(load_body(), seen.betas)[0]
    back = clip.camera_rotations(seen.frames).transpose(0, 2, 1)
    np.testing.assert_allclose(held.trans + rest, (back @ (seen.trans + rest)[..., None])[..., 0], atol=1e-4)
    np.testing.assert_array_equal(held.poses[:, 3:], seen.poses[:, 3:])


def test_a_camera_path_is_taken_as_given(demo_video: Path, untrained_checkpoint: Path, tmp_path: Path) -> None:
    """With its focal length and its up, on whatever the picture's lines and its background tell."""
    turns, places = np.linspace([0, 0, 0], [0.1, 0.2, 0], 70), np.linspace([0, 0, 0], [0.5, 0, 0.1], 70)
    rotations = axis_angle_to_matrix(turns)
    path = {"rotations": rotations, "translations": -np.einsum("fij,fj->fi", rotations, places)}
    np.savez(tmp_path / "path.npz", focal=1500.0, up=np.array([0, -1.0, 0]), **path)
    options = CaptureOptions(people="largest", end=5, checkpoint=untrained_checkpoint, device="cpu", static_camera=True)
    given = replace(options, camera_trajectory=tmp_path / "path.npz", trajectory_scale=2.0)
    clip = capture(demo_video, given)
    still = capture(demo_video, replace(options, focal_length=1500))
    assert clip.focal_length == 1500
    np.testing.assert_allclose(clip.vertical.up, [0, -1, 0], atol=1e-9)
    np.testing.assert_allclose(clip.camera_positions(np.arange(6)), 2 * places[:6], atol=1e-9)
    seen, held = still.people[0], clip.people[0]
    rest = rest_joints(load_body(), seen.betas)[0]
    for k in range(6):
        np.testing.assert_allclose(clip.in_camera(held.trans[k] + rest, k), seen.trans[k] + rest, atol=1e-4)

    with pytest.raises(TarError, match="frames 0 to 69 of the video, but frames 0 to 99"):
        capture(demo_video, replace(given, end=None))


def test_a_file_that_goes_meanwhile_loses_the_cameras_turns_alone(
    demo_video: Path, untrained_checkpoint: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    video = tmp_path / "turning.mp4"
    turn_video(demo_video, video, np.radians(np.linspace([0, 0, 0], [1, 4, 2], 40)))

    def unplug(progress: Progress) -> None:
        if progress.done == 39:
            video.unlink(missing_ok=True)

    options = CaptureOptions(people="largest", focal_length=1681, checkpoint=untrained_checkpoint, device="cpu")
    clip = capture(video, options, unplug)
    assert len(clip.people[0]) == 40 and clip.camera_trajectory is None
    assert "no such video" in caplog.text and "taken to stand" in caplog.text


def test_box_and_field_of_view(demo_video: Path, untrained_checkpoint: Path) -> None:
    options = CaptureOptions(box=StartBox(3, MAN), end=5, fov=90, checkpoint=untrained_checkpoint, device="cpu")
    clip = capture(demo_video, options)
    assert clip.focal_length == pytest.approx(960)  # as given, whatever the lines tell
    np.testing.assert_array_equal(clip.people[0].frames, [3, 4, 5])


def test_fast_video_is_looked_at_every_second_frame(demo_video: Path, untrained_checkpoint: Path) -> None:
    """The frames between, and the one after the last that was looked at, lie on curves through the others."""
    box = StartBox(1, MAN)
    options = CaptureOptions(box=box, end=10, checkpoint=untrained_checkpoint, device="cpu")
    (person,) = capture(demo_video, options).people
    np.testing.assert_array_equal(person.frames, np.arange(1, 11))
    np.testing.assert_allclose(person.boxes[1::2][:4], (person.boxes[0:8:2] + person.boxes[2::2]) / 2, rtol=1e-5)
    np.testing.assert_allclose(person.trans[9], 1.5 * person.trans[8] - 0.5 * person.trans[6], atol=1e-5)

    every = CaptureOptions(box=box, end=10, checkpoint=untrained_checkpoint, device="cpu", every_frame=True)
    (fully,) = capture(demo_video, every).people
    np.testing.assert_array_equal(fully.frames, person.frames)
    offsets = np.abs(fully.boxes - person.boxes).max(1)
    assert offsets[0] < 1e-3 and 0.01 < offsets.max() < 30


def test_progress_can_cancel(demo_video: Path, untrained_checkpoint: Path) -> None:
    def cancel(progress: Progress) -> None:
        if progress.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        capture(demo_video, CaptureOptions(checkpoint=untrained_checkpoint, device="cpu"), cancel)


def test_video_without_people(tmp_path: Path, untrained_checkpoint: Path) -> None:
    video = tmp_path / "empty_room.mp4"
    with VideoWriter(video, 30, 320, 240) as writer:
        for _ in range(8):
            writer.write(np.full((240, 320, 3), 120, np.uint8))
    with pytest.raises(TarError, match="nobody was found.*--box"):
        capture(video, CaptureOptions(checkpoint=untrained_checkpoint))
    with pytest.raises(TarError, match="has no frame 50"):
        capture(video, CaptureOptions(start=50, checkpoint=untrained_checkpoint))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: choose_device("abacus"), "device 'abacus'"),
    ],
)
def test_wrong_options(make: Callable[[], object], words: str) -> None:
    with pytest.raises(TarError, match=words):
        make()


def test_unwritable_output_is_told_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(TarError, match="cannot write"):
        check_writable(tmp_path / "absent" / "clip.npz")
    check_writable(tmp_path / "clip.npz")
    assert not list(tmp_path.iterdir())


def test_missing_frames_are_interpolated_and_marked() -> None:
    body = load_body()
    turn = np.zeros(72)
    turn[1] = 1.0
    betas = np.zeros(10)
    results = [
        result(0 * turn, betas, np.array([0.0, 0, 4]), 0.8),
        result(0.4 * turn, betas, np.array([0.4, 0, 4]), 0.9),
    ]
    boxes = [np.array([0.0, 0, 10, 10]), np.array([40.0, 0, 50, 10])]
    motion = assemble_motion(7, [10, 14], boxes, results, body, body)
    np.testing.assert_array_equal(motion.frames, [10, 11, 12, 13, 14])
    np.testing.assert_allclose(motion.poses[:, 1], [0, 0.1, 0.2, 0.3, 0.4], atol=1e-6)
    np.testing.assert_allclose(motion.trans[:, 0], [0, 0.1, 0.2, 0.3, 0.4], atol=1e-6)
    np.testing.assert_allclose(motion.boxes[:, 0], [0, 10, 20, 30, 40])
    np.testing.assert_allclose(motion.confidence, [0.8, 0, 0, 0, 0.9], atol=1e-6)


def test_one_shape_leaves_the_pelvis_on_its_line_of_sight() -> None:
    body, rng = load_body(), np.random.default_rng(0)
    results = [result(np.zeros(72), rng.normal(size=10), rng.normal([0, 0, 4], 0.3), 1.0) for _ in range(5)]
    motion = assemble_motion(1, range(5), [np.array([0, 0, 9, 9])] * 5, results, body, body)
    for row, frame in enumerate(results):
        before = rest_joints(body, frame.betas)[0] + frame.trans
        after = rest_joints(body, motion.betas)[0] + motion.trans[row]
        np.testing.assert_allclose(after[:2] / after[2], before[:2] / before[2], atol=1e-5)
        assert after[2] == pytest.approx(before[2], rel=0.2)


def test_poses_turn_the_short_way() -> None:
    """From 170 to -170 degrees lie 20 degrees, not 340; known frames come back untouched."""
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


def test_a_camera_path_of_unknown_length_goes_by_feet(caplog: pytest.LogCaptureFixture) -> None:
    truth, path = walker(), dolly()
    seen = replace(clip_of(truth), people=[to_camera_frame(truth, path, rest_joints(load_body(), np.zeros(10))[0])])
    short = with_camera_trajectory(seen, path.scaled(0.25), load_body())
    told = _check_scale(short, load_body(), by_feet=False)
    assert told is short and "4 times as long" in caplog.text and "--trajectory-scale feet" in caplog.text
    found = _check_scale(short, load_body(), by_feet=True)
    np.testing.assert_allclose(found.camera_trajectory.length, path.length, rtol=0.1)
    assert np.abs(found.people[0].trans - truth.trans).max() < 0.2
    _check_scale(clip_of(truth, CameraTrajectory(0, np.zeros((120, 3)))), load_body(), by_feet=True)
    assert "feet do not tell" in caplog.text
