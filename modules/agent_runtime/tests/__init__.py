"""Tests of the agent runtime. Everything they write lies in temporary directories."""
