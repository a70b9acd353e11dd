"""The network: backbone, global and local temporal encoders, refinement."""
