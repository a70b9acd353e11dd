"""Recording from a camera or a stream to a video file with a constant frame rate.

This is the only module that opens addresses. The user types them on the command line or in the sidebar; they
are never taken from a file.
"""

import logging
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream

from tar_core.capture.progress import Progress
from tar_core.errors import TarError
from tar_core.files import check_writable
from tar_core.motion_forms import MAX_FPS, MIN_FPS
from tar_core.recording import Recording
from tar_core.video.container import FORMATS
from tar_core.video.nominal_rate import SIMILAR, nominal_fps
from tar_core.video.picture import PictureConverter
from tar_core.video.prefetch import prefetch
from tar_core.video.writer import VideoWriter, check_video_name

CONNECT_SECONDS, READ_SECONDS = 10.0, 5.0  # without an answer, a stream has ended
LONGEST_GAP = 2.0  # seconds; after a longer one, the recording ends
BUFFERED_SECONDS = 0.003  # what is read in a shorter time has waited in a buffer
MEASURED_SECONDS = 1.0  # at the beginning, from which the frame rate is determined
MOST_MEASURED = 30  # images that are kept in memory for that
MOST_WAITING = 30  # images that are kept in memory until they are encoded
OPTIONS = {
    "format_whitelist": f"{FORMATS},mjpeg,mpjpeg,rtsp,rtp,mpegtsraw",
    "protocol_whitelist": "http,https,httpproxy,tls,tcp,udp,rtp,rtmp,rtsp,srtp",
    "overrun_nonfatal": "1",  # of UDP: if images come faster than they are processed, some are lost
}
TIMELESS_FORMATS = ("mjpeg", "mpjpeg", "h264", "hevc")  # they contain no time stamps; FFmpeg makes them up

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Image:
    """An image [H, W, 3] uint8 RGB, and its time in seconds on the source's clock."""

    time: float
    pixels: np.ndarray


@dataclass(frozen=True)
class Source:
    """An open camera or stream: its images, and the frame rate that it states."""

    images: Generator[Image]
    stated_fps: float


def record(
    recording: Recording,
    output: Path,
    report: Callable[[Progress], None] | None = None,
    is_stopped: Callable[[], bool] | None = None,
    watch: Callable[[np.ndarray], None] | None = None,
) -> int:
    """Record until the duration is over, `is_stopped` returns true, or the stream ends. Returns the number of frames.

    Args:
        recording: what to record.
        output: the video to write, completely or not at all; must not exist.
        report: called after each frame.
        is_stopped: whether to end the recording now.
        watch: called with each image [H, W, 3], uint8 RGB, as soon as it arrives, in another thread.

    Raises:
        TarError: the source cannot be opened or sends nothing, or the file exists or cannot be written.
    """
    check_video_name(output)
    if output.exists():
        raise TarError(f"cannot write {output}: it exists already; choose another file name")
    check_writable(output)
    source = open_camera(recording.camera) if recording.camera is not None else open_stream(recording)
    # Images are received in a thread, so that none is lost while others are encoded.
    arriving = source.images if watch is None else _watched(source.images, watch)
    with closing(source.images), closing(prefetch(arriving, MOST_WAITING)) as images:
        wanted = _until(images, recording.seconds, is_stopped or (lambda: False))
        beginning = _beginning(wanted)
        if not beginning:
            raise TarError(f"{recording.shown_source}: sends no images; check the source and try again")
        fps = frame_rate(source.stated_fps, [image.time for image in beginning])
        height, width = beginning[0].pixels.shape[:2]
        total, count = round(recording.seconds * fps), 0
        with VideoWriter(output, fps, width, height) as writer:
            for pixels in resample(_joined(beginning, wanted), fps):
                if count == total:
                    break
                writer.write(pixels)
                count += 1
                if report is not None:
                    report(Progress("record", count, total, fps))
            if output.exists():  # it appeared in the meantime
                raise TarError(f"cannot write {output}: it exists already; choose another file name")
    return count


def _watched(images: Iterator[Image], watch: Callable[[np.ndarray], None]) -> Iterator[Image]:
    for image in images:
        watch(image.pixels)
        yield image


