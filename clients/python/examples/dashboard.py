"""A page with a chart of the users made in each month, with Dash.

pip install 'sqlalchemy-pingone[sqlalchemy,binary]' pandas dash
python dashboard.py pingone://me@127.0.0.1:5433/
"""

import sys

import pandas
from dash import Dash, Input, Output, dcc, html
from sqlalchemy import create_engine, text

POPULATIONS = "SELECT Name FROM Populations ORDER BY 1"
MONTHS = """
    SELECT date_trunc('month', u.CreatedAt) AS month, count(*) AS users
    FROM Users u JOIN Populations p ON p.Id = u.PopulationId
    WHERE p.Name = :population GROUP BY 1 ORDER BY 1
"""


def application(address: str) -> Dash:
    engine = create_engine(address)
    app = Dash("PingOne")
    names = pandas.read_sql(POPULATIONS, engine).iloc[:, 0].tolist()
    app.layout = html.Div([dcc.Dropdown(names, names[0], id="population"), dcc.Graph(id="months")])

    @app.callback(Output("months", "figure"), Input("population", "value"))
    def months(population: str) -> dict[str, object]:
        rows = pandas.read_sql(text(MONTHS), engine, params={"population": population})
        return {"data": [{"type": "bar", "x": rows["month"].tolist(), "y": rows["users"].tolist()}]}

    return app


if __name__ == "__main__":
    application(*sys.argv[1:]).run()
