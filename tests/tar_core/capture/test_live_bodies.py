"""Bodies from single images, compared with the capture of the same images."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.camera.crop_camera import image_center
from tar_core.capture.initial_camera import estimate_initial_camera
from tar_core.capture.live_bodies import SOLE, LiveBodies
from tar_core.cleanup.foot_locking import FOOT_JOINTS
from tar_core.options import CaptureOptions
from tar_core.people.tracker import PeopleTracker
from tar_core.preview import LiveBody
from tar_core.skeleton import JOINT_NAMES, NUM_JOINTS, pose_skeleton
from tar_core.video.reader import VideoReader
from tests.support.networks import capture, load_once

COUNT, STEP = 36, 6  # images, and how many lie between those that are followed


def joints_of(poses: np.ndarray) -> np.ndarray:
    """[N, 24, 3] joints relative to the pelvis, of the mean shape."""
    joints = pose_skeleton(poses.reshape(-1, NUM_JOINTS, 3), rest_joints(load_body(), np.zeros(10)))[1]
    return joints - joints[:, :1]


@pytest.fixture(scope="module")
def live(demo_video: Path) -> list[LiveBody]:
    """The man of the demo video in every sixth image."""
    networks = load_once()
    reader = VideoReader(demo_video)
    images = [frame.image for frame in islice(reader.frames(), 0, COUNT, STEP)]
    fps = reader.fps / STEP
    tracker = PeopleTracker(networks.backbone, networks.detector, fps, max_people=1)
    camera = estimate_initial_camera(images[0], CaptureOptions())
    bodies = LiveBodies(networks.runtime, camera, image_center(*reader.size))
    found = [bodies.step(tracker.step(number, image), number / fps) for number, image in enumerate(images)]
    assert all(len(people) == 1 for people in found)
    return [body for people in found for body in people.values()]


@pytest.mark.capture
def test_bodies_move_as_the_captured_ones(live: list[LiveBody], demo_video: Path) -> None:
    (clip,) = capture(demo_video, CaptureOptions(people="largest", end=COUNT - 1, device="cpu"))
    captured = clip.people[0].poses[::STEP].astype(float).reshape(-1, NUM_JOINTS, 3)
    poses = np.array([body.poses for body in live])
    captured[:, 0] = poses[:, 0] = 0  # the orientations are those of the camera and of the world
    errors = np.linalg.norm(joints_of(poses) - joints_of(captured), axis=-1)
    assert errors.mean() < 0.03 and errors[1:].max() < 0.15


@pytest.mark.capture
def test_bodies_stand_upright_on_the_floor(live: list[LiveBody]) -> None:
    poses, pelvis = np.array([body.poses for body in live]), np.array([body.pelvis for body in live])
    joints = joints_of(poses) + pelvis[:, None]
    lowest = joints[:, FOOT_JOINTS, 2].min(1) - SOLE
    assert lowest[0] == pytest.approx(0, abs=1e-6) and (lowest > -1e-6).all() and lowest.max() < 0.2
    assert (joints[:, JOINT_NAMES.index("head"), 2] > 1.2).all()
    assert (pelvis[:, 1] > 1).all(), "in front of the camera, which looks along +Y"


@pytest.mark.capture
def test_people_who_left_are_forgotten(demo_video: Path) -> None:
    networks = load_once()
    image = next(VideoReader(demo_video).frames()).image
    tracker = PeopleTracker(networks.backbone, networks.detector, 10)
    bodies = LiveBodies(networks.runtime, estimate_initial_camera(image, CaptureOptions()), (0.0, 0.0))
    sightings = tracker.step(0, image)
    first = bodies.step(sightings, 0.0)
    assert first and bodies.step([], 0.1) == {}
    assert bodies.step(sightings, 0.2) == first, "not smoothed from the body before"
