"""The second stage of the verdict: the CEL rules of the schemas (``x-kubernetes-validations``)."""
