"""`make bench-retarget`: how accurately and how fast motion is retargeted to other characters.

A synthetic person turns around once, walks on the spot, bends and waves (tests/support/characters.py), and is
retargeted to rigs with other bones. The errors of the ends are measured on the rigs as Blender poses them: ankles
belong at the person's ankles, scaled about the start by the ratio of the leg lengths; elbows and wrists have the
person's offset from the joint above, scaled to the bone's length. Then all steps from a captured motion to the
keyframes on another character's bones are timed.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tar_core.arguments import positive_int
from tar_core.body.data import load_body
from tar_core.cleanup.foot_locking import lock_clip_feet
from tar_core.cleanup.ground_plane import find_floor
from tar_core.cleanup.smoothing import smooth_clip
from tests.support.clips import synthetic_clip

if TYPE_CHECKING:
    import bpy

    Maker = Callable[[bpy.types.Object], bpy.types.Object]  # person -> character


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure retargeting to other characters.")
    parser.add_argument(
        "--frames", type=positive_int, default=3000, help="length of the timed motion (default: %(default)s)"
    )
    options = parser.parse_args()

    import bpy  # noqa: F401 -- makes the other modules of Blender importable

    worst = measure_errors()
    seconds = time_steps(options.frames)
    parts = ", ".join(f"{name} {value:.2f}" for name, value in seconds.items())
    print(f"{options.frames} frames, seconds: {parts}")
    print(f"FIGURE ends_mm={worst:.1f} seconds={sum(seconds.values()):.1f}")
    measure_ik()
    return 0


def characters() -> "dict[str, Maker]":
    """Functions that create the characters in the scene, by name."""
    from tar_blender.retarget.known_rigs import KNOWN
    from tests.support.characters import generate_rigify, make_character, make_published_character, published_rigs

    scales = {"knee": 1.2, "elbow": 0.8}
    proportions = {f"{side}_{joint}": scale for side in ("left", "right") for joint, scale in scales.items()}
    makers: dict[str, Maker] = {
        "Mixamo's bones, T-pose": lambda person: make_character(person, KNOWN["Mixamo"]),
        "Mixamo's bones, A-pose, other proportions": lambda person: make_character(
            person, KNOWN["Mixamo"], arms_down=0.8, proportions=proportions
        ),
        "Unreal's bones, A-pose, in centimeters": lambda person: make_character(
            person, KNOWN["Unreal Mannequin"], arms_down=0.8, tilt=True
        ),
        "VRM's bones, 40 % of the size": lambda person: make_character(person, KNOWN["VRM (VRoid)"], size=0.4),
        "Rigify, generated from the human meta-rig": lambda person: generate_rigify(),
        "Rigify, from the basic human meta-rig": lambda person: generate_rigify(basic=True),
    }
    for rig in published_rigs():
        makers[f"MPFB's {rig.stem}"] = lambda person, rig=rig: make_published_character(rig)
    return makers


def measure_errors() -> float:
    """Retarget the person to all characters and print a row for each; returns the largest error in mm."""
    import bpy

    from tar_blender.retarget.bone_maps import find_bones
    from tar_blender.retarget.retarget import retarget
    from tar_blender.scene.build import import_clip
    from tests.support.characters import end_errors, largest_rotation, walking_clip
    from tests.support.import_options import raw_options

    print(f"{'':44}{'joints':>8}{'errors of ends, mm: mean':>26}{'largest':>9}{'largest rotation per frame':>28}")
    worst = 0.0
    for name, make in characters().items():
        bpy.ops.wm.read_factory_settings(use_empty=True)
        options = raw_options(figure="armature", show_video=False)
        person = import_clip(walking_clip(), bpy.context, options).people[0].armature
        character = make(person)
        kind, bones = find_bones([bone.name for bone in character.data.bones])
        retarget(person, character, bones, kind)
        errors = 1000 * end_errors(person, character, bones)
        worst = max(worst, errors.max())
        angle = np.degrees(largest_rotation(character, bones))
        print(f"{name:44}{len(bones):8}{errors.mean():26.1f}{errors.max():9.1f}{angle:24.0f} deg")
    return worst


def measure_ik() -> None:
    """Print how far IK is from FK, on a person and on Rigify, and how far planted feet move per frame with IK."""
    import bpy

    from tar_blender.retarget.bone_maps import find_bones
    from tar_blender.retarget.retarget import BakeOptions, retarget
    from tar_blender.scene.bone_names import joint_bones
    from tar_blender.scene.build import import_clip
    from tar_blender.scene.ik_controls import LIMBS, add_controls
    from tar_blender.scene.posed import posed_matrices
    from tests.support.characters import FRAMES, generate_rigify, planted_clip, walking_clip
    from tests.support.import_options import raw_options

    def heads(armature: "bpy.types.Object", bones: Sequence[str]) -> np.ndarray:
        """Positions [FRAMES, B, 3] of bones as Blender poses them, mm."""
        return 1000 * posed_matrices(armature, bones, np.arange(1, FRAMES + 1))[..., :3, 3]

    deforming = [f"DEF-{bone}.{side}" for side in "LR" for bone in ("shin", "foot", "toe", "forearm", "hand")]
    print(f"{'IK':44}{'off FK, mm: mean':>18}{'largest':>9}{'feet per frame, mm: largest':>29}")
    figures: dict[str, float] = {}
    for motion, clip in (("walking", walking_clip()), ("planted feet", planted_clip())):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        options = raw_options(figure="armature", show_video=False)
        person = import_clip(clip, bpy.context, options).people[0].armature
        own = list(joint_bones(person).values())
        rig = generate_rigify()
        kind, bones = find_bones([bone.name for bone in rig.data.bones])
        retarget(person, rig, bones, kind)
        fk = {"own": heads(person, own), "rigify": heads(rig, deforming)}
        retarget(person, rig, bones, kind, BakeOptions("IK"))
        add_controls(bpy.context, person, LIMBS)
        ik = {"own": heads(person, own), "rigify": heads(rig, deforming)}
        names = {"own": own, "rigify": deforming}
        for armature, positions in ik.items():
            off = np.linalg.norm(positions - fk[armature], axis=-1)
            feet = [index for index, name in enumerate(names[armature]) if "foot" in name or "ankle" in name]
            slide = np.linalg.norm(np.diff(positions[:, feet], axis=0), axis=-1).max()
            print(f"{armature + ', ' + motion:44}{off.mean():18.3f}{off.max():9.3f}{slide:29.3f}")
            figures[f"{armature}_mm"] = max(figures.get(f"{armature}_mm", 0.0), off.max())
            if motion != "walking":
                figures["contact_slide_mm"] = max(figures.get("contact_slide_mm", 0.0), slide)
    print("FIGURE_IK " + " ".join(f"{name}={value:.2f}" for name, value in figures.items()))


def time_steps(frames: int) -> dict[str, float]:
    """Seconds of each step from a captured motion to the keyframes of a character."""
    import bpy

    from tar_blender.retarget.known_rigs import KNOWN
    from tar_blender.retarget.retarget import retarget
    from tar_blender.scene.build import import_clip
    from tests.support.characters import make_character
    from tests.support.import_options import raw_options

    bpy.ops.wm.read_factory_settings(use_empty=True)
    clip, body = synthetic_clip(frames=frames, first_frame=0), load_body()
    seconds: dict[str, float] = {}

    def timed(name: str, step: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        result = step()
        seconds[name] = time.perf_counter() - started
        return result

    smooth = timed("smoothing", lambda: smooth_clip(clip, 0.3))
    locked = timed("foot locking", lambda: lock_clip_feet(smooth, body, 1.0))
    with_floor = timed("floor", lambda: replace(locked, floor=find_floor(locked, body)))
    imported = timed(
        "import",
        lambda: import_clip(
            with_floor,
            bpy.context,
            raw_options(show_video=False),
        ),
    )
    person = imported.people[0].armature
    character = make_character(person, KNOWN["Mixamo"])
    timed("retargeting and baking", lambda: retarget(person, character, KNOWN["Mixamo"]))
    return seconds


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # with the Rigify add-on loaded, bpy 4.5 never finishes its normal exit
