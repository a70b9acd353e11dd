"""The recipes of the world benchmark's videos.

Motions of `cmu/005_*` are from the subject that training never sees. All other recordings and all key poses are seen by
training, with other people, cameras and variations; `Recipe.held_out` says which is which.
"""

import hashlib
import json
import zlib
from dataclasses import asdict, dataclass, replace

from tar_core.synthetic.splits import TEST_COLLECTION

LANDSCAPE, PORTRAIT = (1280, 720), (720, 1280)
RENDERER_VERSION = 1  # raise it to render all videos again after a change of the renderer


@dataclass(frozen=True)
class Actor:
    """A person of a video.

    Attributes:
        motion: formula, see benchmarks/world/motions.py.
        yaw: degrees; 0 moves towards the camera (recordings move along +z), 90 to the image's right, 180 away.
        place: (x, z) of the middle of the path, meters; z towards the camera.
        first: first frame of the motion that is used.
    """

    motion: str
    yaw: float = 0.0
    place: tuple[float, float] = (0.0, 0.0)
    first: int = 0


@dataclass(frozen=True)
class Recipe:
    """A video.

    Attributes:
        kind: of motion, for the table.
        frames: number of frames at 30 fps.
        distance, height: of the camera, meters; it stands at (aside, height, distance).
        aim: height above the floor that the camera looks at.
        lens: focal length over the image's diagonal.
        seed: of bodies, clothes, backdrop and shake.
    """

    name: str
    kind: str
    actors: tuple[Actor, ...]
    frames: int = 150
    distance: float = 5.0
    height: float = 1.5
    aim: float = 0.9
    aside: float = 0.0
    roll: float = 0.0
    lens: float = 0.8
    size: tuple[int, int] = LANDSCAPE
    movement: str = "static"
    backdrop: str = "room"
    seed: int = 0

    @property
    def held_out(self) -> bool:
        """Whether training has seen none of the motions."""
        terms = [term for actor in self.actors for term in actor.motion.split("+")]
        return all(TEST_COLLECTION in term for term in terms)

    @property
    def digest(self) -> str:
        """Hash of everything that the video depends on."""
        text = json.dumps([RENDERER_VERSION, asdict(self)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


WALK = "cmu/005_01"


def recipes() -> tuple[Recipe, ...]:
    """All videos, each with a seed of its own that depends on its name alone."""
    return tuple(replace(recipe, seed=zlib.crc32(recipe.name.encode())) for recipe in _RECIPES)


# fmt: off
_RECIPES = (
    Recipe("walk_across", "walk", (Actor(WALK, 90),), distance=6.0),
    Recipe("walk_towards", "walk", (Actor(WALK, 0),), distance=6.5, lens=1.1, backdrop="field:park"),
    Recipe("walk_high_camera", "walk", (Actor(WALK, 20),), distance=4.8, height=3.0, roll=8, lens=0.65),
    Recipe(
        "walk_portrait", "walk", (Actor(WALK, 40),),
        distance=6.5, size=PORTRAIT, movement="handheld", backdrop="city", lens=0.75,
    ),
    Recipe("back_view", "back view", (Actor(WALK, 180),), distance=5.0, movement="pan", backdrop="bpy_courtyard"),
    Recipe(
        "back_view_dance", "back view", (Actor("cmu/005_13", 180),),
        frames=240, distance=4.5, lens=0.9, backdrop="warehouse",
    ),
    Recipe(
        "crossing", "crossing", (Actor(WALK, 90, (0, 0.5)), Actor(WALK, -90, (0, -0.5))),
        distance=6.0, lens=0.75,
    ),
    Recipe(
        "crossing_handheld", "crossing", (Actor(WALK, 80, (0, 0.8)), Actor("cmu/005_07", -75, (0.3, -1.0))),
        distance=6.5, movement="handheld", backdrop="field:esplanade", lens=0.7,
    ),
    Recipe(
        "side_by_side", "touching", (Actor(WALK, 15, (-0.24, 0)), Actor(WALK, 15, (0.24, 0))),
        distance=6.0, lens=0.9, backdrop="hall",
    ),
    Recipe(
        "hold", "touching", (Actor("made/hold", 80, (-0.35, 0)), Actor("made/hold", -100, (0.35, 0))),
        distance=4.0, lens=0.8,
    ),
    Recipe(
        "enter_leave", "enter and leave", (Actor(WALK, 90),),
        distance=4.6, lens=1.35, backdrop="field:bpy_forest",
    ),
    Recipe(
        "enter_leave_run", "enter and leave", (Actor("deepmimic/run*2", -90),),
        frames=120, distance=6.5, lens=0.85, backdrop="esplanade",
    ),
    Recipe("cut_walk", "cut at the knees", (Actor(WALK, 70),), distance=3.1, aim=1.25, lens=0.62),
    Recipe(
        "cut_dance", "cut at the knees", (Actor("cmu/005_12", 0),),
        frames=200, distance=2.6, aim=1.2, lens=0.75, backdrop="lobby",
    ),
    Recipe("spin_dance", "spin", (Actor("cmu/005_11", 20),), frames=145, distance=4.5, backdrop="bpy_interior"),
    Recipe(
        "spin_fast", "spin", (Actor("deepmimic/dance_spin*2", 0),),
        frames=180, distance=4.2, movement="handheld", lens=0.7,
    ),
    Recipe(
        "leap", "jump", (Actor("cmu/005_17", 75),),
        frames=240, distance=6.0, movement="pan", backdrop="field:bpy_sunrise", lens=0.9,
    ),
    Recipe("jump", "jump", (Actor("deepmimic/jump*2", 50),), frames=200, distance=6.5, height=1.2),
    Recipe(
        "run_across", "run", (Actor("deepmimic/run*2", 90),),
        frames=150, distance=8.0, movement="pan", lens=1.0, backdrop="park",
    ),
    Recipe(
        "run_towards", "run", (Actor("deepmimic/jog*2", 0),),
        frames=130, distance=9.5, height=1.7, lens=1.2, backdrop="field:bpy_city",
    ),
    Recipe("kick", "kick", (Actor("deepmimic/kick+deepmimic/spinkick", 60),), frames=170, distance=4.5, lens=0.7),
    Recipe(
        "throw", "serve or throw", (Actor("cmu/006_15", 30),),
        frames=137, distance=4.2, height=2.4, roll=-6, movement="handheld", lens=0.6,
    ),
    Recipe(
        "serve", "serve or throw", (Actor("made/serve", -35),),
        frames=160, distance=5.5, size=PORTRAIT, backdrop="field:StinsonBeach", aim=1.0,
    ),
    Recipe("sit_down", "sit down", (Actor("made/sit_down", 35),), frames=150, distance=4.0),
    Recipe(
        "get_up", "get up", (Actor("hold30:deepmimic/getup_faceup", 70),),
        frames=140, distance=4.5, backdrop="workshop", lens=0.9,
    ),
    Recipe(
        "get_up_facedown", "get up", (Actor("hold40:deepmimic/getup_facedown", 30),),
        frames=130, distance=4.2, movement="handheld",
    ),
    Recipe("crawl", "crawl", (Actor("deepmimic/crawl", 50),), frames=170, distance=4.2, aim=0.5, movement="handheld"),
    Recipe(
        "lie", "lie", (Actor("made/lie", 65),),
        frames=205, distance=4.5, aim=0.6, backdrop="field:dawn", height=1.8,
    ),
    Recipe(
        "floor_exercise", "lie", (Actor("made/floor_exercise", 60),),
        frames=180, distance=4.2, aim=0.5, height=1.6, lens=0.7,
    ),
    Recipe(
        "cartwheel_dance", "cartwheel", (Actor("cmu/005_06", 60),),
        frames=150, distance=5.5, backdrop="hall", lens=0.8,
    ),
    Recipe(
        "cartwheel", "cartwheel", (Actor("deepmimic/cartwheel", 10),),
        frames=150, distance=6.0, movement="pan", backdrop="field:venice", lens=0.8,
    ),
    Recipe(
        "arms_crossed", "stand", (Actor("made/stand_arms", 15),),
        frames=140, distance=4.0, backdrop="apartment", lens=1.0, roll=4,
    ),
)
# fmt: on
