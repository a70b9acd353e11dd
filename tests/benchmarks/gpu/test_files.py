"""Checkpoints in parts, and the files to upload."""

import numpy as np
import pytest

from benchmarks.gpu import files
from benchmarks.gpu.files import join_files, needed_files, split_file
from scripts.paths import REPOSITORY
from tar_core.errors import TarError


def test_a_file_in_parts_is_put_together(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PART_BYTES", 1000)
    contents = {
        f"{name}.safetensors": np.random.default_rng(size).bytes(size) for name, size in (("a", 900), ("b", 10500))
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        split_file(tmp_path / name, tmp_path / "parts")
    sizes = [part.stat().st_size for part in (tmp_path / "parts").iterdir()]
    assert len(sizes) == 12 and max(sizes) <= 1000
    joined = list(join_files(tmp_path / "parts", tmp_path / "joined"))
    assert {path.name: path.read_bytes() for path in joined} == contents

    for number in (11, 3):  # also if only the last one is missing
        (tmp_path / "parts" / f"b.safetensors.{number}-of-11").unlink()
        with pytest.raises(TarError, match=r"parts of b\.safetensors are missing"):
            list(join_files(tmp_path / "parts", tmp_path / "joined"))


def test_all_that_the_stages_need_travels():
    needed = needed_files()
    names = {str(file) for file in needed}
    assert {"tar_core/assets/blazepose.safetensors", "tar_core/synthetic/shaders/person.frag"} <= names
    assert {"benchmarks/gpu/__main__.py", "tar_core/training/unfrozen.py"} <= names
    assert sum((REPOSITORY / file).stat().st_size for file in needed) < 52e6  # with the pack below 64 MiB
