"""Run MediaPipe's heavy pose model on a video, for the comparison in `make bench-speed`.

    python benchmarks/mediapipe_pose.py VIDEO OUT.npz

OUT.npz contains landmarks [N, 33, 4] (x, y in pixels, z, visibility) and world [N, 33, 3] in meters; NaN in frames
without a detection. This script runs in MediaPipe's own environment, which benchmarks/bench_speed.py creates, so it
imports nothing from this project.
"""

import sys

import cv2
import mediapipe as mp
import numpy as np


def main(video: str, output: str) -> None:
    landmarks, world = [], []
    capture = cv2.VideoCapture(video)
    # model_complexity 2 is the heavy model; all other options are MediaPipe's defaults for videos.
    with mp.solutions.pose.Pose(model_complexity=2) as pose:
        while True:
            found, image = capture.read()
            if not found:
                break
            height, width = image.shape[:2]
            result = pose.process(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
            if result.pose_landmarks is None:
                landmarks.append(np.full((33, 4), np.nan))
                world.append(np.full((33, 3), np.nan))
                continue
            points = result.pose_landmarks.landmark
            landmarks.append([(p.x * width, p.y * height, p.z * width, p.visibility) for p in points])
            world.append([(p.x, p.y, p.z) for p in result.pose_world_landmarks.landmark])
    np.savez(output, landmarks=np.array(landmarks), world=np.array(world))


if __name__ == "__main__":
    main(*sys.argv[1:])
