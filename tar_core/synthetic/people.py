"""Random people for the renderer: skin, hair and clothes of a given body shape."""

import colorsys
from dataclasses import replace
from pathlib import Path

import numpy as np

from tar_core.synthetic.garments import Outfit, Textures, Wardrobe
from tar_core.synthetic.meshes import SkinnedMesh, split_seams, strongest_influences
from tar_core.synthetic.renderer import Material, Part

# Albedo of skin (linear RGB) from light to dark.
SKIN_TONES = np.array(
    [
        [0.60, 0.42, 0.33],
        [0.55, 0.37, 0.27],
        [0.50, 0.33, 0.23],
        [0.44, 0.28, 0.18],
        [0.36, 0.22, 0.13],
        [0.28, 0.165, 0.095],
        [0.20, 0.115, 0.065],
        [0.135, 0.078, 0.045],
        [0.085, 0.05, 0.032],
        [0.055, 0.034, 0.024],
    ]
)
# sRGB, from black to blond, then gray, red and white.
_HAIR_TONES = (
    np.array(
        [
            [20, 16, 14],
            [40, 28, 20],
            [70, 45, 28],
            [110, 75, 45],
            [160, 120, 75],
            [190, 160, 110],
            [120, 120, 120],
            [95, 40, 20],
            [200, 200, 195],
        ]
    )
    / 255.0
)
_IRISES = np.array([[0.05, 0.03, 0.02], [0.02, 0.05, 0.09], [0.03, 0.06, 0.03]])
_EYES = range(14598, 14742)  # vertices of both eyeballs in MakeHuman's base mesh
_LUMINANCE = np.array([0.3, 0.59, 0.11])


class People:
    """Generates random people from a body, garments and textures.

    Args:
        body_file: the free body (`v_template`, `shapedirs`, `J_regressor`, `weights`, `f`, `vt`, `ft`, `base_index`).
        garments: the garments file, see `Wardrobe`.
        textures: folder of MakeHuman's assets, see `Textures`, or None.
    """

    def __init__(self, body_file: Path, garments: Path, textures: Path | None = None):
        data = np.load(body_file)
        self.joint_template = data["J_regressor"].astype(float) @ data["v_template"]
        self.joint_shapedirs = np.einsum("jv,vck->jck", data["J_regressor"].astype(float), data["shapedirs"])
        vertex, texture, faces = split_seams(data["f"].astype(int), data["ft"].astype(int))
        joints, weights = strongest_influences(data["weights"].astype(float))
        self.body = SkinnedMesh(
            name="body",
            template=data["v_template"][vertex].astype(float),
            shapedirs=data["shapedirs"][vertex].astype(float),
            joints=joints[vertex],
            weights=weights[vertex],
            uv=data["vt"][texture].astype(float),
            regions=np.zeros(len(vertex)),
            faces=faces,
        )
        base_index = data["base_index"][vertex]
        self.wardrobe = Wardrobe(garments, self.body, base_index)
        self.textures = Textures(textures)
        self._eyes = is_eye(base_index)

    def joints(self, betas: np.ndarray) -> np.ndarray:
        """[24, 3] joints of a body shape in the T-pose."""
        return self.joint_template + self.joint_shapedirs @ betas

    def sample(self, random: np.random.Generator, betas: np.ndarray) -> list[Part]:
        """Dress a person of the given shape at random."""
        # The first shape directions correlate with sex; the noise allows exceptions.
        masculinity = 0.7 * betas[0] - 0.6 * betas[1] - 0.3 * betas[2] + random.normal() * 0.4
        sex = "male" if masculinity > 0 else "female"
        outfit = self.wardrobe.dress(random, sex)
        hair_color = sample_hair_color(random)
        parts = [self._body_part(random, outfit, betas, sex, hair_color)]
        palette, pattern = _clothes_colors(random)
        for mesh in outfit.clothes:
            parts.append(_part(mesh, betas, self._cloth(random, mesh.name.split("/")[0], palette, pattern)))
        if outfit.shoes:
            shoe_palette = np.tile(palette[9:12] * 0.5, (4, 1))
            material = self._cloth(random, outfit.shoes.name, shoe_palette, np.zeros((4, 4)))
            parts.append(_part(outfit.shoes, betas, replace(material, specular=0.08, gloss=30.0, wrinkles=0.0)))
        if outfit.hair:
            parts.append(_part(outfit.hair, betas, self._hair(outfit.hair.name, hair_color)))
        return parts

    def _body_part(
        self, random: np.random.Generator, outfit: Outfit, betas: np.ndarray, sex: str, hair_color: np.ndarray
    ) -> Part:
        paint = face_paint(random, self.body.template, self._eyes, hair_color)
        skins = self.textures.skin_names(sex)
        if skins:
            name = str(random.choice(skins))
            gain = random.uniform(0.8, 1.15) * np.array([1, random.uniform(0.95, 1.05), random.uniform(0.9, 1.1)])
            material = Material(name, self.textures.skin(name), np.diag(gain), specular=0.07, gloss=14.0)
        else:
            tone = SKIN_TONES[random.integers(len(SKIN_TONES))] * random.uniform(0.85, 1.1)
            material = Material(palette=np.tile(tone, (12, 1)), specular=0.06, gloss=14.0)
        return replace(_part(outfit.body, betas, material), paint=paint)

    def _cloth(self, random: np.random.Generator, name: str, palette: np.ndarray, pattern: np.ndarray) -> Material:
        """The garment's texture with shifted colors, or a procedural pattern."""
        image = self.textures.garment(name)
        wrinkles = random.uniform(0.3, 1.2)
        if image is None or random.random() < 0.35:
            return Material(palette=palette, pattern=pattern, specular=0.02, gloss=8.0, wrinkles=wrinkles)
        return Material(name, image, _recolor(random), alpha_cut=0.4, specular=0.02, gloss=8.0, wrinkles=wrinkles)

    def _hair(self, name: str, color: np.ndarray) -> Material:
        image = self.textures.garment(name)
        if image is None:
            return Material(palette=np.tile(color, (12, 1)), specular=0.12, gloss=30.0, wrinkles=1.0)
        opaque = image[..., 3] > 100
        mean = (np.maximum(image[opaque][:, :3], 1) / 255.0).astype(float) ** 2.2
        # Keep the texture's brightness variation in the person's hair color.
        tint = np.outer(color, _LUMINANCE) / max(float((mean @ _LUMINANCE).mean()), 1e-3)
        return Material(name, image, tint, alpha_cut=0.35, specular=0.12, gloss=30.0)


