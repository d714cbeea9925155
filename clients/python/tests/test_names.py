"""Table names of several parts."""

import pytest
from sqlalchemy import Column, String, func, select
from sqlalchemy.orm import aliased, declarative_base

from sqlalchemy_pingone import names
from sqlalchemy_pingone.dialect import PingOneDialect


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("[CData].[Administrators].Users", ["CData", "Administrators", "Users"]),
        ("[CData].[Administrators].[Users]", ["CData", "Administrators", "Users"]),
        ("Administrators.[Users]", ["Administrators", "Users"]),
        ("[My env.].[Users]", ["My env.", "Users"]),
        ("[a]]b].[Users]", ["a]b", "Users"]),
        ("Users", None),
        ("Administrators.Users", None),
        ("[Users]", None),
        ("[CData].", None),
        ("[CData].[Users", None),
    ],
)
def test_parts(name: str, want: list[str]) -> None:
    assert names.parts(name) == want


class Users(declarative_base()):
    __tablename__ = "[CData].[Administrators].Users"
    Id = Column(String, primary_key=True)
    Username = Column(String)


TABLE = Users.__table__
FROM = '"CData"."Administrators"."Users" AS "[CData].[Administrators].Users"'


@pytest.mark.parametrize(
    ("statement", "part"),
    [
        (select(Users), "FROM " + FROM),
        (select(func.count()).select_from(Users), "FROM " + FROM),
        (
            select(aliased(Users, name="u")),
            'SELECT u."Id", u."Username" \nFROM "CData"."Administrators"."Users" AS u',
        ),
        (TABLE.insert().values(Id="1"), "INSERT INTO " + FROM + ' ("Id")'),
        (TABLE.update().values(Username="a"), "UPDATE " + FROM + " SET"),
        (TABLE.delete().where(TABLE.c.Id == "1"), "DELETE FROM " + FROM + " WHERE"),
    ],
)
def test_statements(statement, part) -> None:
    assert part in str(statement.compile(dialect=PingOneDialect()))
