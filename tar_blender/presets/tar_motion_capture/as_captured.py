import bpy

bpy.context.scene.tar_settings.smoothing = 0.0
bpy.context.scene.tar_settings.keep_balance = False
bpy.context.scene.tar_settings.plant_feet = 0.0
bpy.context.scene.tar_settings.timing = "video"
bpy.context.scene.tar_settings.on_ground = True
