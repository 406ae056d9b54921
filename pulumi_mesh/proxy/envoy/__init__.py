"""The proxy view as Envoy v3 config, written and read."""
