"""Training the layers that read joints from codes and cells."""

import torch

from scripts.assets.fit_hand_joints import train
from tar_core.model.hand_landmarks import NUM_HAND_LANDMARKS


def test_learns_a_bent_function_of_codes_and_cells_of_other_units() -> None:
    torch.manual_seed(1)
    codes = torch.randn(3000, 4) * torch.logspace(-2, 1, 4) + 3
    cells = torch.randn(3000, 3, 2, 2) * torch.tensor([0.1, 1, 10])[:, None, None] - 5
    seen_in_both = torch.cat([codes, cells[:, :, 0, 1]], 1)
    standard = (seen_in_both - seen_in_both.mean(0)) / seen_in_both.std(0)
    values = (standard @ torch.randn(7, 3 * NUM_HAND_LANDMARKS + 5)).abs() * 0.05
    layers = train(codes[:2500], cells[:2500], values[:2500], torch.ones(2500), steps=400)
    with torch.no_grad():
        errors = (layers(codes[2500:], cells[2500:]) - values[2500:]).abs()
    # The best linear map is no better than the mean, because the values are symmetric.
    assert errors.mean() < 0.6 * (values[2500:] - values[:2500].mean(0)).abs().mean()
