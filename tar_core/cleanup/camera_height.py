"""Heights of the feet: below a level camera, and above z = 0 of the world."""

from collections.abc import Iterable, Sequence

import numpy as np

from tar_core.body.data import BodyData
from tar_core.camera.placement import WorldPlacement
from tar_core.cleanup.contacts import sole_points, surface_points
from tar_core.cleanup.resampling import select_frames
from tar_core.edits import FEET
from tar_core.motion import LEVEL, PersonMotion
from tar_core.skeleton import JOINT_NAMES

_FOOT_JOINTS = [joint for joint, name in enumerate(JOINT_NAMES) if name.endswith(("_ankle", "_foot"))]
_SOLE_THICKNESS = 0.015  # meters above the lowest point of the feet that still count as sole
_SOLE_POINTS = 60  # spread over both soles
_SEEN_HEIGHT = 0.05  # meters of standing feet above or below the floor that a user should know of
_MAX_FRAMES = 2000  # of a person; more frames do not change the result
_PERCENTILE = 5.0  # of the lowest soles of all frames, so that single frames below the ground have no effect


def camera_height(people: Iterable[PersonMotion], body: BodyData) -> float:
    """Height of a level camera above the ground, from the feet of the people, meters; 0 without people."""
    lowest = [lowest_soles(person, body) for person in people]
    return -float(np.percentile(np.concatenate(lowest), _PERCENTILE)) if lowest else 0.0


def feet_height(people: Iterable[PersonMotion], body: BodyData, placement: WorldPlacement) -> float:
    """Height of the lowest soles of at least one person above z = 0 of the world, meters."""
    heights = [placement.points(sole_points(person, body))[..., 2].min(1) for person in people]
    return float(np.percentile(np.concatenate(heights), _PERCENTILE))


def hover_text(
    people: Sequence[PersonMotion], contacts: Sequence[np.ndarray], body: BodyData, placement: WorldPlacement
) -> str:
    """Say who stands off the floor z = 0 of the world, and how far; empty if everybody is on it.

    Args:
        people: their motion.
        contacts: for each person, the frames [N, 4] in which EFFECTORS are in contact.
        body: the clip's body.
        placement: of the camera frame in the world.
    """
    texts = []
    for person, contact in zip(people, contacts, strict=True):
        soles = placement.points(sole_points(person, body))[..., 2].reshape(len(person), 2, 2).min(2)
        height = float(np.median(soles[contact[:, FEET]])) if contact[:, FEET].any() else 0.0
        if abs(height) > _SEEN_HEIGHT:
            place = "above" if height > 0 else "below"
            texts.append(f"person {person.person_id} stands {100 * abs(height):.0f} cm {place} it")
    return ", ".join(texts)


def lowest_soles(person: PersonMotion, body: BodyData) -> np.ndarray:
    """[N] height of the lowest sole point above a level camera in each frame, meters; long motions are subsampled."""
    person = select_frames(person, slice(None, None, -(-len(person) // _MAX_FRAMES)))
    return np.asarray((surface_points(person, body, _soles(person, body)) @ LEVEL).min(1))


def _soles(person: PersonMotion, body: BodyData) -> np.ndarray:
    """Indices of vertices spread over both soles."""
    feet = np.flatnonzero(body.weights[:, _FOOT_JOINTS].sum(1) > 0.99)
    height = body.v_template[feet, 1] + body.shapedirs[feet, 1] @ person.betas  # SMPL's rest pose has y up
    soles = feet[height < height.min() + _SOLE_THICKNESS]
    return soles[:: max(1, len(soles) // _SOLE_POINTS)]
