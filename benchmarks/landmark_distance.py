"""How far captured joints lie from the frozen backbone's own 2D landmarks, where those are sure of themselves.

Needs no ground truth, so any video will do. It says how well the body lies over the picture as the backbone sees it,
not how true the backbone is, and nothing of depth; SMPL's joints lie some pixels from the landmarks in any case, at
hips and shoulders above all. Capture does not keep landmarks, so the video is followed once more by the same tracker.
"""

import numpy as np

from benchmarks.camera_joints import BLAZEPOSE_KEYPOINTS, SMPL_KEYPOINTS, camera_frame_joints
from tar_core.body.model import BodyModel
from tar_core.camera.crop_camera import project
from tar_core.capture.networks import Networks
from tar_core.errors import TarError
from tar_core.model.streaming import frame_step
from tar_core.motion import MotionClip
from tar_core.people.tracker import PeopleTracker
from tar_core.video.reader import VideoReader

CONFIDENT = 0.8  # visibility of a landmark
SAME_BOX = 2.0  # pixels by which a box may differ between capture and here


def landmark_distances(
    clip: MotionClip, networks: Networks, body: BodyModel, start: int = 0, end: int | None = None
) -> np.ndarray:
    """Distances of projected joints from confident landmarks in the frames looked at, [M] pixels of the 256-pixel crop.

    Args:
        clip: captured with default options from frames `start` to `end` of the video that it names.
        networks: the same that capture loads.

    Raises:
        TarError: the tracker sees other people here than capture did.
    """
    reader = VideoReader(clip.source)
    step = frame_step(reader.fps)
    tracker = PeopleTracker(networks.backbone, networks.detector, reader.fps / step, networks.device)
    people = {person.person_id: person for person in clip.people}
    joints = {person.person_id: camera_frame_joints(person, body, clip.last_frame + 1) for person in clip.people}
    distances = [np.zeros(0)]
    for frame in reader.frames(start, end):
        number, between = divmod(frame.index - start, step)  # as capture looks at fast videos
        for sighting in [] if between else tracker.step(number, frame.image):
            person = people.get(sighting.track_id)
            if person is None:  # seen for a moment, and not believed
                continue
            box = person.boxes[frame.index - int(person.frames[0])]
            if np.abs(box - sighting.box).max() > SAME_BOX:
                raise TarError(f"{clip.source}: person {person.person_id} is elsewhere than in the motion file")
            seen = clip.in_camera(joints[person.person_id][frame.index, SMPL_KEYPOINTS], frame.index)
            pixels = project(seen, clip.focal_lengths(np.array([frame.index]))[0], clip.principal_point)
            landmarks = sighting.features.landmarks
            points = landmarks.points[0, BLAZEPOSE_KEYPOINTS].cpu().numpy()
            visible = landmarks.visibility[0, BLAZEPOSE_KEYPOINTS].cpu().numpy() > CONFIDENT
            distances.append(np.linalg.norm(sighting.crop.from_image(pixels) - points, axis=1)[visible])
    return np.concatenate(distances)
