"""The command that trains on the paper's datasets, on a made-up 3DPW."""

import pickle
import shutil
from dataclasses import replace

import pytest

from tar_core.model.backbones.pretrained import backbone_of, build_backbone, save_backbone
from tar_core.model.config import CONFIGS, TAR_R50
from tar_core.model.weights import read_checkpoint
from tar_core.training import paper
from tar_core.training.mixing import read_mixture
from tests.support.smpl_files import smpl_content
from tests.tar_core.datasets import test_threedpw
from tests.tar_core.datasets.test_clips import first_sequence

root = test_threedpw.root  # the fixture of 3DPW's files


def test_a_folder_without_datasets_is_an_error(tmp_path, capsys):
    arguments = [str(tmp_path), "--bodies", str(tmp_path), "--output", str(tmp_path / "out")]
    assert paper.main(arguments) == 2
    assert "3DPW is needed" in capsys.readouterr().err


@pytest.mark.slow
def test_command_converts_trains_and_resumes(root, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(CONFIGS, "tar-r50", replace(TAR_R50, local_size=8, local_channels=4, global_width=16, hidden=8))
    first_sequence(root[0])
    datasets = tmp_path / "datasets"
    for split in ("train", "validation"):
        shutil.copytree(root[0] / "sequenceFiles" / "test", datasets / "3dpw" / "sequenceFiles" / split)
    shutil.copytree(root[0] / "imageFiles", datasets / "3dpw" / "imageFiles")
    bodies = tmp_path / "smpl"
    bodies.mkdir()
    for gender in ("MALE", "FEMALE"):
        (bodies / f"SMPL_{gender}.pkl").write_bytes(pickle.dumps(smpl_content()))
    save_backbone(build_backbone("resnet50"), tmp_path / "weights.safetensors")
    arguments = [datasets, "--bodies", bodies, "--config", "tar-r50", "--weights", tmp_path / "weights.safetensors"]
    arguments += ["--output", tmp_path / "out", "--steps"]
    for steps in (1, 2):  # the second time, all results exist, and the run is resumed
        assert paper.main([str(argument) for argument in [*arguments, steps]]) == 0
    (part,) = read_mixture(tmp_path / "out" / "features" / "mixture.toml")
    assert part.features.name == "3dpw" and part.weight == 0.25
    checkpoint = read_checkpoint(tmp_path / "out" / "run" / "tar.safetensors")
    assert checkpoint.config == CONFIGS["tar-r50"] and backbone_of(checkpoint) is not None
    assert (tmp_path / "out" / "run" / "log.csv").read_text().count("\n") == 3
