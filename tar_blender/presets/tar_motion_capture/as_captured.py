import bpy

bpy.context.scene.tar_settings.smoothing = 0.0
bpy.context.scene.tar_settings.depth_correction = False
bpy.context.scene.tar_settings.lean_correction = False
bpy.context.scene.tar_settings.foot_locking = 0.0
bpy.context.scene.tar_settings.hands = "auto"
bpy.context.scene.tar_settings.face_keys = False
bpy.context.scene.tar_settings.bone_names = "smpl"
bpy.context.scene.tar_settings.timing = "auto"
bpy.context.scene.tar_settings.on_ground = True
bpy.context.scene.tar_settings.sound = "auto"
