"""`make profile-capture`: where the time of a capture goes, stage by stage.

A process captures a video as `tar-capture capture VIDEO -o MOTION --raw --people largest` does, with a clock around
each stage. The main thread, one that decodes ahead, one that runs TAR and those that load networks share the work. For
each stage, the table has the number of calls, the seconds that passed and the CPU seconds of the calling thread,
without those of the stages inside it. What other threads did, such as those of the backbone and of the decoder, is
listed at the end.
"""

import argparse
import importlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import wraps
from inspect import isgeneratorfunction
from pathlib import Path
from typing import Any

STARTED = "TAR_PROFILE_STARTED"  # environment variable: the time at which the process was started
# Stages, and the functions that do them. `{}` is the name of the network.
STAGES = {
    "open the video": ["tar_core.video.reader:VideoReader.__init__"],
    "decode": ["tar_core.video.reader:_decode"],
    "convert to RGB": ["tar_core.video.picture:PictureConverter.convert"],
    "find cuts": ["tar_core.video.cuts:thumbnail", "tar_core.video.cuts:is_cut"],
    "load {}": ["tar_core.runtime.onnx_runtime:create_session"],
    "run {}": ["tar_core.runtime.onnx_runtime:OnnxRuntime.run"],
    "wait for decoding": ["tar_core.capture.frames:prefetch"],
    "camera from lines": ["tar_core.capture.people_pass:estimate_initial_camera"],
    "camera motion": ["tar_core.camera.rotation_tracking:CameraMotionDetector.add"],
    "tracking": ["tar_core.people.tracker:PeopleTracker.step"],
    "detector": ["tar_core.people.detector:PersonDetector.detect"],
    "second look": ["tar_core.people.second_look:SecondLook.find_body"],
    "cut crops": ["tar_core.camera.crop:Crop.cut"],
    "appearance": ["tar_core.people.track:appearance_of"],
    "windows of TAR": ["tar_core.runtime.streaming:TARStream.push", "tar_core.runtime.streaming:TARStream.finish"],
    "wait for TAR": ["tar_core.capture.track:NetworkTrack._collect"],
    "join tracks": ["tar_core.people.tracker:PeopleTracker.confirmed_people"],
    "motion": ["tar_core.capture.track:CapturedPerson.motion", "tar_core.capture.people_pass:fill_frames"],
    "clean up": ["tar_core.cleanup.pipeline:clean_up"],
    "write": ["tar_core.shot_files:save_shots"],
}


@dataclass
class Stage:
    """What a stage took, without the stages inside it."""

    calls: int = 0
    seconds: float = 0.0
    cpu: float = 0.0


@dataclass
class Profile:
    """Clocks around functions, and what they measured for each stage."""

    stages: dict[str, Stage] = field(default_factory=lambda: defaultdict(Stage))
    _thread: threading.local = field(default_factory=threading.local)

    def measure(self, name: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call a function and count what it takes."""
        inside = getattr(self._thread, "inside", None)
        self._thread.inside = taken = [0.0, 0.0]  # by the stages inside this one
        started, cpu = time.perf_counter(), time.thread_time()
        try:
            return function(*args, **kwargs)
        finally:
            total = time.perf_counter() - started, time.thread_time() - cpu
            stage = self.stages[name]
            stage.calls += 1
            stage.seconds += total[0] - taken[0]
            stage.cpu += total[1] - taken[1]
            self._thread.inside = inside
            if inside is not None:
                inside[0] += total[0]
                inside[1] += total[1]

    def clocked(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function with a clock around it, or around each step if it is a generator."""

        @wraps(function)
        def generator(*args: Any, **kwargs: Any) -> Iterator[Any]:
            items, end = function(*args, **kwargs), object()
            while (item := self.measure(name, next, items, end)) is not end:
                yield item

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            graph = next((arg.name for arg in args if type(arg).__name__ == "Graph"), "")
            return self.measure(name.format(graph), function, *args, **kwargs)

        return generator if isgeneratorfunction(function) else call

    def install(self) -> None:
        """Put clocks around the functions of all stages."""
        for name, places in STAGES.items():
            for place in places:
                module, _, path = place.partition(":")
                *owners, attribute = path.split(".")
                owner: Any = importlib.import_module(module)
                for part in owners:
                    owner = getattr(owner, part)
                setattr(owner, attribute, self.clocked(name, getattr(owner, attribute)))


def run_measured(arguments: list[str]) -> int:
    """In the measured process: import, capture, and print the table."""
    started = float(os.environ[STARTED])
    profile = Profile()
    begun = time.monotonic()
    profile.stages["start Python"] = Stage(1, begun - started, time.process_time())
    from tar_core.cli import main  # the imports are measured

    profile.measure("import", importlib.import_module, "tar_core.capture.networks")
    profile.install()
    code = profile.measure("other work of the main thread", main, arguments)
    threads = time.process_time() - sum(stage.cpu for stage in profile.stages.values())
    print(f"{'stage':36s} {'calls':>6s} {'seconds':>8s} {'CPU s':>7s}", file=sys.stderr)
    for name, stage in profile.stages.items():
        print(f"{name:36s} {stage.calls:6d} {stage.seconds:8.2f} {stage.cpu:7.2f}", file=sys.stderr)
    print(f"{'threads of the backbone and decoder':36s} {'':6s} {'':8s} {threads:7.2f}", file=sys.stderr)
    total = time.monotonic() - started
    print(f"{'whole process, without its exit':36s} {'':6s} {total:8.2f} {time.process_time():7.2f}", file=sys.stderr)
    return code


def main() -> int:
    if STARTED in os.environ:
        return run_measured(sys.argv[1:])
    from scripts.capture_command import capture_command
    from scripts.fetch.demo_video import fetch_demo_video

    parser = argparse.ArgumentParser(description="Measure where the time of a capture goes.")
    parser.add_argument("--video", type=Path, help="video file (default: the demo video)")
    arguments, options = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        command = capture_command(arguments.video or fetch_demo_video(), Path(folder) / "out.npz", people="largest")
        command[2] = "benchmarks.profile_capture"
        environment = os.environ | {STARTED: str(time.monotonic())}
        return subprocess.run([*command, *options], env=environment, stdout=subprocess.DEVNULL).returncode


if __name__ == "__main__":
    sys.exit(main())
