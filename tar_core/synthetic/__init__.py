"""Synthetic training data: dressed people, motion, cameras and rendering."""
