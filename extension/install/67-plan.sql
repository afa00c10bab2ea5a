-- Fair plans: how evenly load could be spread, and the fewest moves on the way there: docs/plans.md.

CREATE TYPE caseload.plan_load AS (
  therapist_id   text,
  fte            numeric,
  load_before    numeric,
  load_after     numeric,
  per_fte_before numeric,
  per_fte_after  numeric,
  fair_per_fte   numeric,
  percent_before numeric,
  percent_after  numeric,
  band_low       numeric,
  band_high      numeric
);
COMMENT ON TYPE caseload.plan_load IS 'A therapist before and after a plan.';
COMMENT ON COLUMN caseload.plan_load.therapist_id IS 'The therapist.';
COMMENT ON COLUMN caseload.plan_load.fte IS 'FTE as it was given; who has 0 takes nobody, and what is per FTE is then NULL.';
COMMENT ON COLUMN caseload.plan_load.load_before IS 'Load today, in the unit of the weights.';
COMMENT ON COLUMN caseload.plan_load.load_after IS 'Load after the plan.';
COMMENT ON COLUMN caseload.plan_load.per_fte_before IS 'Load per FTE today.';
COMMENT ON COLUMN caseload.plan_load.per_fte_after IS 'Load per FTE after the plan.';
COMMENT ON COLUMN caseload.plan_load.fair_per_fte IS 'Fair share per FTE.';
COMMENT ON COLUMN caseload.plan_load.percent_before IS 'Load today in percent of the fair share; NULL where that is 0.';
COMMENT ON COLUMN caseload.plan_load.percent_after IS 'Load after the plan in percent of the fair share.';
COMMENT ON COLUMN caseload.plan_load.band_low IS 'With a band, the least load that is in it (0 for a maximum); NULL without.';
COMMENT ON COLUMN caseload.plan_load.band_high IS 'The highest load that is in it.';

CREATE TYPE caseload.plan_move AS (
  seq            integer,
  bundle         integer,
  kind           text,
  client_id      text,
  service_id     text,
  option_id      text,
  from_therapist text,
  to_therapist   text,
  weight         numeric,
  move_cost      integer,
  from_before    numeric,
  from_after     numeric,
  to_before      numeric,
  to_after       numeric,
  equity_before  numeric,
  equity_after   numeric,
  gain           numeric,
  band_gain      numeric,
  reason         text,
  detail         jsonb
);
COMMENT ON TYPE caseload.plan_move IS 'A move of a plan, in order: whatever is left out at the end, the rest is a plan, as long as bundles stay whole.';
COMMENT ON COLUMN caseload.plan_move.seq IS 'Place in the plan, from 1.';
COMMENT ON COLUMN caseload.plan_move.bundle IS 'Moves with the same number go together.';
COMMENT ON COLUMN caseload.plan_move.kind IS 'reassign; swap and chain, of which the moves of a bundle are good only together; forced, where today''s therapist may not keep the client; group and push_in, options that are taken.';
COMMENT ON COLUMN caseload.plan_move.client_id IS 'The client.';
COMMENT ON COLUMN caseload.plan_move.service_id IS 'The service, where what moves are services.';
COMMENT ON COLUMN caseload.plan_move.option_id IS 'The option, where it is a group or a push-in session; its clients are in detail.';
COMMENT ON COLUMN caseload.plan_move.from_therapist IS 'Today''s therapist.';
COMMENT ON COLUMN caseload.plan_move.to_therapist IS 'The new one; NULL of an option, which frees load.';
COMMENT ON COLUMN caseload.plan_move.weight IS 'The weight that moves, or that an option frees.';
COMMENT ON COLUMN caseload.plan_move.move_cost IS 'What the move costs.';
COMMENT ON COLUMN caseload.plan_move.from_before IS 'Load per FTE of today''s therapist before this move; NULL without an FTE.';
COMMENT ON COLUMN caseload.plan_move.from_after IS 'The same after it.';
COMMENT ON COLUMN caseload.plan_move.to_before IS 'Load per FTE of the new therapist before this move.';
COMMENT ON COLUMN caseload.plan_move.to_after IS 'The same after it.';
COMMENT ON COLUMN caseload.plan_move.equity_before IS 'Jain''s index of the team, weighted by FTE, before this move.';
COMMENT ON COLUMN caseload.plan_move.equity_after IS 'The same after it.';
COMMENT ON COLUMN caseload.plan_move.gain IS 'By how much the bundle lessens the sum of load^2 / FTE; a forced one may add to it, and one that brings load into the band.';
COMMENT ON COLUMN caseload.plan_move.band_gain IS 'By how much the bundle lessens the load out of the band, or above the maximum, which counts first; NULL without.';
COMMENT ON COLUMN caseload.plan_move.reason IS 'Why, in facts: both ends against their fair share before and after, and who would be next.';
COMMENT ON COLUMN caseload.plan_move.detail IS 'own_gain of the move by itself, next_best and next_best_gain; of an option its clients (or services).';

