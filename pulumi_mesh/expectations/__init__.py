"""Route tests: what a user expects of requests, and how what happens differs."""

from pulumi_mesh.expectations.expectation import Expectation, ExpectedDestination, RouteTest
from pulumi_mesh.expectations.mismatches import mismatches
from pulumi_mesh.expectations.seen import Destination, Seen, seen_of

__all__ = ["Destination", "Expectation", "ExpectedDestination", "RouteTest", "Seen", "mismatches", "seen_of"]
