"""The frames in which feet are in contact with the ground: the most likely sequence.

Feet that stand are often captured moving by up to half a meter per second, as fast as a slow step. But one foot stands
while the other steps, a foot that stands is hardly higher than the lowest point of the body, and no foot touches down
for a single frame. The log odds that foot f is in contact are

    log(S / s_f) - w log(S / min(s_o, u)) - h_f / H

with its speed s_f, the speed s_o of the other foot, and the height h_f of its sole above the lowest point of the body.
The Viterbi algorithm finds the sequence with the largest integral of the odds over the contacts, less a cost for each
touchdown and lift-off.
"""

import numpy as np

from tar_core.body.data import BodyData
from tar_core.cleanup.contacts import ORIGIN, point_speed, sole_vertices, surface_points
from tar_core.cleanup.foot_locking import FOOT_POINTS, foot_points
from tar_core.cleanup.kinematics import outermost_vertices
from tar_core.motion import Floor, PersonMotion

# Chosen on rendered videos (docs/experiments/2026-11-30-foot-contacts.md):
_EVEN_SPEED = 0.37  # m/s; S
_OTHER_FOOT = 0.5  # w
_STEP_SPEED = 0.5  # m/s; u. A foot that is faster steps, and how fast says no more
_HEIGHT = 0.1  # meters; H
_CHANGE = 1 / 30  # seconds; cost of a touchdown or a lift-off
_MIN_SPEED = 0.02  # m/s; smaller speeds are raised to this value
_CERTAIN = 1e6  # log odds of edited contacts


def foot_contacts(
    person: PersonMotion,
    body: BodyData,
    fps: float,
    camera: np.ndarray = ORIGIN,
    floor: Floor | None = None,
    marks: np.ndarray | None = None,
) -> np.ndarray:
    """Find the frames [N, 2] in which the left and the right foot are in contact, bool.

    Args:
        person: the motion.
        body: the body of the motion.
        fps: frame rate.
        camera: [N, 3] or constant [3] position of the camera, meters.
        floor: gives the vertical; None if it is not known.
        marks: [N, 2] edited contacts of the feet (`PersonEdits.contact_marks`), if there are any.
    """
    speed = point_speed(foot_points(person, body), fps, camera)
    slower = np.stack([speed[:, foot].min(1) for foot in FOOT_POINTS], 1).clip(_MIN_SPEED)
    other = slower[:, ::-1].clip(None, _STEP_SPEED)
    odds = np.log(_EVEN_SPEED / slower) - _OTHER_FOOT * np.log(_EVEN_SPEED / other)
    if floor is not None:
        odds -= _heights(person, body, floor) / _HEIGHT
    if marks is not None:
        odds = np.where(marks == 0, odds, _CERTAIN * np.sign(marks))
    return most_likely_contacts(odds / fps, _CHANGE)


def _heights(person: PersonMotion, body: BodyData, floor: Floor) -> np.ndarray:
    """Heights [N, 2] of the lowest soles of the feet above the lowest point of the body, meters."""
    points = surface_points(person, body, np.append(sole_vertices(body), outermost_vertices(body)))
    heights = floor.heights(points)
    soles = np.stack([heights[:, foot].min(1) for foot in FOOT_POINTS], 1)
    return np.asarray(soles - heights.min(1, keepdims=True))


def most_likely_contacts(gain: np.ndarray, change: float) -> np.ndarray:
    """Find the contacts with the largest sum of gains, less the cost of changes (the Viterbi algorithm).

    Args:
        gain: [N, K] of a contact in each frame.
        change: cost of a contact that begins or ends.

    Returns:
        [N, K] bool.
    """
    lead = np.zeros(gain.shape[1])  # of the best sequence that ends in contact, over the best that does not
    leads = np.empty(gain.shape)
    for frame, own in enumerate(gain):
        lead = lead.clip(-change, change) + own
        leads[frame] = lead
    contacts = leads > 0
    for frame in range(len(gain) - 2, -1, -1):
        # The frame after decides, unless a change between the two is worth its cost.
        contacts[frame] = leads[frame] > np.where(contacts[frame + 1], -change, change)
    return contacts
