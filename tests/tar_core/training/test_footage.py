"""Clips out of ordinary video: what is bent over landmarks lies over them and keeps one shape."""

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
from tar_core.training.footage import FittingConfig, cut, fit, follow, landmark_distances, make_clips
from tar_core.video.reader import VideoReader
from tar_core.video.writer import VideoWriter

QUICK = replace(FittingConfig(), iterations=40, learning_rate=0.02, acceleration=0.0)


@pytest.fixture(scope="module")
def body():
    return BodyModel(load_body())


@pytest.fixture
def seen(clips, body):
    """A clip whose landmarks are where its joints are."""
    batch = clips.batch([0])
    batch = replace(batch, betas=batch.betas[:1].expand(9, -1), trans=batch.trans[:1].expand(9, -1))
    exact = batch.truth(body, torch.arange(9)).joints_2d
    points = batch.features.landmarks.points.clone()
    joints = [JOINT_NAMES.index(name) for name in JOINT_OF_LANDMARK.values()]
    points[:, list(JOINT_OF_LANDMARK)] = exact[:, joints]
    landmarks = replace(batch.features.landmarks, points=points, visibility=torch.ones_like(points[..., 0]))
    return replace(batch, features=replace(batch.features, landmarks=landmarks))


def distance(batch: ClipBatch, body: BodyModel) -> float:
    away, weights = landmark_distances(batch.truth(body, torch.arange(9)).joints_2d, batch.features.landmarks)
    return float((away * weights).sum() / weights.sum())


def test_a_wrong_motion_is_bent_over_the_landmarks(seen, body):
    random = torch.Generator().manual_seed(1)
    noise = 0.08 * torch.randn(1, 24, 3, generator=random)
    wrong = replace(seen, poses=seen.poses + noise, trans=seen.trans + 0.03)
    fitted = fit(wrong, body, QUICK)
    assert distance(seen, body) < 1e-3
    assert distance(fitted, body) < 0.5 * distance(wrong, body)
    turned = axis_angle_to_matrix(fitted.poses) - axis_angle_to_matrix(wrong.poses)
    assert turned.abs().mean() < 0.1, "the network's pose holds it"
    assert torch.equal(fitted.betas, fitted.betas[:1].expand(9, -1))


def test_what_is_not_seen_pulls_nothing(seen, body):
    hidden = replace(seen.features.landmarks, visibility=torch.zeros(9, 39))
    blind = replace(seen, features=replace(seen.features, landmarks=hidden), trans=seen.trans + 0.1)
    fitted = fit(blind, body, QUICK)
    assert torch.allclose(fitted.trans, blind.trans, atol=1e-4)
    assert torch.allclose(fitted.poses, blind.poses, atol=1e-4)


def test_jitter_goes(seen, body):
    shaken = replace(seen, trans=seen.trans + 0.02 * torch.randn(9, 3, generator=torch.Generator().manual_seed(2)))
    calm = replace(QUICK, acceleration=1.0)
    still = replace(seen, poses=seen.poses[:1].expand(9, -1, -1))
    shaken = replace(shaken, poses=still.poses)
    fitted = fit(shaken, body, calm)

    def acceleration(trans):
        return float((trans[2:] - 2 * trans[1:-1] + trans[:-2]).norm(dim=-1).mean())

    assert acceleration(fitted.trans) < 0.5 * acceleration(shaken.trans)


def test_clips_are_cut_end_to_end(clips):
    run = clips.batch([0, 1, 2])[:23]
    parts = list(cut(run))
    assert [len(part.poses) for part in parts] == [CLIP_FRAMES] * 2
    assert torch.equal(parts[1].poses, run.poses[9:18])


@pytest.fixture(scope="module")
def short_video(demo_video, tmp_path_factory):
    """The first second of the demo, every second frame."""
    path = tmp_path_factory.mktemp("footage") / "short.mp4"
    with VideoWriter(path, 30, 1080, 1920) as writer:
        for frame in VideoReader(demo_video).frames(0, 71):
            if frame.index % 2 == 0:
                writer.write(frame.image)
    return path


@pytest.mark.capture
def test_people_of_a_real_video_become_clips(short_video, untrained_checkpoint, tmp_path):
    networks = Networks.load(CaptureOptions(checkpoint=untrained_checkpoint, device="cpu"))
    runs, fps = follow(short_video, networks, 900)
    assert fps == pytest.approx(30)
    man = max(runs, key=len)
    assert man.frames == list(range(36))
    quick = replace(QUICK, iterations=2)
    (line,) = make_clips([short_video], networks, tmp_path, 0.25, 900, quick)
    assert line.startswith("short.mp4: ") and "clips held out" in line
    train, held_out = FeatureClips(tmp_path / "train"), FeatureClips(tmp_path / "held_out")
    assert len(train) >= 3 and len(held_out) >= 1
    batch = train.batch([0])
    assert batch.features.vector.shape == (9, man.features.vector.shape[1])
    assert np.isfinite(batch.poses.numpy()).all()
