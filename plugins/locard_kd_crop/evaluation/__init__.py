"""How good models of crops are: figures by stratum, thresholds, calibration, the table of all."""
