"""The whole network: ablation switches, streaming, the rolled camera, and gradients."""

from dataclasses import replace

import pytest
import torch

from tar_core.camera.crop import Crop
from tar_core.camera.crop_camera import CropCamera
from tar_core.errors import TarError
from tar_core.model.backbones.blazepose import DEPTHS, POOLED, VECTOR_SIZE, WORLD
from tar_core.model.features import FrameFeatures
from tar_core.model.streaming import TARStream, frame_results
from tar_core.rotations import axis_angle_to_matrix
from tests.support.tar_models import SMALL, build, double, random_track, window

SWITCHES = [
    {},
    {"use_refinement": False},
    {"use_global": False},
    {"use_local": False},
    {"local_skip": False},
    {"landmark_residuals": False},
    {"steady_landmarks": False},
    {"far_frames": (6, 8)},
    *({"local_length": length} for length in (3, 7, 9)),
    *({"local_size": size} for size in (64, 32, 8)),
]


@pytest.mark.parametrize("switch", SWITCHES, ids=str)
def test_stream_equals_single_windows_for_every_ablation_switch(switch):
    model = build(replace(SMALL, **switch)).double()
    features, camera = double(*random_track(13))
    offsets = torch.tensor(model.config.offsets)
    stream = TARStream(model, batch_size=4)
    results = [result for k in range(13) for result in stream.push(features[k : k + 1], camera[k : k + 1])]
    assert len(results) == (8 if offsets[-1] == 4 else 4)
    results += stream.finish()
    assert len(results) == 13
    with torch.no_grad():
        for k in (0, 2, 6, 11, 12):
            index = (offsets + k).clamp(0, 12)
            bodies = model(*window(features, camera, index))
            assert len(bodies) == (1 + model.config.iterations if model.config.use_refinement else 1)
            expected = frame_results(bodies[-1], camera[k : k + 1], torch.ones(1))[0]
            for name in ("poses", "betas", "trans"):
                torch.testing.assert_close(
                    torch.from_numpy(getattr(results[k], name)),
                    torch.from_numpy(getattr(expected, name)),
                    atol=1e-9,
                    rtol=0,
                )


def test_windows_of_fast_videos_have_the_frame_rate_of_the_training():
    model = build().double()
    features, camera = double(*random_track(30))
    stream = TARStream(model, fps=59.94, batch_size=4)
    results = [result for k in range(30) for result in stream.push(features[k : k + 1], camera[k : k + 1])]
    results += stream.finish()
    with torch.no_grad():
        index = 15 + 2 * (torch.arange(9) - 4)
        expected = frame_results(model(*window(features, camera, index))[-1], camera[15:16], torch.ones(1))[0]
    torch.testing.assert_close(torch.from_numpy(results[15].trans), torch.from_numpy(expected.trans), atol=1e-9, rtol=0)


def test_stream_keeps_a_bounded_number_of_frames():
    model = build()
    features, camera = random_track(1)
    stream = TARStream(model, batch_size=4)
    num_kept = []
    for _ in range(40):
        stream.push(features, camera)
        num_kept.append(len(stream._waiting) + (len(stream._frames) if stream._frames else 0))
    assert max(num_kept) <= 4 + 8 + 4


def test_track_of_one_frame():
    stream = TARStream(build())
    features, camera = random_track(1)
    assert stream.push(features, camera) == []
    assert len(stream.finish()) == 1
    assert TARStream(build()).finish() == []


def test_rolling_the_crop_rolls_the_result():
    """For two crops with the same features, one of them rolled, the body is rolled about the optical axis."""
    model = build()
    features, _ = random_track(1)
    features = features[torch.zeros(1, 9, dtype=torch.long)]
    bodies = []
    for roll in (0.0, 0.8):
        # Both crops are centered on the principal point, so only the roll differs.
        camera = CropCamera.from_crop(Crop(639.5, 359.5, 300, roll), 1500.0, (639.5, 359.5))
        with torch.no_grad():
            body = model(features, camera[torch.zeros(1, 9, dtype=torch.long)])[-1]
        result = frame_results(body, camera, torch.ones(1))[0]
        rotations = axis_angle_to_matrix(torch.from_numpy(result.poses).view(1, 24, 3))
        joints = model.body(rotations, torch.from_numpy(result.betas)[None]).joints + torch.from_numpy(result.trans)
        bodies.append((camera, joints))
    (_, upright), (camera, rolled) = bodies
    torch.testing.assert_close(camera[:, None].unroll_camera(upright), rolled, atol=1e-5, rtol=0)
    # The projections in both crops are equal.
    torch.testing.assert_close(
        camera.project(camera[:, None].roll_camera(rolled)), bodies[0][0].project(upright), atol=1e-3, rtol=0
    )


def test_every_weight_has_a_gradient():
    model = build().train()
    features, camera = random_track(9)
    bodies = model(*window(features, camera, torch.arange(9)))
    sum(body.joints_2d.square().mean() + body.estimate.to_vector().square().mean() for body in bodies).backward()
    missing = [name for name, parameter in model.named_parameters() if parameter.grad is None]
    assert missing == []


@pytest.mark.parametrize("hidden", ["pooled", "map", "depth"])
def test_hidden_inputs_have_no_effect(hidden):
    whole = replace(SMALL, vector_size=VECTOR_SIZE)
    features, camera = random_track(9)
    random = torch.Generator().manual_seed(1)
    features = replace(features, vector=torch.rand(9, VECTOR_SIZE, generator=random))
    vector, landmarks = features.vector.clone(), features.landmarks
    if hidden == "pooled":
        vector[:, POOLED] += 1
    if hidden == "depth":
        vector[:, WORLD] += 1
        vector[:, DEPTHS] += 1
        landmarks = replace(landmarks, world=landmarks.world + 1)
    local_map = features.local_map + (1.0 if hidden == "map" else 0.0)
    other = FrameFeatures(vector, local_map, landmarks)

    def joints(model, features):
        with torch.no_grad():
            return model(features[None], camera[None])[-1].points.joints

    hiding, seeing = build(replace(whole, hidden_inputs=(hidden,))), build(whole)
    assert torch.equal(joints(hiding, features), joints(hiding, other))
    assert not torch.allclose(joints(seeing, features), joints(seeing, other), atol=1e-5)


def test_unknown_hidden_inputs_are_rejected():
    with pytest.raises(TarError, match="must be pooled, map or depth"):
        replace(SMALL, hidden_inputs=("color",))
