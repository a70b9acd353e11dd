"""Export: writing the scene or its people to files of several formats."""
