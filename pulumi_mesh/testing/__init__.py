"""Route tests from files and from pytest."""
