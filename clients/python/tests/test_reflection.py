"""What SQLAlchemy finds out about the tables by itself."""

import pytest
import sqlalchemy as sa
from sqlalchemy import MetaData, Table, create_engine, inspect, select
from sqlalchemy.ext.automap import automap_base
from sqlalchemy.orm import Session, declarative_base


@pytest.fixture(scope="module")
def engine(demo):
    engine = create_engine(f"pingone://any@{demo.postgres}/")
    yield engine
    engine.dispose()


def test_names(engine) -> None:
    found = inspect(engine)
    assert found.default_schema_name == "Administrators"
    assert {"Administrators", "Information", "AllEnvironments"} <= set(found.get_schema_names())
    names = found.get_table_names()
    assert {"Users", "Groups", "UserGroupAssociations"} <= set(names)
    assert sorted(names) == sorted(found.get_table_names(schema="Administrators"))
    assert "Environments" in found.get_table_names(schema="Information")
    assert found.has_table("Users") and found.has_table("Environments", schema="Information")
    assert not found.has_table("NoSuchTable")


@pytest.mark.parametrize("schema", [None, "Administrators", "AllEnvironments"])
def test_columns_and_keys(engine, schema) -> None:
    found = inspect(engine)
    columns = {c["name"]: c for c in found.get_columns("Users", schema=schema)}
    assert isinstance(columns["Username"]["type"], sa.String)
    assert isinstance(columns["IsEnabled"]["type"], sa.Boolean)
    assert columns["CreatedAt"]["type"].timezone is True
    assert columns["Username"]["comment"]
    assert "Id" in found.get_pk_constraint("Users", schema=schema)["constrained_columns"]
    assert found.get_table_comment("Users", schema=schema)["text"]


@pytest.mark.parametrize("schema", [None, "Administrators"])
def test_references(engine, schema) -> None:
    references = inspect(engine).get_foreign_keys("UserGroupAssociations", schema=schema)
    assert {"Users", "Groups"} <= {r["referred_table"] for r in references}


def test_reflected_tables_answer(engine) -> None:
    metadata = MetaData()
    users = Table("Users", metadata, autoload_with=engine)
    other = Table("Environments", metadata, schema="Information", autoload_with=engine)
    with engine.connect() as c:
        assert c.execute(select(users.c.Id).limit(3)).all()
        assert c.execute(select(other.c.Name)).all()


@pytest.fixture(scope="module")
def mapped(engine):
    """Classes of all tables, made once: each table is asked for by itself, which takes long."""
    base = automap_base()
    base.prepare(autoload_with=engine)
    return base


def test_everything_is_reflected(engine, mapped) -> None:
    assert set(inspect(engine).get_table_names()) <= set(mapped.metadata.tables)
    assert mapped.metadata.tables["UserGroupAssociations"].foreign_keys


@pytest.mark.filterwarnings("error::sqlalchemy.exc.SAWarning")
def test_reflected_tables_take_new_rows(engine) -> None:
    groups = Table("Groups", MetaData(), autoload_with=engine)

    class Group(declarative_base()):
        __table__ = groups

    mine = groups.c.Name.startswith("Reflected ")
    given = [f"Reflected {n}" for n in range(4)]
    with Session(engine) as session:
        made = [Group(Name=name) for name in given]
        session.add_all(made)
        session.commit()
        assert [session.get(Group, g.Id).Name for g in made] == given
        assert session.execute(groups.delete().where(mine)).rowcount == len(given)
    if not sa.__version__.startswith("1."):
        rows = groups.insert().returning(groups.c.Name, sort_by_parameter_order=True)
        with engine.begin() as c:
            assert c.scalars(rows, [{"Name": name} for name in given]).all() == given
            assert c.execute(groups.delete().where(mine)).rowcount == len(given)


def test_what_pingone_sets_has_a_default(engine) -> None:
    columns = {c["name"]: c for c in inspect(engine).get_columns("UserGroupAssociations")}
    assert [n for n, c in columns.items() if c["default"] is None] == ["UserId", "GroupId"]


def test_automap(engine, mapped) -> None:
    with Session(engine) as session:
        user = session.query(mapped.classes.Users).filter_by(Username="ada.admin").one()
        assert user.populations.Name
