import numpy as np

from tar_core.camera.crop import Crop
from tar_core.model.features import FrameFeatures, Landmarks
from tar_core.people.one_euro import OneEuroFilter
from tar_core.people.track import Sighting, Track, is_same_body


def test_same_body_is_decided_by_the_limbs() -> None:
    points = np.random.default_rng(0).uniform(0, 200, (39, 2))
    assert is_same_body(points, points + 5, 200)
    assert not is_same_body(points, points + 20, 200)
    other_head = points.copy()
    other_head[:11] += 100
    assert is_same_body(points, other_head, 200)


def test_revert_restores_the_previous_sighting() -> None:
    crop = Crop(50.0, 50.0, 100.0)
    track = Track(1, last_frame=3, crop=crop, box=np.zeros(4), points=np.zeros((39, 2)), smoother=OneEuroFilter(30.0))
    track.update(4, np.ones(4), np.ones((39, 2)))
    track.revert()
    assert track.last_frame == 3
    np.testing.assert_array_equal(track.box, np.zeros(4))


def test_restarted_tracks_of_one_person_are_equal() -> None:
    tracks = []
    for crop in (Crop(50.0, 50.0, 101.0), Crop(50.4, 49.7, 100.5, roll=0.01)):
        track = Track(1, last_frame=3, crop=crop, box=np.zeros(4), points=np.zeros((39, 2)), smoother=OneEuroFilter(30))
        track.smoother(np.full((2, 2), crop.center_x), 0.01)
        track.crop_before = crop
        track.restart()
        tracks.append(track)
    first, second = tracks
    assert first.crop == second.crop == first.expected_crop() == second.expected_crop()
    points = np.array([[50.0, 51.0], [50.0, 20.0]])
    np.testing.assert_array_equal(first.smoother(points, 0.01), second.smoother(points, 0.01))


def test_sighting_in_a_part_of_the_frame_is_moved_to_the_frame() -> None:
    features = FrameFeatures(np.zeros((1, 2)), np.zeros((1, 1, 64, 64)), Landmarks.unknown([1]))
    crop, box = Crop(50.0, 60.0, 100.0, roll=0.3), np.array([10.0, 20, 90, 100])
    seen = Sighting(1, 4, crop, features, box, 0.9, box + 5, np.zeros(3))
    moved = seen.moved(np.array([270, 8]))
    np.testing.assert_array_equal(moved.box, [280, 28, 360, 108])
    np.testing.assert_array_equal(moved.trunk, moved.box + 5)
    np.testing.assert_allclose(moved.crop.to_image(np.zeros(2)), crop.to_image(np.zeros(2)) + [270, 8])
