import bpy

bpy.context.scene.tar_settings.smoothing = 0.3
bpy.context.scene.tar_settings.keep_balance = True
bpy.context.scene.tar_settings.plant_feet = 1.0
bpy.context.scene.tar_settings.timing = "video"
bpy.context.scene.tar_settings.on_ground = True
