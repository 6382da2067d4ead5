"""Pixel networks: EfficientNet-B0 as teacher, small students, and what they are trained on."""
