import io
import tarfile
from pathlib import Path

import pytest

pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed")
from tools.tflite_file import read_package_file


def test_reads_a_file_of_an_npm_package(tmp_path: Path) -> None:
    path = tmp_path / "some.tgz"
    with tarfile.open(path, "w:gz") as archive:
        entry = tarfile.TarInfo("package/model.bin")
        entry.size = 3
        archive.addfile(entry, io.BytesIO(b"abc"))
    assert read_package_file(path, "@scope/some@1.0", "model.bin") == b"abc"
    with pytest.raises(KeyError, match=r"other\.bin"):
        read_package_file(path, "@scope/some@1.0", "other.bin")
