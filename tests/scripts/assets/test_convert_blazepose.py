"""The converter reproduces the committed weights. Needs the npm package in the cache of downloads."""

import pytest
import torch
from safetensors.torch import load_file

from tar_core.files import ASSETS

pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed")
from scripts.assets import convert_blazepose
from tests.support.paths import CACHE

PACKAGES = sorted(CACHE.glob("mediapipe-pose-*.tgz"))
needs_package = pytest.mark.skipif(not PACKAGES, reason=f"no {convert_blazepose.PACKAGE} in .cache")


@pytest.mark.slow
@needs_package
def test_reproduces_the_committed_weights() -> None:
    tflite = convert_blazepose.read_package_file(
        convert_blazepose.PACKAGE, convert_blazepose.FILE, archive=PACKAGES[-1]
    )
    state = convert_blazepose.convert(tflite)
    committed = load_file(ASSETS / "blazepose.safetensors")
    assert state.keys() == committed.keys()
    assert all(torch.equal(state[name], committed[name]) for name in state)
