"""Opening of video files with FFmpeg: only files, only containers of video, never a playlist or a network address."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from tar_core.errors import TarError
from tar_core.files import check_video_file
from tar_core.video.codec_names import codec_in_header
from tar_core.video.mp4_header import codec_tag

# What is read, by FFmpeg's names. Playlists (hls, concat, dash, ...) are not among them, as they open other files.
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,asf,flv,live_flv,ogg,mxf,gif,nut,ivf,dv,rm,wtv,"
    "yuv4mpegpipe,h264,hevc,m4v,h263,vc1,obu,av1,apng,"
    "png_pipe,jpeg_pipe,webp_pipe,bmp_pipe,tiff_pipe,j2k_pipe,exr_pipe,dpx_pipe"
)
OPTIONS = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
BUFFER_SIZE = 1 << 18  # bytes that are read at once
PROTECTED = ("encv", "drmi")  # codecs of encrypted video in MP4
MAX_PIXELS = 16384 * 8192  # of a picture; larger ones would need gigabytes


@dataclass(frozen=True)
class OpenVideo:
    """An open file and its largest video stream."""

    container: InputContainer
    stream: VideoStream


@contextlib.contextmanager
def open_video(path: Path) -> Iterator[OpenVideo]:
    """Open a video file, and close it at the end of the block.

    FFmpeg gets the open file and never its name, which could read as an address, such as `http:/host/a.mp4`.

    Raises:
        TarError: the file does not exist, cannot be read, is not a video, or its codec is missing.
    """
    with _open_file(path) as file:
        try:
            container = av.open(
                _Unnamed(file), "r", options=OPTIONS, metadata_errors="replace", buffer_size=BUFFER_SIZE
            )
        except (av.FFmpegError, OSError, ValueError):
            raise _unreadable(path) from None
        with container:
            yield OpenVideo(container, _largest_stream(container, path))


class _Unnamed:
    """An open file without a name; FFmpeg judges it by its content alone."""

    name = "video"

    def __init__(self, file: IO[bytes]) -> None:
        self.read, self.seek, self.tell = file.read, file.seek, file.tell


def _open_file(path: Path) -> IO[bytes]:
    check_video_file(path)
    try:
        file = path.open("rb", buffering=0)
    except OSError as error:
        raise TarError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    try:
        head = file.read(4096)
        file.seek(0)
    except OSError as error:
        file.close()
        raise TarError(f"{path}: cannot be read ({error.strerror}); copy it again") from error
    if not head:
        file.close()
        raise TarError(f"{path}: the file is empty; copy or record it again")
    return file


def _largest_stream(container: InputContainer, path: Path) -> VideoStream:
    """Return the largest video stream; of equally large ones that with more images, since one may be a cover."""
    streams = [
        stream for stream in container.streams.video if not stream.disposition & av.stream.Disposition.attached_pic
    ]
    readable = [stream for stream in streams if stream.codec_context is not None and stream.width]
    codec = _codec_name(path) if not readable or "mp4" in container.format.name else None
    if codec in PROTECTED:
        raise TarError(f"{path}: its video is encrypted (DRM) and cannot be read; use a copy without protection")
    if not streams and codec is None and container.streams.audio:
        raise TarError(f"{path}: not a video, but sound or other data; choose another file")
    if not readable and codec is None:
        raise _unreadable(path)
    if not readable:  # it may not even be among the streams: FFmpeg ignores unknown tracks of Matroska
        raise TarError(f"{path}: no decoder for its codec ({codec}); convert it to .mp4 with H.264")
    stream = max(readable, key=lambda stream: (stream.width * stream.height, stream.frames))
    if stream.width * stream.height > MAX_PIXELS:
        raise TarError(f"{path}: {stream.width} x {stream.height} pixels are too many; convert it to 4K or less")
    return stream


def _codec_name(path: Path) -> str | None:
    """What the file calls the codec of its video; None if that cannot be read."""
    if tag := codec_tag(path):
        return tag
    with _open_file(path) as file:
        return codec_in_header(file)


def _unreadable(path: Path) -> TarError:
    return TarError(f"{path}: not a video that FFmpeg can read, or an incomplete copy; convert it to .mp4")
