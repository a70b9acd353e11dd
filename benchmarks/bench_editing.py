"""`make bench-editing`: key reduction on a recorded motion with errors like the network's, cleaned up as on import.

For each way to share key frames and each tolerance: the keys that are left, the frames that have a key, and the largest
error of the joints on any frame, as Blender evaluates the curves.

Then the part that repeats best is made a loop: the largest acceleration of a joint where it repeats, and elsewhere.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from benchmarks.bench_motion import MOTIONS
from benchmarks.recordings import in_camera, place_on_floor, read_recordings, with_errors
from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.errors import TarError
from tar_core.motion import MotionClip
from tar_core.synthetic.scene import sample_camera

SHORTEST_LOOP, BLEND = 0.7, 6  # seconds and frames: the defaults of Make Loop
TOLERANCES = ((1.0, 0.005), (3.0, 0.02), (5.0, 0.03))  # degrees, meters


def recorded_clip(motions: Path, kind: str, seed: int = 0) -> MotionClip:
    """A clip of a recording whose name contains `kind`, as a random static camera sees it, with errors."""
    body, random = load_body(), np.random.default_rng(seed)
    recordings = read_recordings(motions, rest_joints(body, np.zeros(10)))
    motion = place_on_floor(next(each for each in recordings if kind in each.name), body)
    camera = sample_camera(random, motion.trans[:, None] + 0.5, truncate=False)
    person = with_errors(in_camera(motion, camera, body), random)
    return MotionClip(motion.fps, *camera.size, camera.focal_length, camera.principal_point, "", [person])


def seam_accelerations(joints: np.ndarray) -> tuple[float, float]:
    """The largest acceleration of joints [N, J, 3] of a loop in the three frames where it repeats, and elsewhere."""
    twice = np.concatenate([joints[:-1], joints])
    accelerations = np.linalg.norm(np.diff(twice, n=2, axis=0), axis=2).max(1)
    seam = np.arange(len(joints) - 3, len(joints))
    return float(accelerations[seam].max()), float(np.delete(accelerations, seam).max())


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure key reduction on a recorded motion.")
    parser.add_argument("--motions", type=Path, default=MOTIONS, help="folder of the recordings")
    parser.add_argument("--kind", default="walk", help="part of the recording's name")
    arguments = parser.parse_args()
    try:
        clip = recorded_clip(arguments.motions, arguments.kind)
    except TarError as error:
        print(f"bench-editing: {error}", file=sys.stderr)
        return 2

    import bpy

    from tar_blender.editing.key_reduction import SHARED_BY, Tolerance, reduce_keys
    from tar_blender.editing.looping import find_loop, looped
    from tar_blender.editing.motion_keys import read_motion, write_motion
    from tar_blender.retarget.skeleton_motion import person_motion
    from tar_blender.scene.build import ImportedPerson, import_clip
    from tar_blender.scene.fcurves import curves_of
    from tar_blender.scene.options import ImportOptions

    def imported() -> ImportedPerson:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        return import_clip(clip, bpy.context, ImportOptions(figure="armature", show_video=False)).people[0]

    for degrees, meters in TOLERANCES:
        for shared_by in SHARED_BY:
            person = imported()
            before = person_motion(person.armature)
            keys = reduce_keys(person.armature, Tolerance(degrees, meters), shared_by)
            after = person_motion(person.armature)
            error = max(
                np.linalg.norm(after.positions[joint] - before.positions[joint], axis=1).max()
                for joint in before.positions
            )
            keyed = {point.co.x for curve in curves_of(person.armature) for point in curve.keyframe_points}
            print(
                f"FIGURE within={degrees:g}deg_{100 * meters:g}cm shared_by={shared_by} frames={len(before.frames)} "
                f"keys_before={keys[0]} keys_after={keys[1]} keyed_frames={len(keyed)} error_mm={1000 * error:.1f}"
            )
    armature = imported().armature
    motion = read_motion(armature)
    first, last = find_loop(motion, round(SHORTEST_LOOP * clip.fps))
    write_motion(armature, looped(motion, first, last, BLEND))
    seam, elsewhere = seam_accelerations(np.stack(list(person_motion(armature).positions.values()), 1))
    print(
        f"FIGURE loop_frames={last - first} seam_mm_per_frame2={1000 * seam:.1f} "
        f"elsewhere_mm_per_frame2={1000 * elsewhere:.1f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
