"""A long video in overlapping stretches, which are followed side by side, and their join.

On a CPU each stretch has a process; on a GPU each has a thread, and the networks run for all threads together.

A stretch begins some seconds before its first frame that counts, so that its crops have become those of the undivided
video (`Track.restart`), and ends a little after its last one, since the network looks ahead. What they give are the
records of the pass, before people are identified; everything after that is computed once, on the joined record.

The camera of a shot is measured in its first frame. A stretch assumes that no cut comes before it. If one does, the
stretch is followed again up to its first cut, with the camera of the shot within which it begins.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from tar_core.capture.frames import NoFrameError, sampling_step
from tar_core.capture.initial_camera import estimate_initial_camera
from tar_core.capture.networks import Networks
from tar_core.capture.pass_record import PassRecord, ShotStart
from tar_core.capture.progress import Progress
from tar_core.capture.stretch_processes import Stretch, follow_side_by_side
from tar_core.capture.stretch_threads import follow_in_threads
from tar_core.options import CaptureOptions
from tar_core.video.cuts import is_blank, thumbnail
from tar_core.video.first_view import first_view
from tar_core.video.reader import VideoReader
from tar_core.workers import number_of_workers, threads_of_one

WARM_UP = 4.0  # seconds before the first frame that counts
TAIL = 1.0  # seconds after the last one
MIN_LENGTH = 20.0  # seconds; shorter stretches do not pay
GRID = 60  # processed frames; stretches begin at multiples, so that what is done in every n-th frame stays in step


def plan_stretches(reader: VideoReader, options: CaptureOptions) -> list[Stretch]:
    """Divide the range to capture. One stretch means that it is better followed as a whole.

    A box is followed from its frame on, and a shot's number is known after those before it, so neither can be divided.

    Args:
        reader: the video.
        options: what to capture. Only if the number of workers is given, the range is divided, since people who are
            hidden where a stretch begins may be found later than in the whole.
    """
    total = reader.frames_in(options.first_frame, options.end)
    whole = [Stretch(options.first_frame, options.first_frame, options.end, options.end)]
    if options.workers is None or total is None or options.box is not None or options.shot is not None:
        return whole
    count = min(number_of_workers(options), int(total / (MIN_LENGTH * reader.fps)))
    if count <= 1:
        return whole
    warm_up, tail = (round(seconds * reader.fps) for seconds in (WARM_UP, TAIL))
    grid = GRID * sampling_step(options, reader.fps)
    begins = [options.start + max(0, round((total * n / count - warm_up) / grid)) * grid for n in range(1, count)]
    firsts = [options.start, *(begin + warm_up for begin in begins)]
    lasts = [first - 1 for first in firsts[1:]]
    ends = [last + tail for last in lasts]
    return [
        Stretch(*frames)
        for frames in zip([options.start, *begins], firsts, [*lasts, options.end], [*ends, options.end], strict=True)
    ]


def follow_in_stretches(
    reader: VideoReader, options: CaptureOptions, stretches: Sequence[Stretch], report: Callable[[Progress], None]
) -> PassRecord:
    """Follow people as `follow_people` does, in several processes or threads.

    Args:
        reader: the video.
        options: what to capture.
        stretches: as planned.
        report: called after each frame.

    Raises:
        TarError: the video has no frame in the range, or a process has failed.
    """
    networks = Networks.load_shared(options)
    follow = follow_side_by_side if networks is None else partial(follow_in_threads, networks=networks)
    own = replace(options, workers=1, threads=options.threads or threads_of_one(len(stretches)))
    total = reader.frames_in(options.start, options.end)
    begun = first_shot(reader, options)
    stretches = [replace(stretch, begun=begun) for stretch in stretches]
    records = follow(reader.path, own, stretches, report, total=total)
    pieces = [(stretch, record) for stretch, record in zip(stretches, records, strict=True) if record is not None]
    again = stretches_of_later_shots(pieces)
    redone = follow(reader.path, own, again, lambda _: None)
    return join(pieces, {stretch.first: record for stretch, record in zip(again, redone, strict=True) if record})


def first_shot(reader: VideoReader, options: CaptureOptions) -> ShotStart:
    """How the first shot begins, with the camera in its first frame that is not blank."""
    step = sampling_step(options, reader.fps)
    frames = (f for f in reader.frames(options.start, options.end) if (f.index - options.start) % step == 0)
    first = next(frames, None)
    if first is None:
        raise NoFrameError(reader.path, options.start)
    seen = first
    while is_blank(thumbnail(seen.image)):
        following = next(frames, None)
        if following is None:
            break
        seen = following
    clear, area = first_view(seen, lambda: reader)
    camera = estimate_initial_camera(clear.image, options, reader.path, area)
    return ShotStart(first.index, 0, area, camera)


def stretches_of_later_shots(pieces: Sequence[tuple[Stretch, PassRecord]]) -> list[Stretch]:
    """The parts of stretches that begin within a later shot than was assumed, up to their first cut."""
    again: list[Stretch] = []
    shot = pieces[0][1].shots[0]
    for stretch, record in pieces:
        assumed = record.shots[0]
        if record.shot_at(stretch.first) is assumed and assumed.first != shot.first:
            cut = first_cut(stretch, record)
            last, end = (stretch.last, stretch.end) if cut is None else (cut - 1, cut - 1)
            again.append(Stretch(stretch.begin, stretch.first, last, end, shot))
        shot = next((later for later in reversed(record.shots[1:]) if stretch.counts(later.first)), shot)
    return again


def first_cut(stretch: Stretch, record: PassRecord) -> int | None:
    """The first frame of the first shot that begins in a stretch."""
    return next((shot.first for shot in record.shots[1:] if stretch.counts(shot.first)), None)


def join(pieces: Sequence[tuple[Stretch, PassRecord]], redone: Mapping[int, PassRecord]) -> PassRecord:
    """Join the records of stretches.

    Args:
        pieces: the stretches and their records.
        redone: by the first frame of the stretch, records that replace its own up to its first cut.
    """
    seams: list[tuple[int, PassRecord]] = []
    for stretch, record in pieces:
        seams.append((stretch.first, redone.get(stretch.first, record)))
        cut = first_cut(stretch, record)
        if stretch.first in redone and cut is not None:
            seams.append((cut, record))
    whole = seams[0][1]
    for seam, record in seams[1:]:
        whole = whole.joined(record, seam)
    return whole
