"""Metrics, benchmark protocols and the evaluation of networks by them."""
