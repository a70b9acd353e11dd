"""The sound of a video: a strip in the sequencer, which is played with the motion of its clip."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import bpy

from tar_core.errors import TarError
from tar_core.files import check_video_file
from tar_core.motion import MotionClip
from tar_core.video.mp4_header import sound_delay

from .frame_rate import frame_rate
from .options import ImportOptions

# Custom properties in saved files, never change them: of a clip, its sound; of the sound, where its strip was placed.
SOUND = "tar_sound"
_PLACED = "tar_placed"

_CHANNELS = 128  # of Blender's sequencer
# Blender 5.1 has other names for the frames of a strip.
_HAS_HANDLES = "left_handle" in bpy.types.SoundStrip.bl_rna.properties if hasattr(bpy.types, "SoundStrip") else False
_CONTENT, _LEFT, _RIGHT, _DURATION = (
    ("content_start", "left_handle", "right_handle", "content_duration")
    if _HAS_HANDLES
    else ("frame_start", "frame_final_start", "frame_final_end", "frame_duration")
)


class _Placed(NamedTuple):
    """Where an import has placed a strip.

    Attributes:
        start: the scene frame of the video's first frame.
        first: the first frame of the strip.
        seconds: its duration.
        delay: of the sound after the video, seconds.
    """

    start: float
    first: float
    seconds: float
    delay: float


def has_strips(scene: bpy.types.Scene) -> bool:
    """Whether the sequencer of a scene has strips."""
    return next(_strips(scene), None) is not None


def add_sounds(
    scene: bpy.types.Scene, clips: Mapping[bpy.types.Collection, MotionClip], options: ImportOptions, in_use: bool
) -> tuple[str, list[str]]:
    """Add the sound of a video to the sequencer, one strip for each clip, if the options say so.

    The playback of a scene that was empty is synchronized with it. The file is not changed if the video has no sound.

    Args:
        clips: the motion in the scene, of one video.
        in_use: whether the scene was in use before the import; *Automatic* adds no sound then.

    Returns:
        What was added, for the user, and warnings.
    """
    if options.sound == "off" or (options.sound == "auto" and in_use):
        return "", []
    warnings: list[str] = []
    for collection, clip in clips.items():
        warnings += _add_sound(scene, collection, clip, options.start_frame)
    warnings = list(dict.fromkeys(warnings))
    if not any(_sound_of(collection) for collection in clips):
        return "", warnings
    if in_use:
        return "; sound added to the sequencer", warnings
    scene.sync_mode = "AUDIO_SYNC"
    return ", with sound (Sync to Audio)", warnings


def update_sound(
    scene: bpy.types.Scene, collection: bpy.types.Collection, clip: MotionClip, options: ImportOptions
) -> list[str]:
    """Move the strip of a clip to the frames of its new motion; add or remove it if the options say so.

    A strip that the user has moved or trimmed stays as it is. Returns warnings.
    """
    found = _find(collection)
    if options.sound == "off":
        remove_sound(collection)
    elif found is not None:
        owner, _, strip = found
        placed = _placed(owner, strip)
        if placed is not None:
            _place(owner, strip, options.start_frame, *_frames(clip, options.start_frame), placed.delay)
    elif options.sound == "on":
        return _add_sound(scene, collection, clip, options.start_frame)
    return []


def retime_sound(scene: bpy.types.Scene, collection: bpy.types.Collection, ratio: float) -> None:
    """Move the strip of a clip to the frames of another frame rate, which the scene has already.

    Args:
        ratio: new frames per frame.
    """
    found = _find(collection)
    if found is None or found[0] != scene or (placed := _placed(scene, found[2])) is None:
        return
    end = placed.first + placed.seconds * frame_rate(scene) / ratio
    first, last = (round(placed.start + (frame - placed.start) * ratio) for frame in (placed.first, end - 1))
    _place(scene, found[2], round(placed.start), first, last + 1, placed.delay)


def remove_sound(collection: bpy.types.Collection) -> None:
    """Remove the strip that an import has made for a clip, and its sound if nothing else uses it."""
    found, sound = _find(collection), _sound_of(collection)
    if found is not None:
        found[1].remove(found[2])
    collection.pop(SOUND, None)
    if sound is not None and sound.users == 0:
        bpy.data.sounds.remove(sound)


def _add_sound(
    scene: bpy.types.Scene, collection: bpy.types.Collection, clip: MotionClip, start_frame: int
) -> list[str]:
    """Add a strip, unless the video has no sound in the frames of the clip. Returns warnings."""
    video = Path(clip.source).resolve()
    try:
        check_video_file(video)
    except TarError:  # the warning about the background tells it
        return []
    delay = sound_delay(video)
    if not _is_readable(video):
        unread = f"{video.name}: this Blender cannot read the sound of the video; convert it to AAC or MP3"
        return [] if delay is None else [unread]
    editor: Any = scene.sequence_editor_create()
    strips = _members(editor)
    channels = {strip.channel for strip in strips}
    free = next((channel for channel in range(1, _CHANNELS + 1) if channel not in channels), None)
    if free is None:
        return ["the sound was not added, because all channels of the sequencer are used"]
    strip = strips.new_sound(collection.name, str(video), free, start_frame)
    collection[SOUND] = strip.sound
    if _place(scene, strip, start_frame, *_frames(clip, start_frame), delay or 0.0):
        _join_channel(strips, strip)
    else:
        remove_sound(collection)
    return []


def _is_readable(video: Path) -> bool:
    """Whether Blender can read the sound of a video; not if it has none."""
    try:
        sound: Any = bpy.data.sounds.load(str(video))
    except RuntimeError:
        return False
    is_readable = sound.channels != "INVALID"
    bpy.data.sounds.remove(sound)
    return bool(is_readable)


def _frames(clip: MotionClip, start_frame: int) -> tuple[int, int]:
    """The first scene frame of a clip's motion, and the one after the last."""
    return start_frame + clip.first_frame, start_frame + clip.last_frame + 1


