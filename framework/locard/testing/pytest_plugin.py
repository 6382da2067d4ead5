"""The pytest side of the conformance kit."""
