"""Learning rates and the running average of weights."""

import pytest
import torch

from tar_core.training.schedule import learning_rate_factor, update_average


def test_the_rate_rises_and_falls_to_zero() -> None:
    factors = [learning_rate_factor(step, 100, 10) for step in range(101)]
    assert factors[0] == pytest.approx(0.1)
    assert factors[:10] == sorted(factors[:10]) and factors[9:] == sorted(factors[9:], reverse=True)
    assert factors[50] == pytest.approx(0.5) and factors[100] == pytest.approx(0)


def test_the_average_follows_quickly_at_first_and_slowly_later() -> None:
    for step, expected in ((0, 0.9), (90, 0.09), (10**6, 0.005)):
        averaged = {"weight": torch.zeros(2), "count": torch.tensor(0)}
        update_average(averaged, {"weight": torch.ones(2), "count": torch.tensor(7)}, 0.995, step)
        torch.testing.assert_close(averaged["weight"], torch.full((2,), expected))
        assert averaged["count"] == 7
