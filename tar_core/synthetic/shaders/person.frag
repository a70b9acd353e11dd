#version 330
in vec3 world_position;
in vec3 world_normal;
in vec3 cloth_position;
in vec4 light_position;
in vec4 over;
in vec2 texture_position;
flat in int scheme;
out vec4 color;

uniform sampler2D base_color;
uniform sampler2DShadow shadow_map;
uniform sampler3D noise;            // r: white noise, g: fractal noise; tiles
uniform bool patterned;             // albedo from patterns instead of the texture
uniform mat3 tint;                  // applied to the texture's linear color
uniform float alpha_cut;            // texels with less alpha are transparent
uniform vec3 palette[12];           // three colors for each of four schemes
uniform vec4 pattern[4];            // kind, frequency (1/m), angle (radians), height of the division (m)
uniform float specular;
uniform float gloss;
uniform float wrinkles;             // strength of the noise on the normal
uniform vec3 eye;
uniform vec3 sun_direction;
uniform vec3 sun_color;
uniform vec3 ambient[9];            // spherical harmonics of the irradiance / pi
uniform float exposure;

float white(vec3 p) { return texture(noise, p / 32.0).r; }
float fractal(vec3 p) { return texture(noise, p / 8.0).g; }

vec3 cloth(int k) {
    vec3 a = palette[3 * k], b = palette[3 * k + 1], c = palette[3 * k + 2];
    float kind = pattern[k].x, frequency = pattern[k].y, angle = pattern[k].z;
    vec3 p = cloth_position;
    vec2 q = vec2(cos(angle) * p.x + sin(angle) * p.y, cos(angle) * p.y - sin(angle) * p.x);
    vec3 result = a;
    if (kind < 0.5) {
        result = a;
    } else if (kind < 1.5) {          // stripes
        result = mix(a, b, smoothstep(0.45, 0.55, abs(fract(q.y * frequency) * 2.0 - 1.0)));
    } else if (kind < 2.5) {          // checks
        float u = step(0.6, fract(q.x * frequency)), v = step(0.6, fract(q.y * frequency));
        result = mix(mix(a, b, 0.5 * (u + v)), c, 0.6 * step(0.92, fract(q.x * frequency * 0.5 + 0.3)));
    } else if (kind < 3.5) {          // dots
        result = mix(b, a, smoothstep(0.22, 0.26, length(fract(q * frequency) - 0.5)));
    } else if (kind < 4.5) {          // batik
        result = mix(a, b, smoothstep(0.4, 0.6, fractal(p * frequency * 0.6) * 1.1));
    } else if (kind < 5.5) {          // camouflage
        result = mix(mix(a, b, step(0.42, fractal(p * frequency * 0.5))), c,
                     step(0.55, fractal(p * frequency * 0.8 + 7.0)));
    } else {                          // two halves
        result = p.y > pattern[k].w ? b : a;
    }
    return result * (0.86 + 0.28 * fractal(p * 28.0) + 0.08 * (white(p * 420.0) - 0.5));
}

vec3 irradiance(vec3 n) {
    return max(ambient[0] + ambient[1] * n.y + ambient[2] * n.z + ambient[3] * n.x + ambient[4] * n.x * n.y
             + ambient[5] * n.y * n.z + ambient[6] * (3.0 * n.z * n.z - 1.0) + ambient[7] * n.x * n.z
             + ambient[8] * (n.x * n.x - n.y * n.y), vec3(0.01));
}

float sunlit(float facing) {
    if (facing <= 0.0) return 0.0;
    vec3 q = light_position.xyz * 0.5 + 0.5;
    float bias = 0.0025 + 0.004 * (1.0 - facing), texel = 1.0 / float(textureSize(shadow_map, 0).x), sum = 0.0;
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++)
            sum += texture(shadow_map, vec3(q.xy + (vec2(i, j) - 0.5) * 1.3 * texel, q.z - bias));
    return 0.25 * sum;
}

void main() {
    vec3 albedo;
    if (patterned) {
        albedo = cloth(min(scheme, 3));
    } else {
        vec4 texel = texture(base_color, texture_position);
        if (texel.a < alpha_cut) discard;
        albedo = clamp(tint * texel.rgb * texel.rgb, 0.005, 0.95);   // approximates sRGB by a gamma of 2
    }
    albedo = mix(albedo, over.rgb, over.a);

    vec3 view = normalize(eye - world_position);
    vec3 n = normalize(world_normal);
    if (dot(n, view) < 0.0) n = -n;   // hair and skirts are visible from both sides
    if (wrinkles > 0.0) {
        vec3 p = cloth_position * 9.0;
        vec2 step = vec2(0.12, 0.0);
        vec3 slope = vec3(fractal(p + step.xyy), fractal(p + step.yxy), fractal(p + step.yyx)) - fractal(p);
        n = normalize(n - wrinkles * slope);
    }

    float facing = max(dot(n, sun_direction), 0.0), sun = sunlit(facing);
    vec3 sky = irradiance(n);
    vec3 halfway = normalize(sun_direction + view);
    float highlight = specular * pow(max(dot(n, halfway), 0.0), gloss) * sun;
    float rim = 0.04 * pow(1.0 - max(dot(n, view), 0.0), 4.0);
    vec3 light = albedo * (sky + sun_color * facing * sun) + sun_color * highlight + sky * rim;
    light *= exposure;
    color = vec4(pow(light / (1.0 + 0.25 * light), vec3(1.0 / 2.2)), 1.0);
}
