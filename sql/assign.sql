-- Places for a waiting list: what they say, every edge that is defined, and every message.
-- ann has room for 6, ben for 6, cem for everybody
\set T '$$SELECT * FROM (VALUES (''ann'', 1.0, 10), (''ben'', 0.5, 6), (''cem'', 1, NULL)) v (therapist_id, fte, capacity)$$'
\set C '$$SELECT * FROM (VALUES (''a1'', 4, ''ann'', 1), (''k1'', 3, NULL, 1), (''k2'', 3, NULL, 1), (''k3'', 3, NULL, 5), (''k4'', 4, NULL, 1), (''k5'', 2, NULL, 1), (''k6'', 9, NULL, 1), (''k7'', 1, NULL, 1)) v (client_id, weight, therapist_id, priority)$$'
\set E '$$SELECT * FROM (VALUES (''k1'', ''ann'', 2), (''k2'', ''ann'', 1), (''k3'', ''ann'', 4), (''k4'', ''ann'', 0), (''k4'', ''ben'', 3), (''k5'', ''ben'', 0), (''k5'', ''cem'', 6), (''k6'', ''ben'', 0)) v (client_id, therapist_id, cost)$$'
\x on
SELECT p.status, p.stopped_by, p.therapists, p.waiting, p.placed, p.unplaced_priority, p.unplaced_bound, p.cost, p.cost_bound, p.gap_percent,
       p.ssq_before, p.ssq_after, p.ssq_bound, p.groups, p.evaluations > 0 AS evaluated, p.load_unit, p.fte_exact, p.version FROM caseload.assign_waitlist(:T, :C, :E) p;
\x off
SELECT client_id, therapist_id, verdict, priority, weight, cost, per_fte_before, per_fte_after FROM unnest((SELECT places FROM caseload.assign_waitlist(:T, :C, :E)));
SELECT client_id, witness, witness_load, witness_room, reason FROM unnest((SELECT places FROM caseload.assign_waitlist(:T, :C, :E)));
SELECT k.* FROM caseload.assign_waitlist(:T, :C, :E) p, caseload.check_assignment(p, :T, :C, :E) k;
SELECT kind, client_id, therapist_id, load, priority, cost FROM caseload.plan_rows(:T, :C, :E) WHERE client_id IN ('a1', 'k3', 'k4') ORDER BY kind, client_id, therapist_id;

CREATE FUNCTION pg_temp.in_short(p caseload.assignment) RETURNS text LANGUAGE sql AS $$
  SELECT format('%s%s: %s of %s placed, %s wait (at least %s), cost %s (at least %s), squares %s to %s%s; %s', p.status, ' by ' || p.stopped_by, p.placed, p.waiting, p.unplaced_priority, p.unplaced_bound,
                p.cost, p.cost_bound, p.ssq_before, p.ssq_after, ' (at least ' || p.ssq_bound || ')',
                (SELECT string_agg(concat_ws(' ', x.client_id, coalesce(x.therapist_id, x.verdict)), ', ' ORDER BY x.client_id) FROM unnest(p.places) x))
$$;
CREATE FUNCTION pg_temp.assign(t text, c text, e text) RETURNS caseload.assignment LANGUAGE sql AS $$
  SELECT caseload.assign_waitlist('SELECT * FROM (VALUES ' || t || ') v (therapist_id, fte, capacity)', 'SELECT client_id, weight, therapist_id, priority::integer FROM (VALUES ' || c || ') v (client_id, weight, therapist_id, priority)',
                                  'SELECT client_id, therapist_id, cost::integer, weight::numeric FROM (VALUES ' || e || ') v (client_id, therapist_id, cost, weight)')
