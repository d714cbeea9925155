"""psycopg 3 and SQLAlchemy 2 as their users have them, against the address given."""
import sys

import psycopg
import sqlalchemy as sa
from sqlalchemy.ext.automap import automap_base
from sqlalchemy.orm import Session, declarative_base

host, port = sys.argv[1].rsplit(":", 1)

with psycopg.connect(host=host, port=port, user="anna", dbname="pingone", sslmode="disable") as c:
    rows = [
        c.cursor(binary=binary).execute(
            "SELECT Id, Username, IsEnabled, CreatedAt, 1.5::decimal(9, 2), ARRAY[1, 2], NULL FROM Users"
            " WHERE IsEnabled = %s ORDER BY Username LIMIT %s", (True, 3)).fetchall()
        for binary in (False, True)
    ]
    assert len(rows[0]) == 3 and rows[0] == rows[1], rows
    with c.cursor("named") as cursor:
        cursor.itersize = 50
        assert len(list(cursor.execute("SELECT Username FROM Users"))) == 300
    with c.cursor().copy("COPY Populations (Name) FROM STDIN") as copy:
        copy.write_row(["By psycopg's COPY"])
    assert c.execute("DELETE FROM Populations WHERE Name = %s", ("By psycopg's COPY",)).rowcount == 1
    known = ["rita.reader", "ada.admin"]
    found = c.execute("SELECT Username FROM Users WHERE Username = ANY(%s) ORDER BY 1", (known,)).fetchall()
    assert found == [("ada.admin",), ("rita.reader",)], found
    assert c.execute("SELECT count(*), 1 + 1 FROM Users").description[0].name == "count"
    with c.cursor().copy("COPY (SELECT 1 AS a, 'x' AS b) TO STDOUT") as copy:
        assert list(copy.rows()) == [("1", "x")]

engine = sa.create_engine(f"postgresql+psycopg://anna@{host}:{port}/pingone?sslmode=disable")
inspector = sa.inspect(engine)
assert {"Users", "Groups"} <= set(inspector.get_table_names())
columns = {column["name"]: column for column in inspector.get_columns("Groups")}
assert isinstance(columns["Id"]["type"], sa.UUID) and not columns["Id"]["nullable"], columns["Id"]
assert isinstance(columns["CreatedAt"]["type"], sa.TIMESTAMP) and columns["Name"]["comment"], columns
assert inspector.get_pk_constraint("Groups")["constrained_columns"] == ["Id"]
assert {key["referred_table"] for key in inspector.get_foreign_keys("Groups")} == {"Environments", "Populations"}

populations = sa.Table("Populations", sa.MetaData(), autoload_with=engine, resolve_fks=False)
with engine.begin() as c:
    made = c.execute(populations.insert().values(Name="From Python").returning(populations.c.Id)).scalar_one()
    mine = populations.c.Id == made
    assert c.execute(populations.update().where(mine).values(Description="d")).rowcount == 1
    assert c.execute(sa.select(populations.c.Description).where(mine)).scalar_one() == "d"
    assert c.execute(populations.delete().where(mine)).rowcount == 1


class User(declarative_base()):
    __tablename__ = "Users"
    Id = sa.Column(sa.String, primary_key=True)
    Username = sa.Column(sa.String)
    EmployeeType = sa.Column(sa.String)


with Session(engine) as s:
    contractors = s.query(User).filter_by(EmployeeType="Contractor").all()
    assert contractors and all(u.EmployeeType == "Contractor" for u in contractors)
    assert s.get(User, contractors[0].Id).Username == contractors[0].Username

# Other programs count the users of the first environment at the same time.
metadata = sa.MetaData()
metadata.reflect(engine, schema="Customers", only=["Users", "Populations"])
mapped = automap_base(metadata=metadata)
mapped.prepare(generate_relationship=lambda *_, **__: None)
with Session(engine) as s:
    population = mapped.classes.Populations(Name="Mapped")
    s.add(population)
    s.commit()
    user = mapped.classes.Users(Username="mapped", PopulationId=population.Id)
    s.add(user)
    s.commit()
    assert population.Id and population.CreatedAt and user.IsEnabled and user.AccountStatus == "OK", vars(user)
    user.Title = "Dr"
    s.commit()
    assert s.get(mapped.classes.Users, user.Id, populate_existing=True).Title == "Dr"
    s.delete(user)
    s.flush()
    s.delete(population)
    s.commit()
print("ok")
