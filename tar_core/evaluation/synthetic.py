"""Scores a network on cached synthetic clips: `python -m tar_core.evaluation.synthetic --help`."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from tar_core.datasets.features import ClipBatch, FeatureClips
from tar_core.datasets.joints import LIMB_HIPS, LIMB_JOINTS
from tar_core.errors import TarError
from tar_core.evaluation.metrics import acceleration_error, mpjpe, pa_mpjpe, root_aligned
from tar_core.model.checkpoint import load_tar, save_tar
from tar_core.model.refinement import PosedBody
from tar_core.model.tar import TAR
from tar_core.skeleton import JOINT_NAMES

_CLIPS_AT_ONCE = 16


@dataclass(frozen=True)
class Predictions:
    """A network's joints on N frames of whole clips, and the truth.

    Attributes:
        joints, truth: [N, 24, 3] in the rolled cameras, meters.
        pixels: [N, 24] distance of the projected joints from the true ones, crop pixels.
        expected_errors: [N, 24] the network's own estimate of its error from the pelvis, meters; None if it has none.
        clip_length: frames in a clip.
    """

    joints: np.ndarray
    truth: np.ndarray
    pixels: np.ndarray
    expected_errors: np.ndarray | None
    clip_length: int

    def errors(self) -> np.ndarray:
        """[N, 24] distances from the truth, pelvis on pelvis, meters."""
        return np.linalg.norm(root_aligned(self.joints, [0]) - root_aligned(self.truth, [0]), axis=-1)


@dataclass(frozen=True)
class Scores:
    """Errors on a set of clips: MPJPE and PA-MPJPE in mm, 2D in crop pixels, acceleration in mm / frame^2."""

    mpjpe: float
    pa: float
    pixels: float
    acceleration: float


def refine_frames(model: TAR, batch: ClipBatch, middles: Tensor, clip_length: int) -> list[PosedBody]:
    """The network's bodies of the frames `middles` of a batch of clips."""
    frames = model.encode_frames(batch.features, batch.camera)
    first = middles // clip_length * clip_length
    return model.decode_windows(frames, middles, first, first + clip_length - 1)


@torch.no_grad()
def predict(model: TAR, clips: FeatureClips, device: str = "cpu", maps: bool = True) -> Predictions:
    """The last iteration's joints on every frame of the clips."""
    model.eval()
    parts: list[tuple[Tensor, ...]] = []
    for start in range(0, len(clips), _CLIPS_AT_ONCE):
        batch = clips.batch(range(start, min(start + _CLIPS_AT_ONCE, len(clips))), maps=maps).to(device)
        everything = torch.arange(len(batch.poses), device=device)
        body = refine_frames(model, batch, everything, clips.clip_length)[-1]
        truth = batch.truth(model.body, everything)
        pixels = (body.joints_2d - truth.joints_2d).norm(dim=-1)
        expected = () if body.joint_errors is None else (body.joint_errors,)
        parts.append((body.points.joints, truth.joints, pixels, *expected))
    joints, target, distances, *errors = (torch.cat(part).cpu().numpy() for part in zip(*parts, strict=True))
    return Predictions(joints, target, distances, errors[0] if errors else None, clips.clip_length)


def score(predictions: Predictions) -> Scores:
    """Means over all frames, of the twelve limb joints that the benchmarks score."""
    joints, truth = predictions.joints[:, LIMB_JOINTS], predictions.truth[:, LIMB_JOINTS]
    moving, still = root_aligned(joints, LIMB_HIPS), root_aligned(truth, LIMB_HIPS)
    length = predictions.clip_length
    acceleration = [
        acceleration_error(moving[start : start + length], still[start : start + length])
        for start in range(0, len(joints), length)
    ]
    return Scores(
        mpjpe=float(mpjpe(joints, truth, LIMB_HIPS).mean()),
        pa=float(pa_mpjpe(joints, truth).mean()),
        pixels=float(predictions.pixels[:, LIMB_JOINTS].mean()),
        acceleration=float(np.concatenate(acceleration).mean()),
    )


def evaluate(model: TAR, clips: FeatureClips, device: str = "cpu", maps: bool = True) -> Scores:
    """`score` of `predict`."""
    return score(predict(model, clips, device, maps))


def reliability(expected: np.ndarray, errors: np.ndarray, groups: int = 10) -> list[tuple[float, float]]:
    """Mean expected and mean actual error of equally large groups, from the surest to the least sure.

    Args:
        expected, errors: [M] of single joints, any one unit.
    """
    order = np.argsort(expected)
    return [(float(expected[part].mean()), float(errors[part].mean())) for part in np.array_split(order, groups)]


