"""Glob patterns over plane-relative paths.

In one segment ``*`` stands for any characters, ``?`` for one, ``[abc]``, ``[a-z]`` and ``[!a]`` for one out of a set;
none of them ever matches "/". ``**`` must be a whole segment and stands for zero or more segments. Matching is
case-sensitive and takes time proportional to pattern times path, whatever the pattern.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any, Callable, List, Sequence, Tuple

from .paths import UnsafePath, normalise

MAX_PATTERN_CHARACTERS = 1024
_STAR = "*"
_Token = Tuple[str, Any]


class BadPattern(ValueError):
    """The text is not a usable pattern."""


def path_pattern(text: str) -> str:
    """Checked, normalised form of a path pattern. Raises BadPattern with the reason."""
    if not text or len(text) > MAX_PATTERN_CHARACTERS:
        raise BadPattern(f"a pattern has 1 to {MAX_PATTERN_CHARACTERS} characters, got {len(text)}")
    if ".." in text.split("/"):
        raise BadPattern(f"{text!r}: a pattern may not hold a '..' segment")
    try:
        pattern = normalise(text)
    except UnsafePath as error:
        raise BadPattern(str(error)) from None
    for segment in pattern.split("/"):
        if "**" in segment and segment != "**":
            raise BadPattern(f"{text!r}: '**' must be a whole segment")
    return pattern


def matches(pattern: str, path: str) -> bool:
    """True when a checked pattern matches a normalised path."""
    return _match_segments(tuple(pattern.split("/")), path.split("/"))


def matches_loosely(pattern: str, path: str) -> bool:
    """Like ``matches`` on the case-folded, composed (NFC) forms: what some file systems call the same name."""
    return matches(fold(pattern), fold(path))


def fold(text: str) -> str:
    """Case-folded NFC form of ``text``."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _match_segments(pattern: Sequence[str], path: Sequence[str]) -> bool:
    # reachable[i]: the pattern read so far can end just before path segment i.
    reachable = [True] + [False] * len(path)
    for segment in pattern:
        if segment == "**":
            first = reachable.index(True) if True in reachable else len(reachable)
            reachable = [index >= first for index in range(len(reachable))]
        else:
            test = segment_matcher(segment)
            reachable = [False] + [reachable[i] and test(name) for i, name in enumerate(path)]
    return reachable[-1]


@lru_cache(maxsize=1024)
def segment_matcher(pattern: str) -> Callable[[str], bool]:
    """Predicate for names without "/" from the pattern of one segment (without "/" and "**")."""
    tokens = _tokens(pattern)

    def test(name: str) -> bool:
        return _match_tokens(tokens, name)

    return test


def _match_tokens(tokens: Sequence[_Token], name: str) -> bool:
    # Greedy with one retry point: the latest star takes one more character on each failure.
    at, reading, star, resume = 0, 0, -1, 0
    while reading < len(name):
        if at < len(tokens) and tokens[at][0] == _STAR:
            star, resume = at, reading
            at += 1
        elif at < len(tokens) and _one(tokens[at], name[reading]):
            at += 1
            reading += 1
        elif star >= 0:
            resume += 1
            at, reading = star + 1, resume
        else:
            return False
    return all(kind == _STAR for kind, _ in tokens[at:])


def _one(token: _Token, character: str) -> bool:
    kind, value = token
    if kind == "any":
        return True
    if kind == "literal":
        return bool(character == value)
    negated, ranges = value
    return bool(negated != any(low <= character <= high for low, high in ranges))


def _tokens(pattern: str) -> List[_Token]:
    tokens: List[_Token] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        if character == "*":
            tokens.append((_STAR, None))
        elif character == "?":
            tokens.append(("any", None))
        elif character == "[":
            end = pattern.find("]", at + 3 if pattern[at + 1 : at + 2] == "!" else at + 2)
            if end > 0:  # an unclosed bracket stands for itself
                tokens.append(_set(pattern[at + 1 : end]))
                at = end + 1
                continue
            tokens.append(("literal", character))
        else:
            tokens.append(("literal", character))
        at += 1
    return tokens


def _set(body: str) -> _Token:
    negated = body.startswith("!")
    members = body[1:] if negated else body
    ranges: List[Tuple[str, str]] = []
    at = 0
    while at < len(members):
        if at + 2 < len(members) and members[at + 1] == "-":
            ranges.append((members[at], members[at + 2]))
            at += 3
        else:
            ranges.append((members[at], members[at]))
            at += 1
    return ("set", (negated, ranges))
