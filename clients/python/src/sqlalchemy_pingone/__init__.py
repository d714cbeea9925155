"""PingOne's users, groups and applications as SQL tables, by way of PingOne Gateway.

``create_engine("pingone://…")`` for SQLAlchemy, :func:`connect` for plain DB-API 2.0.
"""

from .dbapi import connect

__all__ = ["connect"]
__version__ = "0.1.0"
