import bpy

settings = bpy.context.scene.tar_settings

settings.figure = "armature"
settings.smoothing = 0.3
settings.plant_feet = 1.0
settings.timing = "scene"
settings.on_ground = True
settings.match_resolution = False
settings.show_video = False
