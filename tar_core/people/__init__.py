"""Who is where in each frame: detection and tracking."""
