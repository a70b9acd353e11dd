"""The inputs of a training run."""

from pathlib import Path

import pytest

from tar_core.datasets.features import FeatureClips, backbone_of_features
from tar_core.errors import TarError
from tar_core.files import file_hash
from tar_core.training.mixing import MixedClips, Part
from tar_core.training.train import copy_backbone_of


@pytest.fixture
def weights(clips: FeatureClips, tmp_path: Path) -> Path:
    """The weights of the backbone that computed the clips."""
    path = backbone_of_features(tmp_path / "features", "resnet50")
    path.parent.mkdir()
    path.write_bytes(b"weights")
    return path


def test_weights_of_the_backbone_are_copied_beside_the_checkpoint(
    clips: FeatureClips, weights: Path, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "run" / "tar.safetensors"
    notes = copy_backbone_of(clips, "resnet50", checkpoint)
    copied = checkpoint.with_name("resnet50.safetensors")
    assert copied.read_bytes() == b"weights" and notes == {"backbone_sha256": file_hash(weights)}
    assert copy_backbone_of(clips, "resnet50", checkpoint) == notes  # a run that is resumed


def test_blazepose_is_not_copied(clips: FeatureClips, tmp_path: Path) -> None:
    assert copy_backbone_of(clips, "blazepose", tmp_path / "run" / "tar.safetensors") == {}
    assert not (tmp_path / "run").exists()


def test_missing_weights_are_an_error(clips: FeatureClips, tmp_path: Path) -> None:
    with pytest.raises(TarError, match=r"resnet50\.safetensors: no such file"):
        copy_backbone_of(clips, "resnet50", tmp_path / "run" / "tar.safetensors")


def test_mixed_clips_must_be_from_one_backbone(clips: FeatureClips, weights: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for file in (tmp_path / "features").glob("*.safetensors"):
        (other / file.name).write_bytes(file.read_bytes())
    mixed = MixedClips([Part(tmp_path / "features", 1), Part(other, 1)])
    backbone_of_features(other, "resnet50").parent.mkdir()
    backbone_of_features(other, "resnet50").write_bytes(b"other weights")
    with pytest.raises(TarError, match="not the weights of"):
        copy_backbone_of(mixed, "resnet50", tmp_path / "run" / "tar.safetensors")
