"""Overlay videos: bodies drawn over the video."""

from pathlib import Path

import numpy as np
import pytest

from tar_core.body.data import BodyData, load_body
from tar_core.body.skinning import posed_vertices
from tar_core.camera.crop_camera import project
from tar_core.errors import TarError
from tar_core.motion import MotionClip, PersonMotion
from tar_core.overlay import COLORS, draw_people, write_overlay
from tar_core.video.reader import VideoReader
from tar_core.video.writer import VideoWriter

WIDTH, HEIGHT, FRAMES = 160, 120, 4


def standing_person(person_id: int, x: float, z: float, first_frame: int = 0) -> PersonMotion:
    """A person in the T-pose, seen from the front; the belly is at the center of the image if x is 0."""
    poses = np.zeros((FRAMES, 72), np.float32)
    poses[:, 0] = np.pi
    return PersonMotion(
        person_id,
        poses,
        np.zeros(10),
        np.tile([x, 0.4, z], (FRAMES, 1)),
        np.arange(first_frame, first_frame + FRAMES),
        np.zeros((FRAMES, 4)),
        np.ones(FRAMES),
    )


def clip_of(*people: PersonMotion) -> MotionClip:
    return MotionClip(30, WIDTH, HEIGHT, 150.0, np.array([79.5, 59.5]), "video.mp4", list(people))


@pytest.fixture(scope="module")
def body() -> BodyData:
    return load_body()


@pytest.fixture
def gray() -> np.ndarray:
    return np.full((HEIGHT, WIDTH, 3), 128, np.uint8)


def hue_area(image: np.ndarray, gray: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    """Mask [H, W] of pixels tinted like the color."""
    tint = image.astype(float) - image.mean(-1, keepdims=True)
    wanted = np.array(color) - np.mean(color)
    return (image != gray).any(-1) & ((tint * wanted).sum(-1) > 0)


def vertices_of(person: PersonMotion, body: BodyData) -> np.ndarray:
    return posed_vertices(body, person.poses[0], person.betas) + person.trans[0]


def test_body_covers_its_projected_vertices(body: BodyData, gray: np.ndarray) -> None:
    clip = clip_of(standing_person(1, 0.0, 4.0))
    drawn = (draw_people(gray, clip, 0, body) != gray).any(-1)
    pixels = project(vertices_of(clip.people[0], body), clip.focal_length, clip.principal_point)
    rows, columns = np.nonzero(drawn)
    np.testing.assert_allclose(pixels.min(0), [columns.min(), rows.min()], atol=1.5)
    np.testing.assert_allclose(pixels.max(0), [columns.max(), rows.max()], atol=1.5)
    x, y = np.round(pixels).astype(int).T
    assert drawn[y, x].mean() > 0.97


def test_frames_without_the_person_are_unchanged(body: BodyData, gray: np.ndarray) -> None:
    clip = clip_of(standing_person(1, 0.0, 4.0, first_frame=5))
    np.testing.assert_array_equal(draw_people(gray, clip, 4, body), gray)
    assert (draw_people(gray, clip, 5, body) != gray).any()
    assert (gray == 128).all(), "the given image is not modified"


def test_nearer_person_is_drawn_in_front(body: BodyData, gray: np.ndarray) -> None:
    near, far = standing_person(1, 0.0, 3.0), standing_person(2, 0.0, 6.0)
    for people in ([near, far], [far, near]):
        image = draw_people(gray, clip_of(*people), 0, body)
        assert hue_area(image, gray, COLORS[people.index(near)])[59, 79]


def test_interpolated_frames_are_fainter(body: BodyData, gray: np.ndarray) -> None:
    person = standing_person(1, 0.0, 4.0)
    person.confidence[1] = 0
    clip = clip_of(person)
    seen, unseen = (np.abs(draw_people(gray, clip, k, body) - gray.astype(float)).mean() for k in (0, 1))
    assert unseen < 0.6 * seen


def test_body_behind_or_at_the_camera(body: BodyData, gray: np.ndarray) -> None:
    np.testing.assert_array_equal(draw_people(gray, clip_of(standing_person(1, 0.0, -3.0)), 0, body), gray)
    draw_people(gray, clip_of(standing_person(1, 0.0, 0.05)), 0, body)


def test_overlay_video(tmp_path: Path) -> None:
    video, output = tmp_path / "video.mp4", tmp_path / "overlay.mp4"
    with VideoWriter(video, 30, WIDTH, HEIGHT) as writer:
        for _ in range(8):
            writer.write(np.full((HEIGHT, WIDTH, 3), 128, np.uint8))
    clip = clip_of(standing_person(1, 0.0, 4.0, first_frame=2))
    done = []
    write_overlay([clip], video, output, lambda progress: done.append((progress.done, progress.total)), start=1, end=6)
    frames = [frame.image[HEIGHT // 2, WIDTH // 2].astype(int) for frame in VideoReader(output).frames()]
    assert len(frames) == 6, "the given part of the video, with and without people"
    assert done == [(k, 6) for k in range(1, 7)]
    blue_over_red = [pixel[2] - pixel[0] > 30 for pixel in frames]
    assert blue_over_red == [False, True, True, True, True, False]


def test_missing_body_file(tmp_path: Path) -> None:
    clip = clip_of(standing_person(1, 0.0, 4.0))
    clip.body = str(tmp_path / "SMPL_GONE.npz")
    with pytest.raises(TarError, match="no such body file"):
        write_overlay([clip], tmp_path / "video.mp4", tmp_path / "overlay.mp4")
