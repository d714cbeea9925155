const { Modes, EmitModes } = require("@odata2ts/odata2ts");

module.exports = {
	mode: Modes.all, emitMode: EmitModes.ts, prettier: false,
	propertiesByName: ["EnvironmentId", "CreatedAt", "UpdatedAt"].map((name) => ({ name, managed: true })), // which it doesn't read from $metadata
	services: { pingone: { source: "metadata.xml", output: "build", serviceName: "PingOne" } },
};
