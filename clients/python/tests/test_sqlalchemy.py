"""SQLAlchemy against a gateway: Core, ORM, pandas."""

import asyncio

import pytest
import sqlalchemy as sa
from sqlalchemy import Boolean, Column, DateTime, FetchedValue, String, create_engine, func, select
from sqlalchemy.orm import Session, declarative_base, sessionmaker

Base = declarative_base()


class Users(Base):
    __tablename__ = "[CData].[Administrators].Users"
    Id = Column(String, primary_key=True)
    Username = Column(String)
    EmployeeType = Column(String)


class Group(Base):
    __tablename__ = "Groups"
    Id = Column(String, primary_key=True, server_default=FetchedValue())
    Name = Column(String)
    Description = Column(String)


class User(Base):
    __tablename__ = "Users"
    Id = Column(String, primary_key=True)
    Username = Column(String)
    IsEnabled = Column(Boolean)
    CreatedAt = Column(DateTime(timezone=True))
    PopulationId = Column(String)


class Population(Base):
    __tablename__ = "Populations"
    Id = Column(String, primary_key=True)
    Name = Column(String)


@pytest.fixture
def engine(demo):
    engine = create_engine(f"pingone://any@{demo.postgres}/")
    yield engine
    engine.dispose()


def test_the_article(demo) -> None:
    """The program that users of the commercial connector know, with its address."""
    address = "pingone:///?" + "&".join(
        ["AuthScheme=OAuth", "WorkerAppEnvironmentId=eebc33a8", "Region=NA", "OAuthClientId=client"]
        + ["InitiateOAuth=GETANDREFRESH", "OAuthSettingsLocation=/PATH/TO/OAuthSettings.txt"]
        + [f"Server={demo.postgres}"]
    )
    engine = create_engine(address)
    session = sessionmaker(bind=engine)()
    found = list(session.query(Users).filter_by(EmployeeType="Contractor"))
    assert found and all(u.EmployeeType == "Contractor" and u.Username for u in found)
    table = Users.metadata.tables["[CData].[Administrators].Users"]
    rows = session.execute(table.select().where(table.c.EmployeeType == "Contractor")).all()
    assert sorted(r.Id for r in rows) == sorted(u.Id for u in found)


def test_queries(engine) -> None:
    with Session(engine) as session:
        assert session.execute(select(func.count()).select_from(User)).scalar() == 300
        ada = session.execute(select(User).where(User.Username == "ada.admin")).scalar_one()
        assert ada.IsEnabled is True and ada.CreatedAt.tzinfo is not None
        by_population = session.execute(
            select(Population.Name, func.count())
            .join(User, User.PopulationId == Population.Id)
            .group_by(Population.Name)
            .order_by(func.count().desc())
        ).all()
        assert sum(n for _, n in by_population) == 300
        page = session.execute(
            select(User.Username).order_by(User.Username).limit(5).offset(5)
        ).all()
        names = session.execute(select(User.Username).order_by(User.Username)).scalars().all()
        assert [p[0] for p in page] == names[5:10]
        assert session.execute(select(User.Id).where(User.Id.in_([ada.Id]))).scalars().all() == [
            ada.Id
        ]
        assert session.execute(select(User.Id).where(User.Id.in_([]))).all() == []


def test_writes(engine) -> None:
    groups = Group.__table__
    with engine.begin() as c:
        made = c.execute(
            groups.insert().values(Name="Night shift").returning(groups.c.Id)
        ).scalar_one()
    with Session(engine) as session:
        group = session.get(Group, made)
        assert group.Name == "Night shift"
        group.Description = "After ten"
        session.commit()
        session.expire_all()
        assert session.get(Group, made).Description == "After ten"
        session.delete(session.get(Group, made))
        session.commit()
        assert session.get(Group, made) is None


def test_pandas(engine) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_sql("SELECT Username, CreatedAt, IsEnabled FROM Users", engine)
    assert len(frame) == 300 and frame["IsEnabled"].dtype == bool
    assert str(frame["CreatedAt"].dtype).startswith("datetime64")


def test_errors_have_their_place(engine) -> None:
    with engine.connect() as c, pytest.raises(sa.exc.ProgrammingError, match="Did you mean"):
        c.execute(sa.text("SELECT Usernam FROM Users"))


@pytest.mark.skipif(sa.__version__.startswith("1."), reason="1.4 has no asynchronous psycopg")
def test_asynchronous(demo) -> None:
    from sqlalchemy.ext.asyncio import create_async_engine

    async def count() -> int:
        engine = create_async_engine(f"pingone://any@{demo.postgres}/")
        async with engine.connect() as c:
            n = (await c.execute(select(func.count()).select_from(User))).scalar_one()
        await engine.dispose()
        return n

    assert asyncio.run(count()) == 300


def test_addresses_that_are_wrong() -> None:
    with pytest.raises(Exception, match="Did you mean OAuthClientId"):
        create_engine("pingone:///?OAuthClientID2=x").connect()
