"""Training with several processes."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from tar_core.training.parallel import Workers, join_workers
from tests.support.paths import REPOSITORY

PROGRAM = "tests.support.small_run"


def run(*arguments: object, processes: int = 1) -> None:
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    command = [sys.executable, *(launcher if processes > 1 else []), "-m", PROGRAM, *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


def state(folder: Path) -> dict:
    return torch.load(folder / "last.pt", weights_only=True)


def log_rows(folder: Path) -> list[list[float]]:
    return [[float(cell) for cell in row.split(",")] for row in (folder / "log.csv").read_text().splitlines()[1:]]


def test_shares_cover_the_batch():
    shares = [Workers(rank, 3).share(12) for rank in range(3)]
    assert [list(range(12))[share] for share in shares] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]


def test_single_process_averages_nothing(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    workers, device = join_workers("cpu")
    assert workers == Workers() and device == "cpu" and workers.is_main
    layer = torch.nn.Linear(2, 1)
    layer(torch.ones(1, 2)).sum().backward()
    gradient = layer.weight.grad.clone()
    assert workers.average(layer.parameters(), torch.tensor(3.0)) == 3
    assert torch.equal(layer.weight.grad, gradient)


@pytest.mark.slow
def test_two_processes_train_to_the_same_loss_as_one(clips, tmp_path):
    """torchrun with gloo and without dropout: each process gets half of the same batches."""
    run(tmp_path / "features", tmp_path / "one")
    run(tmp_path / "features", tmp_path / "two", processes=2)
    one, two = log_rows(tmp_path / "one"), log_rows(tmp_path / "two")
    assert len(one) == len(two) == 4  # only the first process writes
    for alone, together in zip(one, two, strict=True):
        assert together == pytest.approx(alone, rel=1e-4, abs=1e-3)
    # Adam normalizes gradients, so that rounding errors of tiny gradients become a fraction of the step of 6e-4.
    for name, tensor in state(tmp_path / "one")["model"].items():
        torch.testing.assert_close(state(tmp_path / "two")["model"][name], tensor, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_killed_run_resumes_bit_for_bit(clips, tmp_path, processes):
    """After kill -9, with dropout, the losses and weights are those of an uninterrupted run."""
    arguments = ["--dropout", "0.1", "--steps", "8"]
    run(tmp_path / "features", tmp_path / "whole", *arguments, processes=processes)

    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    command = [sys.executable, *(launcher if processes > 1 else []), "-m", PROGRAM]
    command += [str(tmp_path / "features"), str(tmp_path / "parts"), *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(
        command, cwd=REPOSITORY, env=environment, start_new_session=True, stderr=subprocess.DEVNULL
    ) as child:
        log, deadline = tmp_path / "parts" / "log.csv", time.monotonic() + 400
        while not (log.exists() and len(log.read_text().splitlines()) >= 4):
            assert child.poll() is None and time.monotonic() < deadline
            time.sleep(0.005)
        os.killpg(child.pid, 9)
    assert state(tmp_path / "parts")["step"] < 8  # it was killed before its end
    run(tmp_path / "features", tmp_path / "parts", *arguments, "--resume", processes=processes)
    whole, parts = state(tmp_path / "whole"), state(tmp_path / "parts")
    for part in ("model", "averaged"):
        for name, tensor in whole[part].items():
            assert torch.equal(parts[part][name], tensor), name
    assert (tmp_path / "parts" / "log.csv").read_text() == (tmp_path / "whole" / "log.csv").read_text()
