// The story told by node-postgres. Arguments: the district. Numbers arrive as strings; dates as text, since the driver's own are local midnights.
import pg from "pg";

const [, , district] = process.argv;
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text);
// our schema in the path, as docs/clients.md says, for the operators of our types
const db = new pg.Client({ options: "-c search_path=caseload,public" });
await db.connect();
const noon = new Date(new Date().setUTCHours(12, 0, 0, 0));
const ago = (days) => new Date(noon.getTime() - days * 86400000);
const rows = async (sql, ...args) => (await db.query({ text: sql, values: args, rowMode: "array" })).rows;
const row = async (sql, ...args) => (await rows(sql, ...args))[0];
const one = async (sql, ...args) => (await row(sql, ...args))[0];
const say = (...words) => console.log(words.join(" "));
const refused = async (sql, ...args) => {
  try {
    await db.query(sql, args);
  } catch (error) {
    if (error.code === "22P02" && !error.hint) throw error;
    say("refused:", error.code);
  }
};

await one("SELECT api.save_district($1)", district);
say("saved:", await one("SELECT api.save_site($1, $2, level => $3, time_zone => $4)", district, "S", "elementary", "America/New_York"),
  await one("SELECT api.save_therapist($1, $2, $3, fte => $4, employed_from => $5, availability => $6)", district, "T", "SLP", 1.0, "2026-01-05", "Mon 08:00-12:00"),
  await one("SELECT api.save_client($1, $2, site_id => $3, grade => $4)", district, "C", "S", 2));
say("episode:", await one("SELECT api.open_episode($1, $2, $3)", district, "C", "2025-09-01"));
say("service:", await one("SELECT api.save_service($1, $2, $3, $4, $5, $6, starts_on => $7)", district, "V", "C", "SLP", "2x30/week", "T", ago(20).toISOString().slice(0, 10)));
const events = [[new Date("2026-03-02T14:00:00Z"), "attended"], [ago(10), "no_show"], [ago(7), "no_show"], [ago(4), "no_show"], [ago(1), "attended"]];
const recorded = [];
for (const [n, [at, status]] of events.entries()) {
  recorded.push(await one("SELECT api.record_appointment($1, $2, $3, $4, $5, $6, $7, $8)", district, "C", at, status, 30, "T", "V", `A${n}`));
}
say("recorded:", ...recorded);
const flags = "SELECT rule_name, severity, action, state FROM api.flags WHERE district_id = $1";
say("flag:", ...(await row(flags, district)));
const flag = await one("SELECT flag_id FROM api.flags WHERE district_id = $1", district);
say("answered:", await one("SELECT api.dismiss_flag($1, $2, $3)", district, flag, "was in hospital"));
say("flags left:", (await rows(flags, district)).length);
say("recorded:", await one("SELECT api.record_appointment($1, $2, $3, $4, appointment_id => $5)", district, "C", ago(2), "no_show", "A5"));
say("flag:", ...(await row(flags, district)));
say("answered:", await one("SELECT api.acknowledge_flag($1, $2, $3)", district, await one("SELECT flag_id FROM api.flags WHERE district_id = $1", district), "calling the family"));
say("history:", (await rows("SELECT step FROM api.flag_history($1, $2) ORDER BY at", district, flag)).flat().join(", "));
say("recorded:", await one("SELECT api.record_appointment($1, $2, $3, appointment_id => $4)", district, "C", ago(-3), "A6"));
say("cancelled:", await one("SELECT api.cancel_appointment($1, $2, $3)", district, "C", "A6"));
const facts = await row("SELECT attended, no_shows, strikes, has_upcoming FROM api.client_facts WHERE district_id = $1", district);
say(`facts: ${facts[0]} attended, ${facts[1]} no-shows, ${facts[2]} strikes, upcoming ${facts[3] ? "yes" : "no"}`);
const load = await row("SELECT therapist_id, clients, weekly_minutes, capacity_minutes, utilization FROM api.workload WHERE district_id = $1", district);
say(`workload: ${load[0]} has ${load[1]} client, ${load[2]} of ${load[3]} minutes, utilization ${load[4]}`);
for (const dosage of ["2x30/week", "10x30/week"]) {
  const limit = await row("SELECT rule_name, verdict, would_be, limit_value FROM api.check_capacity($1, $2, $3) WHERE rule_name = 'weekly_minutes'", district, "T", dosage);
  say(`capacity: ${limit[0]} ${limit[1]}, ${limit[2]} of ${limit[3]}`);
}
const equity = await row("SELECT discipline, therapists, gini FROM api.equity WHERE district_id = $1", district);
say(`equity: ${equity[0]}, ${equity[1]} therapist, gini ${equity[2]}`);
say("employed from:", await one("SELECT employed_from FROM api.therapists WHERE district_id = $1", district));
const [status, at] = await row("SELECT status, starts_at FROM api.appointments WHERE district_id = $1 AND appointment_id = 'A0'", district);
say("appointment:", status, at.toISOString().replace(/:00.000Z/, "Z"));
await refused("SELECT api.record_appointment($1, $2, $3)", district, "nobody", noon);
await refused("SELECT api.save_service($1, $2, $3, $4, $5)", district, "W", "C", "SLP", "lots");

// our own types
await db.query("INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, delivery) VALUES ($1, $2, $3, $4, $5, $6)",
  [district, "X", "C", "SLP", "1x30/week", "push_in"]);
say("types:", ...(await row("SELECT dosage, delivery FROM caseload.service WHERE district_id = $1 AND service_id = 'X'", district)));
say("array:", (await one("SELECT array_agg(dosage ORDER BY dosage) FROM caseload.service WHERE district_id = $1", district)).replace(/[{}]/g, ""));
say("by name:", await one("SELECT service_id FROM caseload.service WHERE district_id = $1 AND dosage OPERATOR(caseload.>) $2", district, "1x30/week"));
await refused("INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage) VALUES ($1, $2, $3, $4, $5)", district, "Y", "C", "SLP", "lots");
say("by path:", await one("SELECT service_id FROM service WHERE district_id = $1 AND dosage > $2", district, "1x30/week"));
await db.end();
