"""The settings of the Retarget panel."""

import bpy
import pytest

from tar_blender.retarget.known_rigs import KNOWN
from tests.support.characters import make_character

pytestmark = pytest.mark.usefixtures("registered")


def test_choosing_a_character_fills_the_bone_list(walker: bpy.types.Object) -> None:
    settings = bpy.context.scene.tar_retarget
    settings.character = make_character(walker, KNOWN["Mixamo"])
    assert settings.kind == "Mixamo" and settings.bone_map() == KNOWN["Mixamo"]
    settings.character = None
    assert settings.kind == "" and settings.bone_map() == {}


def test_source_is_the_chosen_person_or_the_active_one_or_the_only_one(walker: bpy.types.Object) -> None:
    settings = bpy.context.scene.tar_retarget
    character = make_character(walker, KNOWN["Mixamo"])
    assert settings.source(None) == settings.source(character) == walker
    other = walker.copy()
    bpy.context.collection.objects.link(other)
    assert settings.source(None) is None and settings.source(character) is None
    assert settings.source(walker) == walker and settings.source(other) == other
    settings.person = walker
    assert settings.source(character) == settings.source(other) == walker
