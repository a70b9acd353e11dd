"""The headless command: captures and exports without a window."""
