"""`make bench-scene`: the time that Blender needs to build the scene of a long clip.

A motion file of 10,000 frames with three people who move all joints is read, and its scene is built: armatures, skinned
bodies, keyframes, camera. This is done once with the captured motion and once with the sidebar's default clean-up.
Saving the Blender file is timed separately. There are several rounds, each in an empty file; the first one also loads
the body. The figures are the slowest rounds. Processor time of all threads is printed beside elapsed time, which
depends on the load of the machine.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from tar_core.arguments import positive_int
from tar_core.motion import LEVEL, MotionClip, Vertical
from tests.support.clips import synthetic_clip


def seconds(action: Callable[[], object]) -> tuple[float, float]:
    """Measure an action: (elapsed time, processor time) in seconds."""
    started, processor = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - started, time.process_time() - processor


def import_file(import_clip: Callable[..., object], motion: Path, *context_and_options: object) -> object:
    return import_clip(MotionClip.load(motion), *context_and_options)


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the time to build the scene of a long clip in Blender.")
    parser.add_argument("--frames", type=positive_int, default=10_000)
    parser.add_argument("--people", type=positive_int, default=3)
    parser.add_argument("--rounds", type=positive_int, default=3)
    arguments = parser.parse_args()

    started = time.perf_counter()
    import bpy

    from tar_blender.export.formats import save_scene
    from tar_blender.scene.build import import_clip
    from tar_blender.scene.options import ImportOptions

    print(f"Blender {bpy.app.version_string} started in {time.perf_counter() - started:.1f} s")
    # The second kind has the sidebar's defaults.
    kinds = {
        "scene": ImportOptions(smoothing=0.0, depth_correction=False, foot_locking=0.0, lean_correction=False),
        "clean": ImportOptions(),
    }
    taken: dict[str, list[tuple[float, float]]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory() as folder:
        motion, blend = Path(folder) / "clip.npz", Path(folder) / "clip.blend"
        clip = synthetic_clip(frames=arguments.frames, first_frame=0, people=arguments.people)
        replace(clip, vertical=Vertical(LEVEL, 1.0)).save(motion)  # lean correction needs a known up direction
        for number in range(1, arguments.rounds + 1):
            for kind, options in kinds.items():
                bpy.ops.wm.read_factory_settings(use_empty=True)
                taken[kind].append(seconds(partial(import_file, import_clip, motion, bpy.context, options)))
            times = ", ".join(
                f"{kind} {took[-1][0]:.2f} s (processor {took[-1][1]:.2f})" for kind, took in taken.items()
            )
            saving, _ = seconds(partial(save_scene, blend))
            print(
                f"round {number}: {arguments.people} people, {arguments.frames} frames: {times}; "
                f"saved in {saving:.2f} s ({blend.stat().st_size / 2**20:.1f} MiB)"
            )
    slowest = " ".join(f"{kind}_seconds={max(took)[0]:.2f}" for kind, took in taken.items())
    print(f"FIGURE people={arguments.people} {slowest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
