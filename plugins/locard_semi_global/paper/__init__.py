"""The published semi-global network, ``sgn-paper``, and the same without global branch, ``jcs``."""
