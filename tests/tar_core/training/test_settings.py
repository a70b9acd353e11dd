"""Settings files."""

from pathlib import Path

import pytest

import tar_core.training
from tar_core.errors import TarError
from tar_core.model.config import CONFIGS
from tar_core.training.losses import LossConfig
from tar_core.training.mixing import read_mixture
from tar_core.training.settings import read_settings
from tar_core.training.trainer import TrainingConfig

PAPER = Path(tar_core.training.__file__).parent / "paper.toml"


def test_paper_settings_have_its_losses_network_and_data():
    settings = read_settings(PAPER)
    assert CONFIGS[settings.config].backbone == "hrnet_w48"
    loss = LossConfig(**settings.loss)
    assert (loss.robust, loss.acceleration, loss.joint_errors, loss.discount) == (False, 0, 0, 0.85)
    assert TrainingConfig(**settings.training).simulated == 0
    assert [part.features.name for part in read_mixture(PAPER)][:3] == ["3dpw", "mpi-inf-3dhp", "h36m"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[training]\nstep = 3\n", "unknown setting training.step"),
        ("[loss]\nweights = 1\n[other]\n", "unknown setting other, loss.weights"),
        ("[training]\nloss = 1\n", "training.loss"),
        ('config = "tar-xl"\n', "tar-s, tar-w48, tar-r50"),
        ("config = \n", "readable"),
    ],
)
def test_invalid_settings_are_reported(tmp_path, text, words):
    (tmp_path / "run.toml").write_text(text)
    with pytest.raises(TarError, match=words):
        read_settings(tmp_path / "run.toml")
