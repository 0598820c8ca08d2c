"""Sums as integers: PostgreSQL's `sum` of a bigint is a `numeric`, which Python would get as a Decimal."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, cast, func


def total(column: ColumnElement[Any]) -> ColumnElement[int]:
    """The sum; NULL when there is nothing to add. Beyond 2^63-1, which no fund's line reaches, an error on either
    database."""
    return cast(func.sum(column), BigInteger)
