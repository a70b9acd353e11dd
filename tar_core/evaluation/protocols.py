"""Benchmark protocols: the joints, alignment and metrics of each benchmark, and the paper's results on it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from tar_core.body.model import BodyModel
from tar_core.cleanup.kinematics import jitter
from tar_core.datasets.joints import (
    ANGLE_JOINTS,
    JITTER_JOINTS,
    LIMB_HIPS,
    LIMB_JOINTS,
    LSP14,
    LSP_HIPS,
    MPI17,
    MPI_PELVIS,
    SMPL_HIPS,
)
from tar_core.evaluation.metrics import (
    acceleration_error,
    joint_angle_error,
    mpjpe,
    pa_joint_angle_error,
    pa_mpjpe,
    pa_vertex_error,
    root_aligned,
    vertex_error,
)
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import NUM_JOINTS, global_rotations

# Column titles of the metrics. Units: millimeters; ACCEL in mm / frame^2, MPJAE in degrees, Jitter in 10 m / s^3,
# RTE in percent.
TITLES = {
    "pa_mpjpe": "PA-MPJPE",
    "mpjpe": "MPJPE",
    "pve": "PVE",
    "pa_pve": "PA-PVE",
    "accel": "ACCEL",
    "abs": "ABS",
    "mpjae": "MPJAE",
    "pa_mpjae": "PA-MPJAE",
    "jitter": "Jitter",
    "wa_mpjpe": "WA-MPJPE",
    "w_mpjpe": "W-MPJPE",
    "rte": "RTE",
}
_FRAMES_PER_BLOCK = 128  # frames whose meshes are in memory at the same time


@dataclass(frozen=True)
class Protocol:
    """One benchmark.

    Attributes:
        title: the dataset and its part.
        joints: indices of the scored joints among Human3.6M's 17 (if `regressed`) or SMPL's 24.
        root: indices among the scored joints; their mean is moved to the origin.
        metrics: names of the metrics in the order of the table.
        regressed: whether the joints are computed from the mesh by Human3.6M's regressor.
    """

    title: str
    joints: Sequence[int]
    root: list[int]
    metrics: tuple[str, ...]
    regressed: bool = True


PROTOCOLS = {
    "3dpw": Protocol(
        "3DPW, test",
        LSP14,
        LSP_HIPS,
        ("pa_mpjpe", "mpjpe", "pve", "accel"),
    ),
    "mpi-inf-3dhp": Protocol("MPI-INF-3DHP, test", MPI17, MPI_PELVIS, ("pa_mpjpe", "mpjpe", "accel")),
    "h36m-p2": Protocol("Human3.6M, protocol 2", LSP14, LSP_HIPS, ("pa_mpjpe", "mpjpe", "accel")),
    "emdb1": Protocol(
        "EMDB 1",
        range(NUM_JOINTS),
        SMPL_HIPS,
        ("mpjpe", "pa_mpjpe", "pve", "pa_pve", "mpjae", "pa_mpjae", "jitter"),
        regressed=False,
    ),
    "synthetic": Protocol(
        "synthetic test", LIMB_JOINTS, LIMB_HIPS, ("pa_mpjpe", "mpjpe", "pve", "accel"), regressed=False
    ),
}


@dataclass(frozen=True)
class Fit:
    """SMPL parameters of N consecutive frames in camera coordinates. No metric depends on the translation.

    Attributes:
        body: the body that the parameters belong to.
        poses: [N, 24, 3] axis-angle.
        betas: [N, 10].
    """

    body: BodyModel
    poses: np.ndarray
    betas: np.ndarray


@dataclass(frozen=True)
class Posed:
    """Joints and meshes of N frames, meters. Only `joints` is set if the joints were measured without a body.

    Attributes:
        joints: [N, J, 3] the joints that the protocol scores.
        skeleton: [N, 24, 3] SMPL's joints.
        vertices: [N, V, 3].
        rotations: [N, 24, 3, 3] global rotations of the joints in camera coordinates.
    """

    joints: np.ndarray
    skeleton: np.ndarray | None = None
    vertices: np.ndarray | None = None
    rotations: np.ndarray | None = None


def pose(protocol: Protocol, fit: Fit, regressor: np.ndarray | None) -> Posed:
    """Pose the body.

    Args:
        regressor: [17, V] Human3.6M's joint regressor if the protocol needs it.
    """
    rotations = torch.from_numpy(axis_angle_to_matrix(np.asarray(fit.poses, np.float32)))
    betas = torch.from_numpy(np.asarray(fit.betas, np.float32))
    with torch.no_grad():
        skeleton = fit.body(rotations, betas).joints.double().numpy()
        vertices = fit.body.vertices(rotations, betas).double().numpy()
    joints = skeleton if regressor is None else regressor @ vertices
    return Posed(joints[:, list(protocol.joints)], skeleton, vertices, global_rotations(rotations.double().numpy()))


def score(
    protocol: Protocol, predicted: Fit, truth: Fit | np.ndarray, regressor: np.ndarray | None, fps: float
) -> dict[str, np.ndarray]:
    """Compute the protocol's metrics on N consecutive frames of one person.

    Args:
        truth: the true SMPL parameters, or the protocol's joints [N, J, 3] if they were measured.
        regressor: see `pose`.
        fps: frames per second.

    Returns:
        Values by metric, one for each frame; "accel" has N - 2 values and "jitter" N - 3.
    """
    parts: list[dict[str, np.ndarray]] = []
    joints: list[tuple[np.ndarray, np.ndarray]] = []
    skeletons: list[np.ndarray] = []
    for frames in _blocks(len(predicted.poses)):
        posed = pose(protocol, _part(predicted, frames), regressor)
        target = (
            Posed(truth[frames]) if isinstance(truth, np.ndarray) else pose(protocol, _part(truth, frames), regressor)
        )
        parts.append(frame_errors(protocol, posed, target))
        joints.append((posed.joints, target.joints))
        skeletons.append(posed.skeleton if posed.skeleton is not None else posed.joints)
    errors = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    aligned, aligned_truth = (root_aligned(np.concatenate(part), protocol.root) for part in zip(*joints, strict=True))
    errors["accel"] = acceleration_error(aligned, aligned_truth)
    errors["jitter"] = emdb_jitter(np.concatenate(skeletons), fps)
    return {name: errors[name] for name in protocol.metrics}


def frame_errors(protocol: Protocol, posed: Posed, target: Posed) -> dict[str, np.ndarray]:
    """Compute the metrics of single frames, [N] each; those of meshes and rotations only if both sides have them."""
    errors = {
        "mpjpe": mpjpe(posed.joints, target.joints, protocol.root),
        "pa_mpjpe": pa_mpjpe(posed.joints, target.joints),
    }
    if target.vertices is None or posed.vertices is None or target.rotations is None or posed.rotations is None:
        return errors
    rotations, target_rotations = posed.rotations[:, ANGLE_JOINTS], target.rotations[:, ANGLE_JOINTS]
    errors["pve"] = vertex_error(posed.vertices, target.vertices, posed.joints, target.joints, protocol.root)
    errors["pa_pve"] = pa_vertex_error(posed.vertices, target.vertices, posed.joints, target.joints)
    errors["mpjae"] = joint_angle_error(rotations, target_rotations)
    errors["pa_mpjae"] = pa_joint_angle_error(rotations, target_rotations, posed.joints, target.joints)
    return errors


def emdb_jitter(skeleton: np.ndarray, fps: float) -> np.ndarray:
    """Jitter as EMDB's script computes it: SMPL's 24 joints without translation, all but JITTER_JOINTS at zero."""
    joints = np.zeros_like(skeleton)
    joints[:, JITTER_JOINTS] = skeleton[:, JITTER_JOINTS]
    return jitter(joints, fps)


def _blocks(count: int) -> Iterator[slice]:
    for start in range(0, count, _FRAMES_PER_BLOCK):
        yield slice(start, start + _FRAMES_PER_BLOCK)


def _part(fit: Fit, frames: slice) -> Fit:
    return Fit(fit.body, fit.poses[frames], fit.betas[frames])
