"""Reads the file of `packing`, on the machine with the GPU."""

import zipfile
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from tar_core.body.data import FREE_BODY
from tar_core.errors import TarError
from tar_core.synthetic.backgrounds import Backgrounds
from tar_core.synthetic.generate import Generator
from tar_core.synthetic.key_poses import key_pose_motions
from tar_core.synthetic.motions import Motion
from tar_core.synthetic.people import People
from tar_core.synthetic.splits import select_split

MAX_BYTES = 10_000_000


def unpack(path: Path, folder: Path) -> Path:
    """Unpack the file to a folder, if it is not there yet; return the folder.

    Raises:
        TarError: the file is missing or damaged.
    """
    if not (folder / ".complete").is_file():
        try:
            with zipfile.ZipFile(path) as archive:
                archive.extractall(folder)
        except (OSError, zipfile.BadZipFile) as error:
            raise TarError(
                f"{path}: not a readable pack ({error}); make it with `python -m benchmarks.gpu pack`"
            ) from error
        (folder / ".complete").touch()
    return folder


def read_real_crops(folder: Path) -> np.ndarray:
    """The real crops [N, S, S, 3] uint8 RGB of an unpacked file.

    Raises:
        TarError: there is none.
    """
    files = sorted((folder / "real").glob("*.jpg"))
    if not files:
        raise TarError(f"{folder}: no real crops; make the pack with --videos")
    return np.stack([cv2.imread(str(file), cv2.IMREAD_COLOR)[..., ::-1] for file in files])


def make_generator(folder: Path, split: str = "train") -> Generator:
    """The renderer of clips from an unpacked file."""
    people = People(FREE_BODY, folder / "garments.npz")
    motions = read_motions(folder / "motions.npz") + key_pose_motions(people.joint_template)
    return Generator(select_split(motions, split), people, Backgrounds(folder / "backgrounds"))


def generator_factory(folder: Path) -> partial[Generator]:
    """`make_generator` for other processes."""
    return partial(make_generator, folder)


def read_motions(path: Path) -> list[Motion]:
    """The recordings of `pack_motions`, at 30 frames per second."""
    with np.load(path) as arrays:
        ends = np.cumsum(arrays["lengths"])[:-1]
        poses, trans = np.split(arrays["poses"].astype(float), ends), np.split(arrays["trans"].astype(float), ends)
        legs = [None if np.isnan(length) else float(length) for length in arrays["legs"]]
        return [
            Motion(str(name), p, t, legs=length)
            for name, p, t, length in zip(arrays["names"], poses, trans, legs, strict=True)
        ]
