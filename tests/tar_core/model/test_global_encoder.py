"""GTE, the global transformer encoder."""

from dataclasses import replace

import pytest
import torch

from tar_core.model.config import NUM_STATES, PAPER
from tar_core.model.global_encoder import GlobalTransformerEncoder

SMALL = replace(PAPER, vector_size=12, global_width=16, global_layers=2, global_heads=2, hidden=8)


def inputs():
    torch.manual_seed(0)
    return torch.randn(3, 9, 12), torch.randn(3, 9, 3)


def randomized(encoder):
    """Set all weights to random values, as an untrained encoder only uses the middle frame."""
    for parameter in encoder.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return encoder.eval()


def test_untrained_encoder_uses_only_the_middle_frame():
    encoder = GlobalTransformerEncoder(SMALL).eval()
    vectors, boxes = inputs()
    hidden, estimate = encoder(vectors, boxes)
    assert hidden.shape == (3, NUM_STATES, 8) and estimate.rotation_6d.shape == (3, 24, 6)
    assert (hidden.abs() <= 1).all()
    vectors[:, [0, 1, 2, 3, 5, 6, 7, 8]] = 0
    torch.testing.assert_close(encoder(vectors, boxes)[0], hidden)


@pytest.mark.parametrize("use_global", [True, False])
def test_neighbor_frames_have_an_effect_only_with_use_global(use_global):
    encoder = randomized(GlobalTransformerEncoder(replace(SMALL, use_global=use_global)))
    vectors, boxes = inputs()
    before = encoder(vectors, boxes)[0]
    vectors[:, 0] += 1
    changed = not torch.equal(encoder(vectors, boxes)[0], before)
    assert changed == use_global


def test_order_of_frames_has_an_effect():
    encoder = randomized(GlobalTransformerEncoder(SMALL))
    vectors, boxes = inputs()
    boxes = boxes[:, :1].expand(-1, 9, -1)
    assert not torch.allclose(encoder(vectors, boxes)[0], encoder(vectors.flip(1), boxes)[0])


def test_inputs_are_standardized_and_clipped():
    encoder = randomized(GlobalTransformerEncoder(SMALL))
    vectors, boxes = inputs()
    encoder.standardize(100 + 5 * vectors.flatten(0, 1))
    scaled = encoder(100 + 5 * vectors, boxes)[0]
    assert torch.isfinite(scaled).all()
    wild = vectors.clone() * 5 + 100
    wild[..., 0] = 1e9
    wilder = wild.clone()
    wilder[..., 0] = 1e12
    torch.testing.assert_close(encoder(wild, boxes)[0], encoder(wilder, boxes)[0])