def open_camera(number: int) -> Source:
    """Open a camera. The times of its images are those of their arrival.

    Raises:
        TarError: there is no such camera, or it must not be used.
    """
    _silence_opencv()  # it would explain a missing camera in ten lines
    camera = cv2.VideoCapture(number)
    if not camera.isOpened():
        camera.release()
        raise TarError(
            f"camera {number}: cannot be opened; connect it, close programs that use it, and check that this program "
            f"may use cameras"
        )
    camera.set(cv2.CAP_PROP_BUFFERSIZE, 1)

    def images() -> Generator[Image]:
        try:
            while True:
                is_read, picture = camera.read()
                if not is_read:
                    return
                yield Image(time.monotonic(), cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
        finally:
            camera.release()

    return Source(images(), camera.get(cv2.CAP_PROP_FPS))


def _silence_opencv() -> None:
    """OpenCV 4 and 5 have different functions for it."""
    logs = getattr(cv2.utils, "logging", None)
    if logs is not None:
        logs.setLogLevel(logs.LOG_LEVEL_SILENT)
    else:
        cv2.setLogLevel(0)


def open_stream(recording: Recording) -> Source:
    """Open a stream. Its time stamps are used, or the times of arrival if it has none.

    Raises:
        TarError: the address does not answer, or sends no video.
    """
    try:
        container = av.open(recording.source, "r", options=OPTIONS, timeout=(CONNECT_SECONDS, READ_SECONDS))
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__  # the text contains the address
        raise TarError(
            f"{recording.shown_source}: no stream ({reason}); check the address and that it is sending"
        ) from None
    if not container.streams.video:
        container.close()
        raise TarError(f"{recording.shown_source}: sends no video; choose another stream")
    stream = container.streams.video[0]
    has_times = container.format.name not in TIMELESS_FORMATS

    def images() -> Generator[Image]:
        converter: PictureConverter | None = None
        with container:
            for arrival, packet in _arriving(container, stream, recording.shown_source, skip_buffered=not has_times):
                for picture in _decoded(packet):
                    converter = converter or PictureConverter(picture, stream.sample_aspect_ratio)
                    stamp = picture.time if has_times and picture.time is not None else arrival
                    yield Image(stamp, converter.convert(picture))

    return Source(images(), float(stream.guessed_rate or 0) if has_times else 0.0)


def _arriving(
    container: InputContainer, stream: VideoStream, name: str, skip_buffered: bool
) -> Iterator[tuple[float, "av.Packet[VideoStream]"]]:
    """The stream's packets with the times of their arrival.

    Args:
        name: of the stream, for a warning.
        skip_buffered: leave out those at the beginning that arrived while the stream was opened, at unknown times.
    """
    requested = time.monotonic()
    try:
        for packet in container.demux(stream):
            arrival = time.monotonic()
            skip_buffered = skip_buffered and arrival - requested < BUFFERED_SECONDS
            if not skip_buffered:
                yield arrival, packet
            requested = time.monotonic()
    except (av.FFmpegError, OSError) as error:
        logger.warning(f"{name}: the stream ended ({error.strerror})")


def _decoded(packet: "av.Packet[VideoStream]") -> list[av.VideoFrame]:
    """The pictures of a packet; none if it was damaged during the transmission."""
    try:
        return packet.decode()
    except av.InvalidDataError:
        return []


def frame_rate(stated: float, times: list[float]) -> float:
    """The constant rate for images that came at these times, seconds.

    Only usual steps count: a stream may send the images of a buffer at once, and cameras skip images.
    """
    steps = np.diff(times)
    steps = steps[steps > 0]
    usual = steps[np.abs(steps - np.median(steps)) <= SIMILAR * np.median(steps)] if len(steps) else steps
    return min(max(nominal_fps([stated], np.cumsum([0.0, *usual])), MIN_FPS), MAX_FPS)


def resample(images: Iterable[Image], fps: float) -> Iterator[np.ndarray]:
    """Yield the image that is nearest in time at each step of a constant rate, from the first to the last image.

    Images whose time is not after that of the one before are left out.
    """
    index, begin = 0, 0.0
    shown: Image | None = None
    for image in images:
        if shown is None:
            shown, begin = image, image.time
        elif image.time > shown.time:
            while (index / fps + begin) - shown.time <= image.time - (index / fps + begin):
                yield shown.pixels
                index += 1
            shown = image
    if shown is not None:
        while index / fps + begin <= shown.time + 0.5 / fps:
            yield shown.pixels
            index += 1


def _until(images: Iterator[Image], seconds: float, is_stopped: Callable[[], bool]) -> Iterator[Image]:
    """The images of the first seconds, and one more; fewer if the recording is stopped or the source pauses."""
    begin = last = None
    for image in images:
        begin, last = image.time if begin is None else begin, image.time if last is None else last
        if image.time - last > LONGEST_GAP:
            return
        yield image
        last = image.time
        if image.time - begin >= seconds or is_stopped():
            return


def _beginning(images: Iterator[Image]) -> list[Image]:
    """The images from which the frame rate is determined."""
    measured: list[Image] = []
    for image in images:
        measured.append(image)
        if len(measured) == MOST_MEASURED or image.time - measured[0].time >= MEASURED_SECONDS:
            break
    return measured


def _joined(beginning: list[Image], rest: Iterator[Image]) -> Iterator[Image]:
    """The first images, which are then freed, and the others."""
    beginning.reverse()
    while beginning:
        yield beginning.pop()
    yield from rest
