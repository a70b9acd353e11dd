"""Tools that edit the motion of a person."""
