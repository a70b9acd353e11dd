#version 330
#include "skinning.glsl"
in vec3 rest_normal;
in vec4 paint;   // color over the material, and its opacity
in vec2 uv;
in float region;
uniform mat4 clip_from_world;
uniform mat4 light_from_world;
out vec3 world_position;
out vec3 world_normal;
out vec3 cloth_position;   // patterns are fixed to the T-pose
out vec4 light_position;
out vec4 over;
out vec2 texture_position;
flat out int scheme;

void main() {
    mat4 pose = skinning();
    vec4 world = pose * vec4(rest_position, 1.0);
    world_position = world.xyz;
    world_normal = mat3(pose) * rest_normal;
    cloth_position = rest_position;
    light_position = light_from_world * world;
    over = paint;
    texture_position = uv;
    scheme = int(region + 0.5);
    gl_Position = clip_from_world * world;
}
