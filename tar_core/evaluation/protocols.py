"""How benchmarks score: which joints, aligned how, by which metrics. And what the paper reports there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from tar_core.body.model import BodyModel
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
    jitter,
    joint_angle_error,
    mpjpe,
    pa_joint_angle_error,
    pa_mpjpe,
    pa_vertex_error,
    root_aligned,
    vertex_error,
)
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import NUM_JOINTS, PARENTS

# What the tables call a metric. Millimeters; ACCEL mm / frame^2; MPJAE degrees; Jitter 10 m / s^3.
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
}
_FRAMES_AT_ONCE = 128  # whose meshes are in memory


@dataclass(frozen=True)
class Protocol:
    """One benchmark.

    Attributes:
        title: the data set and its part.
        joints: those that are scored, among Human3.6M's 17 (`regressed`) or SMPL's 24.
        root: those among them whose middle is moved to the origin.
        metrics: in the order of the table.
        regressed: the joints are read off the mesh by Human3.6M's regressor.
        paper: TAR's own numbers (arXiv 2311.09543, Table 1). Only what could be verified stands here.
    """

    title: str
    joints: Sequence[int]
    root: list[int]
    metrics: tuple[str, ...]
    regressed: bool = True
    paper: Mapping[str, float] = field(default_factory=dict)


PROTOCOLS = {
    "3dpw": Protocol(
        "3DPW, test",
        LSP14,
        LSP_HIPS,
        ("pa_mpjpe", "mpjpe", "pve", "accel"),
        paper={"pa_mpjpe": 40.6, "mpjpe": 62.7, "accel": 7.7},
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
    """SMPL's parameters of N consecutive frames in the camera's frame; the translation has no say in any metric.

    Attributes:
        body: that they belong to.
        poses: [N, 24, 3] axis-angle; betas: [N, 10].
    """

    body: BodyModel
    poses: np.ndarray
    betas: np.ndarray


@dataclass(frozen=True)
class Posed:
    """What can be scored of N frames, meters.

    Attributes:
        joints: [N, J, 3] the protocol's.
        skeleton: [N, 24, 3] SMPL's own; vertices: [N, V, 3]; rotations: [N, 24, 3, 3] of the joints in the camera's
            frame; None where joints were measured and no body was fitted.
    """

    joints: np.ndarray
    skeleton: np.ndarray | None = None
    vertices: np.ndarray | None = None
    rotations: np.ndarray | None = None


def pose(protocol: Protocol, fit: Fit, regressor: np.ndarray | None) -> Posed:
    """Puts parameters on their body.

    Args:
        regressor: [17, V] of Human3.6M's joints, for protocols that read theirs off the mesh.
    """
    rotations = torch.from_numpy(axis_angle_to_matrix(np.asarray(fit.poses, np.float32)))
    betas = torch.from_numpy(np.asarray(fit.betas, np.float32))
    with torch.no_grad():
        skeleton = fit.body(rotations, betas).joints.double().numpy()
        vertices = fit.body.vertices(rotations, betas).double().numpy()
    joints = skeleton if regressor is None else regressor @ vertices
    return Posed(joints[:, list(protocol.joints)], skeleton, vertices, global_rotations(rotations.double().numpy()))


def global_rotations(rotations: np.ndarray) -> np.ndarray:
    """[N, 24, 3, 3] relative to the parents -> in the camera's frame."""
    world = rotations.copy()
    for joint, parent in enumerate(PARENTS):
        if parent >= 0:
            world[:, joint] = world[:, parent] @ rotations[:, joint]
    return world


def score(
    protocol: Protocol, predicted: Fit, truth: Fit | np.ndarray, regressor: np.ndarray | None, fps: float
) -> dict[str, np.ndarray]:
    """The protocol's metrics on consecutive frames of one person: one value a frame, where a metric has one there.

    Args:
        truth: a fit, or the protocol's joints [N, J, 3] as they were measured.
        regressor: for protocols that need it, see `pose`.
        fps: frames a second.
    """
    parts: list[dict[str, np.ndarray]] = []
    joints: list[tuple[np.ndarray, np.ndarray]] = []
    skeletons: list[np.ndarray] = []
    for frames in _blocks(len(predicted.poses)):
        ours = pose(protocol, _part(predicted, frames), regressor)
        true = (
            Posed(truth[frames]) if isinstance(truth, np.ndarray) else pose(protocol, _part(truth, frames), regressor)
        )
        parts.append(frame_errors(protocol, ours, true))
        joints.append((ours.joints, true.joints))
        skeletons.append(ours.skeleton if ours.skeleton is not None else ours.joints)
    errors = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    moving, still = (root_aligned(np.concatenate(part), protocol.root) for part in zip(*joints, strict=True))
    errors["accel"] = acceleration_error(moving, still)
    errors["jitter"] = emdb_jitter(np.concatenate(skeletons), fps)
    return {name: errors[name] for name in protocol.metrics}


def frame_errors(protocol: Protocol, ours: Posed, true: Posed) -> dict[str, np.ndarray]:
    """The metrics that need one frame alone, [N] each."""
    errors = {
        "mpjpe": mpjpe(ours.joints, true.joints, protocol.root),
        "pa_mpjpe": pa_mpjpe(ours.joints, true.joints),
    }
    if true.vertices is None or ours.vertices is None or true.rotations is None or ours.rotations is None:
        return errors
    turned, target = ours.rotations[:, ANGLE_JOINTS], true.rotations[:, ANGLE_JOINTS]
    errors["pve"] = vertex_error(ours.vertices, true.vertices, ours.joints, true.joints, protocol.root)
    errors["pa_pve"] = pa_vertex_error(ours.vertices, true.vertices, ours.joints, true.joints)
    errors["mpjae"] = joint_angle_error(turned, target)
    errors["pa_mpjae"] = pa_joint_angle_error(turned, target, ours.joints, true.joints)
    return errors


def emdb_jitter(skeleton: np.ndarray, fps: float) -> np.ndarray:
    """Jitter as EMDB's script takes it: of SMPL's 24 joints without translation, those far from sensors at rest."""
    moving = np.zeros_like(skeleton)
    moving[:, JITTER_JOINTS] = skeleton[:, JITTER_JOINTS]
    return jitter(moving, fps)


def _blocks(count: int) -> Iterator[slice]:
    for start in range(0, count, _FRAMES_AT_ONCE):
        yield slice(start, start + _FRAMES_AT_ONCE)


def _part(fit: Fit, frames: slice) -> Fit:
    return Fit(fit.body, fit.poses[frames], fit.betas[frames])
