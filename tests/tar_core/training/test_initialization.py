"""Initial weights from checkpoints of other networks."""

from dataclasses import replace

import pytest
import torch

from tar_core.errors import TarError
from tar_core.model.checkpoint import save_tar
from tar_core.training.initialization import start_from_checkpoint
from tests.support.tar_models import SMALL, build


def test_parts_that_the_checkpoint_lacks_keep_their_weights(tmp_path):
    old = build(SMALL)
    save_tar(old, tmp_path / "old.safetensors", half=False)
    model = build(replace(SMALL, joint_errors=True), seed=1)
    start_from_checkpoint(model, tmp_path / "old.safetensors")
    for name, tensor in old.state_dict().items():
        assert torch.equal(model.state_dict()[name], tensor), name


def test_far_frames_extend_the_weights_of_the_checkpoint(tmp_path):
    old = build(SMALL)
    save_tar(old, tmp_path / "old.safetensors", half=False)
    model = build(replace(SMALL, far_frames=(6, 8)), seed=1)
    start_from_checkpoint(model, tmp_path / "old.safetensors")
    assert torch.equal(model.global_encoder.position[2:-2], old.global_encoder.position)
    assert torch.equal(model.global_encoder.average.weight[..., 2:-2], old.global_encoder.average.weight)
    assert torch.equal(model.global_encoder.embed[1].weight, old.global_encoder.embed[1].weight)


def test_checkpoint_of_another_size_is_refused(tmp_path):
    save_tar(build(replace(SMALL, hidden=12)), tmp_path / "wide.safetensors")
    with pytest.raises(TarError, match="config"):
        start_from_checkpoint(build(), tmp_path / "wide.safetensors")
