"""Bones from CT: scans read, calibrated, and turned into surfaces and densities."""
