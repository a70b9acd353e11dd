"""Every protocol, from the dataset's folder to the table, on made-up files in the published layouts."""

import csv
import json
import pickle
import shutil

import h5py
import numpy as np
import pytest

from tar_core.evaluation.__main__ import main
from tar_core.evaluation.protocols import PROTOCOLS
from tar_core.evaluation.results import ALL
from tar_core.model.checkpoint import save_tar
from tests.support.made_up_datasets import write_image
from tests.support.smpl_files import smpl_content
from tests.support.tar_models import SMALL, build
from tests.tar_core.datasets import test_emdb, test_human36m, test_threedpw

threedpw_root, emdb_root, human36m_root = test_threedpw.root, test_emdb.root, test_human36m.root


@pytest.fixture
def threedpw(threedpw_root):
    folder, _ = threedpw_root
    for number in range(12):
        write_image(folder / "imageFiles" / "downtown_made_up_00" / f"image_{number:05d}.jpg", 1080, 1920)
    return folder, "downtown_made_up_00_0", 23  # two people in twelve frames, one frame invalid


@pytest.fixture
def emdb(emdb_root):
    folder, _ = emdb_root
    for number in range(10):
        write_image(folder / "P0" / "09_outdoor_walk" / "images" / f"{number:05d}.jpg", 1440, 1920)
    return folder, "P0_09_outdoor_walk", 8


@pytest.fixture
def human36m(human36m_root):
    folder, _ = human36m_root
    for subject in (9, 11):
        take = f"s_{subject:02d}_act_02_subact_01_ca_04"
        for frame in test_human36m.FRAMES:
            write_image(folder / "images" / take / f"{take}_{frame + 1:06d}.jpg", 1000, 1002)
    return folder, "s_11_act_02_subact_01_ca_04", 12


@pytest.fixture
def mpi_inf_3dhp(tmp_path):
    random = np.random.default_rng(0)
    world = random.normal(size=(17, 3)) * 400 + [0, 0, 4000] + 10 * random.normal(size=(4, 1, 17, 3))
    for number in range(1, 7):
        folder = tmp_path / "mpi_inf_3dhp_test_set" / f"TS{number}"
        focal_length, width, height = (1500, 2048, 2048) if number <= 4 else (1684, 1920, 1080)
        write_image(folder / "imageSequence" / "img_000001.jpg", width, height)
        for frame in range(2, 5):
            shutil.copy(folder / "imageSequence" / "img_000001.jpg", folder / "imageSequence" / f"img_{frame:06d}.jpg")
        with h5py.File(folder / "annot_data.mat", "w") as file:
            file["annot2"] = focal_length * world[..., :2] / world[..., 2:] + [width / 2, height / 2]
            file["univ_annot3"] = world
            file["valid_frame"] = np.array([[1.0]] * 3 + [[float(number != 2)]])
    return tmp_path, "TS2", 23


@pytest.fixture(scope="module")
def researcher(tmp_path_factory):
    """Arguments for the bodies and the regressor that a researcher has."""
    folder = tmp_path_factory.mktemp("smpl")
    body = pickle.dumps(smpl_content(correctives=False))
    for gender in ("NEUTRAL", "MALE", "FEMALE"):
        (folder / f"SMPL_{gender}.pkl").write_bytes(body)
    random = np.random.default_rng(5).random((17, 6890)) ** 20
    np.save(folder / "J_regressor_h36m.npy", random / random.sum(1, keepdims=True))
    return ["--bodies", str(folder), "--regressor", str(folder / "J_regressor_h36m.npy")]


@pytest.mark.parametrize(
    ("protocol", "fixture"),
    [
        ("3dpw", "threedpw"),
        pytest.param("emdb1", "emdb", marks=pytest.mark.slow),
        pytest.param("h36m-p2", "human36m", marks=pytest.mark.slow),
        pytest.param("mpi-inf-3dhp", "mpi_inf_3dhp", marks=pytest.mark.slow),
    ],
)
def test_dataset_folder_to_table(protocol, fixture, request, researcher, untrained_checkpoint, tmp_path, capsys):
    folder, sequence, frames = request.getfixturevalue(fixture)
    arguments = [protocol, str(folder), *researcher, "--checkpoint", str(untrained_checkpoint)]
    arguments += ["--output", str(tmp_path / "out"), "--smoothing", "1"]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert f"| {PROTOCOLS[protocol].title} |" in printed and "| untrained, smoothed 1 |" in printed
    assert ("40.6" in printed) == (protocol == "3dpw")
    with (tmp_path / "out" / f"{protocol}.csv").open(newline="") as file:
        lines = {(line["row"], line["sequence"]): line for line in csv.DictReader(file)}
    everything = lines["untrained", ALL]
    assert everything["frames"] == str(frames) and ("untrained", sequence) in lines
    for metric in PROTOCOLS[protocol].metrics:
        assert float(everything[metric]) > 0, metric
    content = json.loads((tmp_path / "out" / f"{protocol}.json").read_text())
    assert len(content["checkpoint"]["sha256"]) == 64 and content["settings"]["config"]["backbone"] == "blazepose"


def test_cached_clips_are_evaluated(clips, tmp_path, capsys):
    network = tmp_path / "small.safetensors"
    save_tar(build(SMALL), network)
    arguments = ["synthetic", str(tmp_path / "features"), "--checkpoint", str(network)]
    assert main([*arguments, "--output", str(tmp_path / "out")]) == 0
    assert "54 frames" in capsys.readouterr().out
    assert json.loads((tmp_path / "out" / "synthetic.json").read_text())["frames"] == 54


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["3dpw", "gone"], "--bodies"),
        (["3dpw", "gone", "BODIES"], "--regressor"),
        (["3dpw", "gone", "RESEARCHER"], "virtualhumans"),
        (["emdb1", "gone", "BODIES"], "emdb.ait.ethz.ch"),
        (["h36m-p2", "gone", "RESEARCHER"], "NeuralAnnot"),
        (["mpi-inf-3dhp", "gone", "RESEARCHER"], "3dhp-dataset"),
        (["synthetic", "gone"], "no cached features"),
        (["synthetic", "gone", "--smoothing", "2"], "from 0 to 1"),
    ],
)
def test_missing_input_is_reported_in_one_line(arguments, words, researcher, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    short = {"RESEARCHER": researcher, "BODIES": researcher[:2]}
    assert main([part for argument in arguments for part in short.get(argument, [argument])]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and words in lines[0]
    assert not (tmp_path / "out").exists()
