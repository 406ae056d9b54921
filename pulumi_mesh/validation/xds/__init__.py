"""Envoy's API as istiod knows it: whether a patch of an EnvoyFilter is one of its messages."""
