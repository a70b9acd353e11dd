"""Fitting motion to landmarks, and training clips from a video."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tar_core.body.data import load_body
from tar_core.body.model import BodyModel
from tar_core.capture.networks import Networks
from tar_core.datasets.features import ClipBatch, FeatureClips
from tar_core.datasets.shards import CLIP_FRAMES
from tar_core.model.refinement import JOINT_OF_LANDMARK
from tar_core.options import CaptureOptions
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import JOINT_NAMES
from tar_core.training.footage import (
    FittingConfig,
    fit_to_landmarks,
    landmark_distances,
    split_clips,
    track_people,
    write_clips,
)
from tar_core.video.reader import VideoReader
from tar_core.video.writer import VideoWriter

QUICK = replace(FittingConfig(), iterations=40, learning_rate=0.02, acceleration=0.0)


@pytest.fixture(scope="module")
def body():
    return BodyModel(load_body())


@pytest.fixture
def exact(clips, body):
    """A clip whose landmarks are the projected joints."""
    batch = clips.batch([0])
    batch = replace(batch, betas=batch.betas[:1].expand(9, -1), trans=batch.trans[:1].expand(9, -1))
    projected = batch.truth(body, torch.arange(9)).joints_2d
    points = batch.features.landmarks.points.clone()
    joints = [JOINT_NAMES.index(name) for name in JOINT_OF_LANDMARK.values()]
    points[:, list(JOINT_OF_LANDMARK)] = projected[:, joints]
    landmarks = replace(batch.features.landmarks, points=points, visibility=torch.ones_like(points[..., 0]))
    return replace(batch, features=replace(batch.features, landmarks=landmarks))


def distance(batch: ClipBatch, body: BodyModel) -> float:
    distances, weights = landmark_distances(batch.truth(body, torch.arange(9)).joints_2d, batch.features.landmarks)
    return float((distances * weights).sum() / weights.sum())


def test_wrong_motion_is_fitted_to_the_landmarks(exact, body):
    random = torch.Generator().manual_seed(1)
    noise = 0.08 * torch.randn(1, 24, 3, generator=random)
    wrong = replace(exact, poses=exact.poses + noise, trans=exact.trans + 0.03)
    fitted = fit_to_landmarks(wrong, body, QUICK)
    assert distance(exact, body) < 1e-3
    assert distance(fitted, body) < 0.5 * distance(wrong, body)
    difference = axis_angle_to_matrix(fitted.poses) - axis_angle_to_matrix(wrong.poses)
    assert difference.abs().mean() < 0.1, "the result stays close to the network's poses"
    assert torch.equal(fitted.betas, fitted.betas[:1].expand(9, -1))


def test_invisible_landmarks_have_no_influence(exact, body):
    hidden = replace(exact.features.landmarks, visibility=torch.zeros(9, 39))
    blind = replace(exact, features=replace(exact.features, landmarks=hidden), trans=exact.trans + 0.1)
    fitted = fit_to_landmarks(blind, body, QUICK)
    assert torch.allclose(fitted.trans, blind.trans, atol=1e-4)
    assert torch.allclose(fitted.poses, blind.poses, atol=1e-4)


def test_jitter_is_removed(exact, body):
    shaken = replace(exact, trans=exact.trans + 0.02 * torch.randn(9, 3, generator=torch.Generator().manual_seed(2)))
    smooth = replace(QUICK, acceleration=1.0)
    still = replace(exact, poses=exact.poses[:1].expand(9, -1, -1))
    shaken = replace(shaken, poses=still.poses)
    fitted = fit_to_landmarks(shaken, body, smooth)

    def acceleration(trans):
        return float((trans[2:] - 2 * trans[1:-1] + trans[:-2]).norm(dim=-1).mean())

    assert acceleration(fitted.trans) < 0.5 * acceleration(shaken.trans)


def test_run_is_split_into_clips(clips):
    run = clips.batch([0, 1, 2])[:23]
    parts = list(split_clips(run))
    assert [len(part.poses) for part in parts] == [CLIP_FRAMES] * 2
    assert torch.equal(parts[1].poses, run.poses[9:18])


@pytest.fixture(scope="module")
def short_video(demo_video, tmp_path_factory):
    """The first 1.2 seconds of the demo video, at half its frame rate and size."""
    path = tmp_path_factory.mktemp("footage") / "short.mp4"
    with VideoWriter(path, 30, 540, 960) as writer:
        for frame in VideoReader(demo_video).frames(0, 71):
            if frame.index % 2 == 0:
                writer.write(frame.image[::2, ::2])
    return path


@pytest.mark.slow
@pytest.mark.capture
def test_people_in_a_real_video_become_clips(short_video, untrained_checkpoint, tmp_path):
    networks = Networks.load(CaptureOptions(checkpoint=untrained_checkpoint, device="cpu"))
    runs, fps = track_people(short_video, networks, 900)
    assert fps == pytest.approx(30)
    man = max(runs, key=len)
    assert man.frames == list(range(36))
    quick = replace(QUICK, iterations=2)
    (line,) = write_clips([short_video], networks, tmp_path, 0.25, 900, quick)
    assert line.startswith("short.mp4: ") and "held-out clips" in line
    train, held_out = FeatureClips(tmp_path / "train"), FeatureClips(tmp_path / "held_out")
    assert len(train) >= 3 and len(held_out) >= 1
    batch = train.batch([0])
    assert batch.features.vector.shape == (9, man.features.vector.shape[1])
    assert np.isfinite(batch.poses.numpy()).all()
