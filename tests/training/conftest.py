"""What the tests of the synthetic data share: the free body, the garments, a renderer, a few backgrounds."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tar_core.errors import TarError
from tar_core.training.backgrounds import Backgrounds
from tar_core.training.people import People
from tar_core.training.renderer import PersonRenderer
from tools import turn_garments

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"
FREE_BODY = ROOT / "tar_core" / "assets" / "free_body.npz"
GARMENTS = SHARED / "body" / "garments.npz"
THEIR_BODY = SHARED / "body" / "free_smpl.npz"


@pytest.fixture(scope="session")
def garments(tmp_path_factory) -> Path:
    """The file of the garments, fitted to the free body."""
    if not GARMENTS.exists():
        pytest.skip(f"the fitted garments {GARMENTS} are not here")
    path = tmp_path_factory.mktemp("garments") / "garments.npz"
    assert turn_garments.main([str(GARMENTS), "--body", str(THEIR_BODY), "--output", str(path)]) == 0
    return path


@pytest.fixture(scope="session")
def people(garments) -> People:
    return People(FREE_BODY, garments)


@pytest.fixture(scope="session")
def egl() -> None:
    """Skips where nothing can be rendered."""
    try:
        PersonRenderer()
    except TarError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def background_folder(tmp_path_factory) -> Path:
    """Two plain photographs and one panorama with a sun."""
    folder = tmp_path_factory.mktemp("backgrounds")
    random = np.random.default_rng(0)
    for name in ("a", "b"):
        coarse = random.integers(0, 255, (8, 8, 3)).astype(np.uint8)
        cv2.imwrite(str(folder / f"{name}.png"), cv2.resize(coarse, (320, 240)))
    panorama = np.full((64, 128, 3), 0.3, np.float32)
    panorama[16:18, 60:64] = 500.0
    cv2.imwrite(str(folder / "sky.hdr"), panorama)
    return folder


@pytest.fixture(scope="session")
def backgrounds(background_folder) -> Backgrounds:
    return Backgrounds(background_folder)
