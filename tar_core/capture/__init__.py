"""Capture of motion: from a video to a MotionClip."""
