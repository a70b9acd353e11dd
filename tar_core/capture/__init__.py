"""From a video to a MotionClip."""
