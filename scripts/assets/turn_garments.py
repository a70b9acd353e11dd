"""Convert garments that were fitted to an earlier body, whose shoulders were not yet moved back, to the free body.

    python -m scripts.assets.turn_garments garments.npz --body earlier_body.npz --output turned.npz

See `scripts.assets.shoulders.turn_shoulders_back`. `Wardrobe` in tar_core/synthetic/garments.py describes the file.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from scripts.assets.shoulders import turn_shoulders_back
from tar_core.errors import TarError
from tar_core.files import atomic_path
from tar_core.skeleton import NUM_JOINTS


def turn_garments(garments: dict[str, np.ndarray], body: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Move the shoulders of garments back.

    Args:
        garments: arrays of a garments file.
        body: arrays of the SMPL file that the garments were fitted to.
    """
    joints = body["J_regressor"] @ body["v_template"]
    joint_directions = np.einsum("jv,vck->kjc", body["J_regressor"], body["shapedirs"])
    turned = dict(garments)
    for name in {key.split("/")[0] for key in garments}:
        template, directions = garments[f"{name}/v0"], garments[f"{name}/sd"]
        weights = np.zeros((len(template), NUM_JOINTS))
        np.add.at(weights, (np.arange(len(template))[:, None], garments[f"{name}/j"]), garments[f"{name}/w"])
        new_template, _ = turn_shoulders_back(template, joints, weights)
        new_directions, _ = turn_shoulders_back(directions.transpose(2, 0, 1), joint_directions, weights)
        turned[f"{name}/v0"] = new_template.astype(template.dtype)
        turned[f"{name}/sd"] = new_directions.transpose(1, 2, 0).astype(directions.dtype)
    return turned


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("garments", type=Path, help="garments file (.npz)")
    parser.add_argument("--body", type=Path, required=True, help="body that the garments were fitted to (.npz)")
    parser.add_argument("--output", type=Path, required=True, help="file to write (.npz)")
    options = parser.parse_args(arguments)
    try:
        with np.load(options.garments) as garments, np.load(options.body) as body:
            turned = turn_garments(dict(garments), dict(body))
        with atomic_path(options.output) as temporary:
            np.savez_compressed(temporary, **turned)
    except (TarError, OSError, ValueError, KeyError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
