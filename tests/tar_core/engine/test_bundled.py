"""Wheels in the extension: which fit a Python, and their unpacking. The wheels are small ones made here."""

import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from tar_core.engine.bundled import fits, package_of, remove_unpacked, unpacked, version_of, wheels_for
from tar_core.errors import TarError


def make_wheel(folder: Path, name: str, text: str = "x = 1\n") -> Path:
    wheel = folder / f"{name}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{package_of(wheel)}/__init__.py", text)
    return wheel


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name in (
        "runtime-1.2-cp311-cp311-manylinux_2_28_x86_64",
        "runtime-1.2-cp313-cp313-manylinux_2_28_x86_64",
        "video-3.0-cp311-abi3-manylinux_2_28_x86_64",
        "bar-4.0-py3-none-any",
    ):
        make_wheel(folder, name)
    return folder


@pytest.mark.parametrize(
    ("tags", "pythons"),
    [
        ("cp311-cp311-win_amd64", [(3, 11)]),
        ("cp313-cp313t-win_amd64", []),  # for another build of Python
        ("cp312-abi3-win_amd64", [(3, 12), (3, 13), (3, 14)]),
        ("cp37-abi3-win_amd64", [(3, 11), (3, 12), (3, 13), (3, 14)]),
        ("py2.py3-none-any", [(3, 11), (3, 12), (3, 13), (3, 14)]),
        ("pp311-pypy311_pp73-win_amd64", []),
    ],
)
def test_tags_tell_the_versions_of_python(tags: str, pythons: list[tuple[int, int]]) -> None:
    wheel = Path(f"package-1.0-{tags}.whl")
    assert [python for python in ((3, 11), (3, 12), (3, 13), (3, 14)) if fits(wheel, python)] == pythons


def test_one_wheel_of_each_package_is_chosen(wheels: Path) -> None:
    chosen = wheels_for((3, 13), wheels)
    assert {package_of(wheel): version_of(wheel) for wheel in chosen} == {
        "runtime": "1.2",
        "video": "3.0",
        "bar": "4.0",
    }
    assert any("cp313-cp313" in wheel.name for wheel in chosen)


def test_missing_wheel_is_named(wheels: Path, tmp_path: Path) -> None:
    with pytest.raises(TarError, match=r"no runtime for Python 3\.12"):
        wheels_for((3, 12), wheels)
    with pytest.raises(TarError, match="no packages for the engine"):
        wheels_for((3, 11), tmp_path / "absent")


def test_older_macos_is_refused(tmp_path: Path) -> None:
    make_wheel(tmp_path, "video-3.0-cp311-abi3-macosx_14_0_arm64")
    make_wheel(tmp_path, "runtime-1.2-cp311-cp311-macosx_13_0_arm64")
    assert len(wheels_for((3, 11), tmp_path, macos="14.5")) == len(wheels_for((3, 11), tmp_path, macos="")) == 2
    with pytest.raises(TarError, match=r"need macOS 14\.0"):
        wheels_for((3, 11), tmp_path, macos="13.6")


def test_wheels_are_unpacked_once(wheels: Path, tmp_path: Path) -> None:
    folder = unpacked(wheels_for((3, 11), wheels), tmp_path / "packages")
    assert sorted(path.name for path in folder.iterdir()) == ["bar", "runtime", "video"]
    (folder / "mark").touch()
    assert unpacked(wheels_for((3, 11), wheels), tmp_path / "packages") == folder and (folder / "mark").exists()


def test_folders_of_other_versions_and_killed_processes_are_deleted(wheels: Path, tmp_path: Path) -> None:
    """Not those of another Python, which another Blender uses, and not those that a process is just writing."""
    packages = tmp_path / "packages"
    old = unpacked(wheels_for((3, 11), wheels), packages)
    another_python = unpacked(wheels_for((3, 13), wheels), packages)
    killed, running = packages / "new-killed", packages / "new-running"
    killed.mkdir()
    running.mkdir()
    os.utime(killed, (time.time() - 7200,) * 2)
    (wheels / "bar-4.0-py3-none-any.whl").rename(wheels / "bar-4.1-py3-none-any.whl")
    new = unpacked(wheels_for((3, 11), wheels), packages)
    assert old != new and sorted(packages.iterdir()) == sorted([another_python, new, running])


def test_several_processes_unpack_at_the_same_time(wheels: Path, tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    make_wheel(wheels, "big-1.0-py3-none-any", "#" * 20_000_000)
    program = (
        "import sys; from pathlib import Path; from tar_core.engine.bundled import unpacked, wheels_for\n"
        f"print(unpacked(wheels_for((3, 11), Path({str(wheels)!r})), Path({str(packages)!r})))"
    )
    running = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    folders = {process.communicate()[0].strip() for process in running}
    assert [process.returncode for process in running] == [0, 0, 0]
    assert folders == {str(folder) for folder in packages.iterdir()} and len(folders) == 1


def test_temporary_folder_that_another_process_just_deleted_is_passed_over(wheels: Path, tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "new-gone").symlink_to(tmp_path / "gone")  # listed, but cannot be looked at
    assert unpacked(wheels_for((3, 11), wheels), packages).is_dir()


def test_damaged_wheel_is_an_error_and_leaves_nothing(wheels: Path, tmp_path: Path) -> None:
    (wheels / "bar-4.0-py3-none-any.whl").write_bytes(b"half a download")
    with pytest.raises(TarError, match="install the extension again"):
        unpacked(wheels_for((3, 11), wheels), tmp_path / "packages")
    assert list((tmp_path / "packages").iterdir()) == []


def test_folder_that_cannot_be_written_is_an_error(wheels: Path, tmp_path: Path) -> None:
    (tmp_path / "packages").touch()
    with pytest.raises(TarError, match="cannot be unpacked"):
        unpacked(wheels_for((3, 11), wheels), tmp_path / "packages")


def test_removed_packages_are_unpacked_again(wheels: Path, tmp_path: Path) -> None:
    remove_unpacked(tmp_path / "packages")  # nothing was unpacked
    folder = unpacked(wheels_for((3, 11), wheels), tmp_path / "packages")
    (folder / "bar" / "__init__.py").unlink()
    remove_unpacked(tmp_path / "packages")
    assert (unpacked(wheels_for((3, 11), wheels), tmp_path / "packages") / "bar" / "__init__.py").exists()
