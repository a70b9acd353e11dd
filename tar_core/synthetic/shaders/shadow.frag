#version 330
in vec2 texture_position;
uniform sampler2D base_colour;
uniform float alpha_cut;

void main() {
    if (texture(base_colour, texture_position).a < alpha_cut) discard;
}
