"""The command `python -m tar_core.datasets`."""

import pickle

from tar_core.datasets.__main__ import main
from tar_core.datasets.shards import ClipShards
from tests.support.smpl_files import smpl_content
from tests.tar_core.datasets import test_threedpw
from tests.tar_core.datasets.test_clips import first_sequence

root = test_threedpw.root  # the fixture of 3DPW's files


def test_command_writes_shards(root, tmp_path, capsys):
    folder, _ = root
    first_sequence(folder)
    bodies = tmp_path / "smpl"
    bodies.mkdir()
    for gender in ("MALE", "FEMALE"):
        (bodies / f"SMPL_{gender}.pkl").write_bytes(pickle.dumps(smpl_content()))
    arguments = ["3dpw", folder, "--split", "test", "--bodies", bodies, "--output", tmp_path / "shards"]
    assert main([str(argument) for argument in [*arguments, "--stride", "2"]]) == 0
    clips = list(ClipShards(tmp_path / "shards"))
    assert {str(clip.motion) for clip in clips} <= {"downtown_made_up_00_0", "downtown_made_up_00_1"}
    assert clips and clips[0].images.shape == (9, 256, 256, 3)

    arguments[3] = "night"
    assert main([str(argument) for argument in arguments]) == 2
    arguments[1], arguments[3], arguments[7] = tmp_path / "gone", "test", tmp_path / "nothing"
    assert main([str(argument) for argument in arguments]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert "train, validation, test" in errors[0] and "virtualhumans" in errors[1] and len(errors) == 2
    assert not (tmp_path / "nothing").exists()
