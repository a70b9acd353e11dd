"""Settings and fixtures for all tests."""

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

# Before PyTorch is imported: threads that wait in a loop take the processor from other tests.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import pytest
from hypothesis import settings

from scripts.fetch.demo_video import fetch_demo_video
from tar_core.errors import TarError
from tests.support.hostile_folder import HostileFolder

# No deadlines: on a shared machine, a single example may be slow. Each run tries other examples, except in CI.
settings.register_profile("tar", deadline=None, max_examples=50, derandomize="SAME_EXAMPLES" in os.environ)
settings.load_profile("tar")


def pytest_collection_finish() -> None:
    """Exclude imported modules and collected tests, which stay to the end, from garbage collection."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def threads_of_pytorch() -> Iterator[None]:
    """Undo a capture's number of threads, with which the small networks of later tests take many times as long."""
    before = sys.modules["torch"].get_num_threads() if "torch" in sys.modules else 1
    yield
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(before)


@pytest.fixture
def hostile_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HostileFolder:
    return HostileFolder(tmp_path / "downloads", monkeypatch)


@pytest.fixture(scope="session")
def demo_video() -> Path:
    """The video of `make demo`: 1080x1920 pixels, 100 frames at 60 fps, a man on a beam."""
    try:
        return fetch_demo_video(camera=1)
    except TarError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def untrained_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of the default network with random weights, for tests that do not depend on its output."""
    import torch

    from tar_core.model.checkpoint import build_tar, save_tar
    from tar_core.model.config import TAR_S

    path = tmp_path_factory.mktemp("checkpoint") / "untrained.safetensors"
    torch.manual_seed(0)
    save_tar(build_tar(TAR_S), path)
    return path
