// Linear blend skinning by the four strongest joints.
layout(std140) uniform Bones { mat4 bone[52]; };
in vec3 rest_position;
in vec4 joints;
in vec4 weights;

mat4 skinning() {
    return weights.x * bone[int(joints.x)] + weights.y * bone[int(joints.y)]
         + weights.z * bone[int(joints.z)] + weights.w * bone[int(joints.w)];
}
