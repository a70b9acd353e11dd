"""The converter reproduces the committed weights. Needs the npm package in the cache and ai-edge-litert."""

import pytest
import torch
from safetensors.torch import load_file

from scripts.fetch.npm import read_package_file
from tar_core.files import ASSETS
from tests.support.paths import CACHE

PACKAGES = sorted(CACHE.glob("mediapipe-face_mesh-*.tgz"))


@pytest.mark.slow
@pytest.mark.skipif(not PACKAGES, reason="no @mediapipe/face_mesh in .cache")
def test_reproduces_the_committed_weights() -> None:
    pytest.importorskip("ai_edge_litert")
    from scripts.assets import convert_face_landmarks as converter

    state = converter.convert(
        read_package_file(converter.PACKAGE, converter.FILE, archive=PACKAGES[-1])[converter.PART]
    )
    committed = load_file(ASSETS / "face_landmarks.safetensors")
    assert state.keys() == committed.keys()
    assert all(torch.equal(state[name], committed[name]) for name in state)
