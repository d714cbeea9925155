"""asyncpg, which sends and takes binary values alone, against the address given."""
import asyncio
import sys
import uuid

import asyncpg

host, port = sys.argv[1].rsplit(":", 1)


async def main():
    c = await asyncpg.connect(host=host, port=int(port), user="anna", database="pingone", ssl=False)
    rows = await c.fetch("SELECT Id, Username, IsEnabled, CreatedAt FROM Users WHERE IsEnabled = $1 AND CreatedAt > $2 LIMIT $3", True, (await c.fetchval("SELECT min(CreatedAt) FROM Users")), 5)
    assert len(rows) == 5 and isinstance(rows[0]["Id"], uuid.UUID), rows
    assert await c.fetchval("SELECT count(*) FROM Users WHERE Id = ANY($1)", [r["Id"] for r in rows]) == 5
    oid, name, columns, kind, key = await c.fetchrow(
        "SELECT c.oid, relname, relnatts, relkind, conkey FROM pg_class c JOIN pg_constraint ON conrelid = c.oid WHERE relname = $1 AND contype = 'p' AND pg_table_is_visible(c.oid)", "Users")
    assert oid > 16384 and name == "Users" and columns > 40 and kind == b"r" and key == [1], (oid, name, columns, kind, key)
    async with c.transaction():
        assert len([r async for r in c.cursor("SELECT Username FROM Users", prefetch=50)]) == 300
    types = await c.fetchrow("SELECT 1::int2, 2::int8, 1.5::float8, 2.25::numeric(9, 2), DATE '2024-02-29', TIME '10:11:12', INTERVAL '1 day', 'x'::text, ARRAY['a', NULL], '{\"a\":1}'::jsonb")
    assert (types[0], types[3], types[8]) == (1, __import__("decimal").Decimal("2.25"), ["a", None]), types
    await c.close()


asyncio.run(main())
print("ok")
