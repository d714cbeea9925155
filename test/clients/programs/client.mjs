// Node's pg against the address given.
import assert from "node:assert/strict";
import pg from "pg";

const [host, port] = process.argv[2].split(":");
const pool = new pg.Pool({ host, port, user: "anna", database: "pingone", ssl: false, max: 3 });
const { rows, fields } = await pool.query('SELECT "Id", "Username", "IsEnabled", "CreatedAt" FROM "Users" WHERE "Username" = $1', ["ada.admin"]);
assert.equal(rows.length, 1);
assert.equal(rows[0].IsEnabled, true);
assert.ok(rows[0].CreatedAt instanceof Date);
assert.deepEqual(fields.map((f) => f.dataTypeID), [2950, 25, 16, 1184]);
const many = await Promise.all([1, 2, 3, 4].map((n) => pool.query({ name: "named", text: "SELECT count(*), $1::int AS n FROM Users", values: [n] })));
assert.deepEqual(many.map((r) => r.rows[0]), [1, 2, 3, 4].map((n) => ({ count: "300", n })));
const listed = await pool.query("SELECT count(*) FROM Users WHERE Username = ANY($1)", [["ada.admin", "rita.reader"]]);
assert.equal(listed.rows[0].count, "2");
await assert.rejects(pool.query("SELECT nope FROM Users"), { code: "42703", position: "8" });
const made = await pool.query("INSERT INTO Populations (Name) VALUES ($1) RETURNING Id", ["By Node"]);
const gone = await pool.query("DELETE FROM Populations WHERE Id = $1", [made.rows[0].Id]);
assert.equal(gone.rowCount, 1);
await pool.end();
console.log("ok");
