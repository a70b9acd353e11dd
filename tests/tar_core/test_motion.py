import numpy as np
import pytest

from tar_core.camera.trajectory import CameraTrajectory
from tar_core.errors import TarError
from tar_core.motion import Floor, MotionClip, PersonMotion, Vertical
from tests.support.paths import DATA


def make_person(person_id=0, count=7, first=3):
    rng = np.random.default_rng(person_id)
    return PersonMotion(
        person_id=person_id,
        poses=rng.normal(size=(count, 72)),
        betas=rng.normal(size=10),
        trans=rng.normal(size=(count, 3)),
        frames=np.arange(first, first + count),
        boxes=rng.uniform(0, 100, size=(count, 4)),
        confidence=rng.uniform(size=count),
    )


def make_clip(people):
    return MotionClip(29.97, 1080, 1920, 2203.0, np.array([539.5, 959.5]), "a video.mp4", people)


def test_files_without_joint_errors_load(tmp_path):
    clip = make_clip([make_person(2)])
    clip.save(tmp_path / "clip.npz")
    with np.load(tmp_path / "clip.npz") as data:
        old = {name: data[name] for name in data if not name.endswith("joint_errors")}
        assert len(old) < len(data.files)
    np.savez(tmp_path / "old.npz", **old)
    for person in MotionClip.load(tmp_path / "old.npz").people:
        np.testing.assert_array_equal(person.joint_errors, np.zeros((len(person), 24)))


def test_a_file_of_the_first_version_opens():
    """Written by the first commit's tar_core, before joint errors, floors, verticals and cameras that move."""
    clip = MotionClip.load(DATA / "motion_of_the_first_version.npz")
    assert (clip.fps, clip.width, clip.height, clip.focal_length, clip.source) == (25, 640, 480, 800, "old.mp4")
    assert clip.floor is None and clip.vertical is None and clip.camera_trajectory is None
    (person,) = clip.people
    assert person.person_id == 3 and person.frames.tolist() == [7, 8, 9, 10]
    assert person.poses.max() == np.float32(0.7) and not person.joint_errors.any()


def test_a_clip_survives_its_file(tmp_path):
    clip = make_clip([make_person(0), make_person(4, count=1)])
    clip.save(tmp_path / "clip.npz")
    loaded = MotionClip.load(tmp_path / "clip.npz")
    assert (loaded.fps, loaded.width, loaded.height, loaded.focal_length) == (29.97, 1080, 1920, 2203.0)
    assert loaded.source == clip.source and loaded.body == "free" and loaded.last_frame == 9
    for a, b in zip(clip.people, loaded.people, strict=True):
        for name in vars(a):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 truncated"])
def test_other_files_are_refused_in_one_line(tmp_path, content):
    (tmp_path / "clip.npz").write_bytes(content)
    with pytest.raises(TarError, match="not a TAR motion file"):
        MotionClip.load(tmp_path / "clip.npz")


