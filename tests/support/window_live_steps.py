"""The steps of the window session that record a stream with a live preview."""

import fcntl
import os
import socket
import struct
import subprocess
import time
from pathlib import Path

import bpy

from tests.support.window_session import DRAW_SECONDS, Session, Step, extension_module, leftovers, wait_until

_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 1  # of a network interface; see netdevice(7)
_SECONDS = 120.0  # of the recording, which is ended earlier
_CONNECTING_SECONDS = 5.0  # after which the engine waits for a stream; less than it waits
_PREVIEWS = 10  # for which the bodies are watched


def record_live(session: Session) -> Step:
    """Record a stream: bodies move in the scene meanwhile; at the end they are gone, and the video is chosen."""
    _start_loopback()
    access = bpy.context.preferences.system
    before, access.use_online_access = access.use_online_access, True
    address = "udp://127.0.0.1:9876"
    sent = ["-an", "-vf", "scale=540:-2", "-c:v", "mpeg2video", "-q:v", "4", "-g", "5", "-f", "mpegts", address]
    send = [os.environ["FFMPEG"], "-v", "error", "-re", "-stream_loop", "-1", "-i", str(session.video), *sent]
    take = session.screenshots.with_name("take.mp4")
    take.unlink(missing_ok=True)
    sender = subprocess.Popen(send, stdin=subprocess.DEVNULL)
    try:
        with session.override():
            bpy.ops.tar.record_video("EXEC_DEFAULT", source=address, seconds=_SECONDS, filepath=str(take))
        yield from wait_until(lambda: _live_people() or not session.progress.running)
        assert session.progress.running, session.progress.error
        places = set()
        for _ in range(_PREVIEWS):
            # Found each time: where the video starts again, the person is a new one, whose body replaces the old one.
            places |= {(person.name, *person.pose.bones[0].location) for person in _live_people()}
            yield DRAW_SECONDS / 5
        assert len(places) > len({name for name, *_ in places}), "no body moves"
        yield from wait_until(lambda: _live_delay() is not None or not session.progress.running)
        delay = _live_delay()
        assert delay is not None, (session.progress.notice, session.progress.error)
        session.screenshot("live")
        with session.override():
            for step in ("First", "Second"):  # of the user, with the bodies in the scene
                bpy.ops.ed.undo_push(message=step)
        session.progress.cancel_requested = True  # Stop
        yield from session.wait_for_import()
    finally:
        sender.kill()
        sender.wait()
        access.use_online_access = before
    assert session.progress.notice.startswith("Recorded"), (session.progress.notice, session.progress.error)
    assert not _live_people() and leftovers() == session.before, leftovers()
    assert Path(session.settings.video) == take and take.stat().st_size
    yield from _undo_steps(session)
    session.settings.video = str(session.video)
    print(f"FIGURE live_delay_seconds={delay:.2f}")
    yield DRAW_SECONDS


def stop_connecting(session: Session) -> Step:
    """Stop a recording while it waits for a stream that does not answer: it ends at once."""
    access = bpy.context.preferences.system
    before, access.use_online_access = access.use_online_access, True
    take = session.screenshots.with_name("nothing.mp4")
    with session.override():
        bpy.ops.tar.record_video("EXEC_DEFAULT", source="udp://127.0.0.1:9875", filepath=str(take))
    yield _CONNECTING_SECONDS
    assert session.progress.running, session.progress.error
    began = time.perf_counter()
    session.progress.cancel_requested = True
    yield from session.wait_for_import()
    print(f"FIGURE stop_connecting_seconds={time.perf_counter() - began:.1f}")
    access.use_online_access = before
    assert time.perf_counter() - began < _CONNECTING_SECONDS, "Stop waited for the stream"
    assert session.progress.notice.startswith("Cancelled"), (session.progress.notice, session.progress.error)
    assert not take.exists() and leftovers() == session.before, leftovers()


def _undo_steps(session: Session) -> Step:
    """Undo the steps that were made during the recording, and redo one: the bodies do not come back."""
    for change in (bpy.ops.ed.undo, bpy.ops.ed.redo, bpy.ops.ed.undo, bpy.ops.ed.undo):
        with session.override():
            change()
        yield DRAW_SECONDS / 5
        assert not _live_people() and leftovers() == session.before, leftovers()


def _live_people() -> list[bpy.types.Object]:
    return [thing for thing in bpy.data.objects if thing.type == "ARMATURE" and thing.name.startswith("Live Person")]


def _live_delay() -> float | None:
    """The delay of the preview; None until it is drawn."""
    return extension_module("util.preview").live_delay()


def _start_loopback() -> None:
    """Turn on the loopback interface, the only one that this Blender has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh22x", b"lo", 0)
        (flags,) = struct.unpack_from("h", fcntl.ioctl(control, _GET_FLAGS, request), 16)
        fcntl.ioctl(control, _SET_FLAGS, struct.pack("16sh22x", b"lo", flags | _UP))
