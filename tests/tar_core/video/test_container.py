"""Which files are opened, whatever their names, and which are refused."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tar_core import cli
from tar_core.errors import TarError
from tar_core.files import VIDEO_ENDINGS
from tar_core.video.reader import VideoReader
from tests.support.videos import HEIGHT, WIDTH, ffmpeg, image_number, write_images

LENGTH = 6
CODECS = {".mpg": "mpeg1video", ".mpeg": "mpeg2video", ".mxf": "mpeg2video", ".wmv": "wmv2", ".flv": "flv"}
CODECS |= {".webm": "libvpx", ".ogv": "libtheora", ".gif": "gif"}


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("video") / "plain.mp4", LENGTH)


def numbers(path: Path | str) -> list[int]:
    return [image_number(frame.image) for frame in VideoReader(path).frames()]


@pytest.mark.parametrize("ending", VIDEO_ENDINGS)
def test_every_kind_of_file_is_read(ending: str, video: Path, tmp_path: Path) -> None:
    codec = CODECS.get(ending, "mpeg4")
    path = ffmpeg("-i", video, "-c:v", codec, "-q:v", "2", "-b:v", "4M", tmp_path / f"clip{ending}")
    assert numbers(path) == list(range(LENGTH))


@pytest.mark.parametrize(
    ("codec", "ending", "arguments"),
    [
        ("libaom-av1", "mp4", ("-cpu-used", "8", "-pix_fmt", "yuv420p")),
        ("libx265", "mkv", ("-preset", "ultrafast", "-x265-params", "log-level=none")),
        ("libvpx-vp9", "mkv", ("-deadline", "realtime", "-cpu-used", "8")),
        ("prores_ks", "mkv", ()),
        ("ffv1", "mkv", ()),
    ],
)
def test_every_usual_codec_is_read(
    codec: str, ending: str, arguments: tuple[str, ...], video: Path, tmp_path: Path
) -> None:
    path = ffmpeg("-i", video, "-c:v", codec, *arguments, tmp_path / f"clip.{ending}")
    assert numbers(path) == list(range(LENGTH))


@pytest.mark.parametrize(
    ("ending", "known", "unknown"),
    [
        ("mp4", b"avc1", b"xyz1"),
        ("mkv", b"V_MPEG4/ISO/AVC", b"V_MPEG4/ISO/XYZ"),
        ("avi", b"H264", b"XYZ1"),
        ("wmv", b"H264", b"XYZ1"),
    ],
)
def test_missing_decoder_is_named(ending: str, known: bytes, unknown: bytes, video: Path, tmp_path: Path) -> None:
    sound = ("-f", "lavfi", "-i", "sine=duration=0.2", "-c:a", "mp2")
    path = ffmpeg("-i", video, *sound, "-c:v", "libx264", tmp_path / f"new.{ending}")
    path.write_bytes(path.read_bytes().replace(known, unknown))
    with pytest.raises(TarError, match=rf"no decoder for its codec \({unknown.decode()}\); convert it"):
        VideoReader(path)


def test_animated_webp_is_named(video: Path, tmp_path: Path) -> None:
    with pytest.raises(TarError, match=r"no decoder for its codec \(animated WebP\)"):
        VideoReader(ffmpeg("-i", video, "-c:v", "libwebp_anim", tmp_path / "animated.webp"))


def test_encrypted_video_is_refused(video: Path, tmp_path: Path) -> None:
    """Decoding it gives noise."""
    key = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "01" * 16, "-encryption_kid", "02" * 16)
    path = ffmpeg("-i", video, "-c:v", "libx264", *key, tmp_path / "protected.mp4")
    with pytest.raises(TarError, match=r"encrypted \(DRM\)"):
        VideoReader(path)


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_download_that_lacks_its_index_is_incomplete(share: float, video: Path, tmp_path: Path) -> None:
    path = ffmpeg("-i", video, "-c:v", "libx264", tmp_path / "download.mp4")
    path.write_bytes(path.read_bytes()[: round(share * path.stat().st_size)])
    with pytest.raises(TarError, match="incomplete copy"):
        VideoReader(path)


def test_images_of_an_avif_are_read_instead_of_its_still(video: Path, tmp_path: Path) -> None:
    arguments = ("-c:v", "libaom-av1", "-cpu-used", "8", "-pix_fmt", "yuv420p")
    assert numbers(ffmpeg("-i", video, *arguments, tmp_path / "animated.avif")) == list(range(LENGTH))


def test_largest_video_stream_is_read(video: Path, tmp_path: Path) -> None:
    streams = ("-map", "0:v", "-map", "0:v", "-s:v:0", "32x24", "-c:v", "mpeg4", "-q:v", "2")
    reader = VideoReader(ffmpeg("-i", video, *streams, tmp_path / "proxy.mp4"))
    assert reader.size == (WIDTH, HEIGHT)
    assert numbers(reader.path) == list(range(LENGTH))


def test_sound_and_cover_are_no_video(tmp_path: Path) -> None:
    for name in ("sound.m4a", "sound.mka", "sound.avi"):
        path = ffmpeg("-f", "lavfi", "-i", "sine=duration=0.2", "-c:a", "aac", tmp_path / name)
        with pytest.raises(TarError, match="not a video"):
            VideoReader(path)


@pytest.mark.parametrize(
    "name",
    [
        b"12:30.mp4",
        b"concat:x.mp4",
        b"-i.mp4",
        b"%03d.mp4",
        b"two\nlines.mp4",
        b"caf\xe9 \xff.mp4",
        b"n" * 251 + b".mp4",
        "日本語".encode() + b".mp4",
    ],
)
def test_any_name_is_read_and_written(
    name: bytes, video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path(os.fsdecode(name))
    try:
        write_images(path, 2)
    except OSError:
        pytest.skip("this file system has no such names")
    assert numbers(path) == [0, 1]
    assert [os.fsencode(entry) for entry in tmp_path.iterdir()] == [os.fsencode(tmp_path) + b"/" + name]


def test_long_path_is_read(video: Path, tmp_path: Path) -> None:
    folder = tmp_path.joinpath(*["folder" * 20] * 4)
    folder.mkdir(parents=True)
    path = folder / "clip.mp4"
    path.write_bytes(video.read_bytes())
    assert numbers(path) == list(range(LENGTH))


def test_error_is_one_line_whatever_the_name(tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    for name in (b"two\nlines.mp4", b"two\r\nlines.mp4", b"\xff.mp4"):
        path = tmp_path / os.fsdecode(name)
        path.write_bytes(b"\0 not a video")
        assert cli.main(["capture", str(path), "-o", str(tmp_path / "out.npz")]) == 2
        printed = capfd.readouterr().err
        assert printed.count("\n") == 1 and "\r" not in printed and "not a video" in printed


@contextmanager
def listening() -> Iterator[tuple[int, list[bytes]]]:
    """A server on this computer; yields its port, and what it is asked for."""
    requests: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            try:
                while True:
                    connection, _ = server.accept()
                    requests.append(connection.recv(1000))
                    connection.close()
            except OSError:
                pass  # the server was closed

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1], requests
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_server_sees_what_is_asked_for() -> None:
    """Otherwise the tests below could not fail."""
    with listening() as (port, requests), socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET")
        client.recv(1)
        assert requests == [b"GET"]


@pytest.mark.parametrize(
    "name", ["http://{}/a.mp4", "http:/{}/a.mp4", "tcp:{}", "cache:http://{}", "concat:http://{}|a"]
)
def test_names_are_never_addresses(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with listening() as (port, requests):
        with pytest.raises(TarError, match="no such video"):
            VideoReader(name.format(f"127.0.0.1:{port}"))
        assert not requests


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {}\n",
        "file '{}'\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        "<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011' type='static'><Period><AdaptationSet "
        "mimeType='video/mp4'><Representation><BaseURL>{}</BaseURL></Representation></AdaptationSet></Period></MPD>",
    ],
)
@pytest.mark.parametrize("hidden", [b"", b"\0", b"\xff"])
def test_playlists_are_refused(playlist: str, hidden: bytes, video: Path, tmp_path: Path) -> None:
    """One byte that is not text makes no difference."""
    with listening() as (port, requests):
        for target in (f"http://127.0.0.1:{port}/a.ts", str(video)):
            for name in ("list.m3u8", "list.mp4"):
                path = tmp_path / name
                path.write_bytes(playlist.format(target).encode() + hidden)
                with pytest.raises(TarError, match="not a video"):
                    VideoReader(path)
        assert not requests


def test_enormous_pictures_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    header = b"YUV4MPEG2 W16000 H16000 F30:1 C420jpeg\nFRAME\n"
    path = tmp_path / "huge.y4m"
    path.write_bytes(header + bytes(1000))
    with pytest.raises(TarError, match="pixels are too many"):
        VideoReader(path)
