-- Plans: what they say, every edge that is defined, and every message.
CREATE FUNCTION pg_temp.team(text, text, text) RETURNS TABLE (therapists text, clients text, eligible text) LANGUAGE sql AS $$
  SELECT 'SELECT * FROM (VALUES ' || $1 || ') v (therapist_id, fte)', 'SELECT * FROM (VALUES ' || $2 || ') v (client_id, weight, therapist_id)',
         coalesce('SELECT * FROM (VALUES ' || $3 || ') v (client_id, therapist_id)', 'SELECT c.client_id, t.therapist_id FROM (VALUES ' || $2 || ') c (client_id, weight, therapist_id), (VALUES ' || $1 || ') t (therapist_id, fte)')
$$;
-- two are the only ones for three of the clients
\set T '$$SELECT * FROM (VALUES (''ann'', 1.0), (''ben'', 0.5), (''cem'', 1), (''dora'', 0.8)) v (therapist_id, fte)$$'
\set C '$$SELECT * FROM (VALUES (''c1'', 20.0, ''ann''), (''c2'', 24, ''ann''), (''c3'', 23, ''ben''), (''c4'', 6.5, ''ann''), (''c5'', 4, ''cem''), (''c6'', 7, ''cem''), (''c7'', 12, ''cem''), (''c8'', 2, ''dora''), (''c9'', 5, NULL)) v (client_id, weight, therapist_id)$$'
\set E '$$SELECT ''c'' || c AS client_id, t AS therapist_id FROM generate_series(1, 9) c, unnest(''{ann,ben,cem,dora}''::text[]) t WHERE c > 3 OR t IN (''ann'', ''ben'')$$'
SELECT therapist_id, fte, load, per_fte, fair_load, fair_per_fte, percent_of_fair, block FROM caseload.fair_share(:T, :C, :E);
SELECT block, block_members, block_load, block_fte, captive_members, captive_load, captive_fte, witness FROM caseload.fair_share(:T, :C, :E);
-- the witness, with one GROUP BY
SELECT sum(weight) FROM (SELECT c.client_id, c.weight FROM (VALUES ('c1', 20.0), ('c2', 24), ('c3', 23)) c (client_id, weight)) captive;
\x on
SELECT p.* FROM caseload.rebalance(:T, :C, :E) p;
\x off
SELECT m.seq, m.bundle, m.kind, m.client_id, m.from_therapist, m.to_therapist, m.weight, m.move_cost, m.from_before, m.from_after, m.to_before, m.to_after, m.gain
  FROM unnest((SELECT moves FROM caseload.rebalance(:T, :C, :E))) m;
SELECT m.equity_before, m.equity_after, m.reason, m.detail FROM unnest((SELECT moves FROM caseload.rebalance(:T, :C, :E))) m;
SELECT k.* FROM caseload.rebalance(:T, :C, :E) p, caseload.check_plan(p, :T, :C, :E) k;
SELECT * FROM caseload.pareto(:T, :C, :E);
SELECT moves, jain FROM caseload.pareto(:T, :C, :E, points => 1);
SELECT kind, client_id, therapist_id, fte, load, capacity, move_cost, locked FROM caseload.plan_rows(:T, :C, :E) WHERE kind <> 'pair' ORDER BY kind DESC, therapist_id, client_id;
SELECT caseload.lp_text('SELECT t AS therapist_id, 1 AS fte FROM unnest(''{a,b}''::text[]) t', 'SELECT j AS client_id, j AS weight, ''a'' AS therapist_id FROM generate_series(1, 3) j', 'SELECT j AS client_id, t AS therapist_id FROM generate_series(1, 3) j, unnest(''{a,b}''::text[]) t', equity => 'band', target => 0.2);
SELECT caseload.lp_text('SELECT t AS therapist_id, 1 AS fte FROM unnest(''{a,b}''::text[]) t', 'SELECT j AS client_id, 2 AS weight, ''a'' AS therapist_id FROM generate_series(1, 3) j', 'SELECT j AS client_id, t AS therapist_id FROM generate_series(1, 3) j, unnest(''{a,b}''::text[]) t');
-- where it ends
CREATE FUNCTION pg_temp.in_short(p caseload.plan) RETURNS text LANGUAGE sql AS $$
  SELECT format('%s%s: %s moves for %s (at least %s), jain %s to %s of %s, max %s to %s of %s%s', p.status, ' by ' || p.stopped_by, p.move_count, p.move_cost, p.cost_bound,
                p.jain_before, p.jain_after, p.jain_bound, p.max_before, p.max_after, p.max_bound, ', outside ' || p.out_of_band)
$$;
SELECT pg_temp.in_short(caseload.rebalance(:T, :C, :E, max_moves => 0)) AS "no move", pg_temp.in_short(caseload.rebalance(:T, :C, :E, max_moves => 1)) AS "one",
       pg_temp.in_short(caseload.rebalance(:T, :C, :E, max_cost => 2)) AS "a cost of 2" \gx
SELECT pg_temp.in_short(caseload.rebalance(:T, :C, :E, equity => 'jain', target => 0.8)) AS "jain", pg_temp.in_short(caseload.rebalance(:T, :C, :E, equity => 'jain', target => 0.9)) AS "too high", pg_temp.in_short(caseload.rebalance(:T, :C, :E, equity => 'max', target => 44.9)) AS "too low", pg_temp.in_short(caseload.rebalance(:T, :C, :E, equity => 'max', target => 46)) AS "max",
       pg_temp.in_short(caseload.rebalance(:T, :C, :E, equity => 'band', target => 0.15)) AS "band", pg_temp.in_short(caseload.rebalance(:T, :C, :E, equity => 'band', target => 0.001)) AS "too narrow",
       pg_temp.in_short(caseload.rebalance(:T, :C, :E, swaps => false)) AS "no swaps", pg_temp.in_short(caseload.rebalance(:T, :C, :E, bounds => false)) AS "no bounds" \gx
