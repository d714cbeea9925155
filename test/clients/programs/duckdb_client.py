"""DuckDB's postgres extension, which PyPI has as a package, against the address given."""
import sys

import duckdb
from duckdb_extensions import import_extension

host, port = sys.argv[1].rsplit(":", 1)
import_extension("postgres")
c = duckdb.connect()
c.execute("LOAD postgres")
c.execute(f"ATTACH 'host={host} port={port} user=anna dbname=pingone sslmode=disable' AS p (TYPE postgres)")

tables = {row[2]: row[3] for row in c.execute("SHOW ALL TABLES").fetchall() if row[1] == "Administrators"}
assert "Username" in tables["Users"] and "Name" in tables["Groups"], tables
assert c.execute("SELECT count(*) FROM p.Administrators.Users").fetchone() == (300,)
contractors = c.execute("SELECT Id, Username, CreatedAt::VARCHAR FROM p.Administrators.Users WHERE EmployeeType = 'Contractor'").fetchall()
assert contractors and all(len(str(row[0])) == 36 and row[2] for row in contractors), contractors
counted = "FROM postgres_query('p', $$SELECT count(*) AS n FROM Users WHERE EmployeeType = 'Contractor'$$)"
assert c.execute(counted).fetchone() == (len(contractors),)

c.execute("CREATE TABLE Cities AS SELECT DISTINCT Locality FROM p.Administrators.Users WHERE Locality IS NOT NULL")
joined = c.execute("SELECT count(*) FROM p.Administrators.Users u JOIN Cities x USING (Locality)").fetchone()
assert joined == c.execute("SELECT count(Locality) FROM p.Administrators.Users").fetchone()
print("ok")
