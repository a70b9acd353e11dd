"""The converter reproduces the committed weights. Needs the npm package in the cache of downloads."""

import pytest
import torch
from safetensors.torch import load_file

from tar_core.files import ASSETS

pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed")
from scripts.assets import convert_detector
from tests.support.paths import CACHE

PACKAGES = sorted(CACHE.glob("mediapipe-objectron-*.tgz"))
needs_package = pytest.mark.skipif(not PACKAGES, reason=f"no {convert_detector.PACKAGE} in .cache")


@pytest.mark.slow
@needs_package
def test_reproduces_the_committed_weights() -> None:
    archive = convert_detector.read_package_file(
        convert_detector.PACKAGE, convert_detector.ARCHIVE, archive=PACKAGES[-1]
    )
    state = convert_detector.convert(archive[convert_detector.FILE_RANGE])
    committed = load_file(ASSETS / "ssd_person.safetensors")
    assert state.keys() == committed.keys()
    assert all(torch.equal(state[name], committed[name]) for name in state)
