"""The whole network: the rolled camera, and gradients."""

from dataclasses import replace

import pytest
import torch

from tar_core.camera.crop import Crop
from tar_core.camera.crop_camera import CropCamera
from tar_core.errors import TarError
from tar_core.model.features import DEPTHS, POOLED, VECTOR_SIZE, WORLD, FrameFeatures
from tar_core.rotations import axis_angle_to_matrix
from tar_core.runtime.modules import results_in_camera
from tests.support.tar_models import SMALL, build, random_track, window


def test_rolling_the_crop_rolls_the_result():
    """For two crops with the same features, one of them rolled, the body is rolled about the optical axis."""
    model = build()
    features, _ = random_track(1)
    features = features[torch.zeros(1, 9, dtype=torch.long)]
    bodies = []
    for roll in (0.0, 0.8):
        # Both crops are centered on the principal point, so only the roll differs.
        camera = CropCamera.from_crop(Crop(639.5, 359.5, 300, roll), 1500.0, (639.5, 359.5)).to("cpu")
        with torch.no_grad():
            body = model(features, camera[torch.zeros(1, 9, dtype=torch.long)])[-1]
        poses, betas, trans, *_ = results_in_camera(body, camera, torch.ones(1))
        joints = model.body(axis_angle_to_matrix(poses.view(1, 24, 3)), betas).joints + trans
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
