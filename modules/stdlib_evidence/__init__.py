"""Hashes and evidence records: what happened in a turn, stated so that anyone can recompute it.

Pure standard library, Python 3.9 and later. Nothing here reads a clock, the network or the environment.
"""

from .evidence import build_evidence, build_reference
from .hashing import hash_file, hash_json, hash_string

__version__ = "1.0.0"

__all__ = ["build_evidence", "build_reference", "hash_file", "hash_json", "hash_string", "__version__"]
