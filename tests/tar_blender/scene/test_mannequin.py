"""The materials of the body."""

import bpy
import numpy as np

from tar_blender.scene.build import import_clip
from tar_blender.scene.mannequin import SHOES, SKIN, SUIT, material_slots
from tar_blender.scene.metadata import color_of
from tar_core.body.data import load_body
from tests.support.clips import synthetic_clip
from tests.support.import_options import raw_options


def test_people_have_suits_of_their_own_colors() -> None:
    people = import_clip(synthetic_clip(people=2), bpy.context, raw_options()).people
    first, second = ([material.name for material in person.body.data.materials] for person in people)
    assert first[SUIT] != second[SUIT]
    assert first[SKIN:] == second[SKIN:]
    assert len(bpy.data.materials) == 4


def test_another_import_continues_the_colors_and_shares_skin_and_shoes() -> None:
    people = [
        person for _ in range(4) for person in import_clip(synthetic_clip(people=2), bpy.context, raw_options()).people
    ]
    suits = [person.body.data.materials[SUIT].name for person in people]
    assert len(set(suits[:6])) == 6 and suits[6:] == suits[:2]
    assert [color_of(person.armature) for person in people] == list(range(1, 9))
    assert len(bpy.data.materials) == 8


def test_a_material_of_the_user_is_not_used() -> None:
    own = bpy.data.materials.new("TAR Shoes")
    person = import_clip(synthetic_clip(), bpy.context, raw_options()).people[0]
    assert person.body.data.materials[SHOES] != own


def test_head_and_hands_are_skin_and_feet_are_shoes() -> None:
    body = load_body().with_fingers()
    slots = material_slots(body)
    places = body.v_template[body.faces].mean(1)
    joints = dict(zip(body.joint_names, body.J_regressor @ body.v_template, strict=True))
    assert set(slots[places[:, 1] > joints["head"][1]]) == {SKIN}
    assert set(slots[places[:, 0] > joints["left_index1"][0]]) == {SKIN}
    assert set(slots[places[:, 1] < joints["left_foot"][1]]) == {SHOES}
    trunk = (np.abs(places[:, 0]) < 0.1) & (np.abs(places[:, 1] - joints["spine2"][1]) < 0.1)
    assert set(slots[trunk]) == {SUIT}


def test_both_bodies_look_alike() -> None:
    np.testing.assert_array_equal(material_slots(load_body()), material_slots(load_body().with_fingers()))


def test_borders_are_short_and_have_few_corners() -> None:
    """Without straightening, the borders of suit, skin and shoes have teeth."""
    body = load_body()
    slots = material_slots(body)
    sides: dict[tuple[int, int], list[int]] = {}
    for slot, face in zip(slots.tolist(), body.faces.tolist(), strict=True):
        for a, b in zip(face, [*face[1:], face[0]], strict=True):
            sides.setdefault((min(a, b), max(a, b)), []).append(slot)
    border = [edge for edge, found in sides.items() if len(set(found)) > 1]
    next_to: dict[int, list[int]] = {}
    for a, b in border:
        next_to.setdefault(a, []).append(b)
        next_to.setdefault(b, []).append(a)
    corners = 0
    for vertex, (before, after) in next_to.items():
        arriving, leaving = (
            body.v_template[end] - body.v_template[start] for start, end in ((before, vertex), (vertex, after))
        )
        corners += arriving @ leaving < np.cos(np.radians(45)) * np.linalg.norm(arriving) * np.linalg.norm(leaving)
    length = sum(np.linalg.norm(body.v_template[a] - body.v_template[b]) for a, b in border)
    assert 1.2 < length < 1.45 and corners < 35
