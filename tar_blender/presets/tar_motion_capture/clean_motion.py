import bpy

settings = bpy.context.scene.tar_settings

settings.smoothing = 0.3
settings.plant_feet = 1.0
settings.timing = "video"
settings.on_ground = True
