"""The checks of the wheels for the extension's zips. The wheels are small ones made here; nothing is downloaded."""

import hashlib
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from scripts import engine_wheels
from scripts.engine_wheels import HASHES, PACKAGES, PLATFORMS, Package, check, check_hashes, download, license_of
from scripts.paths import REPOSITORY
from tar_core.engine.bundled import package_of, version_of
from tar_core.errors import TarError


def make_wheel(folder: Path, package: Package, tags: str = "py3-none-any", extra: str = "", license: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{package.name.replace('-', '_')}-{package.version}"
    wheel = folder / f"{name}-{tags}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{name}.dist-info/METADATA", f"Name: {package.name}\nLicense: {license or package.license}\n")
        if extra:
            archive.writestr(f"{name}{extra}", "")
    return wheel


def test_wheels_of_all_packages_pass(tmp_path: Path) -> None:
    check([make_wheel(tmp_path, package) for package in PACKAGES])


def test_missing_package_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TarError, match="not those of PACKAGES"):
        check([make_wheel(tmp_path, package) for package in PACKAGES[1:]])


def test_other_license_is_an_error(tmp_path: Path) -> None:
    wheels = [make_wheel(tmp_path, package) for package in PACKAGES[1:]]
    with pytest.raises(TarError, match="its license is Proprietary, not MIT License"):
        check([make_wheel(tmp_path, PACKAGES[0], license="Proprietary"), *wheels])


def test_wheel_that_needs_an_installer_is_an_error(tmp_path: Path) -> None:
    wheels = [make_wheel(tmp_path, package) for package in PACKAGES[1:]]
    with pytest.raises(TarError, match="cannot simply be unpacked"):
        check([make_wheel(tmp_path, PACKAGES[0], extra=".data/scripts/run"), *wheels])


def test_license_is_read_from_any_of_its_fields(tmp_path: Path) -> None:
    wheel = tmp_path / "one-1.0-py3-none-any.whl"
    for line in ("License-Expression: MIT", "Classifier: License :: OSI Approved :: MIT", "License: MIT"):
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("one-1.0.dist-info/METADATA", f"Name: one\n{line}\n")
        assert license_of(wheel) == "MIT"


def test_downloaded_wheels_are_kept_and_those_of_other_versions_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_wheels, "CACHE", tmp_path)
    monkeypatch.setattr(engine_wheels, "_pip_download", lambda *_: pytest.fail("nothing is missing"))
    folder = tmp_path / "engine_wheels" / PLATFORMS[0].name
    wheels = [make_wheel(folder, package) for package in PACKAGES]
    old = make_wheel(folder, Package("av", "17.0.0", "BSD-3-Clause"))
    write_hashes(tmp_path / "hashes", wheels, monkeypatch)
    assert download(PLATFORMS[0]) == folder and not old.exists() and all(wheel.exists() for wheel in wheels)


def write_hashes(path: Path, wheels: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"{hashlib.sha256(wheel.read_bytes()).hexdigest()}  {wheel.name}\n" for wheel in wheels]
    path.write_text("".join(lines))
    monkeypatch.setattr(engine_wheels, "HASHES", path)


def test_a_wheel_with_another_content_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (make_wheel(tmp_path, package) for package in PACKAGES[:2])
    write_hashes(tmp_path / "hashes", [first], monkeypatch)
    check_hashes([first])
    with pytest.raises(TarError, match="SHA-256"):
        check_hashes([first, second])
    first.write_bytes(first.read_bytes() + b" ")
    with pytest.raises(TarError, match="SHA-256"):
        check_hashes([first])


def test_every_bundled_wheel_has_a_hash() -> None:
    names = [line.split()[1] for line in HASHES.read_text().splitlines()]
    for package in PACKAGES:
        wheels = [name for name in names if package_of(Path(name)).replace("_", "-") == package.name]
        versions = {package.version, *(dict(platform.versions).get(package.name) for platform in PLATFORMS)} - {None}
        assert {version_of(Path(name)) for name in wheels} == versions


def test_every_platform_has_wheels_for_the_pythons_of_blender() -> None:
    assert all({(3, 11), (3, 13)} <= set(platform.pythons) for platform in PLATFORMS)
    assert len({platform.name for platform in PLATFORMS}) == 5


def test_licenses_are_documented() -> None:
    """In wheels/README.md with the version, and in the manifest with the copyright holders."""
    rows = (REPOSITORY / "wheels" / "README.md").read_text()
    holders = tomllib.loads((REPOSITORY / "blender_manifest.toml").read_text())["copyright"]
    for package in PACKAGES:
        assert f"| `{package.name}` {package.version} |" in rows
        assert any(f"({package.name}, " in holder for holder in holders)


def test_packages_are_the_dependencies_of_tar_core_without_numpy() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    allowed = {requirement.name: requirement.specifier for requirement in map(Requirement, project["dependencies"])}
    assert allowed.keys() - {"numpy"} == {package.name for package in PACKAGES}
    for platform in PLATFORMS:
        for requirement in map(Requirement, platform.requirements):
            (version,) = (specifier.version for specifier in requirement.specifier)
            assert version in allowed[requirement.name], requirement
