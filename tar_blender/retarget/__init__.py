"""Retargeting: a person's motion on other characters."""