def _place(scene: bpy.types.Scene, strip: Any, start_frame: int, first: int, end: int, delay: float) -> bool:
    """Place a strip so that it is heard with the video, and trim it to frames. Returns whether they have sound.

    Args:
        start_frame: the scene frame of the video's first frame.
        first, end: the first frame with sound, and the one after the last.
        delay: of the sound after the video, seconds.
    """
    begin = round(start_frame + delay * frame_rate(scene))  # Blender moves sounds by whole frames
    setattr(strip, _CONTENT, begin)
    left, right = max(first, begin), min(end, begin + int(getattr(strip, _DURATION)))
    setattr(strip, _LEFT, left)
    setattr(strip, _RIGHT, max(right, left + 1))
    seconds = (getattr(strip, _RIGHT) - left) / frame_rate(scene)
    strip.sound[_PLACED] = [float(number) for number in _Placed(start_frame, left, seconds, delay)]
    return left < right


def _placed(scene: bpy.types.Scene, strip: Any) -> _Placed | None:
    """Where an import has placed a strip; None if the user has moved or trimmed it."""
    record = strip.sound.get(_PLACED)
    if not hasattr(record, "__len__") or len(record) != len(_Placed._fields):
        return None
    placed = _Placed(*map(float, record))
    # Blender keeps the first frame and the duration in seconds at another frame rate.
    length = getattr(strip, _RIGHT) - getattr(strip, _LEFT)
    is_there = getattr(strip, _LEFT) == placed.first and abs(length - placed.seconds * frame_rate(scene)) <= 1
    return placed if is_there else None


def _join_channel(strips: Any, strip: Any) -> None:
    """Move a strip to a lower channel that has only sounds of imports, at other frames."""
    for channel in range(1, strip.channel):
        others = [other for other in strips if other.channel == channel]
        if all(_is_own(other) and not _overlap(strip, other) for other in others):
            strip.channel = channel
            return


def _is_own(strip: Any) -> bool:
    return strip.type == "SOUND" and strip.sound is not None and strip.sound.get(_PLACED) is not None


def _overlap(strip: Any, other: Any) -> bool:
    first, second = ((getattr(each, _LEFT), getattr(each, _RIGHT)) for each in (strip, other))
    return bool(first[0] < second[1] and second[0] < first[1])


def _sound_of(collection: bpy.types.Collection) -> bpy.types.Sound | None:
    sound = collection.get(SOUND)
    return sound if isinstance(sound, bpy.types.Sound) else None


def _find(collection: bpy.types.Collection) -> tuple[bpy.types.Scene, Any, Any] | None:
    """The strip that an import has made for a clip, with its scene and the strips beside it.

    Blender gives copies that the user makes a later name.
    """
    sound = _sound_of(collection)
    found = [
        (scene, beside, strip)
        for scene in bpy.data.scenes
        for beside, strip in _strips(scene)
        if sound is not None and strip.type == "SOUND" and strip.sound == sound
    ]
    return min(found, key=lambda item: item[2].name, default=None)


def _strips(scene: bpy.types.Scene) -> Iterator[tuple[Any, Any]]:
    """The strips of a scene, also those within others, and the strips beside each."""
    owners: list[Any] = [scene.sequence_editor] if scene.sequence_editor is not None else []
    for owner in owners:
        beside = _members(owner)
        for strip in beside:
            yield beside, strip
            if strip.type == "META":
                owners.append(strip)


def _members(owner: Any) -> Any:
    """The strips of a sequencer or a meta strip. Before Blender 4.4, they were called sequences."""
    return owner.strips if hasattr(owner, "strips") else owner.sequences
