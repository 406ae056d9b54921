"""Types of Helm values from Istio's charts."""