$$;
SELECT what, pg_temp.in_short(pg_temp.assign(t, c, e)) AS assignment
  FROM (VALUES
    ('the dearest stays where somebody must', $$('a', 1, 2)$$, $$('1', 1, NULL, 1), ('2', 1, NULL, 1), ('3', 1, NULL, 1)$$, $$('1', 'a', 5, NULL), ('2', 'a', 3, NULL), ('3', 'a', 1, NULL)$$),
    ('but the most urgent does not', $$('a', 1, 2)$$, $$('1', 1, NULL, 2), ('2', 1, NULL, 1), ('3', 1, NULL, 1)$$, $$('1', 'a', 5, NULL), ('2', 'a', 3, NULL), ('3', 'a', 1, NULL)$$),
    ('two small ones rather than a large one', $$('a', 1, 4)$$, $$('1', 4, NULL, 1), ('2', 2, NULL, 1), ('3', 2, NULL, 1)$$, $$('1', 'a', 0, NULL), ('2', 'a', 9, NULL), ('3', 'a', 9, NULL)$$),
    ('unless it is more urgent', $$('a', 1, 4)$$, $$('1', 4, NULL, 3), ('2', 2, NULL, 1), ('3', 2, NULL, 1)$$, $$('1', 'a', 0, NULL), ('2', 'a', 9, NULL), ('3', 'a', 9, NULL)$$),
    ('even loads where costs are equal', $$('a', 1, NULL::integer), ('b', 0.5, NULL)$$, $$('1', 2, NULL, NULL::integer), ('2', 2, NULL, NULL), ('3', 2, NULL, NULL)$$, $$('1', 'a', NULL::integer, NULL::integer), ('1', 'b', NULL, NULL), ('2', 'a', NULL, NULL), ('2', 'b', NULL, NULL), ('3', 'a', NULL, NULL), ('3', 'b', NULL, NULL)$$),
    ('a chain makes room', $$('a', 1, 2), ('b', 1, 2), ('c', 1, 2)$$, $$('1', 2, NULL, 1), ('2', 2, NULL, 1), ('3', 2, NULL, 1)$$, $$('1', 'a', 0, NULL), ('1', 'b', 0, NULL), ('2', 'b', 0, NULL), ('2', 'c', 0, NULL), ('3', 'a', 0, NULL)$$),
    ('room, but not in one piece', $$('a', 1, 4), ('b', 1, 4)$$, $$('1', 3, NULL, 1), ('2', 3, NULL, 1), ('3', 2, NULL, 1)$$, $$('1', 'a', 0, NULL), ('1', 'b', 0, NULL), ('2', 'a', 0, NULL), ('2', 'b', 0, NULL), ('3', 'a', 0, NULL), ('3', 'b', 0, NULL)$$),
    ('room that nothing can fill is none', $$('a', 1, 3), ('b', 1, 3)$$, $$('1', 2, NULL, 1), ('2', 2, NULL, 1), ('3', 2, NULL, 1)$$, $$('1', 'a', 0, NULL), ('1', 'b', 0, NULL), ('2', 'a', 0, NULL), ('2', 'b', 0, NULL), ('3', 'a', 0, NULL), ('3', 'b', 0, NULL)$$),
    ('two who must take what three weigh', $$('a', 1, 3), ('b', 1, 2), ('c', 1, 9)$$, $$('1', 2, NULL, 1), ('2', 2, NULL, 1), ('3', 2, NULL, 1), ('4', 1, NULL, 1)$$, $$('1', 'a', 0, NULL), ('1', 'b', 0, NULL), ('2', 'a', 0, NULL), ('2', 'b', 0, NULL), ('3', 'a', 0, NULL), ('4', 'a', 0, NULL), ('4', 'c', 7, NULL)$$),
    ('weights of pairs', $$('a', 1, 4), ('b', 1, 4)$$, $$('1', 4, NULL, 1), ('2', 4, NULL, 1), ('3', 4, NULL, 1)$$, $$('1', 'a', 0, 2), ('1', 'b', 0, NULL), ('2', 'a', 0, 2), ('3', 'b', 0, 3)$$),
    ('who is over takes nobody', $$('a', 1, 3)$$, $$('h', 4, 'a', NULL), ('1', 0, NULL, 1)$$, $$('1', 'a', 0, NULL)$$),
    ('who is full takes what weighs nothing', $$('a', 1, 4)$$, $$('h', 4, 'a', NULL), ('1', 0, NULL, 1)$$, $$('1', 'a', 0, NULL)$$),
    ('FTE 0 takes nobody', $$('a', 0, 9)$$, $$('1', 1, NULL, 1)$$, $$('1', 'a', 0, NULL)$$),
    ('capacity 0', $$('a', 1, 0)$$, $$('1', 1, NULL, 1)$$, $$('1', 'a', 0, NULL)$$),
    ('pairs twice: the cheaper', $$('a', 1, 9)$$, $$('1', 1, NULL, 1)$$, $$('1', 'a', 5, NULL), ('1', 'a', 2, NULL)$$),
    ('nobody waits', $$('a', 1, 9)$$, $$('h', 4, 'a', NULL::integer)$$, $$('h', 'a', 5, NULL)$$)
  ) v (what, t, c, e);
