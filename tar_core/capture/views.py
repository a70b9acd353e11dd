"""Capture of several views: the options of the other videos, and the clip that is combined from all of them."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tar_core.body.data import BodyData
from tar_core.errors import TarError
from tar_core.motion import MotionClip
from tar_core.options import CaptureOptions
from tar_core.video.reader import VideoReader
from tar_core.views.combine import combine_views
from tar_core.views.fusion import WHOLE_SPAN

logger = logging.getLogger(__name__)

DOUBTFUL_LIKENESS = 0.6  # of the motion in two views; below it, a warning is given


def options_of_view(options: CaptureOptions) -> CaptureOptions:
    """The options for another view: all people in the whole video, from a camera that nothing is known about."""
    return replace(
        options,
        views=(),
        people="all",
        start=0,
        end=None,
        shot=None,
        focal_length=None,
        fov=None,
        box=None,
        counted_fps=None,
        selection=None,
    )


def open_views(video: str | Path, views: Sequence[Path]) -> list[VideoReader]:
    """Open the other views of a video.

    Raises:
        TarError: one cannot be read, or is given twice.
    """
    known = {Path(video).resolve()}
    for view in views:
        if view.resolve() in known:
            raise TarError(f"{view}: is given twice; give videos of other cameras as other views")
        known.add(view.resolve())
    return [VideoReader(view) for view in views]


def span_of_views(clip: MotionClip, options: CaptureOptions, frame_count: int | None) -> tuple[int, int]:
    """The first and last frame that the combined clip may have: those of the video that were to be captured.

    Args:
        clip: of the video.
        options: of the capture, in the video's frames.
        frame_count: number of frames of the video, an estimate; None if unknown.
    """
    if clip.shot is not None:
        return clip.shot.first, clip.shot.last
    last = WHOLE_SPAN[1] if frame_count is None else max(frame_count - 1, clip.last_frame)
    return options.first_frame, last if options.end is None else min(last, options.end)


def combine_shots(
    clips: Sequence[MotionClip],
    others: Sequence[Sequence[MotionClip]],
    body: BodyData,
    span: tuple[int, int] = WHOLE_SPAN,
) -> MotionClip:
    """Combine the clip of a video with those of other views.

    Args:
        clips: the shots of the video.
        others: those of each other view.
        body: the body of the clips.
        span: first and last frame that the result may have.

    Raises:
        TarError: a video has several shots, or the videos do not show the same motion.
    """
    for shots in (clips, *others):
        if len(shots) != 1:
            raise TarError(
                f"{shots[0].source}: has {len(shots)} shots; views must show one shot each, so cut the videos first"
            )
    combined, reports = combine_views([clips[0], *(shots[0] for shots in others)], body, span=span)
    for report in reports:
        logger.info(str(report))
        missing = [person.person_id for person in combined.people if person.person_id not in report.people]
        if report.likeness < DOUBTFUL_LIKENESS:
            logger.warning(f"{report.source}: the motion is hardly like that in the first video; check the result")
        elif missing:
            people = "person " + ", ".join(map(str, missing)) + (" is" if len(missing) == 1 else " are")
            logger.warning(f"{report.source}: {people} not seen in this view")
    return combined
