"""The live preview of a recording: people are followed while it runs, without looking ahead.

Only the newest image is used: those that arrive while another one is processed are dropped, so that the delay does not
grow. The recording contains all images. The camera is that of the first image.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import NamedTuple

import numpy as np

from tar_core.camera.crop_camera import image_center
from tar_core.capture.initial_camera import estimate_initial_camera
from tar_core.capture.live_bodies import LiveBodies
from tar_core.capture.networks import Networks
from tar_core.capture.people_pass import preview_of
from tar_core.options import CaptureOptions
from tar_core.people.tracker import PeopleTracker
from tar_core.preview import Preview

LIVE_FPS = 10.0  # at most so many images per second are processed, so that the recording is not disturbed

logger = logging.getLogger(__name__)


class _Arrived(NamedTuple):
    """An image [H, W, 3] uint8 RGB, its number and the time of its arrival, seconds of the system's clock."""

    number: int
    time: float
    pixels: np.ndarray


class LivePreview:
    """Follows people in a thread.

    Args:
        load: loads the networks, in the thread.
        show: is given each preview.
        options: give the focal length, if it is known.

    The end does not wait for networks that are still being loaded; the thread then ends after they are.
    """

    def __init__(self, load: Callable[[], Networks], show: Callable[[Preview], None], options: CaptureOptions) -> None:
        self._load, self._show, self._options = load, show, options
        self._count = 0
        self._newest: _Arrived | None = None
        self._is_loaded = self._is_closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)

    def __enter__(self) -> "LivePreview":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify()
            is_loaded = self._is_loaded
        if is_loaded:
            self._thread.join()

    def offer(self, pixels: np.ndarray) -> None:
        """Give the image [H, W, 3], uint8 RGB, that has just arrived. Does not wait."""
        with self._changed:
            self._newest = _Arrived(self._count, time.time(), pixels)
            self._count += 1
            self._changed.notify()

    def _run(self) -> None:
        try:
            networks = self._load()
            with self._changed:
                self._is_loaded = True
            tracker = PeopleTracker(networks.backbone, networks.detector, LIVE_FPS)
            bodies: LiveBodies | None = None
            step = 0
            while (image := self._take()) is not None:
                began = time.monotonic()
                sightings = tracker.step(step, image.pixels)
                step += 1
                if bodies is None:  # the first image waits until the networks are loaded, so it is not shown
                    camera = estimate_initial_camera(image.pixels, self._options)
                    height, width = image.pixels.shape[:2]
                    bodies = LiveBodies(networks.runtime, camera, image_center(width, height))
                    continue
                preview = preview_of(image.number, image.pixels.shape[:2], sightings, image.time)
                self._show(replace(preview, bodies=bodies.step(sightings, image.time)))
                time.sleep(max(0.0, 1 / LIVE_FPS - (time.monotonic() - began)))
        except Exception as error:  # the recording goes on
            logger.warning(f"the live preview has ended ({type(error).__name__}: {error})")

    def _take(self) -> _Arrived | None:
        """Wait for the next image and take it; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._newest is not None or self._is_closed)
            newest, self._newest = self._newest, None
            return None if self._is_closed else newest
