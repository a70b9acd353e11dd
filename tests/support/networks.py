"""Networks that the tests of a process share, since loading them takes a second of the processor."""

from functools import cache, partial
from pathlib import Path

from tar_core.capture import pipeline
from tar_core.capture.networks import Networks, load_runtime
from tar_core.options import CaptureOptions
from tar_core.runtime.graphs import Runtime

_CPU = CaptureOptions(device="cpu")


def load_once(options: CaptureOptions = _CPU) -> Networks:
    """The networks of `Networks.load`, which are loaded when they are first needed in the process."""
    return Networks(_runtime(options.device, options.checkpoint, options.threads), has_detector=options.box is None)


@cache
def _runtime(device: str, checkpoint: Path | None, threads: int | None) -> Runtime:
    return load_runtime(device, checkpoint, threads)


capture = partial(pipeline.capture, load=load_once)
