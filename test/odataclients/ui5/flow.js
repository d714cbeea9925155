// What an application of UI5 does with a service, by ODataModel v4 and its default
// group $auto, in which everything but $metadata goes through $batch, and with changes
// by requests of their own.
const found = {};

async function step(name, work) {
	try {
		found[name] = await work();
	} catch (e) {
		found[name] = "failed: " + (e.stack || e);
	}
}

function names(contexts, property) {
	return contexts.map((c) => c.getProperty(property));
}

sap.ui.require([
	"sap/ui/model/odata/v4/ODataModel", "sap/ui/model/Filter", "sap/ui/model/FilterOperator", "sap/ui/model/Sorter",
], async function (ODataModel, Filter, FilterOperator, Sorter) {
	const model = modelOf({}), direct = modelOf({ updateGroupId: "$direct" });
	const byName = new Sorter("Username");

	function modelOf(more) {
		return new ODataModel({
			serviceUrl: "/odata/pingone/Administrators/", operationMode: "Server", autoExpandSelect: true, earlyRequests: true, ...more,
		});
	}
	// write makes, changes and deletes a group.
	async function write(model, name) {
		const list = model.bindList("/Groups", null, [new Sorter("Name")], [], { $select: "Id,Name,Description" });
		await list.requestContexts(0, 3);
		const group = list.create({ Name: name });
		await group.created();
		const made = group.getProperty("Id");
		await group.setProperty("Description", "changed by UI5");
		const changed = await model.bindContext("/Groups(" + made + ")", null, { $select: "Name,Description" }).requestObject();
		await group.delete();
		const left = model.bindList("/Groups", null, [], [new Filter("Name", FilterOperator.EQ, name)], { $select: "Id" });
		return { made, changed, left: (await left.requestContexts(0, 1)).length };
	}

	await step("list", async () => {
		const list = model.bindList("/Users", null, [byName], [], { $count: true, $select: "Id,Username" });
		const first = names(await list.requestContexts(0, 5), "Username");
		const next = names(await list.requestContexts(5, 5), "Username");
		return { first, next, count: list.getLength() };
	});
	await step("expand", async () => {
		const list = model.bindList("/Users", null, [byName], [], {
			$select: "Username", $expand: { Population: { $select: "Name" }, Groups: { $select: "Name", $orderby: "Name" } },
		});
		const [user] = await list.requestContexts(0, 1);
		return user.getObject();
	});
	await step("filter", async () => {
		const list = model.bindList("/Users", null, [byName], [
			new Filter("Population/Name", FilterOperator.EQ, "Default"),
			new Filter({ path: "Username", operator: FilterOperator.Contains, value1: "ADA", caseSensitive: false }),
		], { $select: "Username" });
		return names(await list.requestContexts(0, 10), "Username");
	});
	await step("any", async () => {
		const list = model.bindList("/Groups", null, [], [
			new Filter({ path: "Users", operator: FilterOperator.Any, variable: "u", condition: new Filter("u/IsEnabled", FilterOperator.EQ, true) }),
		], { $select: "Name" });
		return names(await list.requestContexts(0, 10), "Name").length;
	});
	await step("entity", async () => {
		const users = model.bindList("/Users", null, [], [new Filter("Username", FilterOperator.EQ, "ada.admin")], { $select: "Id" });
		const [user] = await users.requestContexts(0, 1);
		const bound = model.bindContext("/Users(" + user.getProperty("Id") + ")", null, { $select: "Username,CreatedAt", $expand: "Population" });
		return bound.requestObject();
	});
	await step("write", () => write(model, "By UI5"));
	await step("direct", () => write(direct, "By UI5, directly"));
	await step("action", async () => {
		const users = model.bindList("/Users", null, [], [new Filter("Username", FilterOperator.EQ, "ada.admin")], { $select: "Id" });
		const [user] = await users.requestContexts(0, 1);
		const action = model.bindContext("PingOne.UnlockUserAccount(...)", user);
		await action.invoke();
		return action.getBoundContext().getObject();
	});
	await step("aggregate", async () => {
		const list = model.bindList("/Users", null, [], [], {
			$$aggregation: { group: { PopulationId: {} }, aggregate: { Users: { name: "Id", with: "countdistinct" } } },
		});
		return names(await list.requestContexts(0, 10), "Users");
	});
	await step("refused", async () => {
		const list = model.bindList("/Groups", null, [], [], { $select: "Id,Name" });
		const group = list.create({ Name: "Sales" });
		group.created().catch(() => {});
		return new Promise((resolve) => list.attachCreateCompleted((e) => resolve(e.getParameter("success") ? "made" : "refused")));
	});
	await fetch("/found", { method: "POST", body: JSON.stringify(found) });
}, (e) => fetch("/found", { method: "POST", body: JSON.stringify({ load: "failed: " + e }) }));
