"""Execute patterns: one command, matched argument by argument.

* A pattern is split like a shell line into words; each word matches exactly one argument, so a pattern allows no
  argument it does not show.
* A word without wildcards matches itself. Wildcards follow ``patterns``: ``*``, ``?`` and sets never match "/".
  The word ``**`` matches one argument that may hold "/".
* A word that starts with a wildcard never matches an argument that starts with "-" (no smuggled options), and no
  wildcard matches an empty argument or one with a ".." segment.
* A command given as one string is refused when it holds any of ``; | & $ ` < >`` or a control character, quoted
  or not: nothing that a shell could read in another way passes.
"""

from __future__ import annotations

import re
import shlex
from typing import List, Sequence, Tuple, Union

from .patterns import BadPattern, fold, matches_loosely, segment_matcher
from .paths import UnsafePath, normalise

MAX_COMMAND_CHARACTERS = 32_768

_SHELL = re.compile(r"[;|&$`<>]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_WILD = re.compile(r"[*?\[]")

Command = Union[str, Sequence[str]]


class UnsafeCommand(ValueError):
    """The text cannot be read as one plain command."""


def command_words(command: Command) -> List[str]:
    """Arguments of a command given as a string or as a list of strings.

    Raises UnsafeCommand (empty, too long, control or shell characters, unbalanced quotes) or TypeError.
    """
    if isinstance(command, str):
        if _SHELL.search(command):
            raise UnsafeCommand("the command holds a shell metacharacter")
        _no_controls(command)
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise UnsafeCommand(f"the command cannot be split: {error}") from None
    else:
        words = list(command)
        for word in words:
            if not isinstance(word, str):
                raise TypeError(f"a command is made of strings, got {type(word).__name__}")
            _no_controls(word)
    if not words or not words[0]:
        raise UnsafeCommand("the command is empty")
    if sum(map(len, words)) > MAX_COMMAND_CHARACTERS:
        raise UnsafeCommand(f"the command is longer than {MAX_COMMAND_CHARACTERS} characters")
    return words


def command_pattern(text: str) -> Tuple[str, ...]:
    """Words of an execute pattern. Raises BadPattern with the reason."""
    try:
        words = tuple(command_words(text))
    except UnsafeCommand as error:
        raise BadPattern(f"{text!r}: {error}") from None
    for word in words:
        if "**" in word and word != "**":
            raise BadPattern(f"{text!r}: '**' must be a whole word")
    return words


def command_matches(pattern: Sequence[str], words: Sequence[str]) -> bool:
    """True when every word of the pattern matches its argument and none is left over."""
    return len(pattern) == len(words) and all(map(_word_matches, pattern, words))


def command_touches(forbidden: Sequence[str], words: Sequence[str]) -> bool:
    """True when a forbidden pattern names this command: its words open the command, or its one word names an
    argument (or what follows "=" in one). Case is ignored."""
    folded = [fold(word) for word in words]
    pattern = [fold(word) for word in forbidden]
    if len(pattern) > 1:
        return len(words) >= len(pattern) and all(map(_word_matches, pattern, folded))
    return any(_names(pattern[0], piece) for word in folded for piece in {word, word.rpartition("=")[2]})


def _word_matches(pattern: str, word: str) -> bool:
    wild = _WILD.search(pattern)
    if wild is None:
        return pattern == word
    if not word or ".." in word.split("/") or (wild.start() == 0 and word.startswith("-")):
        return False
    if pattern == "**":
        return True
    parts, pieces = pattern.split("/"), word.split("/")
    return len(parts) == len(pieces) and all(segment_matcher(p)(w) for p, w in zip(parts, pieces))


def _names(pattern: str, word: str) -> bool:
    try:
        return matches_loosely(pattern.lstrip("/"), normalise(word))
    except UnsafePath:
        return False


def _no_controls(text: str) -> None:
    if _CONTROL.search(text):
        raise UnsafeCommand("the command holds a control character")
    if _SURROGATE.search(text):
        raise UnsafeCommand("the command holds a lone surrogate")
