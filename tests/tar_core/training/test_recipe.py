"""The whole recipe on little data: from BVH files to a checkpoint."""

from pathlib import Path

import pytest

from tar_core.model.checkpoint import load_tar
from tar_core.training.recipe import main
from tests.support.motion_files import write_made_up_recordings


def test_missing_inputs_are_reported(tmp_path, capsys):
    arguments = ["--motions", tmp_path / "none", "--garments", tmp_path / "none", "--backgrounds", tmp_path / "none"]
    assert main([str(argument) for argument in [*arguments, "--output", tmp_path / "out"]]) == 2
    assert "run the same command again" in capsys.readouterr().err
    assert not list((tmp_path / "out").rglob("*.safetensors"))


@pytest.mark.slow
def test_recipe_runs_and_resumes(egl, garments, background_folder, tmp_path, capsys):
    (tmp_path / "motions").mkdir()
    write_made_up_recordings(tmp_path / "motions")
    arguments = ["--motions", tmp_path / "motions", "--garments", garments, "--backgrounds", background_folder]
    arguments += ["--output", tmp_path, "--clips", 4, "--stills", 4, "--test-clips", 2]
    arguments += ["--warm-up-steps", 2, "--steps", 1]
    for _ in range(2):  # the second time, all results exist
        assert main([str(argument) for argument in arguments]) == 0
        checkpoint = Path(capsys.readouterr().out.splitlines()[-1])
        assert load_tar(checkpoint).config.steady_landmarks
