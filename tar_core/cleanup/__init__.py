"""Cleaning up captured motion: outliers, smoothing, lean, foot locking, ground plane, resampling."""
