"""The whole recipe on little data: from BVH files to a checkpoint."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tar_core.model.backbones.pretrained import backbone_of, build_backbone, save_backbone
from tar_core.model.checkpoint import load_tar
from tar_core.model.config import CONFIGS, TAR_R50
from tar_core.model.weights import read_checkpoint
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


@pytest.mark.slow
def test_recipe_trains_the_networks_of_the_paper(egl, garments, background_folder, tmp_path, capsys, monkeypatch):
    """The same command with another backbone: small, and with random weights of the right layout."""
    monkeypatch.setitem(CONFIGS, "tar-r50", replace(TAR_R50, local_size=8, local_channels=4, global_width=16, hidden=8))
    (tmp_path / "motions").mkdir()
    write_made_up_recordings(tmp_path / "motions")
    save_backbone(build_backbone("resnet50"), tmp_path / "weights.safetensors")
    arguments = ["--motions", tmp_path / "motions", "--garments", garments, "--backgrounds", background_folder]
    arguments += ["--output", tmp_path, "--clips", 2, "--stills", 2, "--test-clips", 1]
    arguments += ["--warm-up-steps", 1, "--steps", 1]
    arguments += ["--config", "tar-r50", "--weights", tmp_path / "weights.safetensors"]
    assert main([str(argument) for argument in arguments]) == 0
    checkpoint = Path(capsys.readouterr().out.splitlines()[-1])
    assert checkpoint.name == "tar_r50.safetensors"
    backbone = backbone_of(read_checkpoint(checkpoint))
    crops = torch.rand(1, 3, 256, 256, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(backbone(crops).vector, build_backbone("resnet50")(crops).vector)
