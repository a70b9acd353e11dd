"""The pinned packages of Set Up Engine."""

import re

from scripts.engine_wheels import HASHES, PACKAGES
from scripts.pin_engine import FOLDER, engine_requirements
from tar_blender.engine.environment import REQUIREMENTS


def pinned_blocks(name: str) -> list[str]:
    """The requirements in a file, each with its hashes."""
    lines = (FOLDER / name).read_text().split("\n", 1)[1]
    return re.split(r"(?<!\\)\n", lines.strip())


def test_the_add_on_reads_the_written_files() -> None:
    assert FOLDER == REQUIREMENTS and {path.name for path in FOLDER.iterdir()} == {"engine.txt", "pip.txt"}


def test_every_package_has_an_exact_version_and_hashes() -> None:
    for block in (*pinned_blocks("engine.txt"), *pinned_blocks("pip.txt")):
        assert re.match(r"[\w-]+==[\d.]+ ", block), block
        assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", block)) >= 1, block


def test_versions_and_hashes_are_those_of_the_zip_files() -> None:
    text = (FOLDER / "engine.txt").read_text()
    for requirement in engine_requirements():
        assert requirement.split()[0] in text, "run scripts/pin_engine.py"
    assert all(f"--hash=sha256:{line.split()[0]}" in text for line in HASHES.read_text().splitlines())


def test_intel_macs_have_their_own_version_of_onnxruntime() -> None:
    lines = [line for line in engine_requirements() if line.startswith("onnxruntime==")]
    assert len(lines) == 2 and all("platform_machine" in line for line in lines)
    assert len(engine_requirements()) == len(PACKAGES) + 2
