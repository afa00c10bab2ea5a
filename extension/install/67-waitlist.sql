-- Places for a whole waiting list: docs/plans.md.

CREATE TYPE caseload.assignment_place AS (
  client_id      text,
  service_id     text,
  therapist_id   text,
  verdict        text,
  priority       bigint,
  weight         numeric,
  cost           integer,
  per_fte_before numeric,
  per_fte_after  numeric,
  witness        text[],
  witness_load   numeric,
  witness_room   numeric,
  reason         text
);
COMMENT ON TYPE caseload.assignment_place IS 'What becomes of somebody who waits.';
COMMENT ON COLUMN caseload.assignment_place.client_id IS 'The client.';
COMMENT ON COLUMN caseload.assignment_place.service_id IS 'The service, where what waits are services.';
COMMENT ON COLUMN caseload.assignment_place.therapist_id IS 'Who takes the client; NULL: goes on waiting.';
COMMENT ON COLUMN caseload.assignment_place.verdict IS 'placed; nobody_eligible; no_room: nobody who is eligible has room, even before anybody is placed; full: the witness must take more than there is room for; fragmented: there is room, but not in one piece where it is needed.';
COMMENT ON COLUMN caseload.assignment_place.priority IS 'What a place is worth.';
COMMENT ON COLUMN caseload.assignment_place.weight IS 'What the client weighs with the therapist, or, waiting, at all.';
COMMENT ON COLUMN caseload.assignment_place.cost IS 'What the pair costs; NULL: goes on waiting.';
COMMENT ON COLUMN caseload.assignment_place.per_fte_before IS 'Load of the therapist per FTE, today.';
COMMENT ON COLUMN caseload.assignment_place.per_fte_after IS 'The same after all of the plan.';
COMMENT ON COLUMN caseload.assignment_place.witness IS 'Of full: therapists among whom more must find a place than they have room for. Of fragmented: those who were looked at. NULL where they are more than a hundred.';
COMMENT ON COLUMN caseload.assignment_place.witness_load IS 'What waits and only the witness may take, at the least it weighs there.';
COMMENT ON COLUMN caseload.assignment_place.witness_room IS 'Its room today.';
COMMENT ON COLUMN caseload.assignment_place.reason IS 'Why, in facts.';

CREATE TYPE caseload.assignment AS (
  status         text,
  stopped_by     text,
  therapists     integer,
  waiting        integer,
  placed         integer,
  unplaced_priority bigint,
  unplaced_bound bigint,
  cost           bigint,
  cost_bound     bigint,
  gap_percent    numeric,
  ssq_before     numeric,
  ssq_after      numeric,
  ssq_bound      numeric,
  groups         integer,
  evaluations    bigint,
  load_unit      numeric,
  fte_exact      boolean,
  version        integer,
  places         caseload.assignment_place[]
);
COMMENT ON TYPE caseload.assignment IS 'Places for those who wait: what it leaves waiting, what it costs, and what nothing can do better than.';
COMMENT ON COLUMN caseload.assignment.status IS 'optimal: all three bounds are met; least_cost: those of priority and cost are, that of the squares is not, or is not known; local: nothing better was found; iterations, time: a limit was reached.';
COMMENT ON COLUMN caseload.assignment.stopped_by IS 'iterations or time; NULL: the search came to its end. With time alone the same question may have another answer.';
COMMENT ON COLUMN caseload.assignment.therapists IS 'Therapists with an FTE above 0.';
COMMENT ON COLUMN caseload.assignment.waiting IS 'Clients (or services) without a therapist.';
COMMENT ON COLUMN caseload.assignment.placed IS 'Those who get one.';
COMMENT ON COLUMN caseload.assignment.unplaced_priority IS 'The sum of priority of those who go on waiting, which is made small first.';
COMMENT ON COLUMN caseload.assignment.unplaced_bound IS 'No assignment leaves less.';
COMMENT ON COLUMN caseload.assignment.cost IS 'The sum of cost of those who are placed, which is made small next.';
COMMENT ON COLUMN caseload.assignment.cost_bound IS 'No assignment that leaves no more priority waiting, in any group of therapists whom those who wait connect, costs less.';
COMMENT ON COLUMN caseload.assignment.gap_percent IS 'cost above cost_bound, in percent of it; NULL where that is 0 and cost is not.';
COMMENT ON COLUMN caseload.assignment.ssq_before IS 'Sum of load^2 / FTE today.';
COMMENT ON COLUMN caseload.assignment.ssq_after IS 'The same after the plan, which is made small last.';
COMMENT ON COLUMN caseload.assignment.ssq_bound IS 'No assignment of all of them has less; NULL where somebody waits on for whom there would be room, or pairs have weights of their own.';
COMMENT ON COLUMN caseload.assignment.groups IS 'Groups of therapists that share nobody who waits; each is solved by itself.';
COMMENT ON COLUMN caseload.assignment.evaluations IS 'Pairs that were looked at.';
COMMENT ON COLUMN caseload.assignment.load_unit IS 'What all loads are multiples of.';
COMMENT ON COLUMN caseload.assignment.fte_exact IS 'FTEs are exact in every comparison; else they are rounded to one in a thousand at least.';
COMMENT ON COLUMN caseload.assignment.version IS 'Of the search: another version may find another assignment.';
COMMENT ON COLUMN caseload.assignment.places IS 'Everybody who waits, by id.';

CREATE FUNCTION caseload.assign_waitlist(
  therapists text DEFAULT NULL, clients text DEFAULT NULL, eligible text DEFAULT NULL, as_of date DEFAULT NULL, in_district text DEFAULT NULL, in_discipline text DEFAULT NULL,
  iterations bigint DEFAULT 10000000, time_limit interval DEFAULT '1 minute', memory_limit integer DEFAULT 1024)
RETURNS caseload.assignment
AS 'MODULE_PATHNAME', 'assign_waitlist'
LANGUAGE C STABLE PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION caseload.assign_waitlist(text, text, text, date, text, text, bigint, interval, integer) IS 'Places a whole waiting list with those who have room: as little priority as possible goes on waiting, then at the least cost, then with the least sum of load^2 / FTE, with proven bounds and a reason for each. Three queries, each NULL for the tables: therapists (therapist_id, fte [, base_load, capacity]), clients (client_id or service_id, weight, therapist_id [, priority]), of whom those without a therapist wait and the others take room, eligible (client_id or service_id, therapist_id [, eligible, cost, weight]), with the parameters of fair_share(). iterations: evaluations for each group of therapists that share nobody. It writes nothing.';
