"""The ``pingone://`` dialect of SQLAlchemy, on top of its PostgreSQL dialect."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy
from sqlalchemy.dialects.postgresql.base import PGCompiler, PGIdentifierPreparer
from sqlalchemy.engine.url import URL

from . import names, properties
from .target import DEFAULT_PORT, arguments

_LEGACY = sqlalchemy.__version__.startswith("1.")

if _LEGACY:  # 1.4 knows psycopg2 alone
    from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2 as _Base
else:
    from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg as _Base  # type: ignore[assignment]
    from sqlalchemy.dialects.postgresql.psycopg import PGDialectAsync_psycopg


class PingOneIdentifierPreparer(PGIdentifierPreparer):
    """Writes table names of several parts as such: ``[CData].[Administrators].Users``."""

    def format_table(self, table: Any, use_schema: bool = True, name: str | None = None) -> str:
        found = names.parts(name or table.name)
        if found is None:
            return str(super().format_table(table, use_schema, name))
        return ".".join(self.quote_identifier(p) for p in found)


class PingOneCompiler(PGCompiler):
    """Gives such a table its whole name as an alias, by which columns call it."""

    def visit_table(self, table: Any, asfrom: bool = False, **kw: Any) -> str:  # type: ignore[override]
        text = str(super().visit_table(table, asfrom=asfrom, **kw))  # type: ignore[no-untyped-call]
        if not asfrom or names.parts(table.name) is None:
            return text
        text = self.preparer.format_table(table)
        return text if kw.get("enclosing_alias") is not None else self._named(table, text)

    def visit_insert(self, insert_stmt: Any, *args: Any, **kw: Any) -> str:
        text = str(super().visit_insert(insert_stmt, *args, **kw))  # type: ignore[no-untyped-call]
        if names.parts(insert_stmt.table.name) is None:
            return text
        target = self.preparer.format_table(insert_stmt.table)
        return text.replace(target, self._named(insert_stmt.table, target), 1)

    def _named(self, table: Any, text: str) -> str:
        return f"{text} AS {self.preparer.quote(table.name)}"


class _PingOne:
    name = "pingone"
    default_schema_name: Any
    preparer = PingOneIdentifierPreparer
    statement_compiler = PingOneCompiler
    max_identifier_length = 255
    #: A transaction means nothing to PingOne: each statement stands when it has run.
    supports_sane_multi_rowcount = False
    insert_returning = True
    update_returning = True
    delete_returning = True

    def __init__(self, **kw: Any) -> None:
        kw.setdefault("use_native_hstore", False)
        super().__init__(**kw)

    def create_connect_args(self, url: URL) -> Any:
        pairs = []
        for name, values in url.normalized_query.items():
            pairs += [(name, value) for value in values]
        if url.host:
            pairs.append(("Server", f"[{url.host}]:{url.port or DEFAULT_PORT}"))
        for name, part in (
            ("User", url.username),
            ("Password", url.password),
            ("Database", url.database),
        ):
            if part:
                pairs.append((name, str(part)))
        return [], arguments(properties.named(pairs))

    def _get_server_version_info(self, connection: Any) -> tuple[int, ...]:
        said = connection.exec_driver_sql("SHOW server_version").scalar()
        return tuple(int(n) for n in re.findall(r"\d+", said.split()[0]))

    def set_isolation_level(self, *_: Any) -> None:
        """There is one level: each statement for itself."""

    def get_isolation_level(self, *_: Any) -> str:
        return "READ COMMITTED"


class PingOneDialect(_PingOne, _Base):  # type: ignore[misc]
    """SQLAlchemy's dialect for PingOne Gateway."""

    supports_statement_cache = True

    if not _LEGACY:

        @classmethod
        def get_async_dialect_cls(cls, url: URL) -> Any:
            return PingOneAsyncDialect


if not _LEGACY:

    class PingOneAsyncDialect(_PingOne, PGDialectAsync_psycopg):  # type: ignore[misc]
        """The same for ``create_async_engine``."""

        supports_statement_cache = True