-- limits are looked at every 4,096 evaluations
SELECT p.status, p.stopped_by, p.evaluations / 4096 AS looks, p.move_count < 1000 AS stopped
  FROM caseload.rebalance('SELECT i AS therapist_id, 1 AS fte FROM generate_series(1, 50) i', 'SELECT j AS client_id, 1 + j % 5 AS weight, 1 AS therapist_id FROM generate_series(1, 2000) j',
                          'SELECT j AS client_id, i AS therapist_id FROM generate_series(1, 2000) j, generate_series(1, 50) i', iterations => 200000) p;
SELECT p.status, p.stopped_by
  FROM caseload.rebalance('SELECT i AS therapist_id, 1 AS fte FROM generate_series(1, 50) i', 'SELECT j AS client_id, 1 + j % 5 AS weight, 1 AS therapist_id FROM generate_series(1, 2000) j',
                          'SELECT j AS client_id, i AS therapist_id FROM generate_series(1, 2000) j, generate_series(1, 50) i', time_limit => '0') p;
-- edges: nobody, no client, one therapist, FTE 0, weight 0, locked, forced, stranded, twice, waiting
SELECT what, pg_temp.in_short(caseload.rebalance(t.therapists, t.clients, t.eligible)) AS plan,
       (SELECT string_agg(format('%s %s %s>%s', m.kind, m.client_id, m.from_therapist, m.to_therapist), ', ' ORDER BY m.seq) FROM unnest((caseload.rebalance(t.therapists, t.clients, t.eligible)).moves) m) AS moves,
       (SELECT string_agg(format('%s %s', f.therapist_id, f.fair_per_fte), ', ') FROM caseload.fair_share(t.therapists, t.clients, t.eligible) f) AS fair
  FROM (VALUES
    ('one therapist', $$('a', 1)$$, $$('1', 3, 'a'), ('2', 4, 'a')$$, NULL),
    ('even already', $$('a', 1), ('b', 1)$$, $$('1', 3, 'a'), ('2', 3, 'b')$$, NULL),
    ('FTE 0 gives all', $$('a', 1), ('b', 0), ('c', 1)$$, $$('1', 3, 'b'), ('2', 2, 'b'), ('3', 1, 'a')$$, NULL),
    ('nobody has an FTE', $$('a', 0), ('b', 0)$$, $$('1', 3, 'b')$$, NULL),
    ('weight 0 stays', $$('a', 1), ('b', 1)$$, $$('1', 0, 'a'), ('2', 0, 'a')$$, NULL),
    ('weight 0 is forced, too', $$('a', 1), ('b', 1)$$, $$('1', 0, 'a'), ('2', 5, 'b')$$, $$('1', 'b'), ('2', 'b')$$),
    ('must leave', $$('a', 1), ('b', 1)$$, $$('1', 2, 'a'), ('2', 5, 'b')$$, $$('1', 'b'), ('2', 'b')$$),
    ('nobody may take', $$('a', 1), ('b', 1)$$, $$('1', 9, 'a'), ('2', 5, 'b')$$, $$('2', 'b')$$),
    ('pairs twice', $$('a', 1), ('b', 1)$$, $$('1', 3, 'a'), ('2', 3, 'a')$$, $$('1', 'a'), ('1', 'a'), ('1', 'b'), ('1', 'b'), ('2', 'a')$$),
    ('all wait', $$('a', 1), ('b', 1)$$, $$('1', 3, NULL::text)$$, NULL),
    ('a swap', $$('a', 1), ('b', 1)$$, $$('1', 5, 'a'), ('2', 4, 'a'), ('3', 3, 'b'), ('4', 4, 'b')$$, NULL),
    ('a chain', $$('a', 1), ('b', 1), ('c', 1)$$, $$('1', 4, 'a'), ('2', 4, 'a'), ('3', 6, 'b'), ('4', 2, 'c')$$, $$('1', 'a'), ('1', 'b'), ('2', 'a'), ('3', 'b'), ('3', 'c'), ('4', 'c')$$),
    ('thirds', $$('a', 0.333), ('b', 0.667), ('c', 1)$$, $$('1', 3, 'a'), ('2', 3, 'a'), ('3', 3, 'a'), ('4', 3, 'c')$$, NULL)
  ) v (what, t, c, e), LATERAL pg_temp.team(t, c, e) t;
