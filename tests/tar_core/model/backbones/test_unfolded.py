"""BlazePose with its batch normalization unfolded."""

import torch

from tar_core.model.backbones.blazepose import load_blazepose
from tar_core.model.backbones.unfolded import convolutions, folded_state, output_deviations, unfold


def crops(count: int = 2) -> torch.Tensor:
    smooth = torch.rand(count, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.interpolate(smooth, size=(256, 256), mode="bilinear")


def test_the_network_computes_the_same_and_keeps_its_weights() -> None:
    model, images = load_blazepose(), crops()
    plain = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with torch.no_grad():
        expected = model(images)
        unfold(model, lambda: model(images))
        torch.testing.assert_close(model(images).vector, expected.vector, atol=2e-3, rtol=0)
    folded = folded_state(model)
    assert folded.keys() == plain.keys()
    for name, tensor in plain.items():
        torch.testing.assert_close(folded[name], tensor, atol=1e-5, rtol=1e-5)


def test_a_step_moves_the_weights_of_all_channels_alike() -> None:
    """With folded weights, the same step changes some channels hundreds of times as much as others."""
    model, images = load_blazepose(), crops()
    layers = convolutions(model)
    sizes = torch.cat([layer.weight.detach().flatten(1).norm(dim=1) for layer in layers])
    deviations = torch.cat(output_deviations(layers, lambda: model(images)))
    assert sizes.quantile(0.99) / sizes.quantile(0.01) > 30 and deviations.max() / deviations.min() > 1000

    unfold(model, lambda: model(images))
    after = torch.cat(output_deviations(layers, lambda: model(images)))
    torch.testing.assert_close(after, deviations, rtol=1e-2, atol=1e-4)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    assert len(trained) == 3 * len(layers), "weight, gain and offset of each convolution"
    features = model(images)
    (features.vector.mean() + features.local_map.mean() + features.landmarks.world.mean()).backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in trained if parameter.grad is not None)
    assert sum(parameter.grad is not None for parameter in trained) > 0.9 * len(trained)
