"""Readers of the datasets that the paper trains and is tested on, each for the layout its authors publish."""
