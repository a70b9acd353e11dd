"""Full precision under autocast."""

import torch

from tar_core.model.precision import full_precision
from tests.support.tar_models import build, random_track, window


@full_precision
def product(a, b):
    return a @ b


def test_full_precision_disables_autocast():
    a, b = torch.rand(2, 8, 8, generator=torch.manual_seed(0))
    with torch.autocast("cpu", torch.bfloat16):
        assert (a @ b).dtype == torch.bfloat16
        assert torch.equal(product(a, b), product(a, b).float())
        inside = product(a, b)
        assert torch.is_autocast_enabled("cpu")
    assert inside.dtype == torch.float32
    assert torch.equal(inside, a @ b)


def test_body_has_full_precision_with_a_network_in_half_precision():
    """Estimates have rounding errors of bfloat16, but joints are float32 and exact for the estimate."""
    model, (features, camera) = build(), random_track(9)
    index = torch.arange(9)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        bodies = model(*window(features, camera, index))
    body = bodies[-1]
    assert body.points.joints.dtype == body.joints_2d.dtype == body.estimate.rotation_6d.dtype == torch.float32
    exact = model.body(body.rotations, body.estimate.betas)
    torch.testing.assert_close(body.points.joints, exact.joints, rtol=0, atol=1e-6)
    with torch.no_grad():
        whole = model(*window(features, camera, index))[0]
    torch.testing.assert_close(bodies[0].points.joints, whole.points.joints, rtol=0, atol=0.02)
