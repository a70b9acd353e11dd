"""Every size and switch of the network, in one place."""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from tar_core.errors import TarError

NUM_STATES = 26  # disentangled hidden states: global orientation, 23 joints, shape, camera
MAP_SIZE = 64  # cells along a side of the backbone's local map


@dataclass(frozen=True)
class TARConfig:
    """The network behind the backbone. The defaults are the paper's (arXiv 2311.09543) where it gives a number.

    Attributes:
        backbone: the name of the per-frame network.
        vector_size, map_channels: channels of its global vector f_t and of its local map m_t (64 x 64).
        window: T, consecutive frames that the encoders see; the middle one is predicted.
        far_frames: distances of frames beyond them, before and after the middle one, that the global encoder sees as
            well. Not in the paper.
        local_length: L, frames that the local encoder sees.
        local_size: S, the side of the maps inside the local encoder's ConvGRU: 64, 32, 16 or 8.
        local_channels: D, channels of the ConvGRU and of its output map.
        local_skip: adds the middle frame's own map (1 x 1 convolution) to the local encoder's output, so that a small
            S keeps fine detail. Not in the paper.
        local_concat: for S < 64 the local encoder's output convolution also sees the middle frame's own map. The
            paper's Table S3 has the cost of it: 4.8 GFLOPs in each row but S = 64's.
        global_width, global_layers, global_heads: the transformer's size.
        hidden: size of each of the 26 hidden states.
        markers: K, body markers at which the local map is sampled.
        marker_radius: r; windows are (2 r + 1) x (2 r + 1) cells.
        marker_width: features kept of each marker's window.
        context_width: size of the vector that all 26 GRUs share as input.
        iterations: refinement steps.
        landmark_residuals: each step also sees how far the projected body lies from the backbone's own 2D landmarks
            and its 3D estimate. Not in the paper.
        steady_landmarks: those landmarks are a parabola's through the window's, not the middle frame's own. Not in the
            paper.
        joint_errors: also predicts how far each joint may be off. Not in the paper.
        joint_error_calibration: (a, b) of those errors s in meters: exp(a) s^b is told instead. Fitted after training
            (`python -m tar_core.evaluation.synthetic --calibrate`), as a network is surer of what it has not seen than
            it should be.
        hidden_inputs: which of BlazePose's outputs the network does not see, for ablations: "pooled" features, the
            "map", the "depth" that it gives landmarks (its world landmarks and their z).
        use_global, use_local, use_refinement: the paper's ablation switches (GTE, LTE, RRM).
        dropout: in the global encoder, while training.
    """

    backbone: str
    vector_size: int
    map_channels: int
    window: int = 9
    far_frames: tuple[int, ...] = ()
    local_length: int = 5
    local_size: int = 64
    local_channels: int = 256
    local_skip: bool = False
    local_concat: bool = False
    global_width: int = 512
    global_layers: int = 4
    global_heads: int = 8
    hidden: int = 64
    markers: int = 26
    marker_radius: int = 3
    marker_width: int = 16
    context_width: int = 512
    iterations: int = 5
    landmark_residuals: bool = False
    steady_landmarks: bool = False
    joint_errors: bool = False
    joint_error_calibration: tuple[float, float] = (0.0, 1.0)
    hidden_inputs: tuple[str, ...] = ()
    use_global: bool = True
    use_local: bool = True
    use_refinement: bool = True
    dropout: float = 0.1

    def __post_init__(self) -> None:
        if self.window % 2 == 0 or self.local_length % 2 == 0:
            raise TarError("window and local_length must be odd: the middle frame is predicted")
        if self.local_length > self.window:
            raise TarError("local_length cannot exceed window")
        if any(distance <= self.window // 2 for distance in self.far_frames):
            raise TarError("far_frames must lie beyond the window")
        if set(self.hidden_inputs) - {"pooled", "map", "depth"}:
            raise TarError("hidden_inputs are among pooled, map and depth")
        if self.hidden_inputs and self.backbone != "blazepose":
            raise TarError("hidden_inputs are of the backbone blazepose only")
        if self.local_size not in (64, 32, 16, 8):
            raise TarError("local_size must be 64, 32, 16 or 8")

    @property
    def offsets(self) -> tuple[int, ...]:
        """The global encoder's frames in their order, from the middle one."""
        radius = self.window // 2
        far = sorted(self.far_frames)
        return (*(-distance for distance in reversed(far)), *range(-radius, radius + 1), *far)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "TARConfig":
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise TarError(
                f"checkpoint has settings this version doesn't know: {', '.join(sorted(unknown))}; update TAR"
            )
        known: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in values.items()}
        return cls(**known)


# The paper's network behind HRNet-W48 (its tables' dagger rows) and behind ResNet-50 (asterisk). `hidden` and
# `context_width` are those of ReFit, on which the refinement is modelled; with them the network costs what Table S3
# says (`tar_core/model/cost.py`).
PAPER = TARConfig(
    backbone="hrnet_w48",
    vector_size=2048,
    map_channels=256,
    local_concat=True,
    hidden=32,
    context_width=256,
)
TAR_R50 = replace(PAPER, backbone="resnet50")

# The network of the default checkpoint: small enough for two CPU cores, in training as in use.
TAR_S = TARConfig(
    backbone="blazepose",
    vector_size=1944,
    map_channels=48,
    local_size=16,
    local_channels=24,
    local_skip=True,
    global_width=256,
    global_heads=4,
    hidden=48,
    marker_radius=2,
    context_width=320,
    landmark_residuals=True,
    steady_landmarks=True,
    joint_errors=True,
    dropout=0.1,
)

CONFIGS = {"tar-s": TAR_S, "tar-w48": PAPER, "tar-r50": TAR_R50}
