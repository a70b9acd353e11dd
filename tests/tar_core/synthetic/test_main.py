"""The command `python -m tar_core.synthetic`."""

import numpy as np
import pytest

from tar_core.datasets.shards import ClipShards
from tar_core.synthetic import generate
from tar_core.synthetic.__main__ import main


@pytest.mark.slow
def test_command_renders_and_resumes(egl, garments, background_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(generate, "CLIPS_PER_SHARD", 2)
    np.savez(tmp_path / "still.npz", poses=np.zeros((30, 72)), trans=np.zeros((30, 3)), mocap_framerate=30.0)
    arguments = ["--output", tmp_path / "out", "--clips", 3, "--seed", 5, "--motions", tmp_path / "still.npz"]
    arguments += ["--garments", garments, "--backgrounds", background_folder]
    arguments = [str(argument) for argument in arguments]
    assert main(arguments) == 0
    assert len(list(ClipShards(tmp_path / "out"))) == 3
    first = (tmp_path / "out" / "shard-000005-00000.npz").stat().st_mtime_ns
    (tmp_path / "out" / "shard-000005-00001.npz").unlink()
    assert main(arguments) == 0
    assert (tmp_path / "out" / "shard-000005-00000.npz").stat().st_mtime_ns == first
    assert len(list(ClipShards(tmp_path / "out"))) == 3
    machine = tmp_path / "machine"
    assert main([*arguments, "--output", str(machine), "--shard", "2/2"]) == 0
    (part,) = ClipShards(machine).paths
    assert part.read_bytes() == (tmp_path / "out" / part.name).read_bytes(), "the part of the second of two machines"
    capsys.readouterr()
    arguments[arguments.index(str(background_folder))] = str(tmp_path / "nowhere")
    (tmp_path / "out" / "shard-000005-00001.npz").unlink()
    assert main(arguments) == 2
    assert "no photographs" in capsys.readouterr().err
