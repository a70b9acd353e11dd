"""The camera: person crops, projection, focal length and tilt from the image, rotation tracking, trajectories."""
