import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tar_core.datasets.shards import CLIP_FRAMES
from tar_core.skeleton import JOINT_NAMES
from tar_core.synthetic import scene
from tar_core.synthetic.motions import Motion
from tar_core.synthetic.scene import Camera, in_sight, motion_weight, sample_betas, sample_camera, sample_motion
from tests.tar_core.synthetic.test_motions import random_motion

seeds = st.integers(0, 10_000)


@given(seeds)
def test_motion_windows_have_nine_frames_around_the_origin(seed):
    random = np.random.default_rng(seed)
    motion = sample_motion(random, [random_motion(15), random_motion(80, seed=1)])
    assert motion.poses.shape == (CLIP_FRAMES, 24, 3)
    assert np.isfinite(motion.poses).all()
    np.testing.assert_allclose(motion.trans[CLIP_FRAMES // 2], 0, atol=1e-9)


def test_short_recordings_go_back_and_forth(monkeypatch):
    """However long the clip, its poses are near the recording's own, from one end to the other, without leaps."""
    angles = np.zeros((12, 24, 3))
    angles[:, 18, 1] = np.linspace(0, 1.1, 12)  # the left elbow bends by 0.1 a frame
    short = Motion("made/short", angles, np.zeros((12, 3)))
    monkeypatch.setattr(scene, "_VARIATION", {})
    monkeypatch.setattr(scene, "_BORROWED", ([],) * 5)
    for seed in range(30):
        motion = sample_motion(np.random.default_rng(seed), [short], 60)
        assert len(motion) == 60
        elbows = np.linalg.norm(motion.poses[:, 18:20], axis=-1).max(1)
        assert elbows.min() < 0.2 and 0.9 < elbows.max() < 1.1 + 1e-6
        assert np.abs(np.diff(elbows)).max() < 0.27


def test_some_people_move_the_arms_of_another_recording():
    """Of two recordings one has bent arms and one bent legs: some samples have both, some neither."""
    bent_arms, bent_legs = (np.zeros((40, 24, 3)) for _ in range(2))
    elbows, knees = (
        [JOINT_NAMES.index(f"{side}_{joint}") for side in ("left", "right")] for joint in ("elbow", "knee")
    )
    bent_arms[:, elbows, 1], bent_legs[:, knees, 0] = 1.5, 1.5
    motions = [Motion(f"made/{k}", poses, np.zeros((40, 3))) for k, poses in enumerate((bent_arms, bent_legs))]
    samples = [sample_motion(np.random.default_rng(seed), motions).poses for seed in range(60)]
    angles = np.array([np.linalg.norm(poses[4, [elbows[0], knees[0]]], axis=-1) > 1 for poses in samples])
    for kind in ((True, False), (False, True), (True, True), (False, False)):
        assert (angles == kind).all(1).any(), kind


def test_rich_motion_is_taken_more_often_than_walking():
    def motion(name):
        return Motion(name, np.zeros((100, 24, 3)), np.zeros((100, 3)))

    assert (
        motion_weight(motion("cmu/007_04"))
        < motion_weight(motion("cmu/002_01"))
        < motion_weight(motion("deepmimic/cartwheel"))
    )


@given(seeds)
def test_cameras_see_the_whole_body_unless_it_may_be_cut(seed):
    random = np.random.default_rng(seed)
    body = random.uniform([-0.5, 0, -0.5], [0.5, 1.6, 0.5], (CLIP_FRAMES, 30, 3))
    camera = sample_camera(random, body, truncate=False)
    np.testing.assert_allclose(camera.rotation @ camera.rotation.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(camera.rotation) == pytest.approx(1)
    assert in_sight(camera, body)
    pixels = camera.project(body)
    # Off the axis, perspective makes things a little larger than where they were measured.
    slack = 0.12 * np.array(camera.size)
    assert (pixels > -slack).mean() > 0.95 and (pixels < np.array(camera.size) + slack).mean() > 0.95


@given(seeds)
def test_close_ups_show_the_bust(seed):
    random = np.random.default_rng(seed)
    bust = random.uniform([-0.2, 1.3, -0.1], [0.2, 1.6, 0.1], (CLIP_FRAMES, 4, 3))
    camera = sample_camera(random, bust, truncate=False, height=0.5)
    pixels = camera.project(bust)
    size = np.array(camera.size)
    assert (pixels > -0.12 * size).all() and (pixels < 1.12 * size).all()
    assert np.ptp(pixels[..., 1]) > 0.1 * size.min(), "large in the picture, whatever the lens"


def test_up_is_up_in_the_picture():
    camera = sample_camera(np.random.default_rng(0), np.random.default_rng(1).normal(size=(9, 5, 3)), False)
    low, high = camera.project(np.array([[0.0, 0, 0], [0, 1, 0]]))
    assert high[1] < low[1]
    camera = Camera(np.diag([1.0, -1, -1]), np.array([0, 0, 3.0]), 500.0, (641, 481))
    np.testing.assert_allclose(camera.project(np.zeros(3)), [320, 240])


def test_betas_are_standard_normal_without_extremes():
    random = np.random.default_rng(0)
    betas = np.stack([sample_betas(random) for _ in range(500)])
    assert np.abs(betas).max() <= 2.5
    assert betas.std() == pytest.approx(1, abs=0.05)
