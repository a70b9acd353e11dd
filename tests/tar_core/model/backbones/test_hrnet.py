"""HRNet-W48, compared with timm."""

import pytest
import torch

from tar_core.model.backbones.hrnet import HRNetW48
from tests.support.named_weights import fill_by_name, made_up_crops, reference, tensor_names

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def network():
    return fill_by_name(HRNetW48()).eval()


@pytest.fixture(scope="module")
def features(network):
    with torch.no_grad():
        return network(made_up_crops())


def test_tensors_have_the_official_names_and_shapes():
    theirs = {line for line in reference("hrnet_names") if not line.startswith("classifier.")}
    ours = {line for line in tensor_names(HRNetW48()) if not line.startswith("local_head.")}
    assert ours == theirs


def test_branches_equal_those_of_timm(network):
    with torch.no_grad():
        branches = network.branches(made_up_crops())
    for number, branch in enumerate(branches):
        expected = torch.from_numpy(reference(f"hrnet_branch{number}"))
        torch.testing.assert_close(branch[:, ::8, ::4, ::4], expected, rtol=1e-4, atol=1e-3 * float(expected.std()))


def test_vectors_equal_those_of_timm(features):
    expected = torch.from_numpy(reference("hrnet_vector"))
    torch.testing.assert_close(features.vector, expected, rtol=1e-4, atol=1e-3 * float(expected.std()))


def test_local_map_has_64_cells_and_256_channels(features):
    assert features.local_map.shape == (2, 256, 64, 64)
    assert features.local_map.std() > 0
    assert (features.landmarks.score == 1).all()
