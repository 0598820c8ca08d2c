"""Every refusal says which block it is about, and an answer of any shape is refused, not stumbled over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from indexer.errors import BadAnswer
from indexer.verify import hextext


@contextmanager
def naming(answer: Any) -> Iterator[None]:
    """Says of which block a failure is, and makes one of an answer of any other shape."""
    try:
        yield
    except BadAnswer as error:
        raise BadAnswer(f"{_name(answer)}: {error.what}") from None
    except (
        AttributeError,
        IndexError,
        KeyError,
        OverflowError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise BadAnswer(f"{_name(answer)}: of another shape than a block ({error!r})") from error


def _name(answer: Any) -> str:
    try:
        return f"block {hextext.number(answer['number'])}"
    except (KeyError, TypeError, ValueError):
        return "a block"
