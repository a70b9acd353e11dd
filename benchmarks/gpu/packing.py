"""Makes one small file with the training data that the stages need: motions, garments, backgrounds, and real crops.

The file is for the machine with the GPU only: recordings and pictures have licenses of their own (docs/gpu.md).
"""

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from benchmarks.gpu.pack import MAX_BYTES
from scripts.assets import turn_garments
from tar_core.body.data import load_body
from tar_core.body.model import BodyModel
from tar_core.capture.networks import Networks
from tar_core.errors import TarError
from tar_core.files import atomic_path
from tar_core.options import CaptureOptions
from tar_core.people.tracker import PeopleTracker
from tar_core.synthetic.motions import Motion
from tar_core.synthetic.recordings import load_motions
from tar_core.video.reader import VideoReader

PHOTO_SIDE, PANORAMA_WIDTH = 720, 512  # pixels
REAL_SIDE, REAL_MARGIN = 320, 1.25  # pixels of a real crop, and its size relative to that of capture
REAL_STEP, REAL_COUNT = 4, 120  # frames of a video from one with crops to the next; crops of a video
# Of vertices and shape directions in meters, of skin weights, and of texture coordinates.
STEPS = {"v0": 2.0**-13, "sd": 2.0**-12, "w": 2.0**-7, "uv": 2.0**-10}
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 85]


def write_pack(path: Path, data: Path, pictures: Path, videos: Sequence[Path]) -> dict[str, int]:
    """Write the file.

    Args:
        path: the zip file to write.
        data: folder with motion/ (recordings) and body/ (garments.npz and the body that they were fitted to).
        pictures: folder of photographs and panoramas; as many are taken as there is room for.
        videos: of real people, for the crops.

    Returns:
        The size of each part, bytes.

    Raises:
        TarError: an input is missing, or there is no room for a single picture.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    rest = BodyModel(load_body()).rest_joints.double().numpy()
    parts = {
        "motions.npz": pack_motions(load_motions(*sorted((data / "motion").glob("*.tar*")), rest_joints=rest)),
        "garments.npz": pack_garments(data / "body"),
    }
    parts |= {
        f"real/{number:04}.jpg": crop for number, crop in enumerate(crop for v in videos for crop in real_crops(v))
    }
    room = MAX_BYTES - sum(len(content) + 200 for content in parts.values())
    for name, content in pack_pictures(pictures):
        if len(content) + 200 <= room:
            parts[f"backgrounds/{name}"] = content
            room -= len(content) + 200
    if not any(name.startswith("backgrounds/") and name.endswith(".jpg") for name in parts):
        raise TarError(
            f"{path}: no photograph of {pictures} fits into {MAX_BYTES} bytes; give smaller ones or fewer videos"
        )
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    groups = {name.split("/")[0] for name in parts}
    return {group: sum(len(c) for name, c in parts.items() if name.split("/")[0] == group) for group in sorted(groups)}


def pack_motions(motions: Sequence[Motion]) -> bytes:
    """Recordings as a compressed .npz file: poses as half floats, the rest in single precision."""
    arrays = {
        "names": np.array([motion.name for motion in motions]),
        "lengths": np.array([len(motion) for motion in motions]),
        "legs": np.array([np.nan if motion.legs is None else motion.legs for motion in motions]),
        "poses": np.concatenate([motion.poses for motion in motions]).astype(np.float16),
        "trans": np.concatenate([motion.trans for motion in motions]).astype(np.float32),
    }
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    return packed.getvalue()


def pack_garments(body: Path) -> bytes:
    """The garments, for the free body."""
    try:
        with np.load(body / "garments.npz") as garments, np.load(body / "free_smpl.npz") as earlier:
            turned = turn_garments.turn_garments(dict(garments), dict(earlier))
    except (OSError, KeyError, ValueError) as error:
        raise TarError(f"{body}: no usable garments.npz with its free_smpl.npz ({error})") from error
    packed = io.BytesIO()
    np.savez_compressed(packed, **{name: rounded(array, name.split("/")[1]) for name, array in turned.items()})
    return packed.getvalue()


def rounded(array: np.ndarray, kind: str) -> np.ndarray:
    """An array of a garment in steps that cannot be seen, so that it is packed better."""
    if kind not in STEPS:
        return array
    steps = np.round(array.astype(float) / STEPS[kind]) * STEPS[kind]
    if kind == "w":  # the weights of a vertex sum to 1
        steps[:, 0] = 1 - steps[:, 1:].sum(1)
    return steps.astype(array.dtype)


def pack_pictures(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Photographs and panoramas in turn, reduced: file names and contents."""
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    photos = [file for file in files if file.suffix.lower() in (".jpg", ".jpeg", ".png")]
    panoramas = [file for file in files if file.suffix.lower() in (".exr", ".hdr")]
    for number in range(max(len(photos), len(panoramas))):
        for file in (*photos[number : number + 1], *panoramas[number : number + 1]):
            is_photo = file in photos
            image = cv2.imread(str(file), cv2.IMREAD_COLOR if is_photo else cv2.IMREAD_UNCHANGED)
            if image is None:
                raise TarError(f"{file}: not a readable picture; remove it from the folder")
            scale = min(1.0, PHOTO_SIDE / max(image.shape[:2]) if is_photo else PANORAMA_WIDTH / image.shape[1])
            small = cv2.resize(image[..., :3], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            suffix, options = (".jpg", JPEG) if is_photo else (".hdr", [])
            yield file.stem + suffix, cv2.imencode(suffix, small, options)[1].tobytes()


def real_crops(video: Path) -> Iterator[bytes]:
    """Crops of the people in a video as JPEG files, with more of their surroundings than capture sees."""
    reader = VideoReader(video)
    networks = Networks.load(CaptureOptions(device="cpu"))
    tracker = PeopleTracker(networks.backbone, networks.detector, reader.fps, None, networks.movenet)
    count = 0
    for number, frame in enumerate(reader.frames()):
        if count >= REAL_COUNT:
            return
        for sighting in tracker.step(number, frame.image):
            if number % REAL_STEP == 0:
                count += 1
                crop = sighting.crop
                wide = replace(crop, size=crop.size * REAL_MARGIN, pixels=REAL_SIDE)
                yield cv2.imencode(".jpg", wide.cut(frame.image)[..., ::-1], JPEG)[1].tobytes()
