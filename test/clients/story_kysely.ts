// The story told by Kysely over types that kysely-codegen has read from the facade. Arguments: the district.
// That it compiles is half of the test: columns and their types are checked.
import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import type { DB } from "./db";

const district = process.argv[2];
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text);
const all = new Kysely<DB>({ dialect: new PostgresDialect({ pool: new pg.Pool() }) });
const db = all.withSchema("api");
const noon = new Date(new Date().setUTCHours(12, 0, 0, 0));
const ago = (days: number): Date => new Date(noon.getTime() - days * 86400000);
const say = (...words: unknown[]): void => console.log(words.join(" "));
// functions of the facade, by position
const call = async <T = string>(name: string, ...args: unknown[]): Promise<T> =>
  (await sql<{ value: T }>`SELECT ${sql.id("api", name)}(${sql.join([district, ...args])}) AS value`.execute(all)).rows[0].value;
const refused = async (name: string, ...args: unknown[]): Promise<void> => {
  try {
    await call(name, ...args);
  } catch (error) {
    say("refused:", (error as { code: string }).code);
  }
};
const flags = () => db.selectFrom("flags").select(["flag_id", "rule_name", "severity", "action", "state"]).where("district_id", "=", district).execute();

async function story(): Promise<void> {
  await call("save_district");
  say("saved:", await call("save_site", "S", null, "elementary", null, "America/New_York"),
    await call("save_therapist", "T", "SLP", null, 1.0, "2026-01-05", null, null, null, "Mon 08:00-12:00"), await call("save_client", "C", null, "S", null, null, 2));
  say("episode:", await call<number>("open_episode", "C", "2025-09-01"));
  say("service:", await call("save_service", "V", "C", "SLP", "2x30/week", "T", null, null, ago(20).toISOString().slice(0, 10)));
  const events: [Date, string][] = [[new Date("2026-03-02T14:00:00Z"), "attended"], [ago(10), "no_show"], [ago(7), "no_show"], [ago(4), "no_show"], [ago(1), "attended"]];
  const recorded: string[] = [];
  for (const [n, [at, status]] of events.entries()) recorded.push(await call("record_appointment", "C", at, status, 30, "T", "V", `A${n}`));
  say("recorded:", ...recorded);
  const first = (await flags())[0];
  say("flag:", first.rule_name, first.severity, first.action, first.state);
  say("answered:", await call("dismiss_flag", first.flag_id, "was in hospital"));
  say("flags left:", (await flags()).length);
  say("recorded:", await call("record_appointment", "C", ago(2), "no_show", null, null, null, "A5"));
  const second = (await flags())[0];
  say("flag:", second.rule_name, second.severity, second.action, second.state);
  say("answered:", await call("acknowledge_flag", second.flag_id, "calling the family"));
  const history = await sql<{ step: string }>`SELECT step FROM api.flag_history(${district}, ${first.flag_id}) ORDER BY at`.execute(all);
  say("history:", history.rows.map((h) => h.step).join(", "));
  say("recorded:", await call("record_appointment", "C", ago(-3), null, null, null, null, "A6"));
  say("cancelled:", await call("cancel_appointment", "C", "A6"));
  const facts = await db.selectFrom("client_facts").select(["attended", "no_shows", "strikes", "has_upcoming"]).where("district_id", "=", district).executeTakeFirstOrThrow();
  say(`facts: ${facts.attended} attended, ${facts.no_shows} no-shows, ${facts.strikes} strikes, upcoming ${facts.has_upcoming ? "yes" : "no"}`);
  const load = await db.selectFrom("workload").select(["therapist_id", "clients", "weekly_minutes", "capacity_minutes", "utilization"])
    .where("district_id", "=", district).executeTakeFirstOrThrow();
  say(`workload: ${load.therapist_id} has ${load.clients} client, ${load.weekly_minutes} of ${load.capacity_minutes} minutes, utilization ${load.utilization}`);
  for (const dosage of ["2x30/week", "10x30/week"]) {
    const limit = (await sql<{ rule_name: string; verdict: string; would_be: string; limit_value: string }>`
      SELECT * FROM api.check_capacity(${district}, 'T', ${dosage}) WHERE rule_name = 'weekly_minutes'`.execute(all)).rows[0];
    say(`capacity: ${limit.rule_name} ${limit.verdict}, ${limit.would_be} of ${limit.limit_value}`);
  }
  const equity = await db.selectFrom("equity").select(["discipline", "therapists", "gini"]).where("district_id", "=", district).executeTakeFirstOrThrow();
  say(`equity: ${equity.discipline}, ${equity.therapists} therapist, gini ${equity.gini}`);
  const therapist = await db.selectFrom("therapists").select("employed_from").where("district_id", "=", district).executeTakeFirstOrThrow();
  say("employed from:", therapist.employed_from);
  const appointment = await db.selectFrom("appointments").select(["status", "starts_at"]).where("district_id", "=", district).where("appointment_id", "=", "A0")
    .executeTakeFirstOrThrow();
  const at: Date | null = appointment.starts_at;
  say("appointment:", appointment.status, at?.toISOString().replace(/:00.000Z/, "Z"));
  await refused("record_appointment", "nobody", noon);
  await refused("save_service", "W", "C", "SLP", "lots");
  await all.destroy();
}
void story();
