"""The extension as a user has it: installed from the zip, run, and its result looked into. Runs inside Blender.

    installed.py install ZIP             into the extensions of BLENDER_USER_RESOURCES
    installed.py command ARGUMENTS...    the extension's command, for Blender as a module, which lacks --command
    installed.py check OUT.blend FRAMES  a capture's result: one or more people, FRAMES frames, camera and video

Each is a process of its own, as sessions are. The repository is not on Python's path here: what runs is what the zip
holds.
"""

import importlib
import os
import sys
from pathlib import Path

import bpy

MODULE = "bl_ext.user_default.tar_motion_capture"
REPOSITORY = Path(__file__).resolve().parents[2]


def install(zip_file: str) -> int:
    installed = bpy.ops.extensions.package_install_files(
        filepath=zip_file, repo="user_default", enable_on_install=True, overwrite=True
    )
    assert installed == {"FINISHED"}, installed
    assert MODULE in bpy.context.preferences.addons
    assert hasattr(bpy.types, "TAR_PT_sidebar")
    bpy.ops.wm.save_userpref()
    return 0


def command(*arguments: str) -> int:
    if MODULE not in bpy.context.preferences.addons:
        bpy.ops.preferences.addon_enable(module=MODULE)
    tar_core = Path(importlib.import_module("tar_core").__file__)
    assert not tar_core.is_relative_to(REPOSITORY), f"tar_core comes from {tar_core}, not from the extension's wheel"
    return importlib.import_module(f"{MODULE}.tar_blender.headless.command").main(arguments)


def check(blend: str, frames: str) -> int:
    bpy.ops.wm.open_mainfile(filepath=blend)
    armatures = [thing for thing in bpy.data.objects if thing.type == "ARMATURE"]
    assert armatures, "nobody in the scene"
    for armature in armatures:
        assert len(armature.data.bones) == 24
        first, last = armature.animation_data.action.frame_range
        # The keys that hide the person stand one frame outside the motion.
        assert 0 <= first < last <= int(frames) + 1
        bpy.context.scene.frame_set(int(first) + 1)
        assert armature.pose.bones["pelvis"].head.length > 0.1, "the action moves nothing"
    assert bpy.context.scene.frame_end == int(frames)
    (background,) = bpy.context.scene.camera.data.background_images
    assert background.image.frame_duration > 0
    return 0


if __name__ == "__main__":
    own = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    code = {"install": install, "command": command, "check": check}[own[0]](*own[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Some versions of bpy crash while Python shuts down, after all the work is done.
    os._exit(code)
