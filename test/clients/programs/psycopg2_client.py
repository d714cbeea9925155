"""psycopg2 as its users have it, with SQLAlchemy 1.4 or later, against the address given."""
import sys
import uuid

import psycopg2
import psycopg2.extras
import sqlalchemy as sa

host, port = sys.argv[1].rsplit(":", 1)
psycopg2.extras.register_uuid()

with psycopg2.connect(host=host, port=port, user="anna", dbname="pingone", sslmode="disable") as c:
    with c.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
        cursor.execute('SELECT Id, Username, IsEnabled, CreatedAt FROM Users WHERE Username IN %s ORDER BY 2', (("ada.admin", "rita.reader"),))
        rows = cursor.fetchall()
        assert [r["Username"] for r in rows] == ["ada.admin", "rita.reader"], rows
        assert isinstance(rows[0]["Id"], uuid.UUID) and rows[0]["CreatedAt"].utcoffset().total_seconds() == 0, rows
    with c.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM Users WHERE Id = ANY(%s::uuid[])", ([r["Id"] for r in rows],))
        assert cursor.fetchone() == (2,)
    with c.cursor("named") as cursor:
        cursor.itersize = 70
        cursor.execute("SELECT Username FROM Users")
        assert len(cursor.fetchall()) == 300
    with c.cursor() as cursor:
        psycopg2.extras.execute_values(cursor, "INSERT INTO Populations (Name) VALUES %s", [("psycopg2 a",), ("psycopg2 b",)])
        assert cursor.rowcount == 2
        cursor.execute("DELETE FROM Populations WHERE Name LIKE 'psycopg2 _'")
        assert cursor.rowcount == 2

engine = sa.create_engine(f"postgresql+psycopg2://anna@{host}:{port}/pingone?sslmode=disable")
inspector = sa.inspect(engine)
assert {"Users", "Groups"} <= set(inspector.get_table_names())
assert inspector.get_pk_constraint("Groups")["constrained_columns"] == ["Id"]
groups = sa.Table("Groups", sa.MetaData(), autoload_with=engine, resolve_fks=False)
with engine.connect() as c:
    assert c.execute(sa.select(sa.func.count()).select_from(groups)).scalar() > 0
print("ok")
