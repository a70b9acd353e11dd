"""The command `python -m tar_core.training`."""

import pytest

from tar_core.training import __main__ as command
from tar_core.training.losses import LossConfig
from tar_core.training.train import Run
from tests.support.tar_models import SMALL


@pytest.fixture
def runs(monkeypatch):
    """Collects the runs that would be trained, and whether they would be resumed."""
    runs: list[tuple[Run, bool]] = []
    monkeypatch.setattr(command, "train", lambda run, resume: runs.append((run, resume)))
    return runs


def test_command_line_takes_precedence_over_settings_file(runs, tmp_path):
    (tmp_path / "run.toml").write_text(
        "[training]\nsteps = 9\nwarmup = 1\nclips_per_step = 2\nuse_maps = false\n[loss]\nrobust = false\n"
    )
    arguments = ["--settings", str(tmp_path / "run.toml"), "--features", "a", "--test", "b", "--output", "c"]
    assert command.main([*arguments, "--steps", "1", "--resume"]) == 0
    ((run, resume),) = runs
    config = run.config
    assert (config.steps, config.warmup, config.clips_per_step, config.use_maps) == (1, 1, 2, False)
    assert config.loss == LossConfig(robust=False) and resume


def test_options_set_the_run(runs):
    arguments = "--features a --test b --output c --config tar-r50 --without-maps --simulated 0.5 --motions x y"
    assert command.main([*arguments.split(), "--init", "d", "--clips", "7", "--device", "cpu"]) == 0
    ((run, resume),) = runs
    assert (str(run.features), str(run.test), str(run.output), str(run.init)) == ("a", "b", "c", "d")
    assert [str(path) for path in run.motions] == ["x", "y"] and run.max_clips == 7 and run.device == "cpu"
    assert run.network.backbone == "resnet50" and not resume
    assert run.config.simulated == 0.5 and not run.config.use_maps


def test_missing_settings_file_is_reported(runs, tmp_path, capsys):
    arguments = ["--settings", str(tmp_path / "gone.toml"), "--features", "a", "--test", "b", "--output", "c"]
    assert command.main(arguments) == 2
    assert "gone.toml" in capsys.readouterr().err.strip().splitlines()[-1] and not runs


def test_small_network_is_trained_and_resumed(clips, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command, "CONFIGS", {"tar-s": SMALL})
    features = str(tmp_path / "features")
    arguments = ["--features", features, "--test", features, "--output", str(tmp_path / "run"), "--device", "cpu"]
    arguments += ["--clips-per-step", "2"]
    assert command.main([*arguments, "--steps", "1"]) == 0
    assert command.main([*arguments, "--steps", "2", "--resume"]) == 0
    assert len((tmp_path / "run" / "log.csv").read_text().splitlines()) == 3
    arguments[5] = str(tmp_path / "other")
    assert command.main([*arguments, "--resume"]) == 2
    assert "no run to resume" in capsys.readouterr().err


def test_missing_features_are_reported_in_one_line(tmp_path, capsys):
    folder = str(tmp_path)
    assert command.main(["--features", folder, "--test", folder, "--output", str(tmp_path / "run")]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()
