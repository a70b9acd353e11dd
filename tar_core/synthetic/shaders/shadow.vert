#version 330
#include "skinning.glsl"
in vec2 uv;
uniform mat4 light_from_world;
out vec2 texture_position;

void main() {
    texture_position = uv;
    gl_Position = light_from_world * skinning() * vec4(rest_position, 1.0);
}
