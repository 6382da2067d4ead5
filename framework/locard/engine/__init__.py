"""The engine: plans, runs and records steps over exhibits. It knows no vault and no terminal."""
