"""Backbones with weights from published checkpoints."""

import pytest
import torch
from safetensors.torch import save_file

from tar_core.errors import TarError
from tar_core.model.backbones.hrnet import HRNetW48
from tar_core.model.backbones.pretrained import (
    build_backbone,
    load_backbone,
    load_pretrained,
    match,
    read_checkpoint,
    save_backbone,
)
from tar_core.model.backbones.resnet import ResNet50
from tests.support.named_weights import made_up_tensor


@pytest.fixture(scope="module")
def resnet_state():
    """Tensors of a classifier with torchvision's names, each of one number, so that their files are small."""
    shapes = {name: t.shape for name, t in ResNet50().state_dict().items() if t.dim()}
    state = {name: made_up_tensor(name, torch.Size([1])).expand(shape) for name, shape in shapes.items()}
    return {name: tensor for name, tensor in state.items() if not name.startswith("deconv_layers")}


@pytest.fixture(scope="module")
def resnet():
    return build_backbone("resnet50")


# Layouts of published checkpoints: source, prefix, key of the nested dictionary, and other tensors.
LAYOUTS = {
    "torchvision": ("", None, {"fc.weight": torch.zeros(1000, 2048), "fc.bias": torch.zeros(1000)}),
    "SPIN": ("", "model", {"fc1.weight": torch.zeros(1024, 2205), "decpose.weight": torch.zeros(144, 1024)}),
    "CLIFF": ("module.encoder.", "model", {"module.decpose.weight": torch.zeros(144, 1024)}),
    "BEDLAM": ("model.backbone.", "state_dict", {"model.head.decpose.weight": torch.zeros(144, 1024)}),
    "PyMAF": ("feature_extractor.", "model", {"regressor.0.fc1.weight": torch.zeros(1024, 2000)}),
    "ReFit": ("backbone.", "model", {"update_block.pose_gru.lz.bias": torch.zeros(24, 32)}),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_checkpoints_of_every_layout_load(name, resnet, resnet_state, tmp_path):
    prefix, nest, other = LAYOUTS[name]
    content = {prefix + key: tensor for key, tensor in resnet_state.items()} | other
    content[f"{prefix}bn1.num_batches_tracked"] = torch.tensor(7)
    torch.save({nest: content, "epoch": 3} if nest else content, tmp_path / "theirs.pth")
    for tensor in resnet.state_dict().values():
        tensor.zero_()
    result = load_pretrained(resnet, tmp_path / "theirs.pth")
    assert result.prefix == prefix
    assert sorted(result.unused) == sorted(other)
    assert result.missing and all(key.startswith("deconv_layers.") for key in result.missing)
    for key, tensor in resnet_state.items():
        assert torch.equal(resnet.state_dict()[key], tensor), key
    report = "\n".join(result.report())
    assert f"{len(resnet_state)} tensors used" in report
    assert "untrained: deconv_layers" in report
    for key in other:
        assert ".".join(key.split(".")[:1]) in report


@pytest.mark.slow
def test_pose_checkpoint_of_hrnet_without_classifier_and_last_fusions_loads(tmp_path):
    whole = {name: made_up_tensor(name, t.shape) for name, t in HRNetW48().state_dict().items() if t.dim()}
    pose = {
        name: tensor
        for name, tensor in whole.items()
        if not name.startswith((*HRNetW48.new_layers, "stage4.2.fuse_layers."))
        or name.startswith("stage4.2.fuse_layers.0.")
    }
    pose["final_layer.weight"] = torch.zeros(17, 48, 1, 1)  # the heatmap layer has the name of the classifier's layer
    save_file(pose, tmp_path / "pose_hrnet_w48_256x256.safetensors")
    result = load_pretrained(HRNetW48(), tmp_path / "pose_hrnet_w48_256x256.safetensors")
    assert result.unused == ["final_layer.weight"]
    assert "stage4.2.fuse_layers.1.0.0.0.weight" in result.missing


def test_checkpoint_of_another_network_is_rejected(resnet_state, tmp_path):
    save_file({name: tensor.contiguous() for name, tensor in resnet_state.items()}, tmp_path / "resnet.safetensors")
    with pytest.raises(TarError, match="HRNetW48.*conv1"):
        load_pretrained(HRNetW48(), tmp_path / "resnet.safetensors")


def test_checkpoint_that_would_run_code_is_rejected(tmp_path):
    class Harmful:
        def __reduce__(self):
            return (print, ("this must not be printed",))

    torch.save({"model": Harmful()}, tmp_path / "harmful.pth")
    with pytest.raises(TarError, match="safetensors"):
        read_checkpoint(tmp_path / "harmful.pth")


def test_missing_and_damaged_files_are_reported(tmp_path):
    with pytest.raises(TarError, match="no such file"):
        read_checkpoint(tmp_path / "gone.pth")
    for name in ("cut.pth", "cut.safetensors"):
        (tmp_path / name).write_bytes(b"PK\x03\x04 broken")
        with pytest.raises(TarError, match="cut"):
            read_checkpoint(tmp_path / name)
    with pytest.raises(TarError, match="download"):
        load_backbone("resnet50")
    with pytest.raises(TarError, match="hrnet_w48"):
        build_backbone("vgg")


def test_untrained_layers_are_reproducible_and_saved(resnet_state, tmp_path):
    torch.manual_seed(1)
    first = build_backbone("resnet50")
    torch.manual_seed(2)
    second = build_backbone("resnet50")
    for name, tensor in first.state_dict().items():
        assert torch.equal(second.state_dict()[name], tensor), name
    save_backbone(first, tmp_path / "whole.safetensors")
    again, result = load_backbone("resnet50", tmp_path / "whole.safetensors")
    assert result.missing == [] and result.unused == []
    crops = torch.rand(1, 3, 256, 256)
    with torch.no_grad():
        assert torch.equal(again(crops).local_map, first(crops).local_map)


def test_match_uses_the_prefix_with_the_most_matches():
    model = {"conv1.weight": torch.zeros(2, 3), "fc.weight": torch.zeros(4)}
    state = {"teacher.conv1.weight": torch.zeros(2, 3), "student.conv1.weight": torch.zeros(2, 3)}
    state["student.fc.weight"] = torch.ones(4)
    assert match(model, state).prefix == "student."
