"""Simulated landmarks have the errors of their donors."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from tar_core.body.data import load_body
from tar_core.body.model import BodyModel
from tar_core.camera.crop import Crop
from tar_core.camera.crop_camera import CropCamera
from tar_core.datasets.features import ClipBatch, FeatureClips
from tar_core.model.features import CONFIDENCES, POINTS, POOLED, VECTOR_SIZE, WORLD
from tar_core.model.refinement import JOINT_OF_LANDMARK
from tar_core.skeleton import JOINT_NAMES
from tar_core.synthetic.motions import Motion
from tar_core.training import simulated
from tar_core.training.simulated import LandmarkSimulator, donor_schedule

LIMB_LANDMARKS = list(JOINT_OF_LANDMARK)
LIMB_JOINTS = [JOINT_NAMES.index(name) for name in JOINT_OF_LANDMARK.values()]
CLIPS, LENGTH = 12, 9


@pytest.fixture(scope="module")
def body():
    return BodyModel(load_body())


@pytest.fixture(scope="module")
def motions():
    random = np.random.default_rng(3)
    poses = np.cumsum(0.02 * random.normal(size=(60, 24, 3)), 0)
    return [Motion("made/up", poses, np.zeros((60, 3)))]


@pytest.fixture
def donors(body, tmp_path):
    """Clips whose limb landmarks are 3 pixels right of, 2 pixels above and 5 cm behind the joints in every frame."""
    count = CLIPS * LENGTH
    random = torch.Generator().manual_seed(0)
    poses = 0.3 * torch.randn(count, 24, 3, generator=random)
    poses[:, 0] = torch.tensor([np.pi, 0, 0]) + 0.1 * poses[:, 0]
    camera = CropCamera.cat(
        [CropCamera.from_crop(Crop(700 + k, 400, 400, 0.01 * k), 1500.0, (639.5, 359.5)) for k in range(count)]
    ).to("cpu")
    tensors = {
        "poses": poses,
        "betas": torch.zeros(count, 10),
        "trans": torch.tensor([0.3, 0.1, 8.0]).repeat(count, 1),
        **{name: getattr(camera, name) for name in ("focal_length", "center", "size", "roll")},
    }
    exact = ClipBatch(None, camera, tensors["poses"], tensors["betas"], tensors["trans"]).truth(
        body, torch.arange(count)
    )
    vector = torch.rand(count, VECTOR_SIZE, generator=random)
    points = torch.zeros(count, 39, 2)
    points[:, LIMB_LANDMARKS] = exact.joints_2d[:, LIMB_JOINTS] + torch.tensor([3.0, -2.0])
    world = torch.zeros(count, 39, 3)
    from_hips = exact.joints - exact.joints[:, 1:3].mean(1, keepdim=True)
    world[:, LIMB_LANDMARKS] = from_hips[:, LIMB_JOINTS] + torch.tensor([0, 0, 0.05])
    vector[:, POINTS] = ((points - 127.5) / 128).flatten(1)
    vector[:, WORLD] = 2 * world.flatten(1)
    tensors |= {
        "clip_length": torch.tensor(LENGTH),
        "vector": vector,
        "local_map": torch.zeros(count, 6, 64, 64).half(),
        "landmarks.points": points,
        "landmarks.visibility": vector[:, CONFIDENCES][:, 0::2].contiguous(),
        "landmarks.presence": vector[:, CONFIDENCES][:, 1::2].contiguous(),
        "landmarks.world": world,
        "landmarks.score": torch.ones(count),
    }
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, tmp_path / "shard-0.safetensors")
    return FeatureClips(tmp_path)


def test_simulated_landmarks_have_the_donors_errors(motions, donors, body, monkeypatch):
    monkeypatch.setattr(simulated, "ERROR_SCALE", (1.0, 1.0))
    batch = LandmarkSimulator(motions, donors, body).batch(5, np.random.default_rng(0))
    truth = batch.truth(body, torch.arange(5 * LENGTH))
    landmarks = batch.features.landmarks
    error = landmarks.points[:, LIMB_LANDMARKS] - truth.joints_2d[:, LIMB_JOINTS]
    torch.testing.assert_close(error, torch.tensor([3.0, -2.0]).expand_as(error), atol=5e-3, rtol=0)
    from_hips = truth.joints - truth.joints[:, 1:3].mean(1, keepdim=True)
    error = landmarks.world[:, LIMB_LANDMARKS] - from_hips[:, LIMB_JOINTS]
    torch.testing.assert_close(error, torch.tensor([0, 0, 0.05]).expand_as(error), atol=1e-4, rtol=0)


@given(st.integers(9, 100), st.sampled_from([3, 5, 9]))
def test_donors_are_blended(length, donor_length):
    frames, weights = donor_schedule(length, donor_length)
    assert frames.shape == weights.shape == (len(frames), length)
    torch.testing.assert_close(weights.sum(0), torch.ones(length))
    assert ((frames >= 0) & (frames < donor_length)).all()
    assert (frames.diff().abs() == 1).all()  # a donor's frames are consecutive
    assert (weights.diff().abs() <= 1 / (donor_length - 1) + 1e-6).all()  # donors fade in and out


def test_clip_of_donor_length_has_one_donor():
    frames, weights = donor_schedule(9, 9)
    assert frames.tolist() == [list(range(9))] and (weights == 1).all()


def test_longer_clips_have_errors_in_all_frames(motions, donors, body, monkeypatch):
    monkeypatch.setattr(simulated, "ERROR_SCALE", (1.0, 1.0))
    batch = LandmarkSimulator(motions, donors, body, 45).batch(2, np.random.default_rng(0))
    truth = batch.truth(body, torch.arange(2 * 45))
    error = batch.features.landmarks.points[:, LIMB_LANDMARKS] - truth.joints_2d[:, LIMB_JOINTS]
    torch.testing.assert_close(error, torch.tensor([3.0, -2.0]).expand_as(error), atol=5e-3, rtol=0)


def test_vector_matches_landmarks_and_has_mean_pooled_features(motions, donors, body):
    batch = LandmarkSimulator(motions, donors, body).batch(2, np.random.default_rng(1))
    vector, landmarks = batch.features.vector, batch.features.landmarks
    assert batch.features.local_map.shape == (2 * LENGTH, 0, 64, 64)
    torch.testing.assert_close(vector[:, POOLED], donors.vectors()[:, POOLED].mean(0).expand(2 * LENGTH, -1))
    torch.testing.assert_close(vector[:, WORLD].view(-1, 39, 3), 2 * landmarks.world)
    torch.testing.assert_close(vector[:, CONFIDENCES][:, 0::2], landmarks.visibility)
    # The confidences of a clip are those of all nine frames of one donor.
    whole = donors.batch(range(CLIPS)).features.landmarks.visibility.view(CLIPS, LENGTH, -1)
    for clip in landmarks.visibility.view(2, LENGTH, -1):
        assert (whole == clip).all(2).all(1).any()


def test_same_seed_gives_the_same_clips(motions, donors, body):
    simulator = LandmarkSimulator(motions, donors, body)
    first, again, other = (simulator.batch(2, np.random.default_rng(seed)) for seed in (4, 4, 5))
    torch.testing.assert_close(first.features.vector, again.features.vector, rtol=0, atol=0)
    torch.testing.assert_close(first.poses, again.poses, rtol=0, atol=0)
    assert (first.poses - other.poses).abs().max() > 0.1
