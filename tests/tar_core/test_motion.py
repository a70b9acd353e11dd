"""Motion clips, the floor, and motion files of all versions."""

from dataclasses import replace

import numpy as np
import pytest

from tar_core.camera.trajectory import CameraTrajectory
from tar_core.errors import TarError
from tar_core.motion import Floor, MotionClip, PersonMotion, Vertical
from tests.support.clips import make_clip, make_person
from tests.support.paths import DATA


def test_files_without_joint_errors_load(tmp_path):
    clip = make_clip([make_person(2)])
    clip.save(tmp_path / "clip.npz")
    with np.load(tmp_path / "clip.npz") as data:
        old = {name: data[name] for name in data if not name.endswith("joint_errors")}
        assert len(old) < len(data.files)
    np.savez(tmp_path / "old.npz", **old)
    for person in MotionClip.load(tmp_path / "old.npz").people:
        np.testing.assert_array_equal(person.joint_errors, np.zeros((len(person), 24)))


def test_file_of_the_first_version_loads():
    """Written by the first commit, without joint errors, floor, vertical and camera trajectory."""
    clip = MotionClip.load(DATA / "motion_of_the_first_version.npz")
    assert (clip.fps, clip.width, clip.height, clip.focal_length, clip.source) == (25, 640, 480, 800, "old.mp4")
    assert clip.floor is None and clip.vertical is None and clip.camera_trajectory is None
    (person,) = clip.people
    assert person.person_id == 3 and person.frames.tolist() == [7, 8, 9, 10]
    assert person.poses.max() == np.float32(0.7) and not person.joint_errors.any()


def test_clip_round_trips_through_its_file(tmp_path):
    clip = make_clip([make_person(0), make_person(4, count=1)])
    clip.save(tmp_path / "clip.npz")
    loaded = MotionClip.load(tmp_path / "clip.npz")
    assert (loaded.fps, loaded.width, loaded.height, loaded.focal_length) == (29.97, 1080, 1920, 2203.0)
    assert loaded.source == clip.source and loaded.body == "free" and (loaded.first_frame, loaded.last_frame) == (3, 9)
    for a, b in zip(clip.people, loaded.people, strict=True):
        for name in vars(a):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 truncated"])
def test_other_files_are_rejected(tmp_path, content):
    (tmp_path / "clip.npz").write_bytes(content)
    with pytest.raises(TarError, match="not a TAR motion file"):
        MotionClip.load(tmp_path / "clip.npz")


