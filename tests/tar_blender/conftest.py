"""Fixtures of the tests that run inside Blender.

Blender is the `bpy` module of pytest's Python, or a real Blender that runs pytest (tests/support/run_in_blender.py).
Real Blenders have no torch, scipy, cv2 and smplx, so modules here must not import them at module level.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tar_core.errors import TarError
from tar_core.motion import MotionClip
from tar_core.people.selection import Scan
from tar_core.shots import Shot
from tests.support.clips import detected_person, synthetic_clip
from tests.support.engine_programs import READ_JOB, SAY
from tests.support.once import made_once
from tests.support.paths import PYTHON, REPOSITORY

if TYPE_CHECKING:
    import bpy

if importlib.util.find_spec("bpy") is None:
    collect_ignore_glob = ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.blender)


exit_status = pytest.StashKey[int]()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.stash[exit_status] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Exit immediately with pytest's exit code if Blender is a Python module.

    Objects that the exporters keep alive prevent a clean exit of bpy: its destructors then wait forever for an audio
    thread (4.5.15) or crash (4.2).
    """
    if "bpy" in sys.modules and exit_status in config.stash:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.stash[exit_status])


@pytest.fixture(scope="session")
def factory_settings() -> None:
    """Factory settings. Tests that change preferences change them back: reading them again takes 40 ms."""
    import bpy

    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.fixture(autouse=True)
def empty_scene(factory_settings: None) -> None:
    """Start every test with an empty file."""
    import bpy

    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)


@pytest.fixture
def preferences(empty_scene: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Register the add-on and return its preferences, as if it were enabled."""
    import bpy

    import tar_blender
    from tar_blender.engine.paths import ADDON, PYTHON_VARIABLE

    monkeypatch.delenv(PYTHON_VARIABLE, raising=False)
    tar_blender.register()
    entry = bpy.context.preferences.addons.new()
    entry.module = ADDON
    yield entry.preferences
    bpy.context.preferences.addons.remove(entry)
    tar_blender.unregister()


@pytest.fixture
def addon(preferences: Any, tmp_path: Path) -> None:
    """The registered add-on with an empty cache."""
    preferences.cache_folder = str(tmp_path / "cache")


@pytest.fixture
def registered(empty_scene: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The registered add-on, with the user's files in a temporary folder."""
    import tar_blender
    from tar_blender.engine import paths

    monkeypatch.setattr(paths, "_own_folder", lambda name: tmp_path / name)
    tar_blender.register()
    yield
    tar_blender.unregister()


@pytest.fixture
def walker(empty_scene: None) -> "bpy.types.Object":
    """The armature of an imported person who turns around while walking on the spot."""
    import bpy

    from tar_blender.scene.build import import_clip
    from tests.support.characters import walking_clip
    from tests.support.import_options import raw_options

    options = raw_options(figure="armature", show_video=False)
    return import_clip(walking_clip(), bpy.context, options).people[0].armature


@pytest.fixture
def clip() -> MotionClip:
    return synthetic_clip()


@pytest.fixture
def motion_file(tmp_path: Path) -> Path:
    """A motion file with two people."""
    path = tmp_path / "motion.npz"
    synthetic_clip(people=2).save(path)
    return path


@pytest.fixture
def imported(addon: None, motion_file: Path) -> "bpy.types.Collection":
    """The collection of an imported clip with two people, named "Dance 01"."""
    import bpy

    from tar_blender.scene.metadata import imported_clips

    bpy.ops.tar.import_motion_file(filepath=str(motion_file))
    (collection,) = imported_clips(bpy.context.scene)
    return collection


@pytest.fixture
def engine_python(tmp_path: Path, motion_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python with a small program as its `tar_core.engine`.

    The program copies `motion_file`, or for a scan a list of two people. Jobs for 3 people fail.
    """
    from tar_blender.engine.paths import PYTHON_VARIABLE

    detected_file = tmp_path / "detected.npz"
    people = [detected_person(1, gray=200), detected_person(2, gray=50)]
    Scan(people, [Shot(1, 0, 6), Shot(2, 7, 11)]).save(detected_file)
    package = tmp_path / "site" / "tar_core"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "engine.py").write_text(
        READ_JOB + SAY + "import shutil\n"
        "if job.get('people') == 3:\n"
        "    say('error', message='no person found; give a box', topic='nobody_detected')\n"
        "    sys.exit(2)\n"
        "say('warning', message='the camera moves', topic='moving_camera')\n"
        "say('warning', message='the last 3 frames cannot be read')\n"
        "say('progress', stage='capture', done=1, total=2, fps=9.0)\n"
        f"shutil.copy({str(detected_file)!r} if job.get('scan') else {str(motion_file)!r}, job['output'])\n"
        "say('result', output=job['output'])\n"
    )
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec "{PYTHON}" -I "{package / "engine.py"}"\n')
    python.chmod(0o755)
    monkeypatch.setenv(PYTHON_VARIABLE, str(python))
    return python


@pytest.fixture(scope="session")
def base_python() -> Path:
    """Return a Python that can create virtual environments."""
    from tar_blender.engine.environment import find_base_python

    try:
        return find_base_python([str(PYTHON), "/usr/bin/python3"])
    except TarError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def new_environment(base_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of the engine without packages."""
    from tar_blender.engine.environment import set_up_commands

    def make(folder: Path) -> None:
        subprocess.run(set_up_commands(folder, base_python, "tar_core", ["--no-index"])[0], check=True)

    return made_once(tmp_path_factory, "engine", make)


@pytest.fixture
def environment(new_environment: Path, tmp_path: Path) -> Path:
    """A copy of the environment without packages."""
    return shutil.copytree(new_environment, tmp_path / "engine", symlinks=True)


@pytest.fixture(scope="session")
def smplx_points(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """Return vertices and joints of `synthetic_clip()` computed by smplx; see tests/support/smplx_points.py.

    smplx needs torch, which the blender program does not have; there TAR_SMPLX_POINTS is the path of a prepared file.
    """
    file = os.environ.get("TAR_SMPLX_POINTS")
    if file is None:
        if importlib.util.find_spec("smplx") is None:
            pytest.skip("needs smplx, or TAR_SMPLX_POINTS with the path of a file by tests/support/smplx_points.py")

        def make(path: Path) -> None:
            # In another process, because the libraries of Blender and torch may conflict.
            subprocess.run([sys.executable, "-m", "tests.support.smplx_points", str(path)], cwd=REPOSITORY, check=True)

        file = str(made_once(tmp_path_factory, "smplx_points.npz", make))
    with np.load(file) as points:
        return dict(points)


@pytest.fixture(scope="session")
def tiny_video() -> Path:
    """A video of 64x48 pixels and 12 frames at 12 fps; frame k has gray level 20 k."""
    return REPOSITORY / "tests" / "data" / "twelve_greys.mp4"
