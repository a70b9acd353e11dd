"""Several videos of the same motion from static cameras: their captured clips are combined into one.

One camera does not show depth; another one from the side does. The steps are: timing (when the videos start),
registration (where the cameras stand), matching (who is who) and fusion (one motion per person).
"""
