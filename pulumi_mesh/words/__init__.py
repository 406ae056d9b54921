"""Words that Istio, Envoy and gRPC fix, for all who speak them."""