SELECT pg_temp.in_short(caseload.assign_waitlist('SELECT ''a''::text AS therapist_id, 1 AS fte WHERE false', 'SELECT ''1''::text AS client_id, 1 AS weight, NULL::text AS therapist_id WHERE false', 'SELECT ''1''::text AS client_id, ''a''::text AS therapist_id WHERE false')) AS "nobody at all",
       pg_temp.in_short(caseload.assign_waitlist('SELECT ''a''::text AS therapist_id, 1 AS fte WHERE false', 'SELECT ''1''::text AS client_id, 1 AS weight, NULL::text AS therapist_id', 'SELECT ''1''::text AS client_id, ''a''::text AS therapist_id WHERE false')) AS "no therapist",
       pg_temp.in_short(caseload.assign_waitlist('SELECT ''a''::text AS therapist_id, 1 AS fte', 'SELECT ''1''::text AS client_id, 1 AS weight, NULL::text AS therapist_id', 'SELECT ''1'' AS client_id, ''a'' AS therapist_id, false AS eligible')) AS "not eligible" \gx
-- a plain generalised assignment problem, which everybody must fit into: the bound is not disturbed by what waiting would cost
CREATE TEMP TABLE agent AS SELECT i AS therapist_id, 1 AS fte, 64 AS capacity FROM generate_series(1, 5) i;
CREATE TEMP TABLE job AS SELECT j AS client_id, 1 AS weight, NULL::integer AS therapist_id FROM generate_series(1, 40) j;
CREATE TEMP TABLE may AS SELECT j AS client_id, i AS therapist_id, 10 + (j * 7 + i * 11 + j * i * 13) % 41 AS cost, 5 + (j * 5 + i * 17 + j * i * 3) % 9 AS weight FROM generate_series(1, 40) j, generate_series(1, 5) i;
SELECT p.status, p.placed, p.cost, p.cost_bound, p.gap_percent FROM caseload.assign_waitlist('SELECT * FROM agent', 'SELECT * FROM job', 'SELECT * FROM may') p;
-- limits are looked at every 4,096 evaluations
SELECT p.status, p.stopped_by, p.placed FROM caseload.assign_waitlist('SELECT * FROM agent', 'SELECT * FROM job', 'SELECT * FROM may', iterations => 1) p;
SELECT p.status, p.stopped_by, p.placed + p.unplaced_priority AS "all of them" FROM caseload.assign_waitlist('SELECT * FROM agent', 'SELECT * FROM job', 'SELECT * FROM may', time_limit => '0') p;
-- services wait, and say whose they are
SELECT x.client_id, x.service_id, x.therapist_id
  FROM caseload.assign_waitlist('SELECT ''a'' AS therapist_id, 1 AS fte', 'SELECT ''s'' || j AS service_id, ''mia'' AS client_id, 2 AS weight, NULL AS therapist_id FROM generate_series(1, 2) j',
                                'SELECT ''s'' || j AS service_id, ''a'' AS therapist_id FROM generate_series(1, 2) j') p, unnest(p.places) x;