SELECT pg_temp.in_short(caseload.rebalance('SELECT ''a''::text AS therapist_id, 1 AS fte WHERE false', 'SELECT ''1''::text AS client_id, 1 AS weight, NULL::text AS therapist_id WHERE false', 'SELECT ''1''::text AS client_id, ''a''::text AS therapist_id WHERE false')) AS "nobody at all";
SELECT count(*) FROM caseload.fair_share('SELECT ''a''::text AS therapist_id, 1 AS fte WHERE false', 'SELECT ''1''::text AS client_id, 1 AS weight, NULL::text AS therapist_id WHERE false', 'SELECT ''1''::text AS client_id, ''a''::text AS therapist_id WHERE false');
-- locked, base load, capacity, cost, eligible = false, ids of other types
SELECT pg_temp.in_short(p), p.locked, p.stranded,
       (SELECT string_agg(format('%s %s>%s at %s', m.client_id, m.from_therapist, m.to_therapist, m.move_cost), ', ' ORDER BY m.seq) FROM unnest(p.moves) m) AS moves
  FROM (VALUES ('SELECT 1 AS therapist_id, 1.0 AS fte, 2.5 AS base_load, NULL::integer AS capacity UNION ALL SELECT 2, 1, 0, 6 UNION ALL SELECT 3, 1, NULL, 5',
                'SELECT j AS client_id, j::numeric AS weight, 1 AS therapist_id, CASE WHEN j = 3 THEN 7 END AS move_cost, j = 5 AS locked FROM generate_series(1, 6) j',
                'SELECT j AS client_id, i AS therapist_id, NOT (i = 3 AND j = 4) AS eligible FROM generate_series(1, 6) j, generate_series(1, 3) i')) v (t, c, e),
       LATERAL caseload.rebalance(t, c, e) p;
-- services move, and say whose they are
SELECT m.client_id, m.service_id, m.to_therapist
  FROM caseload.rebalance('VALUES (''a'', 1)', 'SELECT 1', 'SELECT 1') p, unnest(p.moves) m;
SELECT m.client_id, m.service_id, m.to_therapist
  FROM caseload.rebalance('SELECT t AS therapist_id, 1 AS fte FROM unnest(''{a,b}''::text[]) t', 'SELECT ''s'' || j AS service_id, ''mia'' AS client_id, 2 AS weight, ''a'' AS therapist_id FROM generate_series(1, 2) j',
                          'SELECT ''s'' || j AS service_id, t AS therapist_id FROM generate_series(1, 2) j, unnest(''{a,b}''::text[]) t') p, unnest(p.moves) m;
-- what cannot be
SELECT caseload.rebalance(:T, :C, :E, equity => 'jain');
SELECT caseload.rebalance(:T, :C, :E, equity => 'gini', target => 0.5);
SELECT caseload.rebalance(:T, :C, :E, equity => 'jain', target => 2);
SELECT caseload.rebalance(:T, :C, :E, equity => 'band', target => 0.12345);
SELECT caseload.rebalance(:T, :C, :E, equity => 'max', target => -1);
SELECT caseload.rebalance(:T, :C, :E, max_moves => -1);
SELECT caseload.rebalance(:T, :C, :E, iterations => 0);
SELECT caseload.rebalance(:T, :C, :E, time_limit => '1 day');
SELECT caseload.rebalance(:T, :C, :E, memory_limit => 0);
SELECT caseload.pareto(:T, :C, :E, points => 0);
SELECT caseload.lp_text(:T, :C, :E, equity => 'max');
SELECT caseload.lp_text(:T, :C, :E, equity => 'jain', target => 0.9);
SELECT caseload.rebalance('SELECT ''a'' AS therapist_id, 1 AS fte, 2 AS colour', :C, :E);
SELECT caseload.rebalance('SELECT ''a'' AS therapist_id, 1 AS fte, 2 AS fte', :C, :E);
SELECT caseload.rebalance('SELECT ''a'' AS therapist_id', :C, :E);
SELECT caseload.rebalance('SELECT ''a'' AS therapist_id, ''1'' AS fte', :C, :E);
SELECT caseload.rebalance('SELECT NULL AS therapist_id, 1 AS fte', :C, :E);
SELECT caseload.rebalance('SELECT ''a'' AS therapist_id, NULL::int AS fte', :C, :E);
SELECT caseload.rebalance('SELECT ''a'' AS therapist_id, -0.5 AS fte', :C, :E);
SELECT caseload.rebalance('SELECT ''a'' AS therapist_id, 1001 AS fte', :C, :E);
SELECT caseload.rebalance('SELECT ''a'' AS therapist_id, 0.5555 AS fte', :C, :E);
SELECT caseload.rebalance('SELECT ''a'' AS therapist_id, ''NaN''::numeric AS fte', :C, :E);
SELECT caseload.rebalance('SELECT ''a'' AS therapist_id, 1 AS fte FROM generate_series(1, 2)', :C, :E);
SELECT caseload.rebalance(:T, 'SELECT ''1'' AS client_id, 1 AS weight, ''eve'' AS therapist_id', :E);
SELECT caseload.rebalance(:T, 'SELECT ''1'' AS client_id, NULL::numeric AS weight, ''ann'' AS therapist_id', :E);
SELECT caseload.rebalance(:T, 'SELECT ''1'' AS client_id, 1e12 AS weight, ''ann'' AS therapist_id', :E);
SELECT caseload.rebalance(:T, 'SELECT ''1'' AS client_id, 1 AS weight, ''ann'' AS therapist_id, 0 AS move_cost', :E);
SELECT caseload.rebalance(:T, 'SELECT ''1'' AS client_id, 1 AS weight, ''ann'' AS therapist_id, 1.5 AS move_cost', :E);
SELECT caseload.rebalance(:T, 'SELECT ''1'' AS client_id, 1 AS weight, ''ann'' AS therapist_id, 1 AS locked', :E);
SELECT caseload.rebalance(:T, 'SELECT 1 AS weight, ''ann'' AS therapist_id', :E);
SELECT caseload.rebalance(:T, :C, 'SELECT ''c1'' AS client_id, ''eve'' AS therapist_id');
SELECT caseload.rebalance(:T, :C, 'SELECT ''c10'' AS client_id, ''ann'' AS therapist_id');
SELECT caseload.rebalance(:T, :C, 'SELECT NULL AS client_id, ''ann'' AS therapist_id');
SELECT caseload.rebalance(:T, :C, 'SELECT ''c1'' AS client_id, NULL AS therapist_id');
SELECT caseload.rebalance(:T, :C, 'SELECT ''c1'' AS service_id, ''ann'' AS therapist_id');
SELECT caseload.rebalance(:T, :C, 'DELETE FROM nothing');
SELECT caseload.rebalance(:T, :C, 'SELECT 1; SELECT 2');
CREATE TEMP TABLE gone (client_id text, therapist_id text);
SELECT caseload.rebalance(:T, :C, 'DELETE FROM pg_temp.gone RETURNING *');
-- too much, too fine
SELECT caseload.rebalance(:T, 'SELECT j::text AS client_id, j AS weight, ''ann'' AS therapist_id FROM generate_series(1, 2000) j',
  'SELECT j::text AS client_id, t AS therapist_id FROM generate_series(1, 2000) j, unnest(''{ann,ben,cem,dora}''::text[]) t, generate_series(1, 20)', memory_limit => 1);
