"""psqlODBC, by which Excel and Power BI connect, against the address given."""
import sys
import uuid

import pyodbc

host, port = sys.argv[2].rsplit(":", 1)
settings = f"Driver={sys.argv[1]};Server={host};Port={port};Database=pingone;Uid=anna;Pwd=x;SSLmode=disable;"
for more in ("", "UseDeclareFetch=1;Fetch=70;", "UseServerSidePrepare=0;"):
    with pyodbc.connect(settings + more) as c:
        cursor = c.cursor()
        tables = {row.table_name for row in cursor.tables(schema="Administrators", tableType="TABLE")}
        assert {"Users", "Groups"} <= tables, tables
        columns = {row.column_name: row for row in cursor.columns(table="Users", schema="Administrators")}
        assert columns["Id"].type_name == "uuid" and not columns["Id"].nullable, columns["Id"]
        assert columns["IsEnabled"].type_name == "bool" and columns["CreatedAt"].type_name == "timestamptz", columns
        assert columns["Username"].type_name in ("text", "varchar"), columns["Username"]
        assert [row.column_name for row in cursor.primaryKeys(table="Users", schema="Administrators")] == ["Id"]
        foreign = {(row.fkcolumn_name, row.pktable_name) for row in cursor.foreignKeys(foreignTable="Groups", foreignSchema="Administrators")}
        assert foreign == {("EnvironmentId", "Environments"), ("PopulationId", "Populations")}, foreign
        assert any(row.column_name == "Id" for row in cursor.statistics(table="Users", schema="Administrators", unique=True))
        rows = cursor.execute('SELECT "Id", "Username", "IsEnabled", "CreatedAt", 1.5::float8, 7::int FROM "Users" WHERE "Username" = ?', "ada.admin").fetchall()
        assert len(rows) == 1 and rows[0].Username == "ada.admin" and rows[0][4:] == (1.5, 7), rows
        assert uuid.UUID(rows[0].Id) and rows[0].CreatedAt.year > 2000, rows
        assert len(cursor.execute('SELECT "Username" FROM "Users"').fetchall()) == 300
        cursor.execute('INSERT INTO "Populations" ("Name") VALUES (?)', "By ODBC")
        assert cursor.execute('DELETE FROM "Populations" WHERE "Name" = ?', "By ODBC").rowcount == 1
        c.commit()
print("ok")
