"""Settings files, and the paper's own."""

import pytest

from tar_core.errors import TarError
from tar_core.model.config import CONFIGS
from tar_core.training import train
from tar_core.training.losses import LossConfig
from tar_core.training.mixing import read_mixture
from tar_core.training.settings import PAPER, read_settings
from tar_core.training.trainer import Trainer, TrainingConfig
from tests.support.tar_models import SMALL


def test_the_papers_file_has_its_losses_network_and_data():
    settings = read_settings(PAPER)
    assert CONFIGS[settings.config].backbone == "hrnet_w48"
    loss = LossConfig(**settings.loss)
    assert (loss.robust, loss.acceleration, loss.joint_errors, loss.discount) == (False, 0, 0, 0.85)
    assert TrainingConfig(**settings.training).simulated == 0
    assert [part.features.name for part in read_mixture(PAPER)][:3] == ["3dpw", "mpi-inf-3dhp", "h36m"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[training]\nstep = 3\n", "nothing is called training.step"),
        ("[loss]\nweights = 1\n[other]\n", "nothing is called other, loss.weights"),
        ("[training]\nloss = 1\n", "training.loss"),
        ('config = "tar-xl"\n', "tar-s, tar-w48, tar-r50"),
        ("config = \n", "readable"),
    ],
)
def test_what_there_is_not_is_named(tmp_path, text, words):
    (tmp_path / "run.toml").write_text(text)
    with pytest.raises(TarError, match=words):
        read_settings(tmp_path / "run.toml")


def test_a_run_goes_by_its_file_and_options_come_first(clips, tmp_path, monkeypatch, capsys):
    made = []

    class Kept(Trainer):
        def __init__(self, *arguments, **named):
            super().__init__(*arguments, **named)
            made.append(self.config)

    monkeypatch.setattr(train, "Trainer", Kept)
    monkeypatch.setattr(train, "CONFIGS", {"tar-s": SMALL})
    (tmp_path / "run.toml").write_text(
        "[training]\nsteps = 9\nwarmup = 1\nclips_per_step = 2\nuse_maps = false\n[loss]\nrobust = false\n"
    )
    features = str(tmp_path / "features")
    arguments = ["--settings", str(tmp_path / "run.toml"), "--features", features, "--test", features]
    assert train.main([*arguments, "--output", str(tmp_path / "run"), "--steps", "1"]) == 0
    (config,) = made
    assert (config.steps, config.warmup, config.clips_per_step, config.use_maps) == (1, 1, 2, False)
    assert config.loss == LossConfig(robust=False)

    arguments[1] = str(tmp_path / "gone.toml")
    assert train.main([*arguments, "--output", str(tmp_path / "other")]) == 2
    assert "gone.toml" in capsys.readouterr().err.strip().splitlines()[-1] and not (tmp_path / "other").exists()
