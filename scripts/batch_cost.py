"""Estimate the time and the cost of a batch on 1, 10 and 100 machines from a measured rate.

    python -m scripts.batch_cost --frames-per-second 20 [--clips 10000] [--seconds 20] [--fps 30] [--cores 2]

The time is linear in the number of frames, and in the people of each frame beyond the first. It is inversely linear in
the number of machines, until the storage is the bottleneck: the last columns say what all machines read and write
together. Each clip goes to one machine, so that machines without a clip at the end cost up to the time of one clip.
"""

import argparse
import math
import sys
from dataclasses import dataclass

from tar_core.arguments import positive_int

MACHINES = (1, 10, 100)


@dataclass(frozen=True)
class Batch:
    """A batch and a machine.

    Attributes:
        clips: number of clips.
        seconds: duration of each.
        fps: processed frames per second of video.
        rate: frames that a machine processes per second.
        cores: of a machine.
        megabytes: of a second of video, as stored.
        motion_kilobytes: of a second of motion, as stored.
    """

    clips: int
    seconds: float
    fps: float
    rate: float
    cores: int
    megabytes: float
    motion_kilobytes: float

    def hours(self, machines: int) -> float:
        """Time on some machines: the clips of the one that has most."""
        return math.ceil(self.clips / machines) * self.seconds * self.fps / self.rate / 3600

    def core_hours(self) -> float:
        """Core hours of all machines together."""
        return self.clips * self.seconds * self.fps / self.rate / 3600 * self.cores

    def megabytes_read(self, machines: int) -> float:
        """Megabytes that some machines read per second together."""
        return machines * self.rate / self.fps * self.megabytes

    def megabytes_written(self, machines: int) -> float:
        """Megabytes that some machines write per second together."""
        return machines * self.rate / self.fps * self.motion_kilobytes / 1000


def table(batch: Batch) -> str:
    """A table with a row for each number of machines."""
    lines = ["| machines | hours | core hours | read MB/s | written MB/s |", "|---|---|---|---|---|"]
    for machines in MACHINES:
        read, written = batch.megabytes_read(machines), batch.megabytes_written(machines)
        hours = f"{batch.hours(machines):.1f} | {batch.core_hours():.0f}"
        lines.append(f"| {machines} | {hours} | {read:.2f} | {written:.3f} |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Estimate the time and cost of a batch on several machines.")
    parser.add_argument(
        "--frames-per-second", type=_positive, required=True, help="measured rate of a machine with all its cores"
    )
    parser.add_argument("--clips", type=positive_int, default=10_000, help="number of clips (default: %(default)s)")
    parser.add_argument("--seconds", type=_positive, default=20.0, help="of each clip (default: %(default)g)")
    parser.add_argument("--fps", type=_positive, default=30.0, help="processed per second (default: %(default)g)")
    parser.add_argument("--cores", type=positive_int, default=2, help="of the measured machine (default: %(default)s)")
    parser.add_argument("--megabytes", type=_positive, default=1.0, help="of a second of video (default: %(default)g)")
    parser.add_argument(
        "--motion-kilobytes", type=_positive, default=10.0, help="of a second of motion (default: %(default)g)"
    )
    given = parser.parse_args(arguments)
    batch = Batch(
        given.clips,
        given.seconds,
        given.fps,
        given.frames_per_second,
        given.cores,
        given.megabytes,
        given.motion_kilobytes,
    )
    print(table(batch))
    return 0


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


if __name__ == "__main__":
    sys.exit(main())
