"""The live preview of a recording: the newest image counts, and an error does not disturb the recording."""

import logging
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tar_core.capture.live import LivePreview
from tar_core.capture.networks import Networks
from tar_core.options import CaptureOptions
from tar_core.preview import Preview
from tar_core.video.reader import VideoReader
from tests.support.networks import load_once


@pytest.mark.capture
def test_people_of_the_newest_image_are_shown(demo_video: Path) -> None:
    networks, shown = load_once(), []
    images = [frame.image for frame, _ in zip(VideoReader(demo_video).frames(), range(40), strict=False)]

    def show(preview: Preview) -> None:
        shown.append(preview)

    with LivePreview(lambda: networks, show, CaptureOptions()) as live:
        began = time.time()
        for image in images:
            live.offer(image)
        deadline = time.monotonic() + 60
        while not (shown and shown[-1].people) and time.monotonic() < deadline:
            time.sleep(0.05)
            live.offer(images[-1])
    frames = [preview.frame for preview in shown]
    assert frames == sorted(set(frames)) and frames[0] >= len(images) - 1, "images that come meanwhile are dropped"
    height, width = images[0].shape[:2]
    assert (shown[-1].width, shown[-1].height) == (width, height)
    points = np.array(next(iter(shown[-1].people.values())))
    assert (points >= 0).all() and (points <= [width, height]).all()
    assert began <= shown[-1].time <= time.time()
    assert shown[-1].bodies.keys() == shown[-1].people.keys()


def test_the_end_does_not_wait_for_networks() -> None:
    loading, may_end = threading.Event(), threading.Event()

    def load() -> Networks:
        loading.set()
        may_end.wait(60)
        return load_once()

    shown: list[Preview] = []
    with LivePreview(load, shown.append, CaptureOptions()) as live:
        live.offer(np.zeros((48, 64, 3), np.uint8))
        assert loading.wait(10)
        began = time.monotonic()
    assert time.monotonic() - began < 1
    (thread,) = (thread for thread in threading.enumerate() if thread.name == "live")
    may_end.set()
    thread.join(60)
    assert not thread.is_alive() and not shown


def test_an_error_ends_the_preview_only(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> Networks:
        raise OSError("no networks")

    with caplog.at_level(logging.WARNING, "tar_core"), LivePreview(fail, lambda _: None, CaptureOptions()) as live:
        for _ in range(3):
            live.offer(np.zeros((48, 64, 3), np.uint8))
        deadline = time.monotonic() + 10
        while not caplog.messages and time.monotonic() < deadline:
            time.sleep(0.01)
    (message,) = caplog.messages
    assert message == "the live preview has ended (OSError: no networks)"
