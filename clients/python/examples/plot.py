"""Users by population and employee type, as a bar chart in users.png.

pip install 'sqlalchemy-pingone[sqlalchemy,binary]' pandas matplotlib
python plot.py pingone://me@127.0.0.1:5433/
"""

import sys

import matplotlib
import pandas
from sqlalchemy import create_engine

matplotlib.use("Agg")

QUERY = """
    SELECT p.Name AS population, coalesce(u.EmployeeType, 'none') AS type, count(*) AS users
    FROM Users u JOIN Populations p ON p.Id = u.PopulationId
    GROUP BY 1, 2
"""


def main(address: str, picture: str = "users.png") -> pandas.DataFrame:
    users = pandas.read_sql(QUERY, create_engine(address))
    table = users.pivot(index="population", columns="type", values="users").fillna(0).astype(int)
    axes = table.loc[table.sum(axis=1).sort_values().index].plot.barh(stacked=True, ylabel="")
    axes.figure.savefig(picture, bbox_inches="tight")
    return table


if __name__ == "__main__":
    print(main(*sys.argv[1:]))
