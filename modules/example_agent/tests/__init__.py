"""Tests of the example agent."""
