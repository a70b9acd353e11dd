"""The schema of motion files (docs/file_format.md): the form of each array, and the limits of its values."""

from collections.abc import Iterable
from dataclasses import replace

from tar_core.face_names import NUM_FACE_KEYS
from tar_core.npz import BOOLEAN, MAX_FRAME, TEXT, WHOLE_NUMBER, Form
from tar_core.skeleton import HAND_JOINT_NAMES, NUM_BETAS, NUM_JOINTS

MIN_FPS, MAX_FPS = 0.1, 1000.0
MAX_SIZE = 65_536  # pixels of the width and of the height
MAX_DISTANCE = 1e6  # meters
_ONE = 1.01  # with room for rounding, since a captured file must be readable

HEADER_FORMS = {
    "format_version": Form(WHOLE_NUMBER, low=1),
    "person_ids": Form(WHOLE_NUMBER, ("P",), low=0, high=2**31 - 1),
}
SHOT_FORMS = {"shots": Form(WHOLE_NUMBER, ("S",), low=1, high=MAX_FRAME)}
CLIP_FORMS = {
    "fps": Form(),
    "width": Form(WHOLE_NUMBER),
    "height": Form(WHOLE_NUMBER),
    "focal": Form(),
    "principal_point": Form(shape=(2,), low=-MAX_SIZE, high=2 * MAX_SIZE),
    "source": Form(TEXT),
    "body": Form(TEXT),
    "floor/up": Form(shape=(3,), optional=True),
    "floor/height": Form(low=-MAX_DISTANCE, high=MAX_DISTANCE, optional=True),
    "floor/confidence": Form(low=0, high=_ONE, optional=True),
    "vertical/up": Form(shape=(3,), optional=True),
    "vertical/error": Form(low=0, high=180, optional=True),
    "focal_error": Form(low=0, optional=True),
    "shot": Form(WHOLE_NUMBER, (3,), low=0, high=MAX_FRAME, optional=True),
    "balanced": Form(BOOLEAN, optional=True),
    "camera/first_frame": Form(WHOLE_NUMBER, low=0, high=MAX_FRAME, optional=True),
    "camera/turns": Form(shape=("frames of the camera", 3), optional=True),
    "camera/explained": Form(low=0, high=_ONE, optional=True),
    "camera/places": Form(shape=("frames of the camera", 3), low=-MAX_DISTANCE, high=MAX_DISTANCE, optional=True),
    "camera/zooms": Form(shape=("frames of the camera",), optional=True),
    "camera/world": Form(shape=(4, 4), optional=True),
}
PERSON_FORMS = {
    "poses": Form(shape=("N", 3 * NUM_JOINTS), low=-1000, high=1000),
    "betas": Form(shape=(NUM_BETAS,), low=-1000, high=1000),
    "trans": Form(shape=("N", 3), low=-MAX_DISTANCE, high=MAX_DISTANCE),
    "frames": Form(WHOLE_NUMBER, ("N",), low=0, high=MAX_FRAME),
    "boxes": Form(shape=("N", 4), low=-100 * MAX_SIZE, high=100 * MAX_SIZE),
    "confidence": Form(shape=("N",), low=0, high=_ONE),
    "joint_errors": Form(shape=("N", NUM_JOINTS), low=0, high=1000, optional=True),  # newer than the others
    "hand_poses": Form(shape=("N", 3 * len(HAND_JOINT_NAMES)), low=-1000, high=1000, optional=True),
    "hand_confidence": Form(shape=("N", 2), low=0, high=_ONE, optional=True),
    "face_values": Form(shape=("N", NUM_FACE_KEYS), low=0, high=_ONE, optional=True),
    "face_confidence": Form(shape=("N",), low=0, high=_ONE, optional=True),
}
# Arrays that a person has together, or not at all.
COMPANIONS = {
    "hand_poses": "hand_confidence",
    "hand_confidence": "hand_poses",
    "face_values": "face_confidence",
    "face_confidence": "face_values",
}


def people_forms(ids: Iterable[int]) -> dict[str, Form]:
    """The forms of the arrays of people with these numbers; each has a number of frames of its own."""
    return {
        f"person_{number}/{name}": replace(form, shape=tuple(f"{number}" if n == "N" else n for n in form.shape))
        for number in ids
        for name, form in PERSON_FORMS.items()
    }
