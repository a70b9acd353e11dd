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
from tar_core.people.boxes import match_boxes
from tar_core.people.tracker import PeopleTracker
from tar_core.runtime.streaming import frame_step
from tar_core.video.reader import VideoReader

CONFIDENT = 0.8  # least visibility of a landmark
MIN_IOU = 0.7  # of a person's boxes in the capture and in this tracking
MIN_FOUND = 0.5  # of the people in this tracking who are in the clip, too


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
    joints = {person.person_id: camera_frame_joints(person, body, clip.last_frame + 1) for person in clip.people}
    distances, sightings, found = [np.zeros(0)], 0, 0
    for frame in reader.frames(start, end):
        number, between = divmod(frame.index - start, step)  # capture skips frames of fast videos
        if between:
            continue
        seen_people = tracker.step(number, frame.image)
        present = [person for person in clip.people if person.frames[0] <= frame.index <= person.frames[-1]]
        boxes = [person.boxes[frame.index - int(person.frames[0])] for person in present]
        sightings += len(seen_people)
        # Tracks are split and joined later, so their numbers are not those of the people.
        for k, match in match_boxes([sighting.box for sighting in seen_people], boxes, MIN_IOU).items():
            sighting, person = seen_people[k], present[match]
            found += 1
            seen = clip.in_camera(joints[person.person_id][frame.index, SMPL_KEYPOINTS], frame.index)
            pixels = project(seen, clip.focal_lengths(np.array([frame.index]))[0], clip.principal_point)
            landmarks = sighting.features.landmarks
            points = landmarks.points[0, BLAZEPOSE_KEYPOINTS]
            visible = landmarks.visibility[0, BLAZEPOSE_KEYPOINTS] > CONFIDENT
            distances.append(np.linalg.norm(sighting.crop.from_image(pixels) - points, axis=1)[visible])
    if found < MIN_FOUND * sightings:
        raise TarError(f"{clip.source}: the people are not where the motion file has them; capture the video again")
    return np.concatenate(distances)
