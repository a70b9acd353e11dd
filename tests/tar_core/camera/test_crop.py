"""Crops: conversion of pixels, cutting, and placement around a person."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tar_core.camera.crop import (
    CROP_SIZE,
    GRID_ROLLS,
    GRID_STEP,
    MARGIN,
    Crop,
    crop_from_alignment,
    crop_from_box,
    halved,
)

crops = st.builds(Crop, st.floats(-500, 2000), st.floats(-500, 2000), st.floats(20, 3000), st.floats(-np.pi, np.pi))


@given(crop=crops)
def test_from_image_inverts_to_image(crop):
    points = np.random.default_rng(0).uniform(0, 255, (10, 2))
    np.testing.assert_allclose(crop.from_image(crop.to_image(points)), points, atol=1e-6)


def test_crop_of_the_whole_frame_is_the_frame():
    frame = np.random.default_rng(0).integers(0, 256, (CROP_SIZE, CROP_SIZE, 3), np.uint8)
    np.testing.assert_array_equal(Crop(127.5, 127.5, 256).cut(frame), frame)


@given(size=st.sampled_from([200, 256, 500, 700, 1024, 1500]), roll=st.floats(-3, 3))
def test_cut_agrees_with_the_affine_map(size, roll):
    crop = Crop(960.3, 540.7, size, roll)
    target = np.array([150.0, 90.0])
    x, y = crop.to_image(target)
    sigma = 6 * size / CROP_SIZE
    down, across = (np.exp(-((np.arange(count) - at) ** 2) / (2 * sigma**2)) for count, at in ((1080, y), (1920, x)))
    blob = 255 * np.outer(down, across)
    patch = crop.cut(cv2.merge([blob.astype(np.uint8)] * 3)).astype(float)[..., 0]
    rows, columns = np.mgrid[:CROP_SIZE, :CROP_SIZE]
    centroid = np.array([(patch * columns).sum(), (patch * rows).sum()]) / patch.sum()
    np.testing.assert_allclose(centroid, target, atol=0.15)


def test_crops_are_equally_sharp_whatever_the_size_of_the_picture():
    """Stripes that are 4 pixels wide in the crop."""
    contrasts = []
    for scale in (1.01, 1.2, 1.4, 1.45, 1.7, 1.95, 2.1, 2.8, 2.9, 3.9):
        side = round(300 * scale)
        stripes = 127.5 + 100 * np.sin(2 * np.pi * np.arange(side) / (4 * scale))
        picture = np.tile(stripes.astype(np.uint8)[None, :, None], (side, 1, 3))
        contrasts.append(Crop((side - 1) / 2, (side - 1) / 2, 256 * scale, 0.2).cut(picture).std())
    assert max(contrasts) < 1.2 * min(contrasts)


@pytest.mark.parametrize("crop", [Crop(-900, -700, 600, 0.3), Crop(5000, 300, 1100, 0), Crop(640, 360, 5000, 1)])
def test_cut_repeats_the_border_outside_the_frame(crop):
    frame = np.zeros((720, 1280, 3), np.uint8)
    frame[:, :640], frame[:, 640:] = 40, 200
    patch = crop.cut(frame)
    x = crop.to_image(np.array([[0.0, 0.0], [255.0, 255.0]]))[:, 0]
    expected = [40 if value < 600 else 200 for value in x]
    assert [int(patch[0, 0, 0]), int(patch[255, 255, 0])] == expected


@given(st.floats(-np.pi + 0.01, np.pi - 0.01), st.floats(30, 500))
def test_crop_from_alignment_is_upright_and_centered_on_the_hips(roll, radius):
    center = np.array([400.0, 300.0])
    above = center + radius * np.array([np.sin(roll), -np.cos(roll)])
    crop = crop_from_alignment(center, above)
    np.testing.assert_allclose(crop.roll, roll, atol=1e-9)
    np.testing.assert_allclose(crop.from_image(above), [127.5, 127.5 - 128 / MARGIN], atol=1e-6)


def test_crop_from_box_is_an_upright_square_around_the_box():
    assert crop_from_box(np.array([100, 50, 200, 450]), margin=1.5) == Crop(150, 250, 600, 0)


@given(first=crops, shift=st.floats(-50, 50), scale=st.floats(0.8, 1.2), turn=st.floats(-1, 1))
def test_a_crop_moves_on_as_before(first, shift, scale, turn):
    second = Crop(first.center_x + shift, first.center_y - shift, first.size * scale, first.roll + turn - 2 * np.pi)
    third = second.moved_on_from(first)
    assert third.center_x == pytest.approx(first.center_x + 2 * shift)
    assert third.center_y == pytest.approx(first.center_y - 2 * shift)
    assert third.size == pytest.approx(first.size * scale**2)
    assert third.roll == pytest.approx(second.roll + turn)


@given(crops)
@example(Crop(0, 0, 20, 3.140625))  # half a turn
def test_the_grid_is_near_and_keeps_its_crops(crop):
    near = crop.on_grid()
    assert near.on_grid() == near
    half = GRID_STEP / 2 + 1e-9
    assert abs(np.log(near.size / crop.size)) <= half
    assert -math.pi < near.roll <= math.pi
    assert abs(math.remainder(near.roll - crop.roll, 2 * math.pi)) <= math.pi / GRID_ROLLS + 1e-9
    assert max(abs(near.center_x - crop.center_x), abs(near.center_y - crop.center_y)) <= half * near.size


def test_rolls_of_half_a_turn_in_either_direction_are_equal_on_the_grid():
    assert Crop(0, 0, 100, math.pi - 0.01).on_grid() == Crop(0, 0, 100, 0.01 - math.pi).on_grid()


@pytest.mark.parametrize("shape", [(1080, 1920, 3), (7, 5, 3), (1, 3, 3)])
def test_halved_images_keep_their_brightness(shape):
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    small = halved(image, 2)
    assert small.shape == tuple(max(1, round(max(1, round(side / 2)) / 2)) for side in shape[:2]) + (3,)
    np.testing.assert_allclose(small.mean((0, 1)), image.mean((0, 1)), atol=2)