def test_truncated_file_is_rejected(tmp_path):
    make_clip([make_person()]).save(tmp_path / "clip.npz")
    data = (tmp_path / "clip.npz").read_bytes()
    (tmp_path / "clip.npz").write_bytes(data[: len(data) // 2])
    with pytest.raises(TarError, match="not a TAR motion file"):
        MotionClip.load(tmp_path / "clip.npz")


def test_missing_file_is_reported(tmp_path):
    with pytest.raises(TarError, match=r"gone\.npz: no such motion file"):
        MotionClip.load(tmp_path / "gone.npz")


@pytest.mark.parametrize(
    "change",
    [
        {"poses": np.zeros((7, 71))},
        {"frames": np.array([0, 1, 2, 4, 5, 6, 7])},
        {"trans": np.full((7, 3), np.nan)},
    ],
)
def test_invalid_motions_are_rejected(change):
    with pytest.raises(TarError):
        PersonMotion(**{**vars(make_person()), **change})


def test_with_focal_length_keeps_the_projection():
    clip = make_clip([make_person(0), make_person(4)])
    longer = clip.with_focal_length(2 * clip.focal_length)
    for before, after in zip(clip.people, longer.people, strict=True):
        np.testing.assert_allclose(after.trans[:, 2], 2 * before.trans[:, 2])
        np.testing.assert_allclose(
            longer.focal_length * after.trans[:, :2] / after.trans[:, 2:],
            clip.focal_length * before.trans[:, :2] / before.trans[:, 2:],
            rtol=1e-5,
        )


def test_error_of_the_focal_length_is_optional_and_zero_if_the_focal_length_is_given(tmp_path):
    clip = make_clip([make_person()])
    clip.save(tmp_path / "old.npz")
    assert MotionClip.load(tmp_path / "old.npz").focal_length_error is None
    replace(clip, focal_length_error=0.12).save(tmp_path / "clip.npz")
    loaded = MotionClip.load(tmp_path / "clip.npz")
    assert loaded.focal_length_error == 0.12
    assert loaded.with_focal_length(900.0).focal_length_error == 0
    with np.load(tmp_path / "clip.npz") as data:
        assert data["format_version"] == 1  # older readers ignore the key


def test_depths_are_those_in_the_camera_of_each_frame():
    person = make_person(0, count=3, first=0)
    clip = make_clip([person])
    np.testing.assert_allclose(clip.depths(person), person.trans[:, 2])
    turned = replace(clip, camera_trajectory=CameraTrajectory(0, np.tile([0, np.pi / 2, 0], (3, 1))))
    np.testing.assert_allclose(turned.depths(person), -person.trans[:, 0], atol=1e-6)


def test_floor_round_trips_and_is_optional(tmp_path):
    clip = make_clip([make_person()])
    clip.save(tmp_path / "old.npz")
    assert MotionClip.load(tmp_path / "old.npz").floor is None
    clip.floor = Floor(np.array([0.1, -0.9, -0.2]), 1.6, 0.8)
    clip.save(tmp_path / "clip.npz")
    floor = MotionClip.load(tmp_path / "clip.npz").floor
    np.testing.assert_allclose(floor.up, clip.floor.up, atol=1e-12)
    assert (floor.height, floor.confidence) == (1.6, 0.8)
    with pytest.raises(TarError, match="floor"):
        Floor(np.zeros(3), 1.0)


def test_with_focal_length_keeps_points_on_the_floor():
    clip = make_clip([make_person()])
    clip.floor = Floor(np.array([0.1, -0.9, -0.2]), 1.6)
    points = np.random.default_rng(0).normal(size=(5, 3))
    points -= clip.floor.heights(points)[:, None] * clip.floor.up  # onto the floor
    moved = clip.with_focal_length(1.5 * clip.focal_length).floor
    np.testing.assert_allclose(moved.heights(points * [1, 1, 1.5]), 0, atol=1e-12)


def test_vertical_round_trips_and_is_optional(tmp_path):
    clip = make_clip([make_person()])
    clip.save(tmp_path / "old.npz")
    assert MotionClip.load(tmp_path / "old.npz").vertical is None
    clip.vertical = Vertical(np.array([0.1, -0.9, -0.2]), 1.5)
    clip.save(tmp_path / "clip.npz")
    vertical = MotionClip.load(tmp_path / "clip.npz").vertical
    np.testing.assert_allclose(vertical.up, clip.vertical.up, atol=1e-12)
    assert vertical.error == 1.5
    with pytest.raises(TarError, match="vertical"):
        Vertical(np.array([0.0, np.nan, 1.0]), 1.0)


def test_with_focal_length_keeps_the_vanishing_point():
    clip = make_clip([make_person()])
    clip.vertical = Vertical(np.array([0.1, -0.9, -0.2]), 1.5)
    other = clip.with_focal_length(1.5 * clip.focal_length)
    point, same = (c.focal_length * c.vertical.up[:2] / c.vertical.up[2] for c in (clip, other))
    np.testing.assert_allclose(same, point)


def test_pitch_and_roll_of_the_floor():
    """For a camera that looks down by 20 degrees, up has a negative z."""
    down = Floor(np.array([0.0, -np.cos(np.radians(20)), -np.sin(np.radians(20))]), 1.5, 0.75)
    assert np.degrees([down.pitch, down.roll]) == pytest.approx([20, 0])
    right = Floor(np.array([np.sin(0.1), -np.cos(0.1), 0.0]), 1.5)
    assert (right.pitch, right.roll) == pytest.approx((0, 0.1))
    assert str(down) == "camera 1.50 m above the floor, pitch 20.0, roll 0.0 degrees, confidence 0.75"


def rotating_camera_clip():
    clip = make_clip([make_person(1, count=20, first=0)])
    clip.people[0].trans += (0, 0, 6)
    clip.camera_trajectory = CameraTrajectory(0, np.linspace([0, 0, 0], [0.1, 1.2, -0.2], 20), inlier_ratio=0.9)
    return clip


def test_camera_rotation_round_trips(tmp_path):
    clip = rotating_camera_clip()
    clip.save(tmp_path / "clip.npz")
    trajectory = MotionClip.load(tmp_path / "clip.npz").camera_trajectory
    np.testing.assert_allclose(trajectory.rotation_vectors, clip.camera_trajectory.rotation_vectors, atol=1e-6)
    assert (trajectory.first_frame, trajectory.inlier_ratio) == (0, 0.9)
    with np.load(tmp_path / "clip.npz") as data:
        assert data["format_version"] == 2, "readers of version 1 ignore rotations"
    make_clip([make_person()]).save(tmp_path / "still.npz")
    with np.load(tmp_path / "still.npz") as data:
        assert data["format_version"] == 1


def test_camera_translation_and_zoom_round_trip(tmp_path):
    clip = rotating_camera_clip()
    random = np.random.default_rng(0)
    clip.camera_trajectory = CameraTrajectory(
        0,
        clip.camera_trajectory.rotation_vectors,
        random.normal(size=(20, 3)),
        random.uniform(1, 2, 20),
        world=random.normal(size=(4, 4)),
    )
    clip.save(tmp_path / "clip.npz")
    trajectory = MotionClip.load(tmp_path / "clip.npz").camera_trajectory
    for name in ("positions", "zoom_factors", "world"):
        np.testing.assert_array_equal(getattr(trajectory, name), getattr(clip.camera_trajectory, name))
    with np.load(tmp_path / "clip.npz") as data:
        assert data["format_version"] == 3, "readers of version 2 ignore positions"


def test_with_principal_point_keeps_the_projection():
    clip = rotating_camera_clip()
    clip.camera_trajectory = CameraTrajectory(
        0, clip.camera_trajectory.rotation_vectors, np.linspace([0, 0, 0], [1, 0.2, 0.5], 20), np.linspace(1, 2, 20)
    )
    other = clip.with_principal_point(clip.principal_point + (30.0, -12.0))
    for k, (before, after) in enumerate(zip(clip.people[0].trans, other.people[0].trans, strict=True)):
        p, q = clip.in_camera(before, k), other.in_camera(after, k)
        focal_length = clip.focal_lengths(np.array([k]))[0]
        np.testing.assert_allclose(
            focal_length * q[:2] / q[2] + other.principal_point,
            focal_length * p[:2] / p[2] + clip.principal_point,
            atol=0.01,
        )
        assert q[2] == pytest.approx(p[2], abs=1e-5)


def test_in_camera_transforms_to_the_camera_of_a_frame():
    clip = make_clip([])
    clip.camera_trajectory = CameraTrajectory(
        5, np.array([[0, 0, 0], [0, np.pi / 2, 0]]), np.array([[0, 0, 0], [1, 0, 0.0]]), [1, 3]
    )
    np.testing.assert_allclose(clip.in_camera(np.array([[1.0, 2, 5]]), 6), [[5, 2, 0]], atol=1e-12)
    np.testing.assert_allclose(clip.focal_lengths(np.array([5, 6])), [clip.focal_length, 3 * clip.focal_length])
    assert (make_clip([]).in_camera(np.ones((2, 3)), 6) == 1).all()


def test_with_focal_length_keeps_the_projection_with_a_rotating_camera():
    clip = rotating_camera_clip()
    other = clip.with_focal_length(1.3 * clip.focal_length)
    person, moved = clip.people[0], other.people[0]
    for before, after, rotation in zip(person.trans, moved.trans, clip.camera_rotations(person.frames), strict=True):
        p, q = rotation @ before, rotation @ after
        np.testing.assert_allclose(clip.focal_length * p[:2] / p[2], other.focal_length * q[:2] / q[2], rtol=1e-4)
        assert q[2] == pytest.approx(1.3 * p[2], rel=1e-5)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"fps": np.inf}, "fps has values that are not finite"),
        ({"fps": 1e300}, "the frame rate must be from 0.1 to 1000"),
        ({"fps": 0.001}, "the frame rate must be from 0.1 to 1000"),
        ({"width": 0}, "the size must be from 1"),
        ({"height": 10**9}, "the size must be from 1"),
        ({"focal": -1.0}, "the focal length must be above zero"),
        ({"principal_point": np.zeros((2, 1))}, "principal_point has the shape"),
        ({"principal_point": 3.0}, "principal_point has the shape"),
        ({"source": 7}, "source has values of the type"),
        ({"person_ids": np.array([1, 1])}, "two people have the same number"),
        ({"person_ids": np.array([1, 2])}, "person_2/poses is missing"),
        ({"person_1/frames": np.arange(2**31 - 10, 2**31)}, "person_1/frames must be from 0"),
        ({"person_1/confidence": np.full(10, 2.0)}, "person_1/confidence must be from 0 to 1"),
        ({"person_1/trans": np.full((10, 3), 1e30)}, "person_1/trans must be from"),
        ({"floor/up": np.array([0.0, -1.0, 0.0])}, "floor/height"),
        ({"camera/turns": np.zeros((3, 3))}, "camera/first_frame"),
        ({"camera/zooms": np.ones(3), "camera/turns": np.zeros((4, 3))}, "camera/zooms has the shape"),
        ({"format_version": "1"}, "format_version has values of the type"),
    ],
)
def test_wrong_content_is_one_line_that_names_it(tmp_path, arrays, words):
    path = tmp_path / "clip.npz"
    MotionClip(30, 1920, 1080, 1500.0, np.array([960, 540]), "v.mp4", [make_person(1, 10)]).save(path)
    with np.load(path) as file:
        np.savez(path, **{**file, **arrays})
    with pytest.raises(TarError, match=words) as error:
        MotionClip.load(path)
    assert str(error.value).startswith(f"{path}: not a TAR motion file")


def test_hands_round_trip_and_older_readers_get_files_without_hands(tmp_path):
    person = make_person(1)
    random = np.random.default_rng(0)
    hands = replace(person, hand_poses=random.normal(size=(7, 90)), hand_confidence=random.uniform(size=(7, 2)))
    make_clip([make_person(0), hands]).save(tmp_path / "clip.npz")
    first, second = MotionClip.load(tmp_path / "clip.npz").people
    assert first.hand_poses is None and first.hand_confidence is None
    np.testing.assert_array_equal(second.hand_poses, hands.hand_poses)
    np.testing.assert_array_equal(second.hand_confidence, hands.hand_confidence)
    with np.load(tmp_path / "clip.npz") as data:
        assert data["format_version"] == 5, "readers of version 4 ignore hands"
    make_clip([person]).save(tmp_path / "without.npz")
    with np.load(tmp_path / "without.npz") as data:
        assert data["format_version"] == 1 and not any("hand" in name for name in data)


def test_hands_without_a_confidence_are_rejected():
    with pytest.raises(TarError, match="hand_confidence has shape"):
        replace(make_person(), hand_poses=np.zeros((7, 90)))
