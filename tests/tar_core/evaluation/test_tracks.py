"""Crops around true joints, ranges of valid frames, and predictions on sequences and cached clips."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tar_core.camera.crop_camera import project
from tar_core.datasets import threedpw
from tar_core.errors import TarError
from tar_core.evaluation.clips import predict
from tar_core.evaluation.tracks import clip_tracks, predict_sequence, smoothed, true_crops
from tar_core.model.backbones.blazepose import load_blazepose
from tar_core.model.checkpoint import load_tar
from tar_core.rotations import axis_angle_to_matrix
from tests.support.made_up_datasets import BODIES, FREE, joints_of, write_image
from tests.support.tar_models import SMALL, build
from tests.tar_core.datasets import test_threedpw

root = test_threedpw.root


def first_sequence(folder):
    for number in range(12):
        write_image(folder / "imageFiles" / "downtown_made_up_00" / f"image_{number:05d}.jpg", 1080, 1920)
    return next(threedpw.sequences(folder, "test", BODIES))


def test_true_crops_contain_the_person(root):
    sequence = first_sequence(root[0])
    joints = joints_of(sequence.poses, sequence.betas, sequence.trans)
    pixels = project(joints, sequence.focal_length, sequence.principal_point)
    for frame, crop in enumerate(true_crops(sequence, BODIES, FREE)):
        inside = crop.from_image(pixels[frame])
        assert (inside > 0).all() and (inside < 255).all()
        assert np.ptp(inside[:, 1]) > 120
        hips, shoulders = inside[[1, 2]].mean(0), inside[[16, 17]].mean(0)
        assert hips[0] == pytest.approx(127.5, abs=3) and shoulders[0] == pytest.approx(hips[0], abs=3)
        assert shoulders[1] < hips[1]


def test_true_crops_from_2d_joints(root):
    sequence = first_sequence(root[0])
    random = np.random.default_rng(0).uniform(300, 700, (12, 17, 2))
    crop = true_crops(replace(sequence, poses=None, joints_2d=random), BODIES, FREE)[0]
    inside = crop.from_image(random[0])
    assert (inside > 0).all() and (inside < 255).all()
    with pytest.raises(TarError, match="2D joints"):
        true_crops(replace(sequence, poses=None), BODIES, FREE)


def test_sequence_is_predicted_between_gaps(root, untrained_checkpoint):
    sequence = first_sequence(root[0])  # frame 3 is invalid
    model, backbone = load_tar(untrained_checkpoint), load_blazepose()
    first, second = predict_sequence(model, backbone, sequence, BODIES, FREE)
    assert (len(first.results), len(second.results)) == (3, 8)
    assert {track.name for track in (first, second)} == {sequence.name}
    np.testing.assert_array_equal(second.poses, sequence.poses[4:])
    faster = next(predict_sequence(model, backbone, replace(sequence, fps=60.0, valid=np.ones(12, bool)), BODIES, FREE))
    assert len(faster.results) == 6 and faster.fps == 30
    np.testing.assert_array_equal(faster.poses, sequence.poses[::2])


def test_clip_tracks_equal_predict(clips):
    torch.manual_seed(0)
    model = build(SMALL).eval()
    predictions = predict(model, clips)
    tracks = list(clip_tracks(model, clips))
    assert len(tracks) == 6 and tracks[0].fps == 30
    for number, track in enumerate(tracks):
        poses, betas = track.predicted()
        joints = model.body(
            torch.from_numpy(axis_angle_to_matrix(poses.astype(np.float32))), torch.from_numpy(betas)
        ).joints.numpy()
        expected = predictions.joints[9 * number : 9 * number + 9]
        # `predict` uses the rolled cameras, so compare distances between joints.
        np.testing.assert_allclose(
            np.linalg.norm(joints - joints[:, :1], axis=-1),
            np.linalg.norm(expected - expected[:, :1], axis=-1),
            atol=1e-4,
        )
        assert track.poses.shape == (9, 24, 3) and track.betas.shape == (10,)


def test_smoothing_removes_jitter_and_keeps_shapes(clips):
    track = next(iter(clip_tracks(build(SMALL).eval(), clips)))
    random = np.random.default_rng(0)
    results = [replace(r, poses=np.full(72, 0.1) + 0.005 * random.normal(size=72)) for r in track.results]
    before = replace(track, results=results)
    after = smoothed(before, 1.0)
    jerks = [np.abs(np.diff(some.predicted()[0], 3, axis=0)).mean() for some in (before, after)]
    assert jerks[1] < 0.3 * jerks[0]
    np.testing.assert_array_equal(after.predicted()[1], before.predicted()[1])
