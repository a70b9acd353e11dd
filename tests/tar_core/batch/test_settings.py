import os
from pathlib import Path

import pytest

from tar_core import workers
from tar_core.batch.settings import limit_on_cluster, number_of_engines, settings_text, with_share
from tar_core.options import CaptureOptions


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with 16 CPU threads and 64 GB."""
    monkeypatch.setattr(workers, "cores", lambda: 16)
    monkeypatch.setattr(workers, "machine_memory", lambda: 64.0)


@pytest.mark.parametrize(
    ("videos", "engines", "each", "threads"), [(1, 1, 16, 1), (3, 3, 5, 1), (16, 16, 1, 1), (1000, 16, 1, 1)]
)
def test_few_videos_are_divided_and_many_are_not(
    videos: int, engines: int, each: int, threads: int, machine: None
) -> None:
    options = CaptureOptions(device="cpu", workers=16, memory=64)
    assert number_of_engines(options, videos) == engines
    shared = with_share(options, engines)
    assert (shared.workers, shared.threads) == (each, threads)


def test_videos_are_divided_only_on_demand(machine: None) -> None:
    options = CaptureOptions(device="cpu")
    assert number_of_engines(options, 3) == 3 and with_share(options, 3).workers == 1


def test_one_worker_uses_the_default_threads(machine: None) -> None:
    shared = with_share(CaptureOptions(device="cpu", workers=1), 1)
    assert (shared.workers, shared.threads) == (1, None)
    assert with_share(CaptureOptions(device="cpu", threads=3), 8).threads == 3


@pytest.mark.parametrize(
    ("workers", "memory", "limit"), [(None, None, 100), (30, None, 30), (None, 12.5, 10), (5, 12.5, 5), (None, 0.5, 1)]
)
def test_workers_of_a_cluster_are_limited_by_number_and_memory(
    workers: int | None, memory: float | None, limit: int
) -> None:
    assert limit_on_cluster(CaptureOptions(workers=workers, memory=memory), 100) == limit


def test_settings_depend_on_the_content_of_files(tmp_path: Path) -> None:
    model = tmp_path / "model.safetensors"
    model.write_text("weights")
    copy = tmp_path / "copy.safetensors"
    copy.write_text("weights")
    before = settings_text(CaptureOptions(checkpoint=model))
    assert settings_text(CaptureOptions(checkpoint=copy)) == before != settings_text(CaptureOptions())
    model.write_text("weightS")
    os.utime(model, (1, 1))
    assert settings_text(CaptureOptions(checkpoint=model)) != before
    assert settings_text(CaptureOptions(body=copy)) != before, "another option"


def test_settings_depend_on_the_content_of_folders(tmp_path: Path) -> None:
    cameras = tmp_path / "cameras"
    cameras.mkdir()
    (cameras / "images.txt").write_text("a camera")
    before = settings_text(CaptureOptions(camera_trajectory=cameras))
    (cameras / "cameras.txt").write_text("a lens")
    assert settings_text(CaptureOptions(camera_trajectory=cameras)) != before


def test_the_share_of_the_machine_does_not_count() -> None:
    shared = CaptureOptions(threads=3, workers=2, memory=4.0, device="cpu")
    assert settings_text(shared) == settings_text(CaptureOptions())
    assert settings_text(CaptureOptions(fov=60)) != settings_text(CaptureOptions())
