"""Synthetic training data: people in clothes, motion, cameras, rendering."""
