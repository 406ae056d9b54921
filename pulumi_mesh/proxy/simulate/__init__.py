"""What a proxy does with a request, told from its view alone."""

from pulumi_mesh.proxy.simulate.outcome import Outcome, Share, Step
from pulumi_mesh.proxy.simulate.request import Request
from pulumi_mesh.proxy.simulate.simulation import simulate

__all__ = ["Outcome", "Request", "Share", "Step", "simulate"]
