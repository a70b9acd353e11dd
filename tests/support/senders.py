"""Streams that FFmpeg sends over the loopback interface."""

import socket
import subprocess
from pathlib import Path

import pytest


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Sender:
    """FFmpeg as a camera in the network: it sends a test picture with a moving clock, or a video again and again.

    Attributes:
        address: of the stream.
        fps, size: of the picture.
    """

    fps = 25
    size = (160, 120)

    def __init__(self, scheme: str, form: str, seconds: float, video: Path | None = None, muxrate: str = "") -> None:
        ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="sends the streams").get_ffmpeg_exe()
        self.address = f"{scheme}://127.0.0.1:{free_port()}"
        picture = ["-f", "lavfi", "-i", f"testsrc=size={self.size[0]}x{self.size[1]}:rate={self.fps}"]
        if video is not None:
            picture = ["-stream_loop", "-1", "-i", str(video)]
        codec = "mjpeg" if form == "mpjpeg" else "mpeg2video"
        listen = ["-listen", "1"] if scheme == "http" else []
        padding = ["-muxrate", muxrate] if muxrate else []
        sent = [
            "-t",
            str(seconds),
            "-an",
            "-c:v",
            codec,
            "-q:v",
            "4",
            "-g",
            "5",
            "-flush_packets",
            "1",
            *padding,
            "-f",
            form,
        ]
        command = [ffmpeg, "-v", "error", "-re", *picture, *sent, *listen, self.address]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
