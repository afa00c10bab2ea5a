// The story told by PostGraphile: GraphQL over the facade only. Arguments: the district.
import { createPostGraphileSchema, withPostGraphileContext } from "postgraphile";
import { graphql, printSchema } from "graphql";
import pg from "pg";

const [, , district] = process.argv;
const pool = new pg.Pool();
const schema = await createPostGraphileSchema(pool, ["api"]);
const noon = new Date(new Date().setUTCHours(12, 0, 0, 0));
const ago = (days) => new Date(noon.getTime() - days * 86400000).toISOString();
const say = (...words) => console.log(words.join(" "));

const run = (source, variables) =>
  withPostGraphileContext({ pgPool: pool, pgDefaultRole: process.env.PGUSER }, (context) =>
    graphql({ schema, source, contextValue: context, variableValues: variables }));
const ask = async (source, variables = {}) => {
  const result = await run(source, variables);
  if (result.errors) throw result.errors[0];
  return result.data;
};
// value("saveSite", {…}): a writing function is a mutation with an input; what it returns is in "string" or "integer"
const literal = (value) => JSON.stringify(value);
const mutation = (name, input, field) =>
  `mutation { done: ${name}(input: {${Object.entries(input).map(([k, v]) => `${k}: ${literal(v)}`).join(", ")}}) { value: ${field} } }`;
const value = async (name, input, field = "string") => (await ask(mutation(name, { districtId: district, ...input }, field))).done.value;
const refused = async (name, input) => {
  const result = await run(mutation(name, { districtId: district, ...input }, "string"));
  if (result.errors) say("refused:", result.errors[0].originalError.code);
};
const nodes = async (what, fields) =>
  (await ask(`query ($d: String!) { rows: ${what}(condition: {districtId: $d}) { nodes { ${fields} } } }`, { d: district })).rows.nodes;

await value("saveDistrict", {});
say("saved:", await value("saveSite", { siteId: "S", level: "elementary", timeZone: "America/New_York" }),
  await value("saveTherapist", { therapistId: "T", discipline: "SLP", fte: "1.0", employedFrom: "2026-01-05", availability: "Mon 08:00-12:00" }),
  await value("saveClient", { clientId: "C", siteId: "S", grade: 2 }));
say("episode:", await value("openEpisode", { clientId: "C", startsOn: "2025-09-01" }, "integer"));
say("service:", await value("saveService", { serviceId: "V", clientId: "C", discipline: "SLP", dosage: "2x30/week", therapistId: "T", startsOn: ago(20).slice(0, 10) }));
const events = [["2026-03-02T14:00:00Z", "attended"], [ago(10), "no_show"], [ago(7), "no_show"], [ago(4), "no_show"], [ago(1), "attended"]];
const recorded = [];
for (const [n, [startsAt, status]] of events.entries()) {
  recorded.push(await value("recordAppointment", { clientId: "C", startsAt, status, minutes: 30, therapistId: "T", serviceId: "V", appointmentId: `A${n}` }));
}
say("recorded:", ...recorded);
const flag = async () => (await nodes("allFlags", "flagId ruleName severity action state"))[0];
const first = await flag();
say("flag:", first.ruleName, first.severity, first.action, first.state);
say("answered:", await value("dismissFlag", { flagId: first.flagId, reason: "was in hospital" }));
say("flags left:", (await nodes("allFlags", "flagId")).length);
say("recorded:", await value("recordAppointment", { clientId: "C", startsAt: ago(2), status: "no_show", appointmentId: "A5" }));
const second = await flag();
say("flag:", second.ruleName, second.severity, second.action, second.state);
say("answered:", await value("acknowledgeFlag", { flagId: second.flagId, note: "calling the family" }));
const history = (await ask("query ($d: String!, $f: String!) { flagHistory(districtId: $d, flagId: $f) { nodes { at step } } }", { d: district, f: first.flagId })).flagHistory.nodes;
say("history:", history.sort((a, b) => (a.at < b.at ? -1 : 1)).map((h) => h.step).join(", "));
say("recorded:", await value("recordAppointment", { clientId: "C", startsAt: ago(-3), appointmentId: "A6" }));
say("cancelled:", await value("cancelAppointment", { clientId: "C", appointmentId: "A6" }));
const [facts] = await nodes("allClientFacts", "attended noShows strikes hasUpcoming");
say(`facts: ${facts.attended} attended, ${facts.noShows} no-shows, ${facts.strikes} strikes, upcoming ${facts.hasUpcoming ? "yes" : "no"}`);
const [load] = await nodes("allWorkloads", "therapistId clients weeklyMinutes capacityMinutes utilization");
say(`workload: ${load.therapistId} has ${load.clients} client, ${load.weeklyMinutes} of ${load.capacityMinutes} minutes, utilization ${load.utilization}`);
for (const dosage of ["2x30/week", "10x30/week"]) {
  const limits = (await ask("query ($d: String!, $m: String!) { checkCapacity(districtId: $d, therapistId: \"T\", dosage: $m) { nodes { ruleName verdict wouldBe limitValue } } }",
    { d: district, m: dosage })).checkCapacity.nodes;
  const limit = limits.find((l) => l.ruleName === "weekly_minutes");
  say(`capacity: ${limit.ruleName} ${limit.verdict}, ${limit.wouldBe} of ${limit.limitValue}`);
}
const [equity] = await nodes("allEquities", "discipline therapists gini");
say(`equity: ${equity.discipline}, ${equity.therapists} therapist, gini ${equity.gini}`);
// keys of the smart comments: one client by id, with what belongs to him
const client = (await ask(`query ($d: String!) { client: clientByDistrictIdAndClientId(districtId: $d, clientId: "C") {
  site { level } services { nodes { therapist { employedFrom } } } flags { nodes { state } }
  appointments(condition: {appointmentId: "A0"}) { nodes { status startsAt } } } }`, { d: district })).client;
if (client.site.level !== "elementary" || client.flags.nodes[0].state !== "acknowledged") throw new Error("the keys of the smart comments");
say("employed from:", client.services.nodes[0].therapist.employedFrom);
const [appointment] = client.appointments.nodes;
say("appointment:", appointment.status, new Date(appointment.startsAt).toISOString().replace(/:00.000Z/, "Z"));
await refused("recordAppointment", { clientId: "nobody", startsAt: ago(0) });
await refused("saveService", { serviceId: "W", clientId: "C", discipline: "SLP", dosage: "lots" });
// views are not written to, although the server would let a simple one be
const sdl = printSchema(schema);
if (/(create|update|delete)(Client|Site|Appointment)\w*\(/.test(sdl)) throw new Error("a view can be written to");
if (!/"""\s*Flags of today/.test(sdl)) throw new Error("comments are not in the schema");
await pool.end();
