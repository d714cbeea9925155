"""The Model Context Protocol's own client, against the program and the address given."""
import asyncio
import json
import sys

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

gateway, address = sys.argv[1:]


async def use(read, write):
    async with ClientSession(read, write) as session:
        await session.initialize()
        assert {t.name for t in (await session.list_tools()).tools} == {"list_tables", "describe_table", "explain_sql", "run_sql"}

        async def call(name, **arguments):
            answer = await session.call_tool(name, arguments)
            return json.loads(answer.content[0].text), answer.is_error

        tables, failed = await call("list_tables", search="group")
        assert not failed and any(t["table"] == "Groups" for t in tables["tables"]), tables
        groups, failed = await call("describe_table", table="Groups")
        assert not failed and {c["name"] for c in groups["columns"]} >= {"Id", "Name"} and groups["waysToRead"], groups
        plan, failed = await call("explain_sql", sql="SELECT Username FROM Users WHERE Username LIKE 'a%'")
        assert not failed and plan["plan"], plan
        rows, offset = [], 0
        while True:
            part, failed = await call("run_sql", sql="SELECT Username FROM Users ORDER BY Username", offset=offset, max_rows=120)
            assert not failed, part
            rows += part["rows"]
            if not part["more"]:
                break
            offset = part["nextOffset"]
        assert len(rows) == 300 and rows == sorted(rows), len(rows)
        refused, failed = await call("run_sql", sql="DELETE FROM Users")
        assert failed and refused["error"]["code"] == "read_only", refused


async def main():
    async with streamable_http_client(f"http://{address}/mcp") as streams:
        await use(streams[0], streams[1])
    async with stdio_client(StdioServerParameters(command=gateway, args=["mcp", "--server", f"http://{address}"])) as (read, write):
        await use(read, write)


asyncio.run(main())
print("ok")
