"""Install the extension from its zip, run its command, and check the result. Runs inside Blender.

    installed.py install ZIPS...         installs zips in the extensions of BLENDER_USER_RESOURCES
    installed.py command ARGUMENTS...    runs the extension's command; for Blender as a module, which has no --command
    installed.py check OUT.blend FRAMES  checks a captured file: people, FRAMES frames, camera and background video

Each of these runs in its own process, like a user's sessions. The repository is not on Python's path, so the installed
files run, not the repository's.
"""

import importlib
import importlib.util
import os
import sys
from pathlib import Path

import bpy

MODULE = "bl_ext.user_default.tar_motion_capture"
NEIGHBOR = "bl_ext.user_default.neighbor"  # another extension, see neighbor.py
REPOSITORY = Path(__file__).resolve().parents[2]


def install(*zip_files: str) -> int:
    """Install and enable extensions, and save the preferences."""
    for zip_file in zip_files:
        installed = bpy.ops.extensions.package_install_files(
            filepath=zip_file, repo="user_default", enable_on_install=True, overwrite=True
        )
        assert installed == {"FINISHED"}, installed
    assert MODULE in bpy.context.preferences.addons
    assert hasattr(bpy.types, "TAR_PT_sidebar")
    bpy.ops.wm.save_userpref()
    return 0


def command(*arguments: str) -> int:
    """Run the extension's command and return its exit code."""
    for module in (NEIGHBOR, MODULE):
        if module not in bpy.context.preferences.addons:
            bpy.ops.preferences.addon_enable(module=module)
    tar_core = Path(importlib.import_module("tar_core").__file__)
    assert not tar_core.is_relative_to(REPOSITORY), f"tar_core comes from {tar_core}, not from the extension's wheel"
    neighbor = importlib.util.find_spec("onnxruntime")
    assert neighbor and "extensions" in neighbor.origin, (
        f"Blender imports {neighbor}, not the other extension's package"
    )
    return importlib.import_module(f"{MODULE}.tar_blender.headless.command").main(arguments)


def check(blend: str, frames: str) -> int:
    """Check the people, the length, the camera and the background of a captured file."""
    bpy.ops.wm.open_mainfile(filepath=blend)
    armatures = [obj for obj in bpy.data.objects if obj.type == "ARMATURE"]
    assert armatures, "no people in the scene"
    for armature in armatures:
        assert len(armature.data.bones) == 52
        first, last = armature.animation_data.action.frame_range
        # The keyframes that hide the person are one frame before and after the motion.
        assert 0 <= first < last <= int(frames) + 1
        bpy.context.scene.frame_set(int(first) + 1)
        assert armature.pose.bones["pelvis"].head.length > 0.1, "the action does not move the armature"
    assert bpy.context.scene.frame_end == int(frames)
    (background,) = bpy.context.scene.camera.data.background_images
    assert background.image.frame_duration > 0
    return 0


if __name__ == "__main__":
    name, *arguments = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    code = {"install": install, "command": command, "check": check}[name](*arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    # Some versions of bpy crash when Python exits.
    os._exit(code)
