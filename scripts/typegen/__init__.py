"""Typed Python objects from custom resource definitions."""
