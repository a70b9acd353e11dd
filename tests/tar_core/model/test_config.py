"""Configuration of the network."""

from dataclasses import replace

import pytest

from tar_core.errors import TarError
from tar_core.model.config import CONFIGS, PAPER, TAR_R50, TARConfig


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


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"global_layers": 10**18}, "global_layers must be a whole number from 1 to 64"),
        ({"global_width": "256"}, "global_width must be a whole number"),
        ({"hidden": 0}, "hidden must be"),
        ({"hidden": True}, "hidden must be"),
        ({"iterations": 2.5}, "iterations must be"),
        ({"iterations": None}, "iterations must be"),
        ({"far_frames": 9}, "far_frames must be a list"),
        ({"far_frames": ["9"]}, "far_frames must be"),
        ({"dropout": float("nan")}, "dropout must be a number"),
        ({"use_global": "yes"}, "use_global must be true or false"),
        ({"backbone": ["x" * 10_000]}, "backbone must be text"),
        ({"global_width": 250}, "multiple of global_heads"),
        ({"joint_error_calibration": [1.0]}, "two numbers"),
    ],
)
def test_settings_of_wrong_types_and_sizes_are_rejected(change, words):
    with pytest.raises(TarError, match=words) as error:
        TARConfig.from_dict({**PAPER.to_dict(), **change})
    assert len(str(error.value)) < 200


@pytest.mark.parametrize("values", [None, [], "text", {}, {"backbone": "blazepose"}])
def test_incomplete_settings_are_rejected(values):
    with pytest.raises(TarError, match="it needs at least backbone"):
        TARConfig.from_dict(values)


@pytest.mark.parametrize("name", ["landmark_residuals", "steady_landmarks", "joint_errors", "hidden_inputs"])
def test_backbones_without_landmarks_have_no_settings_for_them(name):
    with pytest.raises(TarError, match=f"{name} needs the backbone blazepose"):
        replace(TAR_R50, **{name: ("map",) if name == "hidden_inputs" else True})
