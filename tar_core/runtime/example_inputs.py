"""Random inputs of the graphs, for exporting and testing them."""

import numpy as np

from tar_core.camera.crop import CROP_SIZE
from tar_core.model.config import MAP_SIZE, TARConfig
from tar_core.model.face_landmarks import FACE_CROP_SIZE
from tar_core.model.features import NUM_LANDMARKS
from tar_core.model.hand_landmarks import HAND_CROP_SIZE
from tar_core.runtime.graphs import DETECTOR_SIZE, Graph


def example_inputs(graph: Graph, config: TARConfig, frames: int = 7, windows: int = 3) -> dict[str, np.ndarray]:
    """Random inputs of a graph.

    Args:
        config: of the network.
        frames: number of frames, crops or images.
        windows: number of windows, at most `frames`.
    """
    random = np.random.default_rng(0)

    def rand(*shape: int) -> np.ndarray:
        return random.random((frames, *shape), np.float32)

    def pixels(size: int) -> np.ndarray:
        return random.integers(0, 256, (frames, size, size, 3), np.uint8)

    channels, size = config.local_channels, config.local_size
    values = {
        "crops": pixels(CROP_SIZE),
        "hand_crops": pixels(HAND_CROP_SIZE),
        "face_crops": pixels(FACE_CROP_SIZE),
        "images": pixels(DETECTOR_SIZE),
        "vector": rand(config.vector_size),
        "local_map": rand(config.map_channels, MAP_SIZE, MAP_SIZE),
        "embedded": rand(config.global_width),
        **{name: rand(3 * channels, size, size) for name in ("past", "future")},
        **{name: rand(channels, size, size) for name in ("past_first", "future_first")},
        "points": rand(NUM_LANDMARKS, 2) * CROP_SIZE,
        "visibility": rand(NUM_LANDMARKS),
        "world": rand(NUM_LANDMARKS, 3) - 0.5,
        "score": rand(),
        "focal_length": 1000 + 500 * rand(),
        "center": 200 * rand(2),
        "size": 300 + 100 * rand(),
        "roll": 0.2 * rand(),
        "middles": (np.arange(windows) + 2) % frames,
        "stride": np.array(1),
    }
    return {name: values[name] for name in graph.inputs}
