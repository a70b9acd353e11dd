"""Cached features, and their computation with other backbones than the default one."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from tar_core.datasets.features import FeatureClips, main
from tar_core.datasets.shards import read_shard, write_shard
from tar_core.errors import TarError
from tar_core.model.backbones.pretrained import build_backbone, load_backbone
from tar_core.model.config import TAR_R50
from tests.tar_core.datasets.test_shards import made_up_clip


@pytest.fixture
def shards(tmp_path):
    (tmp_path / "clips").mkdir()
    write_shard(tmp_path / "clips" / "shard-000000-00000.npz", [made_up_clip(3, count=2)])
    return tmp_path / "clips"


@pytest.mark.slow
def test_features_of_another_backbone(shards, tmp_path, capsys):
    pretrained = build_backbone("resnet50").state_dict()
    weights = tmp_path / "resnet50.pth"
    torch.save({name: tensor for name, tensor in pretrained.items() if "deconv" not in name}, weights)
    output = tmp_path / "features"
    arguments = ["--shards", shards, "--output", output, "--backbone", "resnet50", "--weights", weights]
    assert main([str(argument) for argument in arguments]) == 0
    printed = capsys.readouterr().out
    assert "tensors used" in printed and "untrained: deconv_layers" in printed

    clips = FeatureClips(output)
    features = clips.batch([0]).features
    assert features.vector.shape == (2, TAR_R50.vector_size)
    assert features.local_map.shape == (2, TAR_R50.map_channels, 64, 64)
    # The backbone that is saved beside the features reproduces them.
    saved, _ = load_backbone("resnet50", output / "backbone" / "resnet50.safetensors")
    assert load_file(output / "backbone" / "resnet50.safetensors").keys() == saved.state_dict().keys()
    images = torch.from_numpy(read_shard(next(shards.glob("*.npz")))[0].images.copy())
    with torch.no_grad():
        again = saved(images.permute(0, 3, 1, 2).float() / 255)
    torch.testing.assert_close(features.vector, again.vector.half().float())


def test_missing_weights_are_reported_before_writing(shards, tmp_path, capsys):
    arguments = ["--shards", str(shards), "--output", str(tmp_path / "features"), "--backbone", "hrnet_w48"]
    assert main(arguments) == 2
    assert "give their path" in capsys.readouterr().err
    assert not (tmp_path / "features").exists()
    weights = tmp_path / "wrong.safetensors"
    save_file({"conv1.weight": torch.zeros(64, 3, 7, 7)}, weights)
    assert main([*arguments, "--weights", str(weights)]) == 2
    assert not (tmp_path / "features").exists()


def test_machines_share_the_shards(shards, tmp_path):
    for number in (1, 2):
        write_shard(shards / f"shard-000000-{number:05d}.npz", [made_up_clip(number, count=2)])
    output = tmp_path / "features"
    for part, computed in (("2/2", [1]), ("1/2", [0, 1, 2])):
        assert main(["--shards", str(shards), "--output", str(output), "--shard", part]) == 0
        names = [f"shard-000000-{number:05d}.safetensors" for number in computed]
        assert sorted(file.name for file in output.iterdir()) == names


def test_missing_features_are_reported(tmp_path):
    with pytest.raises(TarError, match="no cached features"):
        FeatureClips(tmp_path)


def test_clips_are_reversed_on_request(clips):
    forwards, backwards = clips.batch([2]), clips.batch([2], [True])
    torch.testing.assert_close(forwards.poses.flip(0), backwards.poses)
    torch.testing.assert_close(forwards.camera.roll.flip(0), backwards.camera.roll)
    torch.testing.assert_close(forwards.features.local_map.flip(0), backwards.features.local_map)
