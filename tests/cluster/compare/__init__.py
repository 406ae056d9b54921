"""Our view of each proxy held against what istiod tells it, for the same manifests."""