def sample_hair_color(random: np.random.Generator) -> np.ndarray:
    """Draw a color of hair [3], linear RGB."""
    return np.asarray(_HAIR_TONES[random.integers(len(_HAIR_TONES))] ** 2.2 * random.uniform(0.6, 1.3))


def is_eye(base_index: np.ndarray) -> np.ndarray:
    """Whether vertices of MakeHuman's base mesh [V] belong to the eyeballs."""
    return np.isin(base_index, _EYES)


def face_paint(
    random: np.random.Generator, template: np.ndarray, eyes: np.ndarray, hair_color: np.ndarray
) -> np.ndarray:
    """Paint [V, 4] of white eyes with irises and of eyebrows, which landmark networks rely on.

    Args:
        template: [V, 3] vertices of the mean shape in the T-pose.
        eyes: [V] whether a vertex belongs to an eyeball.
        hair_color: [3] linear RGB.
    """
    paint = np.zeros((len(template), 4))
    iris = _IRISES[random.integers(len(_IRISES))] * random.uniform(0.5, 1.5)
    for side in (1, -1):
        eye = eyes & (np.sign(template[:, 0]) == side)
        center = template[eye].mean(0)
        offset = template - center
        paint[eye] = [0.55, 0.53, 0.5, 1.0]
        paint[eye & (np.hypot(offset[:, 0], offset[:, 1]) < 0.0075) & (offset[:, 2] > 0)] = [*iris, 1.0]
        outward = side * offset[:, 0]
        height = offset[:, 1] - 0.019 + 0.1 * np.abs(outward - 0.004)
        brow = (outward > -0.016) & (outward < 0.024) & (np.abs(height) < 0.0045) & (offset[:, 2] > 0) & ~eye
        paint[brow] = [*(hair_color * 0.6), 0.75]
    return paint


def _part(mesh: SkinnedMesh, betas: np.ndarray, material: Material) -> Part:
    vertices = mesh.shaped(betas)
    return Part(mesh, vertices, mesh.normals(vertices), material)


def _random_color(random: np.random.Generator) -> np.ndarray:
    """Draw a color of cloth (linear RGB), mostly muted."""
    color = colorsys.hsv_to_rgb(random.random(), random.beta(1.2, 2.2), random.beta(1.6, 1.6) * 0.85 + 0.04)
    return np.array(color) ** 2.2


def _clothes_colors(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw the palette [12, 3] and patterns [4, 4] of an outfit in the format of person.frag."""
    palette = np.stack([_random_color(random) for _ in range(12)])
    pattern = np.zeros((4, 4))
    for row in pattern:
        kind = random.choice(7, p=[0.45, 0.14, 0.1, 0.06, 0.08, 0.07, 0.1])
        low, high = {1: (8, 45), 2: (8, 45), 3: (15, 40)}.get(int(kind), (6, 30))
        angle = random.choice([0, np.pi / 2, random.uniform(0, np.pi)])
        row[:] = kind, random.uniform(low, high), angle, random.uniform(-0.1, 0.15)
    if random.random() < 0.4:  # dark trousers
        palette[3] = np.array([0.02, 0.03, 0.08]) * random.uniform(0.5, 4)
        pattern[1, 0] = 0
    return palette, pattern


def _recolor(random: np.random.Generator) -> np.ndarray:
    """Draw a color matrix [3, 3] that changes hue (rotation about the gray axis), saturation and brightness."""
    gray = np.ones(3) / np.sqrt(3)
    angle = random.uniform(-np.pi, np.pi) if random.random() < 0.7 else 0.0
    cross = np.array([[0, -gray[2], gray[1]], [gray[2], 0, -gray[0]], [-gray[1], gray[0], 0]])
    hue = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    saturation = random.uniform(0.3, 1.5)
    mix = saturation * np.eye(3) + (1 - saturation) / 3
    return np.exp(random.normal() * 0.45) * mix @ hue
