"""The shared part of the clean-up is computed once for the import and all corrections."""

from dataclasses import replace
from pathlib import Path

import bpy
import pytest

from tar_blender.scene import settling
from tar_blender.scene.options import ImportOptions
from tar_blender.scene.settling import NO_EDITS, PeopleEdits, settled_clip
from tar_core.body.data import load_body
from tar_core.edits import PersonEdits
from tar_core.motion import MotionClip
from tests.support.clips import synthetic_clip


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> list[MotionClip]:
    """The clips that are settled from now on."""
    clips: list[MotionClip] = []
    settle = settling.settle

    def noted(clip: MotionClip, *arguments: object, **options: object) -> object:
        clips.append(clip)
        return settle(clip, *arguments, **options)

    monkeypatch.setattr(settling, "settle", noted)
    monkeypatch.setattr(settling, "_settled", {})
    return clips


def test_a_clip_is_settled_again_for_other_motion_and_options_only(settled: list, tmp_path: Path) -> None:
    body, options, clip = load_body(), ImportOptions(), synthetic_clip(frames=20)
    clip.save(tmp_path / "clip.npz")
    first = settled_clip(clip, body, options, NO_EDITS)
    assert settled_clip(MotionClip.load(tmp_path / "clip.npz"), body, options, NO_EDITS) is first
    assert settled_clip(clip, body, replace(options, foot_locking=0.5), NO_EDITS) is not first
    known = PeopleEdits({1: PersonEdits(height=1.6)})
    assert settled_clip(clip, body, options, known) is not first
    person = clip.people[0]
    moved = replace(clip, people=[replace(person, trans=person.trans + 0.1)])
    assert settled_clip(moved, body, options, NO_EDITS) is not first
    assert len(settled) == 4 and settled_clip(clip, body, options, NO_EDITS) is first


def test_the_first_correction_uses_what_the_import_has_computed(addon: None, settled: list, tmp_path: Path) -> None:
    synthetic_clip(frames=20).save(tmp_path / "walk.npz")
    bpy.ops.tar.import_motion_file(filepath=str(tmp_path / "walk.npz"))
    assert len(settled) == 1
    assert bpy.ops.tar.set_contact(person="Person 1", effector="left_foot", contact="lock", first=8, last=12) == {
        "FINISHED"
    }
    assert len(settled) == 1
