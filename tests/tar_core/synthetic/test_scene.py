"""Random scenes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tar_core.datasets.shards import CLIP_FRAMES
from tar_core.skeleton import JOINT_NAMES
from tar_core.synthetic import scene
from tar_core.synthetic.motions import Motion
from tar_core.synthetic.scene import Camera, is_in_front, motion_weight, sample_betas, sample_camera, sample_motion
from tests.tar_core.synthetic.test_motions import random_walk

seeds = st.integers(0, 10_000)


@given(seeds)
def test_motions_have_nine_frames_around_the_origin(seed):
    random = np.random.default_rng(seed)
    motion = sample_motion(random, [random_walk(15), random_walk(80, seed=1)])
    assert motion.poses.shape == (CLIP_FRAMES, 24, 3)
    assert np.isfinite(motion.poses).all()
    np.testing.assert_allclose(motion.trans[CLIP_FRAMES // 2], 0, atol=1e-9)


def test_short_recordings_are_played_forward_and_backward(monkeypatch):
    """A long clip stays within the range of the recording's poses, covers it and has no jumps."""
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


def test_limbs_may_move_as_in_another_recording():
    """One recording has bent arms, the other bent legs: some samples have both, some neither."""
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


def test_varied_motion_has_more_weight_than_walking():
    def motion(name):
        return Motion(name, np.zeros((100, 24, 3)), np.zeros((100, 3)))

    assert (
        motion_weight(motion("cmu/007_04"))
        < motion_weight(motion("cmu/002_01"))
        < motion_weight(motion("deepmimic/cartwheel"))
    )


@given(seeds)
def test_cameras_see_the_whole_body_if_not_truncated(seed):
    random = np.random.default_rng(seed)
    body = random.uniform([-0.5, 0, -0.5], [0.5, 1.6, 0.5], (CLIP_FRAMES, 30, 3))
    camera = sample_camera(random, body, truncate=False)
    np.testing.assert_allclose(camera.rotation @ camera.rotation.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(camera.rotation) == pytest.approx(1)
    assert is_in_front(camera, body)
    pixels = camera.project(body)
    # Perspective makes the body slightly larger away from the optical axis, where it was not measured.
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
    assert np.ptp(pixels[..., 1]) > 0.1 * size.min(), "large in the image for any focal length"


def test_up_is_up_in_the_image():
    camera = sample_camera(np.random.default_rng(0), np.random.default_rng(1).normal(size=(9, 5, 3)), False)
    low, high = camera.project(np.array([[0.0, 0, 0], [0, 1, 0]]))
    assert high[1] < low[1]
    camera = Camera(np.diag([1.0, -1, -1]), np.array([0, 0, 3.0]), 500.0, (641, 481))
    np.testing.assert_allclose(camera.project(np.zeros(3)), [320, 240])


def test_betas_are_clipped_standard_normal():
    random = np.random.default_rng(0)
    betas = np.stack([sample_betas(random) for _ in range(500)])
    assert np.abs(betas).max() <= 2.5
    assert betas.std() == pytest.approx(1, abs=0.05)
