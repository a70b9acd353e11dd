#version 330
in vec2 corner;   // -1..1
uniform mat4 clip_from_world;
uniform mat4 light_from_world;
uniform vec3 center;
uniform float radius;
out vec4 light_position;
out vec2 offset;

void main() {
    offset = corner;
    vec4 world = vec4(center + radius * vec3(corner.x, 0.0, corner.y), 1.0);
    light_position = light_from_world * world;
    gl_Position = clip_from_world * world;
}
