"""`make bench-retarget`: how well a person's motion lands on other characters, and how long that takes.

Somebody made of numbers turns once about himself, walks on the spot, bends and waves (tests/support/characters.py), and
is retargeted to rigs with other bones. Told are the ends' distances from where they belong, as Blender itself poses the
rigs: ankles where the person's are, scaled about the start by the ratio of the legs' lengths; elbows and wrists from
the joint above as the person's, scaled by the bone's length. Then the whole way of a captured motion, from the floor to
the keys on another character's bones, is timed.
"""

import argparse
import os
import sys
import time
from dataclasses import replace

import numpy as np

from tar_core.body.data import load_body
from tar_core.cleanup.foot_locking import lock_clip_feet
from tar_core.cleanup.ground_plane import find_floor
from tar_core.cleanup.smoothing import smooth_clip
from tests.support.clips import synthetic_clip


def main() -> int:
    parser = argparse.ArgumentParser(description="motion on other characters")
    parser.add_argument("--frames", type=int, default=3000, help="of the motion that is timed (default %(default)s)")
    options = parser.parse_args()

    import bpy  # isort: skip  (makes Blender's own modules known)
    import addon_utils

    from tar_blender.retarget.bone_maps import KNOWN, find_bones
    from tar_blender.retarget.retarget import retarget
    from tar_blender.scene.build import ImportOptions, import_clip
    from tests.support.characters import (
        end_errors,
        largest_turn,
        make_character,
        make_published_character,
        mover,
        published_rigs,
    )

    def person() -> bpy.types.Object:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        return import_clip(mover(), bpy.context, ImportOptions(with_body=False, show_video=False)).people[0].armature

    def rigify(source: bpy.types.Object) -> bpy.types.Object:
        addon_utils.enable("rigify", default_set=True)
        bpy.ops.object.armature_human_metarig_add()
        bpy.ops.pose.rigify_generate()
        return bpy.data.objects["rig"]

    others = {"knee": 1.2, "elbow": 0.8}
    proportions = {f"{side}_{joint}": size for side in ("left", "right") for joint, size in others.items()}
    characters = {
        "Mixamo's bones, T-pose": lambda source: make_character(source, KNOWN["Mixamo"]),
        "Mixamo's bones, A-pose, other proportions": lambda source: make_character(
            source, KNOWN["Mixamo"], arms_down=0.8, proportions=proportions
        ),
        "Unreal's bones, A-pose, in centimeters": lambda source: make_character(
            source, KNOWN["Unreal Mannequin"], arms_down=0.8, tilt=True
        ),
        "VRM's bones, 40 % of the size": lambda source: make_character(source, KNOWN["VRM (VRoid)"], size=0.4),
        "Rigify, generated from the human meta-rig": rigify,
    }
    for rig in published_rigs():
        characters[f"MPFB's {rig.stem}"] = lambda source, rig=rig: make_published_character(rig)

    print(f"{'':44}{'joints':>8}{'ends off, mm: mean':>20}{'largest':>9}{'largest turn a frame':>22}")
    worst = 0.0
    for name, make in characters.items():
        source = person()
        character = make(source)
        kind, bones = find_bones([bone.name for bone in character.data.bones])
        retarget(source, character, bones, kind)
        errors = 1000 * end_errors(source, character, bones)
        worst = max(worst, errors.max())
        turn = np.degrees(largest_turn(character, bones))
        print(f"{name:44}{len(bones):8}{errors.mean():20.1f}{errors.max():9.1f}{turn:20.0f} deg")

    bpy.ops.wm.read_factory_settings(use_empty=True)
    clip, body = synthetic_clip(frames=options.frames, first_frame=0), load_body()
    seconds = {}

    def timed(name: str, started: float) -> None:
        seconds[name] = time.perf_counter() - started

    started = time.perf_counter()
    clip = smooth_clip(clip, 0.3)
    timed("smooth", started)
    started = time.perf_counter()
    clip = lock_clip_feet(clip, body, 1.0)
    timed("plant feet", started)
    started = time.perf_counter()
    clip = replace(clip, floor=find_floor(clip, body))
    timed("floor", started)
    started = time.perf_counter()
    source = import_clip(clip, bpy.context, ImportOptions(show_video=False)).people[0].armature
    timed("import", started)
    character = make_character(source, KNOWN["Mixamo"])
    started = time.perf_counter()
    retarget(source, character, KNOWN["Mixamo"])
    timed("retarget and bake", started)
    parts = ", ".join(f"{name} {value:.2f}" for name, value in seconds.items())
    print(f"{options.frames} frames, seconds: {parts}")
    print(f"FIGURE ends_mm={worst:.1f} seconds={sum(seconds.values()):.1f}")
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # with Rigify's add-on loaded, bpy 4.5 waits for ever at its clean end
