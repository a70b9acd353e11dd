#version 330
in vec2 texture_position;
uniform sampler2D base_color;
uniform float alpha_cut;

void main() {
    if (texture(base_color, texture_position).a < alpha_cut) discard;
}