-- what cannot be
SELECT caseload.assign_waitlist(:T, :C, :E, iterations => 0);
SELECT caseload.assign_waitlist(:T, :C, :E, time_limit => '-1 s');
SELECT caseload.assign_waitlist(:T, :C, :E, memory_limit => 0);
SELECT caseload.assign_waitlist('SELECT ''a'' AS therapist_id, 1 AS fte, 2 AS colour', :C, :E);
SELECT caseload.assign_waitlist('SELECT ''a'' AS therapist_id, -1 AS fte', :C, :E);
SELECT caseload.assign_waitlist(:T, 'SELECT ''1'' AS client_id, 1 AS weight, ''eve'' AS therapist_id', :E);
SELECT caseload.assign_waitlist(:T, 'SELECT ''1'' AS client_id, NULL::numeric AS weight, NULL AS therapist_id', :E);
SELECT caseload.assign_waitlist(:T, 'SELECT ''1'' AS client_id, 1 AS weight, NULL AS therapist_id FROM generate_series(1, 2)', :E);
SELECT caseload.assign_waitlist(:T, 'SELECT ''1'' AS client_id, 1 AS weight, NULL AS therapist_id, 0 AS priority', :E);
SELECT caseload.assign_waitlist(:T, 'SELECT ''1'' AS client_id, 1 AS weight, NULL AS therapist_id, 1.5 AS priority', :E);
SELECT caseload.assign_waitlist(:T, 'SELECT ''1'' AS client_id, 1 AS weight, NULL AS therapist_id, 1000000001 AS priority', :E);
SELECT caseload.assign_waitlist(:T, 'SELECT ''1'' AS client_id, 1 AS weight, NULL AS therapist_id, ''high'' AS priority', :E);
SELECT caseload.assign_waitlist(:T, :C, 'SELECT ''k9'' AS client_id, ''ann'' AS therapist_id');
SELECT caseload.assign_waitlist(:T, :C, 'SELECT ''k1'' AS client_id, ''eve'' AS therapist_id');
SELECT caseload.assign_waitlist(:T, :C, 'SELECT ''k1'' AS client_id, NULL AS therapist_id');
SELECT caseload.assign_waitlist(:T, :C, 'SELECT ''k1'' AS client_id, ''ann'' AS therapist_id, -1 AS cost');
SELECT caseload.assign_waitlist(:T, :C, 'SELECT ''k1'' AS client_id, ''ann'' AS therapist_id, 0.5 AS cost');
SELECT caseload.assign_waitlist(:T, :C, 'SELECT ''k1'' AS client_id, ''ann'' AS therapist_id, 1000001 AS cost');
SELECT caseload.assign_waitlist(:T, :C, 'SELECT ''k1'' AS client_id, ''ann'' AS therapist_id, 0.0005 AS weight');
SELECT caseload.assign_waitlist(:T, :C, 'SELECT ''k1'' AS client_id, ''ann'' AS therapist_id, -1 AS weight');
-- plans of those who have a therapist know nothing of priorities and costs
SELECT caseload.rebalance(:T, :C, 'SELECT ''k1'' AS client_id, ''ann'' AS therapist_id');
SELECT caseload.rebalance(:T, 'SELECT ''1'' AS client_id, 1 AS weight, NULL AS therapist_id', 'SELECT ''1'' AS client_id, ''ann'' AS therapist_id, 2 AS cost');
-- too much, too large
SELECT caseload.assign_waitlist(:T, 'SELECT j::text AS client_id, j AS weight, NULL AS therapist_id FROM generate_series(1, 2000) j',
  'SELECT j::text AS client_id, t AS therapist_id FROM generate_series(1, 2000) j, unnest(''{ann,ben,cem}''::text[]) t, generate_series(1, 20)', memory_limit => 1);
SELECT caseload.assign_waitlist('SELECT ''a'' AS therapist_id, 1 AS fte', 'SELECT j AS client_id, 1 AS weight, NULL AS therapist_id, 1000000000 AS priority FROM generate_series(1, 20000) j',
  'SELECT j AS client_id, ''a'' AS therapist_id FROM generate_series(1, 20000) j');

-- over the tables: two levels of priority, offers that stand, and a discipline that nobody has
BEGIN;
INSERT INTO caseload.district (district_id, name, state) VALUES ('list', 'List', 'PA');
INSERT INTO caseload.site (district_id, site_id, name, level, state) VALUES ('list', 's', 'School', 'elementary', 'PA');
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte, employed, state)
  VALUES ('list', 'ann', 'SLP', 0.1, '(,)', 'PA'), ('list', 'ben', 'SLP', 0.1, '(,)', 'PA'), ('list', 'cem', 'SLP', 1, '(,)', 'PA');