SELECT caseload.rebalance('SELECT i::text AS therapist_id, i / 1000.0 AS fte FROM generate_series(1, 200) i', 'SELECT j::text AS client_id, 9999999.0 + j / 1000.0 AS weight, ''7'' AS therapist_id FROM generate_series(1, 9) j',
  'SELECT j::text AS client_id, i::text AS therapist_id FROM generate_series(1, 9) j, generate_series(1, 200) i');

-- options: groups and push-in sessions, for those above their fair share; who is in one stays
\set O '$$SELECT * FROM (VALUES (''g1'', ''ann'', ''group'', ARRAY[''c1'', ''c2''], 12.5, 2), (''p1'', ''cem'', ''push_in'', ARRAY[''c7''], 3, NULL), (''p2'', ''dora'', ''push_in'', ARRAY[''c8''], 1, NULL)) v (option_id, therapist_id, kind, client_ids, freed, cost)$$'
SELECT pg_temp.in_short(p), p.freed, p.locked, m.seq, m.bundle, m.kind, m.client_id, m.option_id, m.from_therapist, m.to_therapist, m.weight, m.move_cost, m.from_after, m.to_after, m.reason, m.detail
  FROM caseload.rebalance(:T, :C, :E, options => :O) p, unnest(p.moves) m;
SELECT bool_and(k.ok), count(*) FROM caseload.rebalance(:T, :C, :E, options => :O) p, caseload.check_plan(p, :T, :C, :E, options => :O) k;
SELECT string_agg(k.check_name, ', ') FROM caseload.rebalance(:T, :C, :E, options => :O) p, caseload.check_plan(p, :T, :C, :E) k WHERE k.ok IS NOT TRUE;
SELECT client_id, therapist_id, load, move_cost, locked FROM caseload.plan_rows(:T, :C, :E, options => :O) WHERE kind = 'option' OR locked ORDER BY 1;
SELECT pg_temp.in_short(caseload.rebalance(:T, :C, :E, equity => 'jain', target => 0.8, options => :O)), pg_temp.in_short(caseload.rebalance(:T, :C, :E, equity => 'max', target => 44, options => :O)) \gx
CREATE FUNCTION pg_temp.with_option(text) RETURNS text LANGUAGE sql AS $$ SELECT format('SELECT * FROM (VALUES %s) v (option_id, therapist_id, kind, client_ids, freed)', $1) $$;
SELECT caseload.rebalance(:T, :C, :E, options => pg_temp.with_option($$(NULL, 'ann', 'group', ARRAY['c1', 'c2'], 1)$$));
SELECT caseload.rebalance(:T, :C, :E, options => pg_temp.with_option($$('g', 'ann', 'group', ARRAY['c1', 'c2'], 1), ('g', 'ann', 'group', ARRAY['c4', 'c1'], 1)$$));
SELECT caseload.rebalance(:T, :C, :E, options => pg_temp.with_option($$('g', 'eve', 'group', ARRAY['c1', 'c2'], 1)$$));
SELECT caseload.rebalance(:T, :C, :E, options => pg_temp.with_option($$('g', NULL, 'group', ARRAY['c1', 'c2'], 1)$$));
SELECT caseload.rebalance(:T, :C, :E, options => pg_temp.with_option($$('g', 'ann', 'choir', ARRAY['c1', 'c2'], 1)$$));
SELECT caseload.rebalance(:T, :C, :E, options => pg_temp.with_option($$('g', 'ann', 'group', ARRAY['c1'], 1)$$));
SELECT caseload.rebalance(:T, :C, :E, options => pg_temp.with_option($$('g', 'ann', 'push_in', ARRAY[]::text[], 1)$$));
SELECT caseload.rebalance(:T, :C, :E, options => pg_temp.with_option($$('g', 'ann', 'group', NULL::text[], 1)$$));
SELECT caseload.rebalance(:T, :C, :E, options => pg_temp.with_option($$('g', 'ann', 'group', ARRAY['c1', 'c99'], 1)$$));
SELECT caseload.rebalance(:T, :C, :E, options => pg_temp.with_option($$('g', 'ann', 'group', ARRAY['c1', NULL], 1)$$));
SELECT caseload.rebalance(:T, :C, :E, options => pg_temp.with_option($$('g', 'ann', 'group', ARRAY['c1', 'c3'], 1)$$));
SELECT caseload.rebalance(:T, :C, :E, options => pg_temp.with_option($$('g', 'ann', 'group', ARRAY['c1', 'c1'], 1)$$));
SELECT caseload.rebalance(:T, :C, :E, options => pg_temp.with_option($$('g', 'ann', 'group', ARRAY['c1', 'c2'], 0)$$));
SELECT caseload.rebalance(:T, :C, :E, options => pg_temp.with_option($$('g', 'ann', 'group', ARRAY['c1', 'c2'], 44.25)$$));
SELECT caseload.rebalance(:T, :C, :E, options => pg_temp.with_option($$('g', 'ann', 'group', 'c1', 1)$$));
SELECT caseload.rebalance(:T, :C, :E, options => replace(:O, 'cost)', 'price)'));
SELECT caseload.rebalance(:T, :C, :E, options => replace(:O, '12.5, 2', '12.5, 0'));
-- one of whose clients must leave is left out
SELECT count(*) FILTER (WHERE r.kind = 'option') FROM caseload.plan_rows(:T, :C, :E || ' AND c <> 1', options => pg_temp.with_option($$('g', 'ann', 'group', ARRAY['c1', 'c2'], 1)$$)) r;
SELECT caseload.rebalance('SELECT ''a'' AS therapist_id, 0 AS fte', 'SELECT ''1'' AS client_id, 1 AS weight, ''a'' AS therapist_id', 'SELECT ''1'' AS client_id, ''a'' AS therapist_id', options => pg_temp.with_option($$('g', 'a', 'push_in', ARRAY['1'], 1)$$));

