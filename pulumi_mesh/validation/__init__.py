"""Whether a cluster would take an object: what its API server and istiod say of it, offline."""
