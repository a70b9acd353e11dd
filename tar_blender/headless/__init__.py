"""The command for captures without a window."""
