"""ResNet-50, compared with torchvision."""

import pytest
import torch

from tar_core.model.backbones.resnet import ResNet50, deconvolutions
from tests.support.named_weights import fill_by_name, made_up_crops, reference, tensor_names


@pytest.fixture(scope="module")
def features():
    with torch.no_grad():
        return fill_by_name(ResNet50()).eval()(made_up_crops())


def test_tensors_have_torchvisions_names_and_shapes():
    theirs = {line for line in reference("resnet_names") if not line.startswith("fc.")}
    ours = {line for line in tensor_names(ResNet50()) if not line.startswith("deconv_layers.")}
    assert ours == theirs


def test_vectors_equal_those_of_torchvision(features):
    expected = torch.from_numpy(reference("resnet_vector"))
    torch.testing.assert_close(features.vector, expected, rtol=1e-4, atol=1e-5)


def test_local_map_has_64_cells_and_256_channels(features):
    assert features.local_map.shape == (2, 256, 64, 64)
    assert features.local_map.std() > 0
    assert (features.landmarks.visibility == 0).all()


def test_decoder_has_the_layers_of_simple_baselines():
    """Names and shapes are those of `deconv_layers` in checkpoints of pose_resnet_50."""
    shapes = {name: tuple(t.shape) for name, t in deconvolutions([2048, 256, 256]).state_dict().items() if t.dim()}
    assert shapes["0.weight"] == (2048, 256, 4, 4) and shapes["3.weight"] == (256, 256, 4, 4)
    assert shapes["1.running_mean"] == shapes["4.weight"] == (256,)
    assert "0.bias" not in shapes
