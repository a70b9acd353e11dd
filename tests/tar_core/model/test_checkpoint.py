"""Writing and loading of checkpoints."""

import pytest
import torch
from safetensors.torch import save_file

from tar_core.errors import TarError
from tar_core.model.checkpoint import load_tar, save_tar
from tar_core.model.weights import CHECKPOINT_FORMAT
from tests.support.full_disk import full_disk
from tests.support.tar_models import SMALL, build


def test_network_round_trips_through_its_file(tmp_path):
    model = build()
    save_tar(model, tmp_path / "a.safetensors", half=False, notes={"licence": "CC0"})
    loaded = load_tar(tmp_path / "a.safetensors")
    assert loaded.config == SMALL and not loaded.training
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], tensor)


def test_half_precision_floats_are_converted_when_loaded(tmp_path):
    model = build()
    save_tar(model, tmp_path / "a.safetensors")
    assert (tmp_path / "a.safetensors").stat().st_size < 2.2 * sum(p.numel() for p in model.parameters()) + 20000
    assert all(parameter.dtype == torch.float32 for parameter in load_tar(tmp_path / "a.safetensors").parameters())


def test_other_files_are_rejected(tmp_path):
    with pytest.raises(TarError, match="no such checkpoint"):
        load_tar(tmp_path / "none.safetensors")
    (tmp_path / "text.safetensors").write_text("hello")
    with pytest.raises(TarError, match="not a readable safetensors file"):
        load_tar(tmp_path / "text.safetensors")
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(TarError, match="not a TAR checkpoint"):
        load_tar(tmp_path / "other.safetensors")


def test_checkpoint_with_other_shapes_is_rejected(tmp_path):
    model = build()
    model.config = model.config.__class__(**{**model.config.to_dict(), "hidden": 12})
    save_tar(model, tmp_path / "a.safetensors")
    with pytest.raises(TarError, match="do not fit"):
        load_tar(tmp_path / "a.safetensors")


def test_memory_is_not_taken_for_weights_that_a_checkpoint_does_not_have(tmp_path):
    model = build()
    large = {"global_width": 8192, "global_layers": 64}  # 200 GB of weights
    model.config = model.config.__class__(**{**model.config.to_dict(), **large})
    save_tar(model, tmp_path / "a.safetensors")
    with pytest.raises(TarError, match="do not fit"):
        load_tar(tmp_path / "a.safetensors")


@pytest.mark.parametrize("config", ["", "{", "[]", "3", "[" * 100_000, '{"backbone": "blazepose"}'])
def test_unreadable_configurations_are_rejected(tmp_path, config):
    save_file({"a": torch.zeros(1)}, tmp_path / "a.safetensors", {"format": CHECKPOINT_FORMAT, "config": config})
    with pytest.raises(TarError, match="configuration") as error:
        load_tar(tmp_path / "a.safetensors")
    assert str(error.value).startswith(str(tmp_path / "a.safetensors")) and len(str(error.value)) < 400


def test_full_disk_is_one_line_and_leaves_the_old_file(tmp_path):
    """A limit on the file size simulates a full disk."""
    (tmp_path / "a.safetensors").write_text("old")
    with full_disk(1000), pytest.raises(TarError, match="cannot write"):
        save_tar(build(), tmp_path / "a.safetensors")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]
