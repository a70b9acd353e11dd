"""`make bench-lines`: what straight lines tell of the camera (tar_core/straight_lines.py), against what is known of it.

Calibrated cameras: the two takes of pose2sim (four cameras each, all in one room), their first frames, and views of
those frames that a camera turned about its centre, with another lens, would have had (a homography: exact). Panoramas:
views of the HDRI photographs that come with Blender, of low resolution, indoors and outdoors; on these the expected
errors were chosen. Captured clips, if `make bench-real` has left some: the floor that follows.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from tar_core.body_file import load_body
from tar_core.capture import SURE_FOCAL
from tar_core.errors import TarError
from tar_core.ground import find_floor
from tar_core.motion import Floor, MotionClip
from tar_core.straight_lines import camera_from_lines, find_segments
from tar_core.training.backgrounds import Backgrounds, view_panorama
from tar_core.video import VideoReader
from tools.bench_real import PREDICTIONS
from tools.real_clips import RealClip, fetch_video, find_clip
from tools.triangulate import calibrated_cameras

TAKES = ("balance", "t_pose")
VIEWS = 6  # of each calibrated frame
PANORAMA_VIEWS = 6


@dataclass(frozen=True)
class View:
    """A picture [H, W, 3] and what is true of its camera: up [3], focal length in pixels."""

    image: np.ndarray
    up: np.ndarray
    focal: float
