import pytest
import torch
from safetensors.torch import save_file

from tar_core.errors import TarError
from tar_core.model.checkpoint import load_tar, save_tar
from tests.tar_core.model.test_tar import SMALL, build


def test_a_network_survives_its_file(tmp_path):
    model = build()
    save_tar(model, tmp_path / "a.safetensors", half=False, notes={"licence": "CC0"})
    loaded = load_tar(tmp_path / "a.safetensors")
    assert loaded.config == SMALL and not loaded.training
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], tensor)


def test_half_floats_load_as_full_ones(tmp_path):
    model = build()
    save_tar(model, tmp_path / "a.safetensors")
    assert (tmp_path / "a.safetensors").stat().st_size < 2.2 * sum(p.numel() for p in model.parameters()) + 20000
    assert all(parameter.dtype == torch.float32 for parameter in load_tar(tmp_path / "a.safetensors").parameters())


def test_wrong_files_are_named_in_one_line(tmp_path):
    with pytest.raises(TarError, match="no such checkpoint"):
        load_tar(tmp_path / "none.safetensors")
    (tmp_path / "text.safetensors").write_text("hello")
    with pytest.raises(TarError, match="not a readable safetensors file"):
        load_tar(tmp_path / "text.safetensors")
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(TarError, match="not a TAR checkpoint"):
        load_tar(tmp_path / "other.safetensors")


def test_a_checkpoint_of_another_shape_is_refused(tmp_path):
    model = build()
    model.config = model.config.__class__(**{**model.config.to_dict(), "hidden": 12})
    save_tar(model, tmp_path / "a.safetensors")
    with pytest.raises(TarError, match="don't fit"):
        load_tar(tmp_path / "a.safetensors")
