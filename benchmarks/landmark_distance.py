"""Distance of captured joints from the 2D landmarks of the frozen backbone, where their confidence is high.

This needs no ground truth and works on any video. It measures how well the body matches the image as the backbone sees
it. It measures neither the accuracy of the backbone nor the depth. SMPL's joints are always some pixels away from the
landmarks, mostly at hips and shoulders. Motion files contain no landmarks, so the video is tracked again.
"""

import numpy as np

from benchmarks.camera_joints import BLAZEPOSE_KEYPOINTS, SMPL_KEYPOINTS, camera_frame_joints
from tar_core.body.model import BodyModel
from tar_core.camera.crop_camera import project
from tar_core.capture.networks import Networks
from tar_core.errors import TarError
from tar_core.motion import MotionClip
from tar_core.people.tracker import PeopleTracker
from tar_core.runtime.streaming import frame_step
from tar_core.video.reader import VideoReader

CONFIDENT = 0.8  # least visibility of a landmark
SAME_BOX = 2.0  # pixels; largest difference between the boxes of the capture and of this tracking


def landmark_distances(
    clip: MotionClip, networks: Networks, body: BodyModel, start: int = 0, end: int | None = None
) -> np.ndarray:
    """Distances [M] of projected joints from confident landmarks in the analyzed frames, pixels of the 256-pixel crop.

    Args:
        clip: captured with default options from frames `start` to `end` of the video that it names.
        networks: the networks that the capture used.
        start, end: first and last frame, inclusive; None is the last frame of the video.

    Raises:
        TarError: the people in the tracks are not those in the clip.
    """
    reader = VideoReader(clip.source)
    step = frame_step(reader.fps)
    tracker = PeopleTracker(networks.backbone, networks.detector, reader.fps / step, None, networks.movenet)
    people = {person.person_id: person for person in clip.people}
    joints = {person.person_id: camera_frame_joints(person, body, clip.last_frame + 1) for person in clip.people}
    distances = [np.zeros(0)]
    for frame in reader.frames(start, end):
        number, between = divmod(frame.index - start, step)  # capture skips frames of fast videos
        for sighting in [] if between else tracker.step(number, frame.image):
            person = people.get(sighting.track_id)
            if person is None:  # a track too short for the motion file
                continue
            box = person.boxes[frame.index - int(person.frames[0])]
            if np.abs(box - sighting.box).max() > SAME_BOX:
                raise TarError(f"{clip.source}: person {person.person_id} is not where the motion file has it")
            seen = clip.in_camera(joints[person.person_id][frame.index, SMPL_KEYPOINTS], frame.index)
            pixels = project(seen, clip.focal_lengths(np.array([frame.index]))[0], clip.principal_point)
            landmarks = sighting.features.landmarks
            points = landmarks.points[0, BLAZEPOSE_KEYPOINTS]
            visible = landmarks.visibility[0, BLAZEPOSE_KEYPOINTS] > CONFIDENT
            distances.append(np.linalg.norm(sighting.crop.from_image(pixels) - points, axis=1)[visible])
    return np.concatenate(distances)