-- chance: the same seed, the same plan; less cost than without, within the budget, and never more
SELECT s.seed, p.status, p.move_cost, p.out_of_band, p = caseload.rebalance(x.t, x.c, x.e, equity => 'band', target => 0.03, seed => s.seed) AS again,
       (SELECT bool_and(k.ok) FROM caseload.check_plan(p, x.t, x.c, x.e) k) AS ok
  FROM (VALUES ('SELECT i AS therapist_id, 1 AS fte FROM generate_series(1, 6) i',
                'SELECT j AS client_id, 3 + j % 15 AS weight, 1 + j * j % 11 % 6 AS therapist_id, 1 AS move_cost FROM generate_series(1, 100) j',
                'SELECT j AS client_id, i AS therapist_id FROM generate_series(1, 100) j, generate_series(1, 6) i WHERE (i + j) % 3 = 0 OR i = 1 + j * j % 11 % 6')) x (t, c, e),
       (VALUES (NULL::bigint), (0), (1), (-9223372036854775808)) s (seed), LATERAL caseload.rebalance(x.t, x.c, x.e, equity => 'band', target => 0.03, seed => s.seed) p;
SELECT p.status, p.stopped_by, p.evaluations FROM caseload.rebalance(:T, :C, :E, equity => 'band', target => 0.15, iterations => 1) p;
SELECT p.move_count <= 2, p.out_of_band > 0 FROM caseload.rebalance(:T, :C, :E, equity => 'band', target => 0.001, max_moves => 2) p;

-- room only because somebody leaves: they go together
SELECT p.status, k.check_name, k.ok FROM (VALUES ($$SELECT * FROM (VALUES ('A', 0, 0, NULL), ('P', 1, 0, 10), ('R', 1, 10, NULL)) v (therapist_id, fte, base_load, capacity)$$,
    $$SELECT * FROM (VALUES ('F', 10, 'A'), ('C', 5, 'P')) v (client_id, weight, therapist_id)$$, $$SELECT c AS client_id, t AS therapist_id FROM unnest('{F,C}'::text[]) c, unnest('{P,R}'::text[]) t$$)) q (t, c, e),
  LATERAL caseload.rebalance(t, c, e) p, LATERAL caseload.check_plan(p, t, c, e) k WHERE k.check_name ~ 'capacity|bundle';
-- twelve equal clients: the target is not rounded
SELECT p.status, p.jain_after, p.move_count, p.cost_bound FROM caseload.rebalance($$SELECT 't' || i AS therapist_id, 1 AS fte FROM generate_series(1, 4) i$$,
  $$SELECT 'c' || i AS client_id, 1 AS weight, CASE WHEN i <= 10 THEN 't1' WHEN i = 11 THEN 't2' ELSE 't3' END AS therapist_id FROM generate_series(1, 12) i$$,
  $$SELECT 'c' || i AS client_id, 't' || j AS therapist_id FROM generate_series(1, 12) i, generate_series(1, 4) j$$, equity => 'jain', target => 0.8, max_moves => 6) p;
-- a move that gains in squares brings nothing out of the band; nor does what is done for nothing
SELECT s.seed, p.status, p.out_of_band, p.moves[1].to_therapist FROM (VALUES (NULL::bigint), (0), (1)) s (seed), caseload.rebalance($$SELECT * FROM (VALUES ('A', 1, 60), ('P', 2, 110), ('Q', 1, 11)) v (therapist_id, fte, base_load)$$,
  $$SELECT 'X' AS client_id, 90 AS weight, 'A' AS therapist_id$$, $$SELECT 'X' AS client_id, t AS therapist_id FROM unnest('{A,P,Q}'::text[]) t$$, equity => 'max', target => 100, seed => s.seed) p;
SELECT s.seed, p.status, p.out_of_band FROM (VALUES (NULL::bigint), (0)) s (seed), caseload.rebalance($$SELECT * FROM (VALUES ('A', 1, 60), ('A2', 1, 90), ('P', 2, 90), ('Q', 1, 11)) v (therapist_id, fte, base_load)$$,
  $$SELECT * FROM (VALUES ('X', 90, 'A', 1), ('W', 20, 'A2', 1)) v (client_id, weight, therapist_id, move_cost)$$,
  $$SELECT * FROM (VALUES ('X', 'A'), ('X', 'P'), ('X', 'Q'), ('W', 'A2'), ('W', 'P')) v (client_id, therapist_id)$$, equity => 'max', target => 100, seed => s.seed) p;
