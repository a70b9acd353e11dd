"""Configuration of the network: sizes and switches."""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any, get_args, get_origin

from tar_core.errors import TarError

NUM_STATES = 26  # disentangled hidden states: global orientation, 23 joints, shape, camera
BLAZEPOSE = "blazepose"  # the only backbone with landmarks
MAP_SIZE = 64  # width and height of the backbone's local map
MAX_SIZE = 8192  # of any number of the configuration; a checkpoint may come from anywhere
_SMALLER = {
    "global_layers": 64,
    "iterations": 64,
    "markers": 67,
    "marker_radius": 16,
    "window": 513,
    "local_length": 65,
}


@dataclass(frozen=True)
class TARConfig:
    """Configuration of the network without its backbone. Defaults are the values given in the paper (arXiv 2311.09543).

    The names of the attributes are stored in checkpoints.

    Attributes:
        backbone: name of the per-frame network.
        vector_size, map_channels: number of channels of the backbone's global vector f_t and local map m_t (64 x 64).
        window: T, number of consecutive frames in a window; the result is for the middle one.
        far_frames: distances of additional frames before and after the middle one, for the global encoder. Not in the
            paper.
        local_length: L, number of frames for the local encoder.
        local_size: S, width and height of the maps in the local encoder's ConvGRU: 64, 32, 16 or 8.
        local_channels: D, number of channels of the ConvGRU and of its output.
        local_skip: add a 1 x 1 convolution of the middle frame's map to the output of the local encoder, so that fine
            detail is kept with a small S. Not in the paper.
        local_concat: for S < 64, the middle frame's map is another input of the local encoder's output convolution.
            Inferred from the paper's Table S3: it costs 4.8 GFLOPs in each row except S = 64.
        global_width, global_layers, global_heads: size of the transformer.
        hidden: H, size of each of the 26 hidden states.
        markers: K, number of body markers at which the local map is sampled.
        marker_radius: r; windows have (2 r + 1) x (2 r + 1) cells.
        marker_width: number of features computed from each marker's window.
        context_width: size of the vector that is the shared input of the 26 GRUs.
        iterations: number of refinement steps.
        landmark_residuals: the differences between the body and the backbone's 2D and 3D landmarks are another input
            of each refinement step. Not in the paper.
        steady_landmarks: use the values of a parabola fitted to the landmarks in the window (see `landmark_fit.py`)
            instead of the landmarks of the middle frame. Not in the paper.
        joint_errors: also estimate the error of each joint. Not in the paper.
        joint_error_calibration: (a, b); the estimated errors are exp(a) s^b for the network's output s, meters. Fitted
            after training (`python -m tar_core.evaluation.synthetic --calibrate`), since the network underestimates
            errors on data that it was not trained on.
        hidden_inputs: outputs of BlazePose that are hidden from the network, for ablations: "pooled" (features), "map",
            "depth" (world landmarks, and the z of landmarks).
        use_global, use_local, use_refinement: switches for the paper's ablations of GTE, LTE and RRM.
        dropout: dropout rate in the global encoder.

    Raises:
        TarError: a value has the wrong type or is out of range, or the values contradict each other.
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
        for field in fields(self):
            _check_value(field.name, field.type, getattr(self, field.name))
        if self.global_width % self.global_heads:
            raise TarError("network configuration: global_width must be a multiple of global_heads")
        if self.window % 2 == 0 or self.local_length % 2 == 0:
            raise TarError("network configuration: window and local_length must be odd numbers")
        if self.local_length > self.window:
            raise TarError("network configuration: local_length must be at most window")
        if any(distance <= self.window // 2 for distance in self.far_frames):
            raise TarError("network configuration: far_frames must be outside the window")
        if set(self.hidden_inputs) - {"pooled", "map", "depth"}:
            raise TarError("network configuration: hidden_inputs must be pooled, map or depth")
        for name in ("landmark_residuals", "steady_landmarks", "joint_errors", "hidden_inputs"):
            if getattr(self, name) and self.backbone != BLAZEPOSE:
                raise TarError(f"network configuration: {name} needs the backbone {BLAZEPOSE}")
        if len(self.joint_error_calibration) != 2:
            raise TarError("network configuration: joint_error_calibration must be two numbers")
        if self.local_size not in (64, 32, 16, 8):
            raise TarError("network configuration: local_size must be 64, 32, 16 or 8")

    @property
    def offsets(self) -> tuple[int, ...]:
        """Offsets of the global encoder's frames from the middle frame, in increasing order."""
        radius = self.window // 2
        far = sorted(self.far_frames)
        return (*(-distance for distance in reversed(far)), *range(-radius, radius + 1), *far)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Any) -> "TARConfig":
        """Read the configuration in a checkpoint, the inverse of `to_dict`.

        Raises:
            TarError: it is not a dictionary, a setting is missing or unknown, or a value is invalid.
        """
        if not isinstance(values, dict) or not {"backbone", "vector_size", "map_channels"} <= set(values):
            raise TarError("network configuration: it needs at least backbone, vector_size and map_channels")
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise TarError(
                f"the checkpoint has unknown settings: {', '.join(sorted(unknown))}; update TAR to the latest version"
            )
        known: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in values.items()}
        return cls(**known)


def _check_value(name: str, kind: Any, value: Any) -> None:
    """Check the type and the range of a setting of the type `kind`."""
    is_tuple = get_origin(kind) is tuple
    kind = get_args(kind)[0] if is_tuple else kind
    limit = _SMALLER.get(name, MAX_SIZE)
    if is_tuple and not isinstance(value, tuple):
        raise TarError(f"network configuration: {name} must be a list, not {str(value)[:40]}")
    for entry in value if is_tuple else (value,):
        if kind is int:
            is_valid = type(entry) is int and 0 < entry <= limit
        elif kind is float:
            is_valid = isinstance(entry, int | float) and not isinstance(entry, bool) and abs(entry) <= MAX_SIZE
        else:
            is_valid = isinstance(entry, kind)
        if not is_valid:
            expected = {int: f"a whole number from 1 to {limit}", float: "a number", bool: "true or false", str: "text"}
            raise TarError(f"network configuration: {name} must be {expected[kind]}, not {str(entry)[:40]}")


# The paper's network with HRNet-W48 (rows with a dagger in its tables) and with ResNet-50 (rows with an asterisk).
# `hidden` and `context_width` are those of ReFit, on which the refinement is based; with them, the cost of the network
# is that in Table S3 (`tar_core/model/cost.py`).
PAPER = TARConfig(
    backbone="hrnet_w48",
    vector_size=2048,
    map_channels=256,
    local_concat=True,
    hidden=32,
    context_width=256,
)
TAR_R50 = replace(PAPER, backbone="resnet50")

# The network of the default checkpoint: small enough for training and inference on two CPU cores.
TAR_S = TARConfig(
    backbone=BLAZEPOSE,
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
