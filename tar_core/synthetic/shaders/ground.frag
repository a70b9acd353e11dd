#version 330
in vec4 light_position;
in vec2 offset;
out vec4 color;
uniform sampler2DShadow shadow_map;
uniform float darkness;
uniform float softness;   // texels between samples

void main() {
    vec3 q = light_position.xyz * 0.5 + 0.5;
    float texel = softness / float(textureSize(shadow_map, 0).x), lit = 0.0;
    for (int i = -2; i <= 2; i++)
        for (int j = -2; j <= 2; j++)
            lit += texture(shadow_map, vec3(q.xy + vec2(i, j) * texel, q.z - 0.004));
    lit /= 25.0;
    if (any(lessThan(q, vec3(0.0))) || any(greaterThan(q, vec3(1.0)))) lit = 1.0;
    // Premultiplied black: only darkens the background.
    color = vec4(0.0, 0.0, 0.0, (1.0 - lit) * darkness * (1.0 - smoothstep(0.5, 1.0, length(offset))));
}
