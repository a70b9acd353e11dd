"""Opened .blend files with custom properties that the add-on did not write."""

import contextlib
import json
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tar_blender
from tar_blender.engine import paths
from tar_blender.panels.retarget import TAR_PT_retarget, TAR_PT_retarget_bones
from tar_blender.panels.sidebar import TAR_PT_capture, TAR_PT_people, TAR_PT_scene, TAR_PT_sidebar
from tar_blender.properties.retarget import TARRetarget
from tar_blender.properties.settings import TARSettings
from tar_blender.scene.build import import_clip
from tar_blender.scene.metadata import ClipRecord, clip_record, imported_clips, mark_clip, people_of
from tar_blender.scene.options import ImportOptions
from tar_core.errors import TarError
from tar_core.option_fields import options_of
from tests.support.clips import synthetic_clip
from tests.support.garbage import json_values
from tests.support.import_options import raw_options
from tests.support.layout import DrawnPanel

PANELS = (TAR_PT_sidebar, TAR_PT_capture, TAR_PT_scene, TAR_PT_people, TAR_PT_retarget, TAR_PT_retarget_bones)
# Of the collection or the armature; those that are read independently of each other are tested together.
RECORDS = (("tar_person",), ("tar_body",), ("tar_clip",), ("tar_doubts", "tar_implausible"), ("tar_floor", "tar_lens"))
POISON: list[Any] = [
    *(7, -3, 1.5, float("nan"), True, "", "text", "two\nlines", b"\xff\xfe", "x" * 3_000_000),
    *([1, 2, 3], [0.5] * 100_000, {"a": {"b": 1}}, [], "null", "3", "[", "[[]]", '[["", 1, 2]]', '[["arm", 1]]'),
    *('[["arm", 1e400, 2]]', '[["arm", 1, 99999999999999]]', '[["\\ud800", 1, 2]]', '[{"what": 1}]', "[" * 100_000),
    *('{"motion": "a", "options": {}, "shot": "1"}', '{"motion": "a", "options": {}, "shot": 1e400}'),
    *('{"motion": 3, "options": {}}', '{"motion": "a"}', '{"motion": "a", "options": []}', '{"options": {}, "x": 1}'),
]


def tracebacks(capfd: pytest.CaptureFixture[str]) -> list[str]:
    """The lines of tracebacks in the error output that are in the add-on.

    Blender's own add-ons print some as well: Rigify's handler stays when an earlier test has disabled it.
    """
    own = re.compile(r'File ".*(tar_blender|tar_core|tar_motion_capture)')
    return [line for line in capfd.readouterr().err.splitlines() if own.search(line)]


@pytest.fixture(autouse=True)
def own_folders(empty_scene: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(paths, "_own_folder", lambda name: tmp_path / name)


@contextlib.contextmanager
def opened(file: Path) -> Iterator[None]:
    """The file saved as it is, and opened again with the add-on."""
    bpy.ops.wm.save_as_mainfile(filepath=str(file))
    tar_blender.register()
    try:
        bpy.ops.wm.open_mainfile(filepath=str(file))
        yield
    finally:
        tar_blender.unregister()


def import_person() -> tuple[bpy.types.Collection, bpy.types.Object]:
    imported = import_clip(synthetic_clip(), bpy.context, raw_options(figure="armature", show_video=False))
    mark_clip(imported.collection, ClipRecord("walk.npz", {}))
    armature = imported.people[0].armature
    bpy.context.view_layer.objects.active = armature
    return imported.collection, armature


def use_everything() -> list[str]:
    """Draw the panels, poll the operators, and use those of the lists; return what was drawn."""
    drawn: list[str] = []
    for panel in PANELS:
        if not hasattr(panel, "poll") or panel.poll(bpy.context):
            drawn += DrawnPanel(panel).layout.labels + DrawnPanel(panel).layout.texts
    for name in dir(bpy.ops.tar):
        getattr(bpy.ops.tar, name).poll()
    for clip in imported_clips(bpy.context.scene):
        for name in ("view_camera", "feet_on_ground", "floor_from_objects", "reimport_clip"):
            run(name, clip=clip.name)
        for armature in people_of(clip):
            for name in ("select_person", "hide_person"):
                run(name, person=armature.name)
    run("find_bones")
    run("retarget")
    return drawn


def run(name: str, **arguments: Any) -> None:
    """Run an operator, which may refuse in one line but must not fail."""
    try:
        getattr(bpy.ops.tar, name)(**arguments)
    except RuntimeError as error:
        assert "Traceback" not in str(error), error


@pytest.mark.parametrize("names", RECORDS)
def test_records_of_another_form_are_ignored(
    names: tuple[str, ...], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    collection, armature = import_person()
    kind = "collections" if names[0] in collection else "objects"
    owner = (collection if kind == "collections" else armature).name
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "clean.blend"))
    for value in POISON:
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "clean.blend"))
        target = getattr(bpy.data, kind)[owner]
        for name in names:
            del target[name]
            target[name] = value
        with opened(tmp_path / "poisoned.blend"):
            use_everything()
        assert not tracebacks(capfd), (names, str(value)[:50])


