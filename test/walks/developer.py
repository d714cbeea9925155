"""The Python developer's walk: from the demo's address to a data frame and a chart.

python developer.py HOST:PORT CHART
"""

import sys

import matplotlib
import pandas
from sqlalchemy import Column, String, create_engine, inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, declarative_base

matplotlib.use("Agg")
host, chart = sys.argv[1:]
engine = create_engine(f"pingone://me@{host}/")

# What is there?
look = inspect(engine)
assert {"Users", "Groups", "Populations", "UserGroupAssociations"} <= set(look.get_table_names())
columns = {c["name"]: c for c in look.get_columns("Users")}
assert "contractor" in columns["EmployeeType"]["comment"].lower() or columns["EmployeeType"]["comment"], "what it means"
assert [k["referred_table"] for k in look.get_foreign_keys("Users") if k["constrained_columns"] == ["PopulationId"]] == ["Populations"]

# A data frame, with the columns' types.
users = pandas.read_sql("SELECT Username, EmployeeType, IsEnabled, CreatedAt FROM Users", engine)
assert len(users) == 300
assert pandas.api.types.is_datetime64_any_dtype(users["CreatedAt"]) and users["IsEnabled"].dtype == bool, users.dtypes

# A parameter, which is not a text in the statement.
contractors = pandas.read_sql(text("SELECT Username FROM Users WHERE EmployeeType = :type"), engine, params={"type": "Contractor"})
assert set(contractors["Username"]) == set(users[users["EmployeeType"] == "Contractor"]["Username"])


# A class of one's own.
class User(declarative_base()):
    __tablename__ = "Users"
    Id = Column(String, primary_key=True)
    Username = Column(String)


with Session(engine) as session:
    assert session.scalars(select(User).where(User.Username == "ada.admin")).one().Username == "ada.admin"

# A slip says what was meant.
try:
    pandas.read_sql("SELECT Usernam FROM Users", engine)
    raise SystemExit("a misspelt column was taken")
except DBAPIError as e:
    assert "Did you mean Username?" in str(e), e

# What it costs, before it runs.
plan = "\n".join(pandas.read_sql("EXPLAIN SELECT Username FROM Users WHERE EmployeeType = 'Contractor'", engine).iloc[:, 0])
assert 'filter=type eq "Contractor"' in plan, plan

# A join, and a picture of it.
sizes = pandas.read_sql(
    "SELECT p.Name AS population, count(*) AS users FROM Users u JOIN Populations p ON p.Id = u.PopulationId GROUP BY 1 ORDER BY 2 DESC", engine
)
assert sizes["users"].sum() == 300
sizes.plot.barh(x="population", y="users", legend=False).figure.savefig(chart, bbox_inches="tight")
print("ok")
