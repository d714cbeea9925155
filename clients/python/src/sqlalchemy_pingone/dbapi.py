"""DB-API 2.0 (PEP 249) for PingOne: psycopg's, with a connection string of our own.

>>> import sqlalchemy_pingone.dbapi as pingone
>>> with pingone.connect("Server=localhost:5433;Password=…") as connection:
...     for row in connection.execute("SELECT Username FROM Users LIMIT 3"):
...         print(row)
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import (
    BINARY,
    DATETIME,
    NUMBER,
    ROWID,
    STRING,
    Binary,
    DatabaseError,
    DataError,
    Date,
    DateFromTicks,
    Error,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    Time,
    TimeFromTicks,
    Timestamp,
    TimestampFromTicks,
    Warning,
)

from . import properties
from .target import arguments

apilevel = "2.0"
threadsafety = 2
paramstyle = "pyformat"

__all__ = [
    "BINARY", "DATETIME", "NUMBER", "ROWID", "STRING", "Binary", "DataError", "DatabaseError",
    "Date", "DateFromTicks", "Error", "IntegrityError", "InterfaceError", "InternalError",
    "NotSupportedError", "OperationalError", "ProgrammingError", "Time", "TimeFromTicks",
    "Timestamp", "TimestampFromTicks", "Warning", "apilevel", "connect", "paramstyle",
    "threadsafety",
]  # fmt: skip


def connect(connection_string: str = "", **others: str) -> psycopg.Connection[tuple[Any, ...]]:
    """Connect by a connection string, ``"AuthScheme=OAuth;Region=NA;…"``, or by keywords.

    Raises InterfaceError for what is wrong with the properties, OperationalError where
    the gateway can't be reached or refuses.
    """
    try:
        found = properties.named([*properties.pairs(connection_string), *others.items()])
        return psycopg.connect(autocommit=True, **arguments(found))
    except properties.PropertyError as e:
        raise InterfaceError(str(e)) from None
