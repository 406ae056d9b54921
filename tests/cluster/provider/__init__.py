"""A Pulumi provider for ``kubernetes``, for the tests: no plugin has to be downloaded, and faults can be injected.

It does with a real API server what pulumi-kubernetes 4.34 does with single objects and with charts. It awaits
Deployments and ``pulumi.com/waitFor`` alone, and has no Helm releases, no Patch resources and no client-side apply;
those it refuses by name. Where ``pulumi-resource-kubernetes`` is on PATH, that one is used.
"""
