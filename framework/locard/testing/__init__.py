"""The conformance kit: what every plugin must keep to, as tests that its author gets for free."""
