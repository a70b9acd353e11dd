"""The SMPL body: its data, its shape, skinning, and users' own SMPL files."""