CREATE TYPE caseload.plan AS (
  status              text,
  stopped_by          text,
  therapists          integer,
  clients             integer,
  waiting             integer,
  locked              integer,
  forced              integer,
  stranded            integer,
  move_count          integer,
  move_cost           bigint,
  cost_bound          bigint,
  ssq_before          numeric,
  ssq_after           numeric,
  ssq_bound           numeric,
  gap_percent         numeric,
  jain_before         numeric,
  jain_after          numeric,
  jain_bound          numeric,
  cv_before           numeric,
  cv_after            numeric,
  cv_bound            numeric,
  gini_before         numeric,
  gini_after          numeric,
  max_before          numeric,
  max_after           numeric,
  max_bound           numeric,
  witness             text[],
  witness_load        numeric,
  witness_fte         numeric,
  out_of_band         numeric,
  costly_percent      numeric,
  costly_moved_percent numeric,
  freed               numeric,
  evaluations         bigint,
  load_unit           numeric,
  fte_exact           boolean,
  version             integer,
  loads               caseload.plan_load[],
  moves               caseload.plan_move[]
);
COMMENT ON TYPE caseload.plan IS 'A plan: what it does, how even it makes the team, and what no plan can do better than.';
COMMENT ON COLUMN caseload.plan.status IS 'optimal: nothing is more even (or, with a target, cheaper), which the bound proves; target: reached; budget: nothing good is left that it would pay; local: no move, swap or chain is good; iterations, time: a limit was reached; unreachable: no plan reaches the target, which the bound proves; infeasible: somebody must leave and nobody can take them.';
COMMENT ON COLUMN caseload.plan.stopped_by IS 'target, max_moves, max_cost, iterations or time; NULL: nothing better was found. With time alone the same question may have another answer.';
COMMENT ON COLUMN caseload.plan.therapists IS 'Therapists with an FTE above 0.';
COMMENT ON COLUMN caseload.plan.clients IS 'Clients (or services) with a therapist.';
COMMENT ON COLUMN caseload.plan.waiting IS 'Those without, who are no part of the plan.';
COMMENT ON COLUMN caseload.plan.locked IS 'Those who stay because they are locked.';
COMMENT ON COLUMN caseload.plan.forced IS 'Those who must leave, and do.';
COMMENT ON COLUMN caseload.plan.stranded IS 'Those who ought to leave, and whom nobody can take: they stay.';
COMMENT ON COLUMN caseload.plan.move_count IS 'Moves.';
COMMENT ON COLUMN caseload.plan.move_cost IS 'What they cost: the sum of move_cost.';
COMMENT ON COLUMN caseload.plan.cost_bound IS 'No plan that is as even (or reaches the target, where this one does) costs less; NULL: not counted, or not everybody is in the band.';
COMMENT ON COLUMN caseload.plan.ssq_before IS 'Sum of load^2 / FTE today, which plans make small.';
COMMENT ON COLUMN caseload.plan.ssq_after IS 'The same after the plan.';
COMMENT ON COLUMN caseload.plan.ssq_bound IS 'No plan has less, however many moves it makes.';
COMMENT ON COLUMN caseload.plan.gap_percent IS 'ssq_after above ssq_bound, in percent of it.';
COMMENT ON COLUMN caseload.plan.jain_before IS 'Jain''s index weighted by FTE, today.';
COMMENT ON COLUMN caseload.plan.jain_after IS 'The same after the plan.';
COMMENT ON COLUMN caseload.plan.jain_bound IS 'No plan has more: what licences, places and languages allow.';
COMMENT ON COLUMN caseload.plan.cv_before IS 'Coefficient of variation weighted by FTE, today.';
COMMENT ON COLUMN caseload.plan.cv_after IS 'The same after the plan.';
COMMENT ON COLUMN caseload.plan.cv_bound IS 'No plan has less.';
COMMENT ON COLUMN caseload.plan.gini_before IS 'Gini''s index weighted by FTE, today.';
COMMENT ON COLUMN caseload.plan.gini_after IS 'The same after the plan.';
COMMENT ON COLUMN caseload.plan.max_before IS 'Highest load per FTE, today.';
COMMENT ON COLUMN caseload.plan.max_after IS 'The same after the plan.';
COMMENT ON COLUMN caseload.plan.max_bound IS 'No plan has less: see witness.';
COMMENT ON COLUMN caseload.plan.witness IS 'The therapists whose captive load forces max_bound.';
COMMENT ON COLUMN caseload.plan.witness_load IS 'What only they may take.';
COMMENT ON COLUMN caseload.plan.witness_fte IS 'Their FTE together.';
COMMENT ON COLUMN caseload.plan.out_of_band IS 'Load that is still out of the band, or above the maximum; NULL without.';
COMMENT ON COLUMN caseload.plan.costly_percent IS 'Of those who may move, so many percent cost more than 1.';
COMMENT ON COLUMN caseload.plan.costly_moved_percent IS 'Of those who move.';
COMMENT ON COLUMN caseload.plan.freed IS 'Load that groups and push-in sessions take away; NULL without options.';
COMMENT ON COLUMN caseload.plan.evaluations IS 'Moves that were looked at.';
COMMENT ON COLUMN caseload.plan.load_unit IS 'What all loads are multiples of.';
COMMENT ON COLUMN caseload.plan.fte_exact IS 'FTEs are exact in every comparison; else they are rounded to one in a thousand at least, the same for plans and bounds.';
COMMENT ON COLUMN caseload.plan.version IS 'Of the search: another version may find another plan.';
COMMENT ON COLUMN caseload.plan.loads IS 'Each therapist before and after, by id.';
COMMENT ON COLUMN caseload.plan.moves IS 'The moves, in order.';

