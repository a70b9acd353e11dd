"""MPI-INF-3DHP (Mehta et al., 3DV 2017): the training set with NeuralAnnot's SMPL fits, and the official test set.

    ROOT/MPI-INF-3DHP_1k.json                COCO-style lists `images` and `annotations`
    ROOT/MPI-INF-3DHP_camera_1k.json         by subject, sequence, camera: R, t (mm), focal, princpt
    ROOT/MPI-INF-3DHP_SMPL_NeuralAnnot.json  by subject, sequence, frame: pose, shape, trans
    ROOT/images_1k/S1/Seq1/imageSequence/<file name>

    ROOT/mpi_inf_3dhp_test_set/TS1/imageSequence/img_000001.jpg ... and TS1/annot_data.mat, to TS6

The test set has no SMPL parameters, only 17 joints. Its .mat files are HDF5 and need the package h5py. As in SPIN's,
VIBE's and TCMR's tables, only frames with all joints inside the image count.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from tar_core.body.data import BodyData
from tar_core.datasets.joints import H36M_NAMES
from tar_core.datasets.neuralannot import Frame, build_sequence, group_images
from tar_core.datasets.sequence import PersonSequence, layout_error, read_json, require
from tar_core.errors import TarError

SPLITS = ("train", "test")
FPS = 25.0
DOWNLOAD_HINT = (
    "for training follow github.com/mks0601/NeuralAnnot_RELEASE (MPI-INF-3DHP's data and SMPL parameters); for the test"
    " download mpi_inf_3dhp_test_set from vcai.mpi-inf.mpg.de/3dhp-dataset; put both into one folder"
)

_TEST_JOINTS = (  # the joints in the order of the test set's files
    *("head_top", "neck", "right_shoulder", "right_elbow", "right_wrist"),
    *("left_shoulder", "left_elbow", "left_wrist"),
    *("right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle"),
    *("pelvis", "spine", "head"),
)
_ORDER = [_TEST_JOINTS.index(name) for name in H36M_NAMES]
# Focal length in pixels and image size, from the test set's camera description. TS1 to TS4 were recorded in a studio
# with one camera, TS5 and TS6 outdoors with another.
_STUDIO, _OUTDOORS = (1499.2054687744, (2048, 2048)), (1683.98345952, (1920, 1080))


def sequences(root: Path, split: str, bodies: Mapping[str, BodyData]) -> Iterator[PersonSequence]:
    """Read each sequence of the split; those of `train` once for each camera.

    Args:
        split: one of SPLITS.
        bodies: the SMPL bodies by gender; the neutral one is used.
    """
    yield from _train(root, bodies) if split == "train" else _test(root)


def _train(root: Path, bodies: Mapping[str, BodyData]) -> Iterator[PersonSequence]:
    prefix = root / "MPI-INF-3DHP"
    parts = ("1k", "camera_1k", "SMPL_NeuralAnnot")
    data, cameras, fits = (read_json(prefix.with_name(f"{prefix.name}_{part}.json"), DOWNLOAD_HINT) for part in parts)
    try:
        groups = group_images(data["images"], ("subject_idx", "seq_idx", "cam_idx"))
        for (subject, part, camera), images in groups.items():
            sequence_fits = fits[str(subject)][str(part)]
            folder = root / "images_1k" / f"S{subject}" / f"Seq{part}" / "imageSequence"
            frames = [
                Frame(
                    image["frame_idx"],
                    folder / image["file_name"],
                    (image["width"], image["height"]),
                    sequence_fits[str(image["frame_idx"])],
                )
                for image in images
                if str(image["frame_idx"]) in sequence_fits
            ]
            if frames:
                calibration = cameras[str(subject)][str(part)][str(camera)]
                focal_length, center = calibration["focal"], calibration["princpt"]
                name = f"S{subject}_Seq{part}_{camera}"
                yield build_sequence(name, frames, calibration, focal_length, center, FPS, bodies)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise layout_error(prefix.with_name(f"{prefix.name}_1k.json"), error) from error


def _test(root: Path) -> Iterator[PersonSequence]:
    try:
        import h5py
    except ImportError as error:
        raise TarError("the test set's .mat files need the package h5py; run: pip install h5py") from error
    for number in range(1, 7):
        folder = root / "mpi_inf_3dhp_test_set" / f"TS{number}"
        path = require(folder / "annot_data.mat", DOWNLOAD_HINT)
        try:
            with h5py.File(path) as file:
                image_points, world, valid = (np.array(file[key]) for key in ("annot2", "univ_annot3", "valid_frame"))
            focal_length, size = _STUDIO if number <= 4 else _OUTDOORS
            pixels = image_points.reshape(-1, 17, 2)[:, _ORDER].astype(float)
            inside = ((pixels >= 0) & (pixels < size)).all((1, 2))
            yield PersonSequence(
                name=f"TS{number}",
                images=[folder / "imageSequence" / f"img_{frame + 1:06d}.jpg" for frame in range(len(image_points))],
                fps=FPS,
                focal_length=focal_length,
                principal_point=(np.array(size) - 1) / 2,
                frame_size=size,
                gender="neutral",
                poses=None,
                betas=None,
                trans=None,
                valid=valid.ravel().astype(bool) & inside,
                joints=world.reshape(-1, 17, 3)[:, _ORDER] / 1000,
                joints_2d=pixels,
            )
        except (OSError, KeyError, IndexError, TypeError, ValueError) as error:
            raise layout_error(path, error) from error
