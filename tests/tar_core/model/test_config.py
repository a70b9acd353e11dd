"""Configuration of the network."""

import pytest

from tar_core.errors import TarError
from tar_core.model.config import CONFIGS, PAPER, TARConfig


@pytest.mark.parametrize("name", CONFIGS)
def test_configuration_round_trips_through_a_dictionary(name):
    assert TARConfig.from_dict(CONFIGS[name].to_dict()) == CONFIGS[name]


def test_unknown_settings_are_rejected():
    with pytest.raises(TarError, match="update TAR"):
        TARConfig.from_dict({**PAPER.to_dict(), "flux": 1})


def test_far_frames_are_before_and_after_the_window():
    assert TARConfig("", 1, 1, window=5, local_length=3, far_frames=(9, 4)).offsets == (-9, -4, -2, -1, 0, 1, 2, 4, 9)


@pytest.mark.parametrize(
    "change",
    [{"window": 8}, {"local_length": 4}, {"local_length": 11}, {"local_size": 48}, {"far_frames": [4]}],
)
def test_contradicting_settings_are_rejected(change):
    with pytest.raises(TarError):
        TARConfig.from_dict({**PAPER.to_dict(), **change})
