"""Data sets of cropped and uncropped pictures that differ in nothing but the crop."""
