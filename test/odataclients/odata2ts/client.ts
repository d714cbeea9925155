// What a TypeScript program does with the service at the address given, by the classes
// that odata2ts makes of $metadata.
import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { FetchClient } from "@odata2ts/http-client-fetch";
import { PingOneService } from "./build/PingOneService";

async function main(root: string) {
	const headers = { Authorization: "Basic " + btoa("any name:" + process.env.GATEWAY_KEY) };
	const service = new PingOneService(new FetchClient({ headers }), root);

	const found = await service.Users().query((b, u) => b.filter(u.Username.eq("ada.admin")).expand("Population").select("Id", "Username", "PopulationId"));
	const [ada] = found.data.value;
	strictEqual(ada.Username, "ada.admin");
	strictEqual(ada.Population?.Name, "Default");

	const enabled = await service.Users().query((b, u) => b.count().top(3).filter(u.IsEnabled.isTrue()).orderBy(u.Username.asc()));
	strictEqual(enabled.data.value.length, 3);
	ok(Number(enabled.data["@odata.count"]) >= 3);
	deepStrictEqual(enabled.data.value.map((u) => u.Username), enabled.data.value.map((u) => u.Username).sort());

	const { data: one } = await service.Users(ada.Id).query();
	strictEqual(one.Email, "ada.admin@example.com");
	ok((await service.Users(ada.Id).UserGroupAssociations().query()).data.value);

	const { data: group } = await service.Groups().create({ Name: "By odata2ts" });
	await service.Groups(group.Id).patch({ Description: "changed" });
	const again = await service.Groups().query((b, g) => b.filter(g.Name.eq("By odata2ts")));
	deepStrictEqual(again.data.value.map((g) => g.Description), ["changed"]);
	await service.Groups(group.Id).delete();
	strictEqual((await service.Groups().query((b, g) => b.filter(g.Name.eq("By odata2ts")))).data.value.length, 0);
	console.log("all done");
}

void main(process.argv[2]);
