"""The whole recipe in small: from BVH files to a checkpoint that captures."""

from pathlib import Path

import pytest

from tar_core.model.checkpoint import load_tar
from tar_core.training.recipe import main
from tests.support.paths import SHARED

TRAINING_DATA = SHARED / "data"


def test_missing_garments_stop_it_with_a_line(tmp_path, capsys):
    arguments = ["--motions", tmp_path / "none", "--garments", tmp_path / "none", "--pictures", tmp_path / "none"]
    assert main([str(argument) for argument in [*arguments, "--output", tmp_path / "out"]]) == 2
    assert "run the same command again" in capsys.readouterr().err
    assert not list((tmp_path / "out").rglob("*.safetensors"))


@pytest.mark.slow
def test_the_recipe_from_nothing_and_again(egl, garments, background_folder, tmp_path, capsys):
    motions = TRAINING_DATA / "motion" / "cmu_bvh.tar.xz"
    if not motions.is_file():
        pytest.skip(f"no {motions}")
    arguments = ["--motions", motions, "--garments", garments, "--pictures", background_folder]
    arguments += [
        "--output",
        tmp_path,
        "--clips",
        4,
        "--stills",
        4,
        "--test-clips",
        2,
        "--warm-up-steps",
        2,
        "--steps",
        1,
    ]
    for _ in range(2):  # the second time everything is there already
        assert main([str(argument) for argument in arguments]) == 0
        checkpoint = Path(capsys.readouterr().out.splitlines()[-1])
        assert load_tar(checkpoint).config.steady_landmarks
