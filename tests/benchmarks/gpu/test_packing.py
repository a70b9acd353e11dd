"""The file of training data for the machine with the GPU."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.gpu.pack import read_motions, unpack
from benchmarks.gpu.packing import REAL_MARGIN, REAL_SIDE, pack_motions, pack_pictures, real_crops, rounded
from tar_core.camera.crop import CROP_SIZE
from tar_core.errors import TarError
from tar_core.synthetic.motions import Motion


def test_motions_are_read_as_they_were_written_to_a_tenth_of_a_degree(tmp_path):
    random = np.random.default_rng(0)
    motions = [
        Motion("cmu/005_01", random.uniform(-np.pi, np.pi, (20, 24, 3)), random.uniform(-9, 9, (20, 3)), legs=0.9),
        Motion("deepmimic/walk", random.normal(size=(13, 24, 3)), random.normal(size=(13, 3))),
    ]
    (tmp_path / "motions.npz").write_bytes(pack_motions(motions))
    for ours, motion in zip(read_motions(tmp_path / "motions.npz"), motions, strict=True):
        assert ours.name == motion.name and ours.fps == motion.fps and ours.legs == motion.legs
        np.testing.assert_allclose(ours.poses, motion.poses, atol=np.radians(0.1))
        np.testing.assert_allclose(ours.trans, motion.trans, atol=1e-5)


def test_pictures_are_reduced_and_come_in_turn(background_folder):
    packed = list(pack_pictures(background_folder))
    assert [name for name, _ in packed] == ["a.jpg", "sky.hdr", "b.jpg"]
    assert all(len(content) < 60_000 for _, content in packed)


def test_gray_pictures_keep_their_shape(tmp_path):
    cv2.imwrite(str(tmp_path / "gray.png"), np.full((90, 160), 128, np.uint8))
    ((_, content),) = pack_pictures(tmp_path)
    assert cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR).shape == (90, 160, 3)


def test_rounded_garments_keep_their_shape(garments):
    with np.load(garments) as arrays:
        for name in arrays.files:
            array, kind = arrays[name], name.split("/")[1]
            packed = rounded(array, kind)
            assert packed.dtype == array.dtype
            np.testing.assert_allclose(packed.astype(float), array.astype(float), atol={"w": 0.013}.get(kind, 6e-4))
            if kind == "w":
                np.testing.assert_allclose(packed.astype(float).sum(1), 1, atol=1e-6)


def test_a_missing_pack_is_an_error(tmp_path):
    with pytest.raises(TarError, match="not a readable pack.*python -m benchmarks.gpu pack"):
        unpack(tmp_path / "none.zip", tmp_path / "folder")


@pytest.mark.slow
@pytest.mark.capture
def test_real_crops_are_as_sharp_as_those_of_capture_with_more_around_them(demo_video: Path) -> None:
    crop = cv2.imdecode(np.frombuffer(next(real_crops(demo_video)), np.uint8), cv2.IMREAD_COLOR)
    assert crop.shape == (REAL_SIDE, REAL_SIDE, 3) and REAL_MARGIN * CROP_SIZE == REAL_SIDE
