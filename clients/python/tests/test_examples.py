"""The programs in examples/, as their users run them."""

import csv
import json
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

pytestmark = pytest.mark.skipif(sa.__version__.startswith("1."), reason="written for SQLAlchemy 2")


@pytest.fixture(autouse=True)
def examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "examples"))


def test_plot(demo, tmp_path: Path) -> None:
    import plot

    picture = tmp_path / "users.png"
    table = plot.main(f"pingone://me@{demo.postgres}/", str(picture))
    assert table.to_numpy().sum() == 300
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_etl(demo, tmp_path: Path) -> None:
    import etl

    file = tmp_path / "contractors.csv"
    people = etl.main(f"Server={demo.postgres}", str(file))
    with file.open() as f:
        rows = list(csv.DictReader(f))
    assert people == len(rows) > 0
    assert len({r["Username"] for r in rows}) == people and all(r["groups"] for r in rows)


def test_dashboard(demo) -> None:
    import dashboard

    app = dashboard.application(f"pingone://me@{demo.postgres}/")
    client = app.server.test_client()
    layout = client.get("/_dash-layout").get_json()
    names = layout["props"]["children"][0]["props"]["options"]
    total = 0
    for name in names:
        answer = client.post(
            "/_dash-update-component",
            json={
                "output": "months.figure",
                "outputs": {"id": "months", "property": "figure"},
                "inputs": [{"id": "population", "property": "value", "value": name}],
                "changedPropIds": ["population.value"],
            },
        )
        figure = json.loads(answer.data)["response"]["months"]["figure"]
        total += sum(figure["data"][0]["y"])
    assert total == 300
    assert "dash" in sys.modules


def test_notebook(demo, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    """Runs the cells one after the other, as Jupyter does."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    drawn = []
    monkeypatch.setattr(
        plt, "show", lambda: drawn.append(plt.gcf().axes[0].get_legend_handles_labels())
    )
    monkeypatch.setenv("PINGONE_ADDRESS", f"pingone://me@{demo.postgres}/")
    notebook = json.loads((Path(__file__).parents[1] / "examples" / "tour.ipynb").read_text())
    assert notebook["nbformat"] == 4
    names: dict[str, object] = {}
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] == "code":
            assert not cell["outputs"], "outputs are not kept"
            exec(compile("".join(cell["source"]), f"cell {number}", "exec"), names)
    assert names["by_population"].sum() == 300
    assert names["members"]["members"].sum() > 0
    assert len(drawn) == 3 and all(handles for handles, _ in drawn)
    assert "Contractor" in capsys.readouterr().out
    plt.close("all")
