"""The real parts of a cluster on this machine: found or built, started, stopped."""
