"""Per-frame feature extractors; each turns crops into `FrameFeatures`."""
