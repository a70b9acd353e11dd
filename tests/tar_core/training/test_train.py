"""The command line of training."""

from dataclasses import replace

import pytest
import torch

from tar_core.errors import TarError
from tar_core.model.checkpoint import save_tar
from tar_core.training.train import main, start_from
from tests.support.tar_models import SMALL, build


def test_a_checkpoint_without_a_part_starts_one_that_has_it(tmp_path):
    old = build(SMALL)
    save_tar(old, tmp_path / "old.safetensors", half=False)
    model = build(replace(SMALL, joint_errors=True), seed=1)
    start_from(model, tmp_path / "old.safetensors")
    for name, tensor in old.state_dict().items():
        assert torch.equal(model.state_dict()[name], tensor), name


def test_far_frames_are_added_around_a_checkpoints_window(tmp_path):
    old = build(SMALL)
    save_tar(old, tmp_path / "old.safetensors", half=False)
    model = build(replace(SMALL, far_frames=(6, 8)), seed=1)
    start_from(model, tmp_path / "old.safetensors")
    assert torch.equal(model.global_encoder.position[2:-2], old.global_encoder.position)
    assert torch.equal(model.global_encoder.average.weight[..., 2:-2], old.global_encoder.average.weight)
    assert torch.equal(model.global_encoder.embed[1].weight, old.global_encoder.embed[1].weight)


def test_another_sizes_checkpoint_is_refused(tmp_path):
    save_tar(build(replace(SMALL, hidden=12)), tmp_path / "wide.safetensors")
    with pytest.raises(TarError, match="config"):
        start_from(build(), tmp_path / "wide.safetensors")


def test_no_features_is_one_line(tmp_path, capsys):
    folder = str(tmp_path)
    assert main(["--features", folder, "--test", folder, "--output", str(tmp_path / "run")]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()
