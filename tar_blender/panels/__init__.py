"""Panels of the sidebar, the add-on preferences and presets."""
