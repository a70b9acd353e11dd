"""Loading of converted weights."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from tar_core.errors import TarError
from tar_core.model.weights import load_weights


def load(path: Path) -> nn.Linear:
    model = nn.Linear(2, 1)
    load_weights(model, path, "default.safetensors")
    return model


def test_half_precision_weights_are_converted(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_file({"weight": torch.tensor([[1.0, 2.0]]).half(), "bias": torch.tensor([3.0]).half()}, path)
    model = load(path)
    assert model.weight.dtype == torch.float32
    assert model.weight.tolist() == [[1.0, 2.0]] and model.bias.tolist() == [3.0]


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(TarError, match="no such weights"):
        load(tmp_path / "nowhere.safetensors")


@pytest.mark.parametrize("content", [b"", b"not weights", b"\x08\0\0\0\0\0\0\0{}      "[:12]])
def test_damaged_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "damaged.safetensors"
    path.write_bytes(content)
    with pytest.raises(TarError, match="not a readable safetensors file"):
        load(path)


@pytest.mark.parametrize(
    "state", [{"weight": torch.zeros(1, 2)}, {"weight": torch.zeros(1, 3), "bias": torch.zeros(1)}]
)
def test_weights_of_another_network(tmp_path: Path, state: dict[str, torch.Tensor]) -> None:
    path = tmp_path / "other.safetensors"
    save_file(state, path)
    with pytest.raises(TarError, match="another network") as error:
        load(path)
    assert "\n" not in str(error.value)
