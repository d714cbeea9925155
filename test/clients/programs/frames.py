"""pandas, Polars, ConnectorX and ADBC, against the address given."""
import csv
import io
import sys

import adbc_driver_postgresql.dbapi
import connectorx
import pandas as pd
import polars as pl
import sqlalchemy as sa

address = sys.argv[1]
engine = sa.create_engine(f"postgresql+psycopg://anna@{address}/pingone?sslmode=disable")
query = 'SELECT "Username", "IsEnabled", "CreatedAt" FROM "Users" ORDER BY "Username"'

users = pd.read_sql(query, engine, index_col="Username", parse_dates=["CreatedAt"])
assert len(users) == 300 and users["IsEnabled"].dtype == bool, users.dtypes
by_type = pd.read_sql(sa.text("SELECT EmployeeType, count(*) FROM Users WHERE EmployeeType = :kind GROUP BY 1"), engine, params={"kind": "Contractor"})
assert list(by_type.columns) == ["EmployeeType", "count"] and by_type["count"][0] > 0, by_type
assert sum(len(part) for part in pd.read_sql(query, engine, chunksize=80)) == 300
groups = pd.read_sql_table("Groups", engine, columns=["Id", "Name"])
assert list(groups.columns) == ["Id", "Name"] and len(groups) > 0


def by_copy(table, connection, keys, rows):
    """The function of pandas' documentation for to_sql(method=…)."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    names = ", ".join(f'"{key}"' for key in keys)
    with connection.connection.cursor().copy(f'COPY "{table.name}" ({names}) FROM STDIN WITH CSV') as copy:
        copy.write(text.getvalue())


made = pd.DataFrame({"Name": ["pandas a", "pandas b"], "Description": ["ü", None]})
for method in (None, "multi", by_copy):
    made.to_sql("Populations", engine, if_exists="append", index=False, method=method)
    with engine.begin() as c:
        assert c.execute(sa.text("SELECT count(*) FROM Populations WHERE Name LIKE 'pandas %' AND Description = 'ü' OR Name = 'pandas b' AND Description IS NULL")).scalar() == 2
        assert c.execute(sa.text("DELETE FROM Populations WHERE Name LIKE 'pandas %'")).rowcount == 2

uri = f"postgresql://anna@{address}/pingone?sslmode=disable"
for protocol in ("binary", "csv", "cursor", "simple"):
    frame = connectorx.read_sql(uri, query, protocol=protocol)
    assert len(frame) == 300 and list(frame["Username"]) == list(users.index), (protocol, frame)
assert len(pl.read_database_uri(query, uri)) == 300
with adbc_driver_postgresql.dbapi.connect(uri) as connection, connection.cursor() as cursor:
    cursor.execute(query)
    assert cursor.fetch_arrow_table().num_rows == 300
print("ok")
