"""Layers for the 26 hidden states."""

import torch
from torch import nn

from tar_core.model.config import NUM_STATES
from tar_core.model.states import CAMERA_STATE, SHAPE_STATE, Estimate, StateGRU, StateLinear, StateRegressors


def random_estimate(batch=2):
    return Estimate(torch.randn(batch, 24, 6), torch.randn(batch, 10), torch.randn(batch, 3))


def test_state_linear_has_separate_weights_for_each_state():
    layer = StateLinear(3, 4, 5)
    nn.init.normal_(layer.bias)
    x = torch.randn(2, 3, 4)
    expected = torch.stack([x[:, k] @ layer.weight[k] + layer.bias[k] for k in range(3)], 1)
    torch.testing.assert_close(layer(x), expected)


def test_state_gru_equals_a_gru_cell_for_each_state():
    torch.manual_seed(0)
    cell = StateGRU(context=7, own=10, hidden=5)
    nn.init.normal_(cell.from_hidden.bias)
    context, own, h = torch.randn(3, 7), torch.randn(3, NUM_STATES, 10), torch.randn(3, NUM_STATES, 5)
    result = cell(context, own, h)
    for k in (0, 11, 25):
        reference = nn.GRUCell(17, 5)
        # torch has the same h' = (1 - z) n + z h, with the gates in the order r, z, n.
        order = torch.cat([torch.arange(5, 10), torch.arange(0, 5), torch.arange(10, 15)])
        rows = slice(15 * k, 15 * (k + 1))
        weight = torch.cat([cell.from_context.weight[rows], cell.from_own.weight[k].T], 1)
        reference.weight_ih.data = weight[order]
        reference.bias_ih.data = cell.from_context.bias[rows][order]
        reference.weight_hh.data = cell.from_hidden.weight[k].T[order]
        reference.bias_hh.data = cell.from_hidden.bias[k][order]
        expected = reference(torch.cat([context, own[:, k]], 1), h[:, k])
        torch.testing.assert_close(result[:, k], expected)


def test_per_state_gives_each_state_its_own_numbers():
    estimate = random_estimate()
    own = estimate.per_state()
    torch.testing.assert_close(own[:, 5, :6], estimate.rotation_6d[:, 5])
    assert not own[:, 5, 6:].any()
    torch.testing.assert_close(own[:, SHAPE_STATE], estimate.betas)
    torch.testing.assert_close(own[:, CAMERA_STATE, :3], estimate.crop_camera)
    assert estimate.to_vector().shape == (2, Estimate.SIZE)


def test_set_mean_sets_the_initial_estimate():
    regressors, mean = StateRegressors(6, scale=0.0), random_estimate(1)
    regressors.set_mean(mean)
    read = regressors(torch.randn(4, NUM_STATES, 6))
    torch.testing.assert_close(read.to_vector(), mean.to_vector().expand(4, -1))
    doubled = read + read
    torch.testing.assert_close(doubled.to_vector(), 2 * read.to_vector())
