"""Fixtures of synthetic data: made-up garments, backgrounds and cached clips, and people wearing the garments."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from scripts.assets import turn_garments
from tar_core.body.data import FREE_BODY
from tar_core.camera.crop import Crop
from tar_core.camera.crop_camera import CropCamera
from tar_core.datasets.features import FeatureClips
from tar_core.errors import TarError
from tar_core.synthetic.backgrounds import Backgrounds
from tar_core.synthetic.people import People
from tar_core.synthetic.renderer import PersonRenderer
from tests.support.made_up_garments import write_garments
from tests.support.paths import SHARED


@pytest.fixture(scope="session")
def garments(tmp_path_factory) -> Path:
    """A garments file, fitted to the free body."""
    path = tmp_path_factory.mktemp("garments") / "garments.npz"
    write_garments(path)
    return path


@pytest.fixture(scope="session")
def people(garments) -> People:
    return People(FREE_BODY, garments)


@pytest.fixture(scope="session", params=["made up", "MakeHuman"])
def people_in_garments(request, people, tmp_path_factory) -> People:
    """People in made-up garments, and in MakeHuman's if these are available."""
    if request.param == "made up":
        return people
    body = SHARED / "data" / "body"
    if not (body / "garments.npz").exists():
        pytest.skip(f"needs MakeHuman's garments in {body / 'garments.npz'}")
    path = tmp_path_factory.mktemp("makehuman") / "garments.npz"
    arguments = [body / "garments.npz", "--body", body / "free_smpl.npz", "--output", path]
    assert turn_garments.main([str(argument) for argument in arguments]) == 0
    return People(FREE_BODY, path)


@pytest.fixture(scope="session")
def egl() -> None:
    """Skips the test if OpenGL is not available."""
    try:
        PersonRenderer()
    except TarError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def background_folder(tmp_path_factory) -> Path:
    """A folder with two photographs and one panorama with a sun."""
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


@pytest.fixture
def clips(tmp_path):
    """Six random clips of nine frames in tmp_path/features, in the format of `cache_shard`."""
    random = torch.Generator().manual_seed(0)
    count = 6 * 9

    def rand(*shape):
        return torch.rand(*shape, generator=random)

    camera = CropCamera.cat(
        [CropCamera.from_crop(Crop(700 + k, 400, 300, 0.01 * k), 1500.0, (639.5, 359.5)) for k in range(count)]
    ).to("cpu")
    poses = 0.3 * torch.randn(count, 24, 3, generator=random)
    poses[:, 0] = torch.tensor([np.pi, 0, 0]) + 0.1 * poses[:, 0]
    tensors = {
        "clip_length": torch.tensor(9),
        "vector": rand(count, 12).half(),
        "local_map": rand(count, 6, 64, 64).half(),
        "landmarks.points": 255 * rand(count, 39, 2),
        "landmarks.visibility": rand(count, 39),
        "landmarks.presence": rand(count, 39),
        "landmarks.world": rand(count, 39, 3),
        "landmarks.score": rand(count),
        "poses": poses,
        "betas": torch.randn(6, 10, generator=random).repeat_interleave(9, 0),
        "trans": torch.tensor([0.3, 0.1, 8.0]) + 0.1 * rand(count, 3),
        **{name: getattr(camera, name) for name in ("focal_length", "center", "size", "roll")},
    }
    (tmp_path / "features").mkdir()
    save_file(tensors, tmp_path / "features" / "shard-0.safetensors")
    return FeatureClips(tmp_path / "features")
