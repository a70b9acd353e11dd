"""What the user sees: sidebar, preferences, presets."""