INSERT INTO caseload.license (district_id, therapist_id, state, discipline, valid) SELECT 'list', t, 'PA', 'SLP', '(,)' FROM unnest('{ann,ben}'::text[]) t;
INSERT INTO caseload.client (district_id, client_id, site_id) SELECT 'list', 'w' || j, 's' FROM generate_series(1, 8) j;
INSERT INTO caseload.episode (district_id, client_id, episode, period) SELECT 'list', 'w' || j, 1, '[2024-09-01,)' FROM generate_series(1, 8) j;
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, delivery, group_size, therapist_id, period)
  SELECT 'list', 'x' || j, 'w' || j, CASE WHEN j = 8 THEN 'OT' ELSE 'SLP' END, CASE WHEN j > 6 THEN '1x60/week' ELSE '2x30/week' END::caseload.dosage, 'individual_required', 1, NULL, daterange('2024-09-01'::date + 10 * j, NULL)
    FROM generate_series(1, 8) j;
SELECT caseload.prioritize_waiting('x6', 5, 'asked twice', 'list'), caseload.offer_waiting('x2', 'ann', '2100-01-01', 'would fit', 'list'), caseload.offer_waiting('x3', 'ann', '2100-01-01', 'would fit', 'list');
SELECT * FROM caseload.plan_waiting('2025-01-15', 'list') ORDER BY service_id;
-- after its last day an offer takes no room
SELECT count(therapist_id) FROM caseload.plan_waiting('2100-01-02', 'list');
SELECT therapist_id, fte, capacity FROM caseload.plan_therapists('2025-01-15', 'list');
SELECT p.status, x.client_id, x.service_id, x.therapist_id, x.verdict, x.priority, x.weight, x.per_fte_before, x.per_fte_after, x.reason
  FROM caseload.assign_waitlist(as_of => '2025-01-15', in_district => 'list') p, unnest(p.places) x;
SELECT bool_and(k.ok) AS "all right" FROM caseload.assign_waitlist(as_of => '2025-01-15', in_district => 'list') p, caseload.check_assignment(p, as_of => '2025-01-15', in_district => 'list') k;
-- one discipline
SELECT p.waiting FROM caseload.assign_waitlist($$SELECT * FROM caseload.plan_therapists('2025-01-15', 'list', 'OT')$$, $$SELECT * FROM caseload.plan_waiting('2025-01-15', 'list', 'OT')$$,
                                               $$SELECT * FROM caseload.plan_eligible('2025-01-15', 'list', 'OT')$$) p;
-- offers as the plan says, in its order; booking would check capacity when the transaction commits
WITH offered AS MATERIALIZED (
  SELECT x.service_id, x.therapist_id FROM unnest((SELECT places FROM caseload.assign_waitlist(as_of => '2025-01-15', in_district => 'list'))) x WHERE x.therapist_id IS NOT NULL ORDER BY x.priority DESC)
SELECT count(*), count(caseload.offer_waiting(o.service_id, o.therapist_id, '2100-01-01', 'plan of today', 'list')) FROM offered o;
SELECT service_id, state, therapist_id, why FROM caseload.waiting WHERE district_id = 'list' ORDER BY service_id;
SELECT p.waiting, p.placed FROM caseload.assign_waitlist(as_of => '2025-01-15', in_district => 'list') p;
ROLLBACK;
SELECT caseload.assign_waitlist(in_district => 'nowhere');
-- two may be worth more than one, in every order
SELECT x.p, a.placed, a.unplaced_priority, a.unplaced_bound FROM unnest('{1300,1500,2089}'::int[]) x (p), LATERAL caseload.assign_waitlist('SELECT ''A'' AS therapist_id, 1 AS fte, 60 AS capacity',
  format('SELECT v.*, NULL::text AS therapist_id FROM (VALUES (''X'', 60, %s), (''Y'', 30, 1050), (''Z'', 30, 1040)) v (client_id, weight, priority)', x.p),
  'SELECT c AS client_id, ''A'' AS therapist_id FROM unnest(''{X,Y,Z}''::text[]) c', iterations => 20000) a;
