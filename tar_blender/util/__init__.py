"""Helpers that more than one package needs."""