def test_a_truncated_clip_is_refused(tmp_path):
    make_clip([make_person()]).save(tmp_path / "clip.npz")
    data = (tmp_path / "clip.npz").read_bytes()
    (tmp_path / "clip.npz").write_bytes(data[: len(data) // 2])
    with pytest.raises(TarError, match="not a TAR motion file"):
        MotionClip.load(tmp_path / "clip.npz")


def test_a_missing_file_is_named(tmp_path):
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
def test_broken_motions_are_refused(change):
    with pytest.raises(TarError):
        PersonMotion(**{**vars(make_person()), **change})


def test_another_focal_length_leaves_everybody_over_their_pixels():
    clip = make_clip([make_person(0), make_person(4)])
    longer = clip.with_focal_length(2 * clip.focal_length)
    for before, after in zip(clip.people, longer.people, strict=True):
        np.testing.assert_allclose(after.trans[:, 2], 2 * before.trans[:, 2])
        np.testing.assert_allclose(
            longer.focal_length * after.trans[:, :2] / after.trans[:, 2:],
            clip.focal_length * before.trans[:, :2] / before.trans[:, 2:],
            rtol=1e-5,
        )


def test_the_floor_survives_its_file_and_older_files_have_none(tmp_path):
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


def test_the_floor_goes_with_another_focal_length():
    clip = make_clip([make_person()])
    clip.floor = Floor(np.array([0.1, -0.9, -0.2]), 1.6)
    points = np.random.default_rng(0).normal(size=(5, 3))
    points -= clip.floor.heights(points)[:, None] * clip.floor.up  # onto the floor
    moved = clip.with_focal_length(1.5 * clip.focal_length).floor
    np.testing.assert_allclose(moved.heights(points * [1, 1, 1.5]), 0, atol=1e-12)


def test_the_vertical_survives_its_file_and_older_files_have_none(tmp_path):
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


def test_lines_run_to_the_same_point_with_another_focal_length():
    clip = make_clip([make_person()])
    clip.vertical = Vertical(np.array([0.1, -0.9, -0.2]), 1.5)
    other = clip.with_focal_length(1.5 * clip.focal_length)
    point, same = (c.focal_length * c.vertical.up[:2] / c.vertical.up[2] for c in (clip, other))
    np.testing.assert_allclose(same, point)


def test_pitch_and_roll_of_the_floor():
    """A camera that looks down by 20 degrees sees up leaning towards itself, where z is negative."""
    down = Floor(np.array([0.0, -np.cos(np.radians(20)), -np.sin(np.radians(20))]), 1.5, 0.75)
    assert np.degrees([down.pitch, down.roll]) == pytest.approx([20, 0])
    right = Floor(np.array([np.sin(0.1), -np.cos(0.1), 0.0]), 1.5)
    assert (right.pitch, right.roll) == pytest.approx((0, 0.1))
    assert str(down) == "camera 1.50 m above the floor, pitch 20.0, roll 0.0 degrees, confidence 0.75"


def turning_clip():
    clip = make_clip([make_person(1, count=20, first=0)])
    clip.people[0].trans += (0, 0, 6)
    clip.camera_trajectory = CameraTrajectory(0, np.linspace([0, 0, 0], [0.1, 1.2, -0.2], 20), inlier_ratio=0.9)
    return clip


def test_a_camera_that_turns_survives_its_file(tmp_path):
    clip = turning_clip()
    clip.save(tmp_path / "clip.npz")
    turns = MotionClip.load(tmp_path / "clip.npz").camera_trajectory
    np.testing.assert_allclose(turns.rotation_vectors, clip.camera_trajectory.rotation_vectors, atol=1e-6)
    assert (turns.first_frame, turns.inlier_ratio) == (0, 0.9)
    with np.load(tmp_path / "clip.npz") as data:
        assert data["format_version"] == 2, "a reader that knows of no turns must not show it wrong"
    make_clip([make_person()]).save(tmp_path / "still.npz")
    with np.load(tmp_path / "still.npz") as data:
        assert data["format_version"] == 1


def test_a_camera_that_travels_survives_its_file(tmp_path):
    clip = turning_clip()
    random = np.random.default_rng(0)
    clip.camera_trajectory = CameraTrajectory(
        0,
        clip.camera_trajectory.rotation_vectors,
        random.normal(size=(20, 3)),
        random.uniform(1, 2, 20),
        world=random.normal(size=(4, 4)),
    )
    clip.save(tmp_path / "clip.npz")
    path = MotionClip.load(tmp_path / "clip.npz").camera_trajectory
    for name in ("positions", "zoom_factors", "world"):
        np.testing.assert_array_equal(getattr(path, name), getattr(clip.camera_trajectory, name))
    with np.load(tmp_path / "clip.npz") as data:
        assert data["format_version"] == 3, "a reader that knows of no places must not show it wrong"


def test_another_optical_axis_keeps_everybody_over_their_pixels():
    clip = turning_clip()
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


def test_points_in_a_frames_own_camera():
    clip = make_clip([])
    clip.camera_trajectory = CameraTrajectory(
        5, np.array([[0, 0, 0], [0, np.pi / 2, 0]]), np.array([[0, 0, 0], [1, 0, 0.0]]), [1, 3]
    )
    np.testing.assert_allclose(clip.in_camera(np.array([[1.0, 2, 5]]), 6), [[5, 2, 0]], atol=1e-12)
    np.testing.assert_allclose(clip.focal_lengths(np.array([5, 6])), [clip.focal_length, 3 * clip.focal_length])
    assert (make_clip([]).in_camera(np.ones((2, 3)), 6) == 1).all()


def test_another_lens_keeps_everybody_over_their_pixels_while_the_camera_turns():
    clip = turning_clip()
    other = clip.with_focal_length(1.3 * clip.focal_length)
    person, moved = clip.people[0], other.people[0]
    for before, after, turn in zip(person.trans, moved.trans, clip.camera_rotations(person.frames), strict=True):
        p, q = turn @ before, turn @ after
        np.testing.assert_allclose(clip.focal_length * p[:2] / p[2], other.focal_length * q[:2] / q[2], rtol=1e-4)
        assert q[2] == pytest.approx(1.3 * p[2], rel=1e-5)


def test_turns_of_frames():
    turns = CameraTrajectory(10, np.array([[0.0, 0, 0], [0, 0.1, 0]]))
    at = turns.rotations_at(np.array([3, 10, 10.5, 11, 40]))
    np.testing.assert_allclose(at[:2], np.broadcast_to(np.eye(3), (2, 3, 3)), atol=1e-12)
    np.testing.assert_allclose(at[3], at[4])
    for row, angle in ((2, 0.05), (3, 0.1)):
        np.testing.assert_allclose(at[row][0], [np.cos(angle), 0, np.sin(angle)], atol=1e-12)
    doubled = CameraTrajectory(0, np.array([[0.0, 0, 0], [0, 0.1, 0]])).resampled(2)
    np.testing.assert_allclose(doubled.rotation_vectors[:, 1], [0, 0.05, 0.1], atol=1e-12)


@pytest.mark.parametrize("turns", [np.zeros(3), np.zeros((0, 3)), np.full((2, 3), np.nan)])
def test_wrong_turns_are_refused(turns):
    with pytest.raises(TarError, match="three finite numbers"):
        CameraTrajectory(0, turns)
