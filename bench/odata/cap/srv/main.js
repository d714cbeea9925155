// Fills the database in memory with the rows of the file that ROWS names.
const cds = require("@sap/cds");
const { readFileSync } = require("node:fs");

module.exports = cds.service.impl(async () => {
	cds.on("served", async () => {
		const rows = JSON.parse(readFileSync(process.env.ROWS, "utf8"));
		await INSERT.into("bench.People").entries(rows);
	});
});
