"""Training the network that reads joints from codes."""

import torch

from scripts.assets.fit_hand_joints import train
from tar_core.model.hand_landmarks import NUM_HAND_LANDMARKS


def test_learns_a_bent_function_of_codes_of_other_units() -> None:
    torch.manual_seed(1)
    codes = torch.randn(3000, 4) * torch.logspace(-2, 1, 4) + 3
    standard = (codes - codes.mean(0)) / codes.std(0)
    values = (standard @ torch.randn(4, 3 * NUM_HAND_LANDMARKS + 5)).abs() * 0.05
    seen = torch.ones(len(codes))
    network = train(codes[:2500], values[:2500], seen[:2500], steps=400)
    with torch.no_grad():
        error = (network(codes[2500:]) - values[2500:]).abs().mean()
    # The best linear map is no better than the mean, because the values are symmetric.
    assert error < 0.6 * (values[2500:] - values[:2500].mean(0)).abs().mean()
