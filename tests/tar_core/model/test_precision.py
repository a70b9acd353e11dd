import torch

from tar_core.model.precision import full_precision
from tests.tar_core.model.test_tar import build, random_track, window


@full_precision
def product(a, b):
    return a @ b


def test_products_stay_exact_under_autocast():
    a, b = torch.rand(2, 8, 8, generator=torch.manual_seed(0))
    with torch.autocast("cpu", torch.bfloat16):
        assert (a @ b).dtype == torch.bfloat16
        assert torch.equal(product(a, b), product(a, b).float())
        inside = product(a, b)
        assert torch.is_autocast_enabled("cpu")
    assert inside.dtype == torch.float32
    assert torch.equal(inside, a @ b)


def test_the_body_is_posed_exactly_from_a_network_in_half_precision():
    """Its numbers differ by bfloat16's rounding, but joints are float32 and lie where its own rotations put them."""
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
