"""The imported clip in the scene: armatures, bodies, cameras, keyframes, floor and metadata."""