def test_ignored_records_are_named(tmp_path: Path) -> None:
    collection, armature = import_person()
    collection["tar_clip"], armature["tar_person"] = [1, 2], "x"
    with opened(tmp_path / "a.blend"):
        notice = bpy.context.window_manager.tar_progress.notice
        assert "damaged records, which are ignored: Person 1, Dance 01" in notice
        (clip,) = imported_clips(bpy.context.scene)
        assert people_of(clip) == [] and clip_record(clip) is None
        assert "Record Is Damaged" in DrawnPanel(TAR_PT_people).layout.texts
        bpy.ops.wm.read_homefile(use_empty=True)
        assert not bpy.context.window_manager.tar_progress.notice


@pytest.mark.parametrize("value", [99, -1, -(2**31), 1.5, float("nan"), float("inf"), "evil", [1, 2], {"a": 1}])
def test_settings_of_another_form_are_reset(value: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    import_person()
    scene = bpy.context.scene
    with contextlib.suppress(AttributeError):  # Blender 5 keeps the properties of add-ons apart
        scene = scene.bl_system_properties_get(do_create=True)
    scene["tar_settings"] = dict.fromkeys(TARSettings.__annotations__, value)
    scene["tar_retarget"] = dict.fromkeys(TARRetarget.__annotations__, value)
    with opened(tmp_path / "a.blend"):
        use_everything()
        settings = bpy.context.scene.tar_settings
        for about in settings.bl_rna.properties:
            if about.type == "ENUM":
                assert getattr(settings, about.identifier) in about.enum_items
            if about.type in ("INT", "FLOAT"):
                assert about.hard_min <= getattr(settings, about.identifier) <= about.hard_max
    assert not tracebacks(capfd)


@pytest.mark.parametrize("kind", ["CAMERA", "EMPTY", "MESH", "bare"])
def test_objects_that_are_not_people_or_characters(
    kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    collection, armature = import_person()
    data = {
        "CAMERA": lambda: bpy.data.cameras.new("x"),
        "EMPTY": lambda: None,
        "MESH": lambda: bpy.data.meshes.new("x"),
        "bare": lambda: bpy.data.armatures.new("x"),
    }[kind]()
    other = bpy.data.objects.new("x", data)
    collection.objects.link(other)
    other["tar_person"] = 2
    armature["tar_implausible"] = json.dumps([["feet", 1, 2]])
    collection["tar_clip"] = json.dumps({"motion": "", "options": {"camera": "x"}})
    rows = [{"name": name, "bone": "y"} for name in ("pelvis", "nose") for _ in range(1000)]
    scene = bpy.context.scene
    with contextlib.suppress(AttributeError):
        scene = scene.bl_system_properties_get(do_create=True)
    scene["tar_retarget"] = {"person": other, "character": other, "muted": 9999 * "x; ", "bones": rows}
    with opened(tmp_path / "a.blend"):
        assert len(use_everything()) < 200
    assert not tracebacks(capfd)


@pytest.mark.parametrize("shot", [-1, 5, 10**30])
def test_shot_that_the_motion_lacks_is_refused(shot: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    collection, _ = import_person()
    name = collection.name
    synthetic_clip().save(tmp_path / "walk.npz")
    collection["tar_clip"] = json.dumps({"motion": str(tmp_path / "walk.npz"), "options": {}, "shot": shot})
    with opened(tmp_path / "a.blend"):
        run("reimport_clip", clip=name)
    assert not tracebacks(capfd)


def test_options_of_a_record_are_settings_or_refused(registered: None) -> None:
    @given(st.dictionaries(st.sampled_from(sorted(options_of(ImportOptions))) | st.text(), json_values))
    def check(record: dict[str, Any]) -> None:
        try:
            options = ImportOptions.from_json(json.loads(json.dumps(record)))
        except TarError:
            return
        bpy.context.scene.tar_settings.take_options(options)

    check()


ELSEWHERE = (
    *(r"\\127.0.0.1\share\a.mp4", "http://127.0.0.1:{port}/a.mp4", "rtsp://127.0.0.1:{port}/a", r"\\.\pipe\a"),
    *("/dev/zero", "/proc/self/mem", "/net/host/a.mp4"),
)
NOT_FILES = (
    "{folder}/pipe.mp4",
    "{folder}/link.mp4",
    "{folder}",
    "x" * 900,
    "two\nlines.mp4",
    "C:\\a.mp4",
    "concat:a|b",
)


@pytest.mark.parametrize("path", [*ELSEWHERE, *NOT_FILES])
def test_paths_in_the_file_are_not_opened_unless_they_are_local_files(
    path: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    is_elsewhere = path in ELSEWHERE
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "link.mp4").symlink_to("/dev/zero")
    collection, _ = import_person()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.0)
        path = path.format(folder=tmp_path, port=server.getsockname()[1])
        collection["tar_clip"] = json.dumps({"motion": path, "options": {}})
        scene = bpy.context.scene
        with contextlib.suppress(AttributeError):
            scene = scene.bl_system_properties_get(do_create=True)
        scene["tar_settings"] = {"video": path}
        with opened(tmp_path / "a.blend"):
            video = bpy.context.window_manager.tar_video
            assert video.error and not video.facts
            assert ("not on this computer" in video.error) == is_elsewhere
            use_everything()
        with pytest.raises(BlockingIOError):
            server.accept()
    assert not tracebacks(capfd)


def test_local_video_of_the_file_is_read(tiny_video: Path, tmp_path: Path) -> None:
    scene = bpy.context.scene
    with contextlib.suppress(AttributeError):
        scene = scene.bl_system_properties_get(do_create=True)
    scene["tar_settings"] = {"video": str(tiny_video)}
    with opened(tmp_path / "a.blend"):
        assert bpy.context.window_manager.tar_video.facts
