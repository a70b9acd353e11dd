"""Garments, outfits and textures."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tar_core.errors import TarError
from tar_core.synthetic.garments import HAIR, SHOES, SUITS, Textures, Wardrobe


def test_all_listed_garments_are_valid(people_in_garments):
    people = people_in_garments
    names = {name for group in (*SUITS.values(), *HAIR.values(), SHOES) for name in group}
    assert names <= set(people.wardrobe.garments)
    for garment in people.wardrobe.garments.values():
        mesh = garment.mesh
        assert mesh.faces.max() < len(mesh.template) == len(mesh.joints) == len(mesh.uv)
        np.testing.assert_allclose(mesh.weights.sum(1), 1, atol=5e-3)
        assert mesh.joints.max() < 24


def test_clothes_hide_only_the_body_below_them(people_in_garments):
    people = people_in_garments
    full = len(people.body.faces)
    suit = people.wardrobe.outfit("male_casualsuit02", "male_casualsuit02")
    assert 0.2 * full < len(suit.body.faces) < 0.9 * full
    with_shoes = people.wardrobe.outfit("male_casualsuit02", "male_casualsuit02", shoes="shoes01")
    assert len(with_shoes.body.faces) < len(suit.body.faces)
    head = people.body.template[:, 1] > 0.42
    for outfit in (suit, with_shoes):
        assert head[outfit.body.faces].all(1).sum() == head[people.body.faces].all(1).sum()


def test_tops_and_bottoms_are_combined(people_in_garments):
    people = people_in_garments
    outfit = people.wardrobe.outfit("male_casualsuit02", "female_casualsuit02")
    top, bottom = outfit.clothes
    assert top.template[top.faces][..., 1].mean() > 0 > bottom.template[bottom.faces][..., 1].mean()
    # With shorts, the shins are visible although the other suit's trousers hide them.
    shins = (people.body.template[:, 1] < -0.7) & (people.body.template[:, 1] > -1.0)
    visible = shins[outfit.body.faces].all(1).sum()
    assert visible == shins[people.body.faces].all(1).sum()


def test_same_seed_gives_the_same_outfit(people):
    outfits = [people.wardrobe.dress(np.random.default_rng(3), "female") for _ in range(2)]
    assert [mesh.name for mesh in outfits[0].clothes] == [mesh.name for mesh in outfits[1].clothes]


def test_textures_are_optional_and_checked(tmp_path):
    assert Textures(None).garment("male_casualsuit01") is None
    assert Textures(None).skin_names("male") == []
    with pytest.raises(TarError, match="skins"):
        Textures(tmp_path)


def test_textures_include_ambient_occlusion(tmp_path):
    folder = tmp_path / "proxies" / "clothes" / "suit" / "textures"
    folder.mkdir(parents=True)
    (tmp_path / "skins").mkdir()
    cv2.imwrite(str(folder / "suit_diffuse.png"), np.full((8, 8, 4), 200, np.uint8))
    cv2.imwrite(str(folder / "suit_ao.png"), np.full((8, 8), 127, np.uint8))
    image = Textures(tmp_path).garment("suit")
    assert image.shape == (512, 512, 4)
    assert image[0, 0].tolist() == [99, 99, 99, 200]


def test_damaged_garments_file_is_reported(people, tmp_path):
    (tmp_path / "garments.npz").write_bytes(b"nothing")
    with pytest.raises(TarError, match=r"garments\.npz"):
        Wardrobe(Path(tmp_path / "garments.npz"), people.body, people.wardrobe.base_index)