CREATE FUNCTION caseload.fair_share(
  therapists text DEFAULT NULL, clients text DEFAULT NULL, eligible text DEFAULT NULL, as_of date DEFAULT NULL, in_district text DEFAULT NULL, in_discipline text DEFAULT NULL,
  memory_limit integer DEFAULT 1024)
RETURNS TABLE (therapist_id text, fte numeric, load numeric, per_fte numeric, fair_load numeric, fair_per_fte numeric, percent_of_fair numeric,
               block integer, block_members text[], block_load numeric, block_fte numeric,
               captive_members text[], captive_load numeric, captive_fte numeric, witness text)
AS 'MODULE_PATHNAME', 'fair_share'
LANGUAGE C STABLE PARALLEL UNSAFE COST 10000 ROWS 100;
COMMENT ON FUNCTION caseload.fair_share(text, text, text, date, text, text, integer) IS 'How evenly load could be spread over therapists if clients could be split, given who may take whom: each one''s fair share, the block that shares it, and what the block and the heavier ones must take because nobody else may (captive), with the sentence for those who cannot be relieved. Three queries, each NULL for the tables: therapists (therapist_id, fte [, base_load, capacity]), clients (client_id or service_id, weight, therapist_id [, move_cost, locked]), eligible (client_id or service_id, therapist_id [, eligible]). Their parameters are $1 as_of, $2 in_district and $3 in_discipline (NULL: all disciplines together). memory_limit in megabytes.';

CREATE FUNCTION caseload.rebalance(
  therapists text DEFAULT NULL, clients text DEFAULT NULL, eligible text DEFAULT NULL, as_of date DEFAULT NULL, in_district text DEFAULT NULL, in_discipline text DEFAULT NULL,
  equity text DEFAULT NULL, target numeric DEFAULT NULL, max_moves integer DEFAULT NULL, max_cost integer DEFAULT NULL,
  swaps boolean DEFAULT true, iterations bigint DEFAULT 2000000000, time_limit interval DEFAULT '1 minute', bounds boolean DEFAULT true,
  memory_limit integer DEFAULT 1024, options text DEFAULT NULL, seed bigint DEFAULT 0)
