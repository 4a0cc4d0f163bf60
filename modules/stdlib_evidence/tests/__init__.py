"""Tests of the evidence package."""
