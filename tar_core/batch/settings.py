"""The capture options of a video of a batch: the share of the machine that it gets, and what its result depends on."""

import hashlib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from tar_core.files import file_hash
from tar_core.options import CaptureOptions
from tar_core.workers import WORKER_MEMORY, number_of_workers, threads_of_one


def number_of_engines(options: CaptureOptions, videos: int) -> int:
    """Number of videos that are captured side by side."""
    return max(1, min(number_of_workers(options), videos))


def with_share(options: CaptureOptions, engines: int) -> CaptureOptions:
    """The options of one of several captures side by side: its share of the workers and of the CPU threads.

    A video is divided only if the number of workers is given; see `plan_stretches`.
    """
    workers = 1 if options.workers is None else max(1, number_of_workers(options) // engines)
    return replace(options, workers=workers, threads=options.threads or threads_of_one(engines * workers))


def on_cluster(options: CaptureOptions) -> CaptureOptions:
    """The options of a worker of a cluster: one process, with as many threads as the cluster reserves for it."""
    device = "cpu" if options.device == "auto" else options.device
    return replace(options, workers=1, threads=options.threads or 1, device=device)


def limit_on_cluster(options: CaptureOptions, videos: int) -> int:
    """Maximum number of workers of a cluster; by default one for each video; with `memory`, no more than fit."""
    fitting = videos if options.memory is None else int(options.memory / WORKER_MEMORY)
    return max(1, min(options.workers or videos, fitting))


def settings_text(options: CaptureOptions) -> str:
    """All of the options that the result depends on, as text; files count by their content."""
    files = {name: getattr(options, name) for name in ("body", "checkpoint", "camera_trajectory")}
    contents: dict[str, Any] = {name: content_hash(path) for name, path in files.items() if path is not None}
    if options.views:
        contents["views"] = [content_hash(path) for path in options.views]
    without = replace(options, threads=None, workers=None, memory=None, device="auto")
    without = replace(without, body=None, checkpoint=None, camera_trajectory=None, views=())
    return f"{without} {contents}" if contents else str(without)


def content_hash(path: Path) -> str:
    """SHA-256 of a file, or of the names and files of a folder; empty if it does not exist."""
    if path.is_file():
        about = path.stat()
        return _file_hash(path, about.st_size, about.st_mtime_ns)
    inside = sorted(file for file in path.rglob("*") if file.is_file())
    listed = "".join(f"{file.relative_to(path)} {content_hash(file)}\n" for file in inside)
    return hashlib.sha256(listed.encode()).hexdigest() if inside else ""


@cache
def _file_hash(path: Path, size: int, changed: int) -> str:
    """The hash, computed once for thousands of videos unless the file changes."""
    return file_hash(path)
