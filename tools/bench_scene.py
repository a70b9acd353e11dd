"""`make bench-scene`: how long Blender takes to make the scene of a long clip, once it has started.

A motion file of 10,000 frames with one person moving every joint is read, and its collection built: armature, skinned
body, one keyed action, camera. Saving the .blend is told apart. Several rounds, each in an empty file; the first one
also loads the body; the figure is the slowest.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tar_core.motion import MotionClip
from tests.blender.clips import synthetic_clip


def seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def main() -> int:
    parser = argparse.ArgumentParser(description="time to make the scene of a long clip in Blender")
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()

    started = time.perf_counter()
    import bpy

    from tar_blender.export import save_scene
    from tar_blender.import_motion import import_clip

    print(f"Blender {bpy.app.version_string} started in {time.perf_counter() - started:.1f} s")
    scene_seconds = []
    with tempfile.TemporaryDirectory() as folder:
        motion, blend = Path(folder) / "clip.npz", Path(folder) / "clip.blend"
        synthetic_clip(frames=arguments.frames, first_frame=0).save(motion)
        for number in range(1, arguments.rounds + 1):
            bpy.ops.wm.read_factory_settings(use_empty=True)
            scene_seconds.append(seconds(lambda: import_clip(MotionClip.load(motion), bpy.context)))
            saving = seconds(lambda: save_scene(blend))
            size = blend.stat().st_size / 2**20
            print(
                f"round {number}: {arguments.frames} frames in {scene_seconds[-1]:.2f} s, saved in {saving:.2f} s "
                f"({size:.1f} MiB)"
            )
    print(f"FIGURE scene_seconds={max(scene_seconds):.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
