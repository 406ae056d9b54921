"""Route tests: what a user expects of requests, and how what happens differs."""

from pulumi_mesh.expectations.expectation import Application, Expectation, RouteTest
from pulumi_mesh.expectations.mismatches import mismatches
from pulumi_mesh.expectations.parts import ExpectedDestination, ExpectedHeader, ExpectedMirror, ExpectedRedirect
from pulumi_mesh.expectations.seen import Destination, Seen, seen_of, seen_on

__all__ = [
    "Application",
    "Destination",
    "Expectation",
    "ExpectedDestination",
    "ExpectedHeader",
    "ExpectedMirror",
    "ExpectedRedirect",
    "RouteTest",
    "Seen",
    "mismatches",
    "seen_of",
    "seen_on",
]