-- optimal is about the target, not about being as even as this plan
SELECT p.status, p.move_cost, p.cost_bound FROM caseload.rebalance($$SELECT * FROM (VALUES ('A', 1, 8), ('B', 1, 0)) v (therapist_id, fte, base_load)$$,
  $$SELECT * FROM (VALUES ('X', 10, 'A', 2), ('Y', 2, 'A', 1)) v (client_id, weight, therapist_id, move_cost)$$, $$SELECT c AS client_id, t AS therapist_id FROM unnest('{X,Y}'::text[]) c, unnest('{A,B}'::text[]) t$$, equity => 'jain', target => 0.6) p;
-- the capacity takes nothing from a higher maximum; a cost that is left is used
SELECT p.status, p.move_count, p.loads[1].band_high FROM caseload.rebalance($$SELECT * FROM (VALUES ('A', 1, 10), ('B', 1, NULL)) v (therapist_id, fte, capacity)$$, $$SELECT 'c' || j AS client_id, 5 AS weight, 'A' AS therapist_id FROM generate_series(1, 4) j$$,
  $$SELECT 'c' || j AS client_id, t AS therapist_id FROM generate_series(1, 4) j, unnest('{A,B}'::text[]) t$$, equity => 'max', target => 30) p;
SELECT p.status, p.stopped_by, p.move_cost FROM caseload.rebalance($$SELECT * FROM (VALUES ('A', 1, 17), ('B', 1, 0)) v (therapist_id, fte, base_load)$$,
  $$SELECT * FROM (VALUES ('X', 10, 'A', 2), ('Y', 3, 'A', 1)) v (client_id, weight, therapist_id, move_cost)$$, $$SELECT c AS client_id, t AS therapist_id FROM unnest('{X,Y}'::text[]) c, unnest('{A,B}'::text[]) t$$, max_cost => 1) p;
-- with options, what frees nothing has the lower coefficient of variation
SELECT k.moves, k.cv_bound FROM caseload.pareto($$SELECT t AS therapist_id, 1 AS fte FROM unnest('{A,B}'::text[]) t$$, $$SELECT 'c' || j AS client_id, 5 AS weight, CASE WHEN j <= 5 THEN 'A' ELSE 'B' END AS therapist_id FROM generate_series(1, 8) j$$,
  $$SELECT 'c' || j AS client_id, t AS therapist_id FROM generate_series(1, 8) j, unnest('{A,B}'::text[]) t$$, options => $$SELECT 'g1' AS option_id, 'A' AS therapist_id, 'group' AS kind, '{c1,c2}'::text[] AS client_ids, 5 AS freed$$) k;
-- a model that cannot be says so; its unit may be large
SELECT caseload.lp_text('SELECT ''A'' AS therapist_id, 1 AS fte, 100000000 AS base_load', 'SELECT ''X'' AS client_id, 3000000 AS weight, NULL AS therapist_id', 'SELECT ''X'' AS client_id, ''A'' AS therapist_id', equity => 'max', target => 50);
-- minutes without a look at the clock
SELECT p.status, p.stopped_by FROM caseload.rebalance('SELECT t AS therapist_id, 1 AS fte FROM unnest(''{t1,t2}''::text[]) t', 'SELECT ''c'' || i AS client_id, 10 AS weight, ''t1'' AS therapist_id, CASE WHEN i <= 3000 THEN 1000 ELSE 1 END AS move_cost FROM generate_series(1, 4500) i',
  'SELECT ''c'' || i AS client_id, t AS therapist_id FROM generate_series(1, 4500) i, unnest(''{t1,t2}''::text[]) t', equity => 'max', target => 30000, seed => NULL, bounds => false, iterations => 20000000) p;

-- no team at all
SELECT p.status, p.jain_after FROM caseload.rebalance('SELECT ''a'' AS therapist_id, 0 AS fte', 'SELECT ''1'' AS client_id, 1 AS weight, ''a'' AS therapist_id', 'SELECT ''1'' AS client_id, ''a'' AS therapist_id WHERE false', equity => 'jain', target => 0.9) p;

-- over the tables
INSERT INTO caseload.district (district_id, name, state) VALUES ('plan', 'Plan', 'PA');
INSERT INTO caseload.site (district_id, site_id, name, level, state) VALUES ('plan', 's', 'School', 'elementary', 'PA');
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte, employed, state)
  VALUES ('plan', 'ann', 'SLP', 1, '(,)', 'PA'), ('plan', 'ben', 'SLP', 0.5, '(,)', 'PA'), ('plan', 'cem', 'SLP', 1, '(,)', 'PA'),
         ('plan', 'dora', 'OT', 1, '(,)', 'PA'), ('plan', 'eve', 'SLP', NULL, '(,)', 'PA'), ('plan', 'finn', 'SLP', 1, '(,)', NULL);
INSERT INTO caseload.license (district_id, therapist_id, state, discipline, valid)
  SELECT 'plan', t, 'PA', 'SLP', CASE t WHEN 'finn' THEN '(,2025-01-01)'::daterange ELSE '(,)' END FROM unnest('{ann,ben,cem,eve,finn}'::text[]) t;
