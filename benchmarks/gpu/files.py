"""Large files in parts, for machines from which only small files can be downloaded, and the files to upload there."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from scripts.paths import REPOSITORY
from tar_core.errors import TarError
from tar_core.files import atomic_path

PART_BYTES = 15_500_000
# What a machine with a GPU needs of the repository. The other networks are compared too if their weights are there.
NEEDED = (
    *("tar_core/**/*.py", "benchmarks/**/*.py", "scripts/**/*.py", "tar_core/synthetic/shaders/*"),
    *("tar_core/assets/graphs/*", "tar_core/assets/*.npz", "tests/data/movenet_reference.npz", "Makefile"),
    *(f"tar_core/assets/{name}.safetensors" for name in ("tar_s", "blazepose", "hand_landmarks", "face_landmarks")),
)


def needed_files() -> list[Path]:
    """The tracked files that the stages need, relative to the repository.

    Raises:
        TarError: this is no checkout of the repository.
    """
    patterns = [f":(glob){pattern}" for pattern in NEEDED]
    try:
        listed = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=REPOSITORY, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise TarError(f"{REPOSITORY}: not a checkout ({error}); run this in a clone of the repository") from error
    return [Path(name) for name in listed.stdout.decode().split("\0") if name]


def split_file(path: Path, folder: Path) -> list[Path]:
    """Write a file to a folder in parts of at most PART_BYTES; one that is small enough keeps its name."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{path.name}*"):
        old.unlink()
    content = path.read_bytes()
    count = max(1, -(-len(content) // PART_BYTES))
    parts = [folder / name for name in part_names(path.name, count)]
    for number, part in enumerate(parts):
        with atomic_path(part) as temporary:
            temporary.write_bytes(content[number * PART_BYTES : (number + 1) * PART_BYTES])
    return parts


def part_names(name: str, count: int) -> list[str]:
    """The names of the parts of a file; each says how many there are."""
    return [name] if count == 1 else [f"{name}.{number}-of-{count}" for number in range(1, count + 1)]


def join_files(folder: Path, output: Path) -> Iterator[Path]:
    """Join the files of `split_file` in a folder, and yield the joined files.

    Raises:
        TarError: there is none, or a part is missing.
    """
    names = sorted({path.name.partition(".safetensors")[0] + ".safetensors" for path in folder.glob("*.safetensors*")})
    if not names:
        raise TarError(f"{folder}: no parts of a checkpoint; give the folder with the results")
    for name in names:
        count = next((int(part.name.rpartition("-of-")[2]) for part in folder.glob(f"{name}.*-of-*")), 1)
        parts = [folder / part for part in part_names(name, count)]
        sizes = [part.stat().st_size if part.is_file() else 0 for part in parts]
        if sizes[:-1] != [PART_BYTES] * (count - 1) or sizes[-1] == 0:
            raise TarError(f"{folder}: parts of {name} are missing; download all of them")
        output.mkdir(parents=True, exist_ok=True)
        with atomic_path(output / name) as temporary:
            temporary.write_bytes(b"".join(part.read_bytes() for part in parts))
        yield output / name
