"""The packages of the engine in the zip files of the extension: unmodified wheels from PyPI, for every platform."""

import hashlib
import platform
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path

from scripts.paths import CACHE, REPOSITORY
from tar_core.engine.bundled import package_of, version_of, wheels_for
from tar_core.errors import TarError

HASHES = REPOSITORY / "requirements" / "engine_wheels.sha256"  # in the form that sha256sum writes


@dataclass(frozen=True)
class Package:
    """A package of the engine.

    Attributes:
        name: on PyPI.
        version: the bundled one.
        license: as the package's metadata names it.
    """

    name: str
    version: str
    license: str


PACKAGES = (
    Package("onnxruntime", "1.24.4", "MIT License"),  # newer ones are larger: with three of them a zip is too large
    Package("opencv-python-headless", "4.11.0.86", "Apache 2.0"),  # the last one for NumPy 1, which Blender has to 5.0
    Package("av", "18.1.0", "BSD-3-Clause"),
)

PYTHONS = ((3, 11), (3, 13), (3, 14))  # of Blender 4.2 to 5.0, of Blender from 5.1 on, and of Linux distributions


@dataclass(frozen=True)
class Platform:
    """A platform of Blender.

    Attributes:
        name: in Blender's manifests.
        tags: platform tags of wheels that run on it.
        pythons: the versions of Python for which it has wheels.
        versions: versions that differ from those of PACKAGES.
    """

    name: str
    tags: tuple[str, ...]
    pythons: tuple[tuple[int, int], ...] = PYTHONS
    versions: tuple[tuple[str, str], ...] = ()

    @property
    def requirements(self) -> list[str]:
        """What pip downloads."""
        versions = {package.name: package.version for package in PACKAGES} | dict(self.versions)
        return [f"{name}=={version}" for name, version in versions.items()]


def _linux(machine: str) -> tuple[str, ...]:
    names = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")
    return tuple(f"{name}_{machine}" for name in names)


def _macos(machine: str) -> tuple[str, ...]:
    versions = ("14_0", "13_0", "12_0", "11_0", "10_15", "10_14", "10_13", "10_12")
    return tuple(f"macosx_{version}_{machine}" for version in versions)


PLATFORMS = (
    Platform("linux-x64", _linux("x86_64")),
    Platform("linux-arm64", _linux("aarch64")),
    Platform("windows-x64", ("win_amd64",)),
    Platform("macos-arm64", _macos("arm64")),
    # ONNX Runtime 1.23.2 is the last one for Intel Macs, without a wheel for Python 3.14.
    Platform("macos-x64", _macos("x86_64"), ((3, 11), (3, 13)), (("onnxruntime", "1.23.2"),)),
)


def this_platform() -> Platform:
    """The platform of this machine.

    Raises:
        TarError: there are no wheels for it.
    """
    systems = {"Linux": "linux", "Windows": "windows", "Darwin": "macos"}
    machines = {"x86_64": "x64", "AMD64": "x64", "arm64": "arm64", "aarch64": "arm64"}
    name = f"{systems.get(platform.system())}-{machines.get(platform.machine())}"
    for candidate in PLATFORMS:
        if candidate.name == name:
            return candidate
    known = ", ".join(candidate.name for candidate in PLATFORMS)
    raise TarError(f"there are no packages for the platform of this machine; give one with --platforms: {known}")


def download(wanted: Platform) -> Path:
    """Download the wheels for a platform, unless that has been done, and check them. Returns their folder.

    Raises:
        TarError: a wheel cannot be downloaded, is missing for a Python, has another license than in PACKAGES, or is
            not the file that HASHES names.
    """
    folder = CACHE / "engine_wheels" / wanted.name
    folder.mkdir(parents=True, exist_ok=True)
    for wheel in folder.glob("*.whl"):
        if f"{package_of(wheel).replace('_', '-')}=={version_of(wheel)}" not in wanted.requirements:
            wheel.unlink()  # of an earlier version
    if not _is_complete(folder, wanted):
        for python in wanted.pythons:
            _pip_download(wanted, python, folder)
    for python in wanted.pythons:
        wheels = wheels_for(python, folder, macos="")
        check(wheels)
        check_hashes(wheels)
    return folder


def check(wheels: list[Path]) -> None:
    """Check that wheels are all packages with their licenses, and that they only need to be unpacked.

    Raises:
        TarError: they are not.
    """
    names = sorted(package_of(wheel).replace("_", "-") for wheel in wheels)
    if names != sorted(package.name for package in PACKAGES):
        raise TarError(f"the wheels are {', '.join(names)}, not those of PACKAGES")
    licenses = {package.name: package.license for package in PACKAGES}
    for wheel in wheels:
        expected, found = licenses[package_of(wheel).replace("_", "-")], license_of(wheel)
        if found != expected:
            raise TarError(f"{wheel.name}: its license is {found}, not {expected}; check it and change PACKAGES")
        with zipfile.ZipFile(wheel) as archive:
            if any(".data/" in name for name in archive.namelist()):
                raise TarError(f"{wheel.name}: has files that an installer moves, so it cannot simply be unpacked")


def check_hashes(wheels: Iterable[Path]) -> None:
    """Check that wheels are the files whose SHA-256 hashes are in HASHES, and not others of the same name.

    Raises:
        TarError: one is not.
    """
    lines = [line.split() for line in HASHES.read_text().splitlines()]
    hashes = {name: digest for digest, name in lines}
    for wheel in wheels:
        found = hashlib.sha256(wheel.read_bytes()).hexdigest()
        if hashes.get(wheel.name) != found:
            raise TarError(
                f"{wheel}: its SHA-256 hash is {found}, which is not in {HASHES.name}; delete it and try again, or, "
                "for a new version, add the hash that PyPI shows"
            )


def license_of(wheel: Path) -> str:
    """The license that a wheel's metadata names."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = HeaderParser().parsestr(archive.read(name).decode())
    classifiers = [text for text in metadata.get_all("Classifier", []) if text.startswith("License")]
    named = metadata["License-Expression"] or metadata["License"] or classifiers[-1].split(" :: ")[-1]
    return str(named)


def _is_complete(folder: Path, wanted: Platform) -> bool:
    try:
        counts = {len(wheels_for(python, folder, macos="")) for python in wanted.pythons}
    except TarError:
        return False
    return counts == {len(PACKAGES)}


def _pip_download(wanted: Platform, python: tuple[int, int], folder: Path) -> None:
    # Without --no-deps, NumPy would be downloaded, which Blender has, and what only tools in the wheels import.
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary", ":all:", "--python-version", f"{python[0]}.{python[1]}", "--dest", str(folder)]
    command += [option for tag in wanted.tags for option in ("--platform", tag)]
    finished = subprocess.run([*command, *wanted.requirements], capture_output=True, text=True)
    if finished.returncode != 0:
        reason = (finished.stderr.strip().splitlines() or ["it printed nothing"])[-1].removeprefix("ERROR: ")
        raise TarError(f"the wheels for {wanted.name} cannot be downloaded: {reason}")