INSERT INTO caseload.client (district_id, client_id, site_id) SELECT 'plan', 'k' || j, 's' FROM generate_series(1, 8) j;
INSERT INTO caseload.episode (district_id, client_id, episode, period) SELECT 'plan', 'k' || j, 1, '[2024-09-01,)' FROM generate_series(1, 8) j;
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, delivery, group_size, therapist_id, period)
  VALUES ('plan', 'v1', 'k1', 'SLP', '2x30/week', 'small_group_ok', 1, 'ann', '[2024-09-01,)'), ('plan', 'v2', 'k2', 'SLP', '2x30/week', 'small_group_ok', 1, 'ann', '[2024-09-01,)'),
         ('plan', 'v3', 'k3', 'SLP', '1x45/week', 'small_group_ok', 1, 'ann', '[2024-09-01,)'), ('plan', 'v4', 'k4', 'SLP', '1x30/week', 'small_group_ok', 3, 'ann', '[2024-09-01,)'),
         ('plan', 'v5', 'k5', 'SLP', '1x30/week', 'small_group_ok', 1, 'cem', '[2024-09-01,)'), ('plan', 'v6', 'k6', 'SLP', '1x30/week', 'small_group_ok', 1, NULL, '[2024-09-01,)'),
         ('plan', 'v7', 'k7', 'SLP', '1x60/week', 'small_group_ok', 1, 'eve', '[2024-09-01,)');
UPDATE caseload.therapist SET employed = '(,2025-01-01)' WHERE therapist_id = 'cem';
SELECT * FROM caseload.plan_therapists('2025-10-01', 'plan') ORDER BY therapist_id;
SELECT * FROM caseload.plan_clients('2025-10-01', 'plan') ORDER BY service_id;
SELECT service_id, string_agg(therapist_id, ' ' ORDER BY therapist_id) FROM caseload.plan_eligible('2025-10-01', 'plan') GROUP BY service_id ORDER BY service_id;
-- the rules of eligible(): advice keeps a service from others, and from nobody who gives it
BEGIN;
INSERT INTO caseload.client_need (district_id, client_id, kind, word, required) VALUES ('plan', 'k1', 'language', 'es', true);
SELECT string_agg(therapist_id, ' ' ORDER BY therapist_id) FROM caseload.plan_eligible('2025-10-01', 'plan') WHERE service_id = 'v1';
INSERT INTO caseload.therapist_skill (district_id, therapist_id, kind, word) VALUES ('plan', 'ben', 'language', 'es');
SELECT string_agg(therapist_id, ' ' ORDER BY therapist_id) FROM caseload.plan_eligible('2025-10-01', 'plan') WHERE service_id = 'v1';
ROLLBACK;
SELECT pg_temp.in_short(p), m.seq, m.kind, m.service_id, m.client_id, m.from_therapist, m.to_therapist
  FROM caseload.rebalance(as_of => '2025-10-01', in_district => 'plan') p LEFT JOIN LATERAL unnest(p.moves) m ON true;
SELECT bool_and(k.ok) FROM caseload.rebalance(as_of => '2025-10-01', in_district => 'plan') p, caseload.check_plan(p, as_of => '2025-10-01', in_district => 'plan') k;
SELECT therapist_id, fair_per_fte FROM caseload.fair_share(as_of => '2025-10-01', in_district => 'plan');
-- groups of the tables, and a discipline
SELECT * FROM caseload.plan_options('2025-10-01', 'plan');
SELECT count(*) FROM caseload.plan_options('2025-10-01', 'plan', 'OT');
SELECT pg_temp.in_short(p), m.seq, m.kind, m.service_id, m.option_id, m.from_therapist, m.to_therapist, m.weight
  FROM caseload.rebalance(as_of => '2025-10-01', in_district => 'plan', in_discipline => 'SLP', options => 'SELECT * FROM caseload.plan_options($1, $2, $3)') p
  LEFT JOIN LATERAL unnest(p.moves) m ON true;
SELECT bool_and(k.ok) FROM caseload.rebalance(as_of => '2025-10-01', in_district => 'plan', in_discipline => 'SLP', options => 'SELECT * FROM caseload.plan_options($1, $2, $3)') p,
       caseload.check_plan(p, as_of => '2025-10-01', in_district => 'plan', in_discipline => 'SLP', options => 'SELECT * FROM caseload.plan_options($1, $2, $3)') k;
SELECT p.moves, p.jain, p.cost_bound FROM caseload.pareto(as_of => '2025-10-01', in_district => 'plan', options => 'SELECT * FROM caseload.plan_options($1, $2, $3)') p;
SELECT caseload.lp_text(as_of => '2025-10-01', in_district => 'plan', in_discipline => 'SLP', equity => 'max', target => 150, options => 'SELECT * FROM caseload.plan_options($1, $2, $3)');
SELECT r.therapist_id, r.load FROM caseload.fair_share(as_of => '2025-10-01', in_district => 'plan', in_discipline => 'OT') r;
-- queries of the caller have the same parameters
SELECT r.kind, r.client_id, r.load FROM caseload.plan_rows('SELECT $2 AS therapist_id, 1 AS fte', 'SELECT $3 AS client_id, $1 - date ''2025-01-01'' AS weight, $2 AS therapist_id',
  'SELECT $3 AS client_id, $2 AS therapist_id', '2025-10-01', 'somewhere', 'somebody') r;
