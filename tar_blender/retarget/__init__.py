"""Motion onto a user's own character."""
