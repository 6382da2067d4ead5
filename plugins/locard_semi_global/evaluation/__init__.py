"""How good the localiser is: figures, thresholds, probes and ablations."""
