"""Block evidence: what each forensic trace says of every cell of 8×8 pixels."""
