"""Detection, tracking and selection of people."""
