// Makes the style sheets of UI5's theme, which its packages hold as Less.
//   node theme.cjs FOLDER SOURCE…
"use strict";
const { mkdir, writeFile } = require("fs/promises");
const path = require("path");
const { Builder } = require("less-openui5");

const [folder, ...rootPaths] = process.argv.slice(2);
(async () => {
	for (const library of ["sap/ui/core", "sap/m"]) {
		const at = library + "/themes/sap_horizon/";
		const { css } = await new Builder().build({ lessInputPath: at + "library.source.less", rootPaths });
		await mkdir(path.join(folder, at), { recursive: true });
		await writeFile(path.join(folder, at, "library.css"), css);
	}
})();