RETURNS caseload.plan
AS 'MODULE_PATHNAME', 'rebalance'
LANGUAGE C STABLE PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION caseload.rebalance(text, text, text, date, text, text, text, numeric, integer, integer, boolean, bigint, interval, boolean, integer, text, bigint) IS 'The fewest and cheapest moves that even out the load: steepest descent on the sum of load^2 / FTE, then swaps and chains, as a list of which every prefix is a plan. Queries as in fair_share(). Until nothing is better, or max_moves, max_cost, or a target: equity jain (at least), max (load per FTE, at most) or band (fraction of the fair share, at most, to either side). For max and band chance looks for less cost, from seed on (NULL: it does not). Limits are looked at every 4,096 evaluations. A fourth query brings options, groups and push-in sessions that would free load of those above their fair share: option_id, therapist_id, kind (group or push_in), client_ids or service_ids (text[]), freed [, cost]; plan_options() has the groups of the tables. It writes nothing.';

CREATE FUNCTION caseload.pareto(
  therapists text DEFAULT NULL, clients text DEFAULT NULL, eligible text DEFAULT NULL, as_of date DEFAULT NULL, in_district text DEFAULT NULL, in_discipline text DEFAULT NULL,
  max_moves integer DEFAULT NULL, points integer DEFAULT 20, memory_limit integer DEFAULT 1024, options text DEFAULT NULL)
RETURNS TABLE (moves integer, move_cost bigint, jain numeric, cv numeric, max_per_fte numeric, ssq numeric, ssq_bound numeric, cv_bound numeric,
               cost_bound bigint)
AS 'MODULE_PATHNAME', 'pareto'
LANGUAGE C STABLE PARALLEL UNSAFE COST 10000 ROWS 20;
COMMENT ON FUNCTION caseload.pareto(text, text, text, date, text, text, integer, integer, integer, text) IS 'Equity against moves: prefixes of the plan at equal distances, with the least sum of squares and CV that any plan of that cost can have, and the least that any plan as even as this must cost. Queries as in rebalance().';

CREATE FUNCTION caseload.lp_text(
  therapists text DEFAULT NULL, clients text DEFAULT NULL, eligible text DEFAULT NULL, as_of date DEFAULT NULL, in_district text DEFAULT NULL, in_discipline text DEFAULT NULL,
  equity text DEFAULT NULL, target numeric DEFAULT NULL, memory_limit integer DEFAULT 1024, options text DEFAULT NULL)
RETURNS text
AS 'MODULE_PATHNAME', 'lp_text'
LANGUAGE C STABLE PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION caseload.lp_text(text, text, text, date, text, text, text, numeric, integer, text) IS 'The model of a plan in LP format, for any solver: least cost of moves for equity max or band, else the least highest load per FTE. Queries as in rebalance(); with options, therapist number n + 1 of n is where those are that are taken.';

CREATE FUNCTION caseload.plan_rows(
  therapists text DEFAULT NULL, clients text DEFAULT NULL, eligible text DEFAULT NULL, as_of date DEFAULT NULL, in_district text DEFAULT NULL, in_discipline text DEFAULT NULL,
  memory_limit integer DEFAULT 1024, options text DEFAULT NULL)
RETURNS TABLE (kind text, client_id text, therapist_id text, fte numeric, load numeric, capacity numeric, move_cost integer, locked boolean,
               priority bigint, cost integer)
AS 'MODULE_PATHNAME', 'plan_rows'
LANGUAGE C STABLE PARALLEL UNSAFE COST 10000 ROWS 100000;
COMMENT ON FUNCTION caseload.plan_rows(text, text, text, date, text, text, integer, text) IS 'What a plan starts from, as it was read: rows of kind therapist (load: base_load), client (load: weight; therapist_id: today''s; client_id: the service''s id where services move; priority), pair (load: its own weight, if it has one; cost) and option (client_id: its id; load: what it frees; locked: not offered). check_plan() and check_assignment() recompute from them.';
