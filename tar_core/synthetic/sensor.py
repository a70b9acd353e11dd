"""Degrades rendered images to crops of a video: occluders, the frame's border, and effects of cameras and codecs."""

from dataclasses import dataclass

import cv2
import numpy as np

from tar_core.camera.crop import CROP_SIZE, Crop, apply_affine, compose_affine
from tar_core.synthetic.backgrounds import Backgrounds


@dataclass(frozen=True)
class Occluder:
    """A flat object in front of the person, which drifts slowly across the frame.

    Attributes:
        pixels: [h, w, 4] uint8 RGBA.
        center: [2] position in the middle frame, frame pixels.
        drift: [2] frame pixels per frame.
        size: length of the longer side, frame pixels.
        roll: radians.
    """

    pixels: np.ndarray
    center: np.ndarray
    drift: np.ndarray
    size: float
    roll: float

    def draw(self, image: np.ndarray, crop: Crop, frame: int) -> np.ndarray:
        """Draw the object into the image [256, 256, 3] of a crop.

        Args:
            frame: number of the frame, counted from the middle frame.
        """
        height, width = self.pixels.shape[:2]
        scale = self.size / max(height, width)
        cosine, sine = scale * np.cos(self.roll), scale * np.sin(self.roll)
        linear = np.array([[cosine, -sine], [sine, cosine]])
        center = self.center + frame * self.drift
        placement = np.column_stack([linear, center - linear @ [(width - 1) / 2, (height - 1) / 2]])
        matrix = compose_affine(crop.from_image_matrix(), placement)
        layer = cv2.warpAffine(self.pixels, matrix, (CROP_SIZE, CROP_SIZE), flags=cv2.INTER_LINEAR)
        alpha = layer[..., 3:].astype(np.float32) / 255
        return (image * (1 - alpha) + layer[..., :3] * alpha).astype(np.uint8)


def sample_occluders(random: np.random.Generator, backgrounds: Backgrounds, crop: Crop) -> list[Occluder]:
    """Draw one or two occluders, cut from photographs, in the middle frame's crop."""
    occluders = []
    for _ in range(random.integers(1, 3)):
        width, height = (int(side) for side in random.integers(24, 128, 2))
        color = backgrounds.patch(random, (width, height))
        mask = np.zeros((height, width), np.uint8)
        if random.random() < 0.5:
            cv2.ellipse(mask, (width // 2, height // 2), (width // 2 - 1, height // 2 - 1), 0, 0, 360, (255,), -1)
        else:
            corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) + random.uniform(-0.25, 0.25, (4, 2))
            cv2.fillConvexPoly(mask, (np.clip(corners, 0.02, 0.98) * [width, height]).astype(np.int32), (255,))
        center = crop.to_image(random.uniform(15, CROP_SIZE - 15, 2))
        drift = random.normal(size=2) * 0.006 * crop.size
        size = crop.size * max(width, height) / CROP_SIZE
        occluders.append(Occluder(np.dstack([color, mask]), center, drift, size, random.normal() * 0.4))
    return occluders


def repeat_border(image: np.ndarray, crop: Crop, size: tuple[int, int]) -> np.ndarray:
    """Replace the part of a crop outside the frame by the frame's border pixels, as `Crop.cut` does.

    Args:
        image: [256, 256, 3] of the crop.
        size: width and height of the frame, pixels.
    """
    limits = np.array(size) - 1
    y, x = np.mgrid[0:CROP_SIZE, 0:CROP_SIZE]
    frame = crop.to_image(np.stack([x, y], -1).astype(float))
    inside = np.clip(frame, 0, limits)
    if np.array_equal(inside, frame):
        return image
    source = apply_affine(crop.from_image_matrix(), inside).astype(np.float32)
    return cv2.remap(image, source[..., 0], source[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


@dataclass(frozen=True)
class Sensor:
    """The effects of a camera and codec on every frame of a clip.

    Attributes:
        blur: standard deviation, crop pixels.
        motion: [2] half the vector of the motion blur, crop pixels; zero for none.
        gain: [3] factors on the colors.
        gamma: exponent.
        noise: standard deviation, gray levels.
        quality: of JPEG compression.
    """

    blur: float
    motion: np.ndarray
    gain: np.ndarray
    gamma: float
    noise: float
    quality: int

    @classmethod
    def sample(cls, random: np.random.Generator) -> "Sensor":
        """Draw the effects of a random camera and codec."""
        motion = np.zeros(2)
        if random.random() < 0.12:
            angle = random.uniform(0, np.pi)
            motion = random.uniform(1, 3) * np.array([np.cos(angle), np.sin(angle)])
        return cls(
            blur=random.uniform(0.4, 1.1),
            motion=motion,
            gain=np.exp(random.normal() * 0.1 + random.normal(size=3) * 0.04),
            gamma=float(np.exp(random.normal() * 0.12)),
            noise=float(abs(random.normal()) * 3),
            quality=int(random.uniform(50, 96)),
        )

    def expose(self, random: np.random.Generator, image: np.ndarray, frame_pixels: float) -> np.ndarray:
        """Apply the effects to an image [256, 256, 3] uint8.

        Args:
            frame_pixels: width of the crop in frame pixels; below 256, detail is lost.
        """
        if frame_pixels < CROP_SIZE:
            side = max(16, round(frame_pixels))
            image = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
            image = cv2.resize(image, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_LINEAR)
        image = cv2.GaussianBlur(image, (0, 0), self.blur)
        if self.motion.any():
            image = cv2.filter2D(image, -1, _motion_kernel(self.motion))
        table = (255 * np.clip((np.arange(256)[:, None] / 255) ** self.gamma * self.gain, 0, 1)).astype(np.float32)
        image = table[image, np.arange(3)] + random.standard_normal(image.shape, np.float32) * self.noise
        pixels = np.clip(image + 0.5, 0, 255).astype(np.uint8)
        _, data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, self.quality])
        return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])


def _motion_kernel(motion: np.ndarray) -> np.ndarray:
    """Make the convolution kernel of motion blur: a line from -`motion` to `motion` ([2], crop pixels)."""
    radius = int(np.ceil(np.abs(motion).max()))
    kernel = np.zeros((2 * radius + 1, 2 * radius + 1), np.float32)
    for t in np.linspace(-1, 1, 4 * radius + 1):
        x, y = np.round(radius + t * motion).astype(int)
        kernel[y, x] += 1
    return kernel / kernel.sum()