def calibration_error(groups: Sequence[tuple[float, float]]) -> float:
    """Mean distance of the groups' actual from their expected errors, as a share of the actual ones' mean."""
    expected, actual = np.array(groups).T
    return float(np.abs(actual - expected).mean() / actual.mean())


def fit_calibration(expected: np.ndarray, errors: np.ndarray) -> tuple[float, float]:
    """(a, b) that make exp(a) s^b the likeliest scales of the errors, if those are exponentially distributed.

    Args:
        expected: [M] s of single joints; errors: [M] what came out; meters.
    """
    # In single precision the minimizer's small steps would change nothing.
    expected, errors = expected.astype(np.float64), errors.astype(np.float64)

    def loss(parameters: np.ndarray) -> float:
        log_scale = parameters[0] + parameters[1] * np.log(expected)
        return float((log_scale + errors * np.exp(-log_scale)).mean())

    shift, power = minimize(loss, np.array([0.0, 1.0])).x
    return float(shift), float(power)


def joint_errors_of(predictions: Predictions, clips: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Expected and actual errors [M] of all joints but the pelvis in the frames of some clips, meters."""
    assert predictions.expected_errors is not None
    rows = (clips[:, None] * predictions.clip_length + np.arange(predictions.clip_length)).ravel()
    return predictions.expected_errors[rows, 1:].ravel(), predictions.errors()[rows, 1:].ravel()


def calibrate(model: TAR, predictions: Predictions) -> Iterator[str]:
    """Sets the model's calibration by every second clip; the lines say how reliable it then is on the others."""
    if model.refinement.joint_errors is None or predictions.expected_errors is None:
        raise TarError("this network expects no errors; train one with joint_errors in its config")
    clips = np.arange(len(predictions.joints) // predictions.clip_length)
    (shift, power), (own_shift, own_power) = (
        fit_calibration(*joint_errors_of(predictions, clips[::2])),
        model.config.joint_error_calibration,
    )
    expected, errors = joint_errors_of(predictions, clips[1::2])
    after = np.exp(shift) * expected**power
    for name, values in (("before", expected), ("calibrated", after)):
        groups = reliability(1000 * values, 1000 * errors)
        table = ", ".join(f"{told:.0f}/{actual:.0f}" for told, actual in groups)
        yield f"{name:11}{100 * calibration_error(groups):4.0f} % off; expected/actual mm by tenths: {table}"
    # One calibration after the other: exp(shift) (exp(own_shift) s^own_power)^power.
    fitted = shift + power * own_shift, power * own_power
    model.config = replace(model.config, joint_error_calibration=fitted)
    model.refinement.joint_errors.calibration = fitted


def report(predictions: Predictions) -> Iterator[str]:
    """The lines of the table."""
    scores = score(predictions)
    yield f"{len(predictions.joints)} frames of {len(predictions.joints) // predictions.clip_length} clips"
    yield f"MPJPE {scores.mpjpe:.1f} mm, PA-MPJPE {scores.pa:.1f} mm, ACCEL {scores.acceleration:.1f} mm/frame^2"
    yield f"2D {scores.pixels:.1f} crop pixels, median {np.median(predictions.pixels[:, LIMB_JOINTS]):.1f}"
    errors = 1000 * predictions.errors()
    yield ""
    yield f"{'joint, from the pelvis':24}{'mean mm':>9}{'median mm':>11}"
    for joint in range(1, len(JOINT_NAMES)):
        yield f"{JOINT_NAMES[joint]:24}{errors[:, joint].mean():9.1f}{np.median(errors[:, joint]):11.1f}"
    if predictions.expected_errors is not None:
        groups = reliability(1000 * predictions.expected_errors[:, 1:].ravel(), errors[:, 1:].ravel())
        yield ""
        yield f"{'tenth of all joints':24}{'expected':>9}{'actual mm':>11}"
        for number, (expected, actual) in enumerate(groups, 1):
            yield f"{number:<24}{expected:9.1f}{actual:11.1f}"
        yield f"calibration error {100 * calibration_error(groups):.0f} %"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Score a network on synthetic clips.")
    parser.add_argument("--features", type=Path, required=True, help="folder that tar_core.datasets.features wrote")
    parser.add_argument("--checkpoint", type=Path, help="a network other than the default one")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument(
        "--calibrate", type=Path, metavar="OUT", help="write the network with its expected errors fitted to these clips"
    )
    options = parser.parse_args(arguments)
    try:
        model = load_tar(options.checkpoint, options.device)
        predictions = predict(model, FeatureClips(options.features), options.device)
        print("\n".join(report(predictions)))
        if options.calibrate:
            print("", *calibrate(model, predictions), sep="\n")
            save_tar(model, options.calibrate, half=False)
    except TarError as error:
        print(f"evaluation: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