-- who has another discipline gives the service away
BEGIN;
UPDATE caseload.service SET therapist_id = 'dora' WHERE service_id = 'v5';
SELECT * FROM caseload.plan_therapists('2025-10-01', 'plan', 'SLP') ORDER BY therapist_id;
SELECT m.kind, m.service_id, m.from_therapist, m.to_therapist
  FROM caseload.rebalance(as_of => '2025-10-01', in_district => 'plan', in_discipline => 'SLP') p, unnest(p.moves) m WHERE m.kind = 'forced';
ROLLBACK;
-- applied, once
BEGIN;
SELECT caseload.rebalance(as_of => '2025-10-01', in_district => 'plan') AS plan \gset
SELECT caseload.apply_plan(:'plan', 'plan', 0), caseload.apply_plan(:'plan', 'plan', 1), caseload.apply_plan(:'plan', 'plan');
ROLLBACK;
BEGIN;
SELECT caseload.apply_plan(:'plan', 'plan');
SELECT pg_temp.in_short(caseload.rebalance(as_of => '2025-10-01', in_district => 'plan'));
SELECT caseload.apply_plan(:'plan', 'plan');
ROLLBACK;
-- from a day on: what was given stays with who gave it
BEGIN;
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status, service_id)
  VALUES ('plan', 'k3', 'a1', '2025-09-08 15:00Z', 'attended', 'v3'), ('plan', 'k3', 'a2', '2025-10-13 15:00Z', 'scheduled', 'v3');
UPDATE caseload.service SET reviewed_on = '2025-05-05' WHERE service_id = 'v3';
SELECT caseload.apply_plan(:'plan', 'plan', from_date => '2025-10-01');
SELECT service_id, therapist_id, period, dosage, reviewed_on FROM caseload.service WHERE district_id = 'plan' ORDER BY service_id;
SELECT appointment_id, service_id FROM caseload.appointment WHERE district_id = 'plan' ORDER BY appointment_id;
SELECT d.day, w.therapist_id, w.weekly_minutes FROM (VALUES ('2025-09-30'::date), ('2025-10-01')) d (day) CROSS JOIN LATERAL caseload.workload(d.day) w
 WHERE w.district_id = 'plan' AND w.weekly_minutes > 0 ORDER BY d.day, w.therapist_id;
SELECT pg_temp.in_short(caseload.rebalance(as_of => '2025-10-01', in_district => 'plan'));
ROLLBACK;
BEGIN;
SELECT caseload.apply_plan(:'plan', 'plan', from_date => '2024-09-01');
SELECT count(*) FROM caseload.service WHERE district_id = 'plan';
ROLLBACK;
-- a service without a beginning
BEGIN;
UPDATE caseload.service SET period = '(,)' WHERE service_id = 'v3';
SAVEPOINT before;
SELECT caseload.apply_plan(:'plan', 'plan');
SELECT service_id, therapist_id, period FROM caseload.service WHERE district_id = 'plan' AND service_id LIKE 'v3%' ORDER BY service_id;
ROLLBACK TO before;
SELECT caseload.apply_plan(:'plan', 'plan', from_date => '2025-10-01');
SELECT service_id, therapist_id, period FROM caseload.service WHERE district_id = 'plan' AND service_id LIKE 'v3%' ORDER BY service_id;
ROLLBACK;
BEGIN;
UPDATE caseload.service SET period = '[2024-09-01,2025-10-01)' WHERE service_id = 'v3';
SELECT caseload.apply_plan(:'plan', 'plan', from_date => '2025-10-01');
ROLLBACK;
SELECT caseload.apply_plan(:'plan', 'plan', from_date => 'infinity');
SELECT caseload.apply_plan(caseload.rebalance(:T, :C, :E), 'plan');
SELECT caseload.apply_plan(caseload.rebalance(:T, :C, :E, options => :O), 'plan');
SELECT caseload.rebalance(in_district => 'nowhere');
BEGIN;
INSERT INTO caseload.district (district_id) VALUES ('other');
SELECT caseload.rebalance();
ROLLBACK;
-- rows that a policy hides are not there
CREATE ROLE plan_reader;
CREATE TABLE public.plan_secret (client_id text, weight int, therapist_id text);
INSERT INTO public.plan_secret SELECT 'c' || j, 1, CASE WHEN j < 4 THEN 'ann' ELSE 'ben' END FROM generate_series(1, 9) j;
ALTER TABLE public.plan_secret ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON public.plan_secret FOR SELECT TO plan_reader USING (therapist_id = 'ann');
GRANT USAGE ON SCHEMA caseload TO plan_reader;
GRANT SELECT ON public.plan_secret TO plan_reader;
GRANT EXECUTE ON FUNCTION caseload.rebalance TO plan_reader;
SET ROLE plan_reader;
SELECT (caseload.rebalance(:T, 'SELECT * FROM public.plan_secret', 'SELECT client_id, ''ann'' AS therapist_id FROM public.plan_secret')).clients;
SELECT (caseload.rebalance(:T, 'SELECT * FROM caseload.plan_clients()', 'SELECT 1')).clients;
RESET ROLE;
DROP TABLE public.plan_secret;
REVOKE EXECUTE ON FUNCTION caseload.rebalance FROM plan_reader;
REVOKE USAGE ON SCHEMA caseload FROM plan_reader;
DROP ROLE plan_reader;
DELETE FROM caseload.service WHERE district_id = 'plan';
DELETE FROM caseload.episode WHERE district_id = 'plan';
DELETE FROM caseload.client WHERE district_id = 'plan';
DELETE FROM caseload.therapist WHERE district_id = 'plan';
DELETE FROM caseload.site WHERE district_id = 'plan';
DELETE FROM caseload.district WHERE district_id = 'plan';
