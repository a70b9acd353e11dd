"""A rehearsal of `make gpu` on the CPU: every stage runs, resumes after a kill, and lists the files to download."""

import json
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks.gpu.__main__ import STAGES, main
from benchmarks.gpu.runner import RESULTS
from scripts.paths import REPOSITORY
from tar_core.body.data import FREE_BODY
from tar_core.capture.networks import load_runtime
from tar_core.runtime.graphs import BACKBONE
from tar_core.video.reader import VideoReader
from tar_core.video.writer import VideoWriter
from tests.support.motion_files import write_made_up_recordings


def test_the_plan_says_what_travels_and_comes_back(tmp_path, capsys):
    assert main(["plan", "--pack", str(tmp_path / "none.zip")]) == 0
    plan = capsys.readouterr().out
    assert "upload:" in plan and "at most 10 MB, not made yet" in plan
    assert all(stage.name in plan and stage.minutes < 10 for stage in STAGES)
    assert plan.count("  download: ") == len(STAGES)
    assert main(["plan", "--files"]) == 0
    assert "tar_core/assets/blazepose.safetensors" in capsys.readouterr().out.splitlines()


def test_wrong_requests_are_errors_in_one_line(capsys):
    assert main(["run", "nothing"]) == 2
    assert "no such stage: nothing; choose from parity," in capsys.readouterr().err
    assert main(["run", "parity", "--device", "cuda:9"]) == 2
    assert "the device 'cuda:9' is not available" in capsys.readouterr().err


@pytest.fixture(scope="module")
def pack(egl, garments, background_folder, demo_video, tmp_path_factory) -> Path:
    """A pack from made-up recordings and garments, and five frames of a real video."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "motion").mkdir()
    (folder / "bvh").mkdir()
    write_made_up_recordings(folder / "bvh")
    with tarfile.open(folder / "motion" / "made_up.tar", "w") as archive:
        archive.add(folder / "bvh", "bvh")
    (folder / "body").mkdir()
    shutil.copy(garments, folder / "body" / "garments.npz")
    shutil.copy(FREE_BODY, folder / "body" / "free_smpl.npz")
    frames = [frame.image for frame in VideoReader(demo_video).frames(0, 4)]
    with VideoWriter(folder / "short.mp4", 30.0, *frames[0].shape[1::-1]) as writer:
        for frame in frames:
            writer.write(np.ascontiguousarray(frame))
    arguments = ["--data", folder, "--pictures", background_folder, "--videos", folder / "short.mp4"]
    assert main(["pack", *map(str, arguments), "--output", str(folder / "out" / "pack.zip")]) == 0
    assert (folder / "out" / "pack.zip").stat().st_size < 10e6
    return folder / "out" / "pack.zip"


def command(pack: Path, folder: Path, *stages: str) -> list[str]:
    places = ["--pack", pack, "--output", folder / "out", "--work", folder / "work"]
    run = [sys.executable, "-m", "benchmarks.gpu", "run", *stages, "--device", "cpu", "--small"]
    return [*run, *map(str, places)]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_stage_runs_on_the_cpu_and_goes_on_after_a_kill(pack, tmp_path, capfd):
    state, results = tmp_path / "work" / "unfrozen" / "last.pt", tmp_path / "out" / RESULTS
    process = subprocess.Popen(command(pack, tmp_path, "unfrozen"), cwd=REPOSITORY)
    while not state.is_file():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = json.loads(results.read_text())["unfrozen"]
    assert before.keys() == {"before"}

    assert subprocess.run(command(pack, tmp_path), cwd=REPOSITORY).returncode == 0
    found = json.loads(results.read_text())
    assert found.keys() == {stage.name for stage in STAGES}
    assert all("finished" in rows for rows in found.values())
    assert found["unfrozen"]["before"] == before["before"] and found["unfrozen"]["step 4"]["real_drift_pixels"] < 5
    printed = capfd.readouterr().out
    assert "download:" in printed and "blazepose.safetensors.2-of-2" in printed
    returned = list((tmp_path / "out").iterdir())
    assert len(returned) <= 8 and all(file.stat().st_size < 16e6 for file in returned)

    assert main(["join", str(tmp_path / "out"), "--output", str(tmp_path / "joined")]) == 0
    runtime = load_runtime("cpu", tmp_path / "joined" / "tar.safetensors")
    assert np.isfinite(runtime.run(BACKBONE, crops=np.zeros((1, 256, 256, 3), np.uint8))[0]).all()
