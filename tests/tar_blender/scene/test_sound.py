"""The sound of the video in the sequencer: it is heard with the picture, and nothing of the user's changes."""

import wave
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tar_blender.editing.retiming import bake_frame_rate
from tar_blender.scene.build import ImportedClip, import_clip, import_steps, record_import
from tar_blender.scene.metadata import damaged_records
from tar_blender.scene.options import ImportOptions
from tar_blender.scene.removal import delete_clip
from tar_blender.scene.scene_settings import is_in_use
from tar_blender.scene.sound import _CONTENT, _LEFT, _RIGHT, _members
from tar_blender.scene.update import CapturedClip, update_steps
from tar_blender.util.incremental import finish
from tar_core.motion import MotionClip
from tests.support.clips import clips_of_shots, synthetic_clip
from tests.support.import_options import raw_options
from tests.support.paths import DATA
from tests.support.videos import ffmpeg

# 4 seconds at 30 frames per second, with a tone from 2.0 to 2.1 seconds. Made by FFmpeg: -f lavfi -i color=gray:
# size=64x48:rate=30:duration=4 -f lavfi -i "aevalsrc='if(between(t,2,2.1),sin(2*PI*440*t),0)':s=48000:d=4"
TONE = DATA / "tone.mp4"
BEEP = 2.0  # seconds


def reads_sound() -> bool:
    """Whether this Blender was built with sound; bpy 4.2 was not."""
    sound = bpy.data.sounds.load(str(TONE))
    is_read = sound.channels != "INVALID"
    bpy.data.sounds.remove(sound)
    return is_read


has_sound = pytest.mark.skipif(not reads_sound(), reason="this Blender was built without sound")


def clip_of(video: Path, fps: float = 30.0) -> MotionClip:
    return replace(synthetic_clip(fps=fps, first_frame=3, frames=90), source=str(video))


def options(**values: Any) -> ImportOptions:
    return raw_options(**{"figure": "armature", "show_video": False, **values})


def strips() -> list[Any]:
    editor = bpy.context.scene.sequence_editor
    return [] if editor is None else list(_members(editor))


def heard_at(tmp_path: Path) -> float:
    """When the tone begins after the first frame of the scene, seconds, as Blender mixes it."""
    file = tmp_path / "mixed.wav"
    bpy.ops.sound.mixdown(filepath=str(file), container="WAV", codec="PCM", format="S16", accuracy=256)
    with wave.open(str(file)) as mixed:
        samples = np.frombuffer(mixed.readframes(mixed.getnframes()), np.int16).reshape(-1, mixed.getnchannels())
        loud = np.flatnonzero(np.abs(samples[:, 0].astype(int)) > 2000)
        return float(loud[0] / mixed.getframerate())


def seconds_in_scene(scene: bpy.types.Scene, start_frame: int, video_seconds: float) -> float:
    """When a time of the video is played after the first frame of the scene, seconds."""
    return video_seconds + (start_frame - scene.frame_start) * scene.render.fps_base / scene.render.fps


def imported_tone(video: Path = TONE, **values: Any) -> ImportedClip:
    return import_clip(clip_of(video), bpy.context, options(**values))


@has_sound
@pytest.mark.parametrize(("fps", "start_frame"), [(None, 1), (24, 1), (25, 11), (60, -5)])
def test_sound_is_heard_with_the_picture(tmp_path: Path, fps: int | None, start_frame: int) -> None:
    scene = bpy.context.scene
    timing = "video" if fps is None else "scene"
    scene.render.fps = fps or 24
    imported = imported_tone(timing=timing, start_frame=start_frame)
    (strip,) = strips()
    rate = scene.render.fps / scene.render.fps_base
    assert strip.name == imported.collection.name and strip.type == "SOUND"
    assert (getattr(strip, _LEFT), getattr(strip, _RIGHT) - 1) == (scene.frame_start, scene.frame_end)
    assert getattr(strip, _CONTENT) == start_frame
    assert heard_at(tmp_path) == pytest.approx(seconds_in_scene(scene, start_frame, BEEP), abs=0.5 / rate)
    assert scene.sync_mode == "AUDIO_SYNC"
    assert imported.about_scene.endswith(", with sound (Sync to Audio)")
    assert not damaged_records()


@has_sound
@pytest.mark.parametrize(
    ("name", "arguments", "delay"),
    [
        ("sound_later.mp4", ("-i", TONE, "-itsoffset", "0.5", "-i", TONE, "-map", "0:v", "-map", "1:a"), 0.5),
        ("picture_later.mp4", ("-itsoffset", "0.5", "-i", TONE, "-i", TONE, "-map", "0:v", "-map", "1:a"), -0.5),
        ("plain.mov", ("-i", TONE), 0.0),
        ("plain.mkv", ("-i", TONE), 0.0),
    ],
)
def test_sound_that_begins_before_or_after_the_picture(
    tmp_path: Path, name: str, arguments: Sequence[str | Path], delay: float
) -> None:
    video = ffmpeg(*arguments, "-c", "copy", tmp_path / name)
    imported_tone(video)
    scene = bpy.context.scene
    # Blender does not skip the silence of 1024 samples that AAC begins with in Matroska files.
    assert heard_at(tmp_path) == pytest.approx(seconds_in_scene(scene, 1, BEEP + delay), abs=0.5 / 30 + 1024 / 48000)


