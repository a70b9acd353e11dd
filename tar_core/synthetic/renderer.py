"""Renders a skinned, dressed and lit person with OpenGL through EGL, on a GPU or with Mesa, without a window.

The world is y up, in meters; cameras follow OpenCV's convention. Images have row 0 at the top, because the projection
flips y (see `clip_from_camera`).
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tar_core.camera.crop import CROP_CENTER, CROP_SIZE, Crop
from tar_core.errors import TarError
from tar_core.skeleton import SMPLH_JOINT_NAMES
from tar_core.synthetic.meshes import SkinnedMesh

_SHADERS = Path(__file__).parent / "shaders"
_NEAR, _FAR = 0.05, 100.0
_PALETTE, _PATTERNS = 12, 4  # sizes of the arrays in person.frag


@dataclass(frozen=True)
class Material:
    """The appearance of a surface.

    Attributes:
        texture: name under which the renderer caches `image`; None for procedural patterns.
        image: [H, W, 4] uint8 RGBA, sRGB.
        tint: [3, 3] matrix applied to the texture's linear color.
        alpha_cut: texels with less alpha are transparent.
        palette: [12, 3] colors of the procedural patterns, see person.frag.
        pattern: [4, 4] parameters of the procedural patterns, see person.frag.
        specular, gloss: strength and exponent of the Blinn-Phong highlight.
        wrinkles: strength of the noise on the normals.
    """

    texture: str | None = None
    image: np.ndarray | None = None
    tint: np.ndarray = field(default_factory=lambda: np.eye(3))
    alpha_cut: float = 0.0
    palette: np.ndarray = field(default_factory=lambda: np.full((_PALETTE, 3), 0.5))
    pattern: np.ndarray = field(default_factory=lambda: np.zeros((_PATTERNS, 4)))
    specular: float = 0.03
    gloss: float = 12.0
    wrinkles: float = 0.0


@dataclass(frozen=True)
class Part:
    """A mesh with the shape, paint and material of one person.

    Attributes:
        mesh: skin weights, faces and texture coordinates.
        vertices, normals: [V, 3] of the person's shape in the T-pose.
        material: of the surface.
        paint: [V, 4] linear color over the material, and its opacity; or None.
    """

    mesh: SkinnedMesh
    vertices: np.ndarray
    normals: np.ndarray
    material: Material
    paint: np.ndarray | None = None


@dataclass(frozen=True)
class Lighting:
    """A sun and ambient light.

    Attributes:
        sun_direction: [3] unit vector toward the sun, world coordinates.
        sun_color: [3] radiance of a white surface that faces the sun.
        ambient: [9, 3] spherical harmonics, in the order of person.frag, of a white surface's radiance in ambient
            light.
        exposure: factor on the radiance in the image.
    """

    sun_direction: np.ndarray
    sun_color: np.ndarray
    ambient: np.ndarray
    exposure: float = 1.0


@dataclass(frozen=True)
class Ground:
    """The floor below a person, which is invisible except for the shadow on it.

    Attributes:
        center: [3] world coordinates.
        darkness: opacity of a full shadow.
        softness: blur of the shadow's edge, texels of the shadow map.
    """

    center: np.ndarray
    darkness: float
    softness: float = 1.5


def crop_projection(crop: Crop, focal_length: float, principal_point: np.ndarray) -> np.ndarray:
    """Compute the camera matrix [3, 3] of a crop, from camera coordinates to homogeneous crop pixels.

    Args:
        focal_length, principal_point: of the whole frame's camera, pixels.
    """
    camera = np.array([[focal_length, 0, principal_point[0]], [0, focal_length, principal_point[1]], [0, 0, 1]])
    return np.vstack([crop.from_image_matrix(), [0, 0, 1]]) @ camera


def clip_from_camera(projection: np.ndarray) -> np.ndarray:
    """Convert a crop's camera matrix [3, 3] to an OpenGL projection [4, 4].

    y points down in clip space, so that row 0 of the framebuffer is the top of the image.
    """
    x, y, w = projection
    # The crop extends from -0.5 to 255.5 in pixel coordinates.
    half = CROP_SIZE / 2
    result = np.zeros((4, 4))
    result[0, :3] = (x - CROP_CENTER * w) / half
    result[1, :3] = (y - CROP_CENTER * w) / half
    result[2, 2] = (_FAR + _NEAR) / (_FAR - _NEAR)
    result[2, 3] = -2 * _FAR * _NEAR / (_FAR - _NEAR)
    result[3, :3] = w
    return result


def light_from_world(direction: np.ndarray, center: np.ndarray, radius: float) -> np.ndarray:
    """Compute the orthographic projection [4, 4] of a sphere as seen from the sun.

    Args:
        direction: [3] unit vector toward the sun.
        center, radius: of the sphere, world coordinates.
    """
    side = np.cross([0.0, 1.0, 0.0], direction)
    side /= np.linalg.norm(side) + 1e-9
    view = np.eye(4)
    view[:3, :3] = side, np.cross(direction, side), direction
    view[:3, 3] = -view[:3, :3] @ center
    return np.diag([1 / radius, 1 / radius, -0.5 / radius, 1.0]) @ view


class PersonRenderer:
    """Renders one person at a time: call `dress` once for each person and `render` once for each frame.

    Args:
        supersampling: factor by which images are rendered larger and then averaged down.
        shadow_size: side of the shadow map, texels.
        image_size: side of the rendered images, pixels; whole frames of a video need more than a crop.

    Raises:
        TarError: EGL or OpenGL 3.3 is not available.
    """

    def __init__(self, supersampling: int = 1, shadow_size: int = 512, image_size: int = CROP_SIZE):
        try:
            import moderngl

            # moderngl's type stubs do not know the argument.
            self._context: Any = moderngl.create_context(standalone=True, backend="egl", require=330)  # type: ignore[arg-type]
        except Exception as error:  # moderngl raises bare Exceptions if the EGL library or driver is missing
            raise TarError(f"cannot render: no OpenGL 3.3 with EGL ({error}); install libegl1 and a driver") from error
        self._gl = moderngl
        context = self._context
        self._image_size = image_size
        self._side = image_size * supersampling
        self._person = self._program("person")
        self._shadow = self._program("shadow")
        self._floor = self._program("ground")
        self._target = context.framebuffer(
            [context.renderbuffer((self._side, self._side), 4)], context.depth_renderbuffer((self._side, self._side))
        )
        self._shadow_map = context.depth_texture((shadow_size, shadow_size))
        self._shadow_map.compare_func = "<="
        self._shadow_map.filter = (moderngl.LINEAR, moderngl.LINEAR)
        self._shadow_map.repeat_x = self._shadow_map.repeat_y = False
        self._shadow_buffer = context.framebuffer(depth_attachment=self._shadow_map)
        self._bones = context.buffer(reserve=len(SMPLH_JOINT_NAMES) * 64)
        for program in (self._person, self._shadow):
            program["Bones"].binding = 0
        corners = np.array([-1, -1, 1, -1, -1, 1, 1, 1], "f4")
        self._floor_array = context.vertex_array(self._floor, [(context.buffer(corners), "2f", "corner")])
        self._noise = self._noise_texture()
        self._white = context.texture((1, 1), 4, b"\xff" * 4)
        self._textures: dict[str, Any] = {}
        self._meshes: dict[tuple[int, int], tuple[Any, Any, Any]] = {}
        self._geometries: dict[int, tuple[SkinnedMesh, Any, Any]] = {}
        self._parts: list[Part] = []

    @property
    def driver(self) -> str:
        """The name of what draws: a GPU, or Mesa's llvmpipe on the CPU."""
        return str(self._context.info["GL_RENDERER"])

    def dress(self, parts: list[Part]) -> None:
        """Set the person to render next."""
        self._parts = parts
        with self._context:  # another renderer's context may be current
            for part in parts:
                dynamic, _, _ = self._arrays(part.mesh)
                paint = part.paint if part.paint is not None else np.zeros((len(part.vertices), 4))
                dynamic.write(np.concatenate([part.vertices, part.normals, paint], 1).astype("f4").tobytes())

    def render(
        self,
        bones: np.ndarray,
        camera_from_world: np.ndarray,
        projection: np.ndarray,
        lighting: Lighting,
        ground: Ground | None = None,
    ) -> np.ndarray:
        """Render the person in one frame.

        Args:
            bones: [24, 4, 4] transforms of the joints from the T-pose to the world; [52, 4, 4] of a body with fingers.
            camera_from_world: [4, 4].
            projection: [3, 3] from camera coordinates to crop pixels (`crop_projection`).

        Returns:
            [image_size, image_size, 4] uint8: sRGB premultiplied by alpha; alpha is the coverage, or the darkness of
            the shadow.
        """
        with self._context:
            self._draw(bones, camera_from_world, projection, lighting, ground)
            pixels = np.frombuffer(self._target.read(components=4, alignment=1), np.uint8)
        image = pixels.reshape(self._side, self._side, 4)
        if self._side == self._image_size:
            return image.copy()
        return cv2.resize(image, (self._image_size, self._image_size), interpolation=cv2.INTER_AREA)

    def depth(self) -> np.ndarray:
        """Depth buffer [side, side] of the last rendered frame, 0 (near) to 1 (far); 1 where the person is not.

        `side` is the image size times the supersampling.
        """
        with self._context:
            pixels = np.frombuffer(self._target.read(attachment=-1, components=1, dtype="f4", alignment=1), np.float32)
        return pixels.reshape(self._side, self._side)

    def _draw(
        self,
        bones: np.ndarray,
        camera_from_world: np.ndarray,
        projection: np.ndarray,
        lighting: Lighting,
        ground: Ground | None,
    ) -> None:
        """Render the shadow map, then the shadow on the floor and the person into the framebuffer."""
        context, gl = self._context, self._gl
        # GLSL matrices are column-major.
        self._bones.write(bones.transpose(0, 2, 1).astype("f4").tobytes())
        self._bones.bind_to_uniform_block(0)
        center = bones[0, :3, 3] + bones[0, :3, :3] @ self._parts[0].vertices.mean(0)
        to_light = light_from_world(lighting.sun_direction, center, 1.35)
        to_clip = clip_from_camera(projection) @ camera_from_world
        eye = -camera_from_world[:3, :3].T @ camera_from_world[:3, 3]

        context.enable_only(gl.DEPTH_TEST)
        self._shadow_buffer.use()
        self._shadow_buffer.clear()
        _set(self._shadow, light_from_world=to_light.T, base_color=0)
        for part in self._parts:
            self._texture(part.material).use(0)
            _set(self._shadow, alpha_cut=part.material.alpha_cut)
            self._arrays(part.mesh)[2].render()

        self._target.use()
        self._target.clear()
        self._shadow_map.use(1)
        self._noise.use(2)
        if ground is not None:
            context.enable_only(gl.NOTHING)
            _set(self._floor, clip_from_world=to_clip.T, light_from_world=to_light.T, shadow_map=1, radius=3.0)
            _set(self._floor, center=ground.center, darkness=ground.darkness, softness=ground.softness)
            self._floor_array.render(gl.TRIANGLE_STRIP)
        context.enable_only(gl.DEPTH_TEST)
        _set(self._person, clip_from_world=to_clip.T, light_from_world=to_light.T, eye=eye)
        _set(self._person, sun_direction=lighting.sun_direction, sun_color=lighting.sun_color)
        _set(self._person, ambient=lighting.ambient, exposure=lighting.exposure)
        _set(self._person, base_color=0, shadow_map=1, noise=2)
        for part in self._parts:
            material = part.material
            self._texture(material).use(0)
            _set(self._person, patterned=float(material.texture is None), tint=material.tint.T)
            _set(self._person, alpha_cut=material.alpha_cut, palette=material.palette, pattern=material.pattern)
            _set(self._person, specular=material.specular, gloss=material.gloss, wrinkles=material.wrinkles)
            self._arrays(part.mesh)[1].render()

    def _program(self, name: str) -> Any:
        """Compile a vertex and a fragment shader."""
        sources = [(_SHADERS / f"{name}.{stage}").read_text() for stage in ("vert", "frag")]
        skinning = (_SHADERS / "skinning.glsl").read_text()
        vertex, fragment = (source.replace('#include "skinning.glsl"', skinning) for source in sources)
        return self._context.program(vertex_shader=vertex, fragment_shader=fragment)

    def _arrays(self, mesh: SkinnedMesh) -> tuple[Any, Any, Any]:
        """The buffer of a mesh's shape, and the vertex arrays for it and its shadow.

        Meshes that differ only in their faces (a body under different clothes) share their buffers.
        """
        geometry = id(mesh.template)
        context = self._context
        if geometry not in self._geometries:
            static = np.concatenate([mesh.joints, mesh.weights, mesh.uv, mesh.regions[:, None]], 1).astype("f4")
            dynamic = context.buffer(reserve=len(mesh.template) * 40, dynamic=True)
            self._geometries[geometry] = (mesh, dynamic, context.buffer(static.tobytes()))
        _, dynamic, fixed = self._geometries[geometry]
        key = geometry, id(mesh.faces)
        if key not in self._meshes:
            indices = context.buffer(mesh.faces.astype("i4").tobytes())
            person = context.vertex_array(
                self._person,
                [
                    (dynamic, "3f 3f 4f", "rest_position", "rest_normal", "paint"),
                    (fixed, "4f 4f 2f 1f", "joints", "weights", "uv", "region"),
                ],
                indices,
            )
            shadow = context.vertex_array(
                self._shadow,
                [(dynamic, "3f 28x", "rest_position"), (fixed, "4f 4f 2f 4x", "joints", "weights", "uv")],
                indices,
            )
            # Keep a reference to `mesh`, so that its ids are not reused.
            self._meshes[key] = (mesh, person, shadow)
        _, person, shadow = self._meshes[key]
        return dynamic, person, shadow

    def _texture(self, material: Material) -> Any:
        """The texture of a material, white if it has none."""
        if material.texture is None or material.image is None:
            return self._white
        if material.texture not in self._textures:
            height, width = material.image.shape[:2]
            flipped = np.ascontiguousarray(material.image[::-1])
            texture = self._context.texture((width, height), 4, flipped.tobytes())
            texture.build_mipmaps()
            texture.filter = (self._gl.LINEAR_MIPMAP_NEAREST, self._gl.LINEAR)
            self._textures[material.texture] = texture
        return self._textures[material.texture]

    def _noise_texture(self, side: int = 32) -> Any:
        """Make a [32, 32, 32] tiling noise texture: white noise in red, four octaves of fractal noise in green."""
        random = np.random.default_rng(0)
        white = random.random((side, side, side))
        fractal = np.zeros_like(white)
        for octave, cells in enumerate((4, 8, 16, 32)):
            values = random.random((cells, cells, cells))
            positions = np.arange(side) * cells / side
            for axis in range(3):
                below = positions.astype(int)
                fraction = (positions - below).reshape([-1 if k == axis else 1 for k in range(3)])
                lower, upper = (np.take(values, (below + k) % cells, axis) for k in (0, 1))
                values = lower * (1 - fraction) + upper * fraction
            fractal += 0.5 ** (octave + 1) * values
        pixels = (np.stack([white, fractal], -1) * 255).astype(np.uint8)
        texture = self._context.texture3d((side, side, side), 2, pixels.tobytes(), alignment=1)
        texture.filter = (self._gl.LINEAR, self._gl.LINEAR)
        return texture


def _set(program: Any, **uniforms: Any) -> None:
    """Set uniforms by name; arrays in memory order. Uniforms that the driver optimized away are skipped."""
    for name, value in uniforms.items():
        if name not in program:
            continue
        if isinstance(value, np.ndarray):
            program[name].write(np.ascontiguousarray(value, "f4").tobytes())
        else:
            program[name].value = bool(value) if name == "patterned" else value