@has_sound
def test_each_shot_has_its_part_of_the_sound_in_one_channel() -> None:
    clips = [replace(clip, source=str(TONE)) for clip in clips_of_shots()]
    built = finish(import_steps(clips, bpy.context, options()))
    parts = [(strip.name, strip.channel, getattr(strip, _LEFT), getattr(strip, _RIGHT)) for strip in strips()]
    assert sorted(parts) == [("tone Shot 1", 1, 1, 31), ("tone Shot 2", 1, 31, 61)]
    delete_clip(built[0].collection)
    assert [strip.name for strip in strips()] == ["tone Shot 2"] and len(bpy.data.sounds) == 1


@has_sound
def test_strips_of_the_user_stay_as_they_are() -> None:
    scene = bpy.context.scene
    mine = _members(scene.sequence_editor_create()).new_effect("Mine", "COLOR", 1, 10, **effect_end(60))
    before = mine.channel, getattr(mine, _LEFT), getattr(mine, _RIGHT), scene.sync_mode
    assert is_in_use(scene), "another frame rate would change the edit"
    first = imported_tone()
    assert [strip.name for strip in strips()] == ["Mine"] and "sound" not in first.about_scene
    imported = imported_tone(sound="on")
    assert imported.about_scene.endswith("; sound added to the sequencer")
    (added,) = (strip for strip in strips() if strip.type == "SOUND")
    assert added.channel == 2
    assert (mine.channel, getattr(mine, _LEFT), getattr(mine, _RIGHT), scene.sync_mode) == before
    delete_clip(imported.collection)
    assert [strip.name for strip in strips()] == ["Mine"]


def effect_end(frame: int) -> dict[str, int]:
    """The end of a new effect strip at a frame: from Blender 5.0 on, effects have a length."""
    return {"length": frame} if bpy.app.version >= (5, 0) else {"frame_end": frame}


@has_sound
def test_reimport_moves_the_strip_and_adds_no_other() -> None:
    imported = imported_tone()
    (strip,) = strips()
    strip.volume = 0.25

    def reimport(**values: Any) -> None:
        captured = CapturedClip(imported.collection, clip_of(TONE), options(**values))
        finish(update_steps(captured, bpy.context))

    for values in ({}, {"sound": "on"}, {"start_frame": 21}):
        reimport(**values)
        (strip,) = strips()
        start = values.get("start_frame", 1)
        assert (getattr(strip, _CONTENT), getattr(strip, _LEFT)) == (start, start + 3) and strip.volume == 0.25
    setattr(strip, _RIGHT, 60)  # trimmed by the user
    reimport(start_frame=1)
    assert (getattr(strip, _LEFT), getattr(strip, _RIGHT)) == (24, 60)
    reimport(sound="off")
    assert not strips() and not bpy.data.sounds
    reimport()
    assert not strips(), "the user has removed it"
    reimport(sound="on")
    assert len(strips()) == 1


@has_sound
def test_copies_of_the_user_are_kept() -> None:
    imported = imported_tone()
    (strip,) = strips()
    copy = _members(bpy.context.scene.sequence_editor).new_sound(strip.name, str(TONE), 5, 200)
    copy.sound = strip.sound
    delete_clip(imported.collection)
    assert strips() == [copy] and copy.sound is not None


@has_sound
def test_bake_to_frame_rate_keeps_the_sound_with_the_picture(tmp_path: Path) -> None:
    imported, scene = imported_tone(start_frame=11), bpy.context.scene
    record_import([imported], "", options(start_frame=11))
    assert bake_frame_rate(scene, 30, 60) == []
    (strip,) = strips()
    assert (getattr(strip, _LEFT), getattr(strip, _RIGHT) - 1) == (scene.frame_start, scene.frame_end)
    assert heard_at(tmp_path) == pytest.approx(seconds_in_scene(scene, 11, BEEP), abs=0.5 / 60)


@pytest.mark.parametrize("sound", ["auto", "on"])
def test_video_without_sound_changes_nothing(sound: str) -> None:
    imported = imported_tone(DATA / "twelve_greys.mp4", sound=sound)
    assert not imported.warnings and "sound" not in imported.about_scene
    assert not strips() and not bpy.data.sounds


def test_sound_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    video = tmp_path / "odd.mp4"
    video.write_bytes(TONE.read_bytes().replace(b"mp4a", b"odd1").replace(b"esds", b"free"))  # an unknown codec
    imported = imported_tone(video)
    assert imported.warnings == [
        "odd.mp4: this Blender cannot read the sound of the video; convert it to AAC or MP3",
    ]
    assert not strips() and not bpy.data.sounds


@has_sound
def test_no_sound_after_its_end() -> None:
    later = replace(synthetic_clip(fps=30, first_frame=200, frames=30), source=str(TONE))
    imported = import_clip(later, bpy.context, options())
    assert not imported.warnings and not strips() and not bpy.data.sounds
