-- Packing, groups and Poisson-binomial numbers against what plain SQL finds by trying everything.

\ir begin.psql
SELECT plan(19);
\ir laws.psql

SELECT setseed(0.37);

-- Packing: three sessions of 15 to 45 minutes into an hour and a half with holes, windows at random; every choice of starts is tried.
CREATE TEMP TABLE week AS
SELECT n, availability_union(CASE WHEN random() < 0.75 OR q = 0 THEN availability(1, time '08:00' + q * interval '15 min', time '08:15' + q * interval '15 min') END) AS free,
       ARRAY(SELECT (15 * (1 + floor(random() * 3)))::integer FROM generate_series(1, 3) WHERE n = n) AS minutes,
       ARRAY(SELECT availability(1, time '08:00' + x.b * interval '15 min', time '08:00' + (x.b + 2 + floor(random() * 4)) * interval '15 min')
               FROM (SELECT floor(random() * 5) AS b FROM generate_series(1, 3) WHERE n = n) x) AS windows,
       CASE WHEN n % 5 = 0 THEN '{7,7,0}' ELSE '{0,0,0}' END::integer[] AS apart
FROM generate_series(1, 600) n, generate_series(0, 6) q GROUP BY n;
CREATE TEMP TABLE start AS
SELECT w.n, s.i, q.q, w.minutes[s.i] AS minutes FROM week w CROSS JOIN generate_series(1, 3) AS s (i) CROSS JOIN generate_series(0, 10) AS q (q)
WHERE w.free * w.windows[s.i] @> availability(1, time '08:00' + q.q * interval '15 min', time '08:00' + q.q * interval '15 min' + w.minutes[s.i] * interval '1 min')
UNION ALL SELECT n, i, NULL, 0 FROM week CROSS JOIN generate_series(1, 3) i;
CREATE TEMP TABLE best AS
SELECT w.n, max(a.minutes + b.minutes + c.minutes) AS minutes
FROM week w JOIN start a ON a.n = w.n AND a.i = 1 JOIN start b ON b.n = w.n AND b.i = 2 JOIN start c ON c.n = w.n AND c.i = 3
WHERE NOT coalesce(a.q * 15 < b.q * 15 + b.minutes AND b.q * 15 < a.q * 15 + a.minutes, false)
  AND NOT coalesce(a.q * 15 < c.q * 15 + c.minutes AND c.q * 15 < a.q * 15 + a.minutes, false)
  AND NOT coalesce(b.q * 15 < c.q * 15 + c.minutes AND c.q * 15 < b.q * 15 + b.minutes, false)
  AND NOT (w.apart[1] = 7 AND a.q IS NOT NULL AND b.q IS NOT NULL)
GROUP BY w.n;
CREATE TEMP VIEW packed AS SELECT w.*, p.* FROM week w CROSS JOIN LATERAL _pack_sessions(free, windows, minutes, apart, 15, 100000) p;
CREATE TEMP TABLE pack AS SELECT * FROM packed;
SELECT pg_temp.holds('what is packed is the most that there is', 'p.placed_minutes = b.minutes AND p.optimal', '(SELECT DISTINCT n, placed_minutes, optimal FROM pack) p JOIN best b USING (n)', 600);
SELECT pg_temp.holds('and no more than the bound', 'placed_minutes <= bound_minutes', 'pack', 1800);
SELECT pg_temp.holds('sessions lie in the free time and their windows', 'NOT placed OR (free * windows[session] @> availability(day, begins, ends) AND ends - begins = minutes[session] * interval ''1 min'')', 'pack', 1800);
SELECT pg_temp.holds('and not upon each other', 'NOT (a.begins < b.ends AND b.begins < a.ends)', 'pack a JOIN pack b ON a.n = b.n AND a.session < b.session AND a.placed AND b.placed', 300);
SELECT pg_temp.holds('what is short of time shares less than it needs, counted minute by minute', 'need > has', $$(
  SELECT n, sum(minutes[session]) AS need, minutes(availability_union(usable)) AS has
    FROM (SELECT p.n, p.session, p.minutes, s.usable FROM pack p
            JOIN LATERAL (SELECT availability_union(availability(1, time '08:00' + q * interval '15 min', time '08:00' + q * interval '15 min' + s.minutes * interval '1 min')) AS usable
                            FROM start s WHERE s.n = p.n AND s.i = p.session AND s.q IS NOT NULL) s ON true
           WHERE p.hall IS NOT NULL) x GROUP BY n) h$$, 100);
SELECT ok((SELECT count(*) FROM pack WHERE NOT placed) > 200 AND (SELECT count(*) FROM pack WHERE verdict = 'fragmented') > 10, 'there is enough that does not fit');
-- the twin: whoever comes first takes the first start
SELECT ok((SELECT count(*) FROM best b JOIN LATERAL (
     SELECT sum(s.minutes) AS minutes FROM (SELECT DISTINCT ON (i) i, minutes, q FROM start s WHERE s.n = b.n AND q IS NOT NULL ORDER BY i, q) s
      WHERE NOT EXISTS (SELECT FROM (SELECT DISTINCT ON (i) i, minutes, q FROM start t WHERE t.n = b.n AND q IS NOT NULL ORDER BY i, q) t
                         WHERE t.i < s.i AND int4range(t.q * 15, t.q * 15 + t.minutes) && int4range(s.q * 15, s.q * 15 + s.minutes))) g ON true
   WHERE coalesce(g.minutes, 0) < b.minutes) > 100, 'the twin: whoever takes the first start loses time');
SELECT results_eq('SELECT n, session, placed, day, begins FROM packed WHERE n < 50 ORDER BY 1, 2', 'SELECT n, session, placed, day, begins FROM pack WHERE n < 50 ORDER BY 1, 2', 'packing twice gives the same');

-- Groups: seven students, every division into groups by SQL
CREATE TEMP TABLE cohort AS
SELECT n, ARRAY(SELECT CASE WHEN random() < 0.9 THEN floor(random() * 5)::integer END FROM generate_series(1, 7) WHERE n = n) AS grades,
       ARRAY(SELECT CASE WHEN random() < 0.9 THEN availability(1, time '08:00' + x.b * interval '30 min', time '09:00' + (x.b + floor(random() * 3)) * interval '30 min') END
               FROM (SELECT floor(random() * 4) AS b FROM generate_series(1, 7) WHERE n = n) x) AS windows,
       30 * (1 + n % 2) AS minutes, 2 + n % 3 AS size, n % 3 AS span
FROM generate_series(1, 60) n;
CREATE TEMP TABLE good AS
SELECT c.n, m.mask
FROM cohort c CROSS JOIN generate_series(1, 127) AS m (mask)
WHERE (SELECT count(*) FROM generate_series(0, 6) i WHERE m.mask >> i & 1 = 1) = 1
   OR ((SELECT count(*) FROM generate_series(0, 6) i WHERE m.mask >> i & 1 = 1) <= c.size
       AND coalesce((SELECT max(c.grades[i + 1]) - min(c.grades[i + 1]) FROM generate_series(0, 6) i WHERE m.mask >> i & 1 = 1), 0) <= c.span
       AND coalesce((SELECT opening_count(availability_intersection(c.windows[i + 1]), c.minutes) FROM generate_series(0, 6) i WHERE m.mask >> i & 1 = 1), 1) >= 1);
CREATE TEMP TABLE fewest AS
WITH RECURSIVE cover AS (
  SELECT n, 0 AS mask, 0 AS groups FROM cohort
  UNION
  SELECT c.n, c.mask | g.mask, c.groups + 1 FROM cover c JOIN good g ON g.n = c.n AND g.mask & c.mask = 0
   WHERE c.mask < 127 AND g.mask >> (SELECT min(i) FROM generate_series(0, 6) i WHERE c.mask >> i & 1 = 0) & 1 = 1
) SELECT n, min(groups) AS groups FROM cover WHERE mask = 127 GROUP BY n;
CREATE TEMP TABLE covered AS SELECT c.*, g.groups, g.group_count, g.fewest FROM cohort c CROSS JOIN LATERAL _group_cover(grades, windows, minutes, 1, size, span) g;
SELECT pg_temp.holds('groups are the fewest that there can be', 'c.group_count = f.groups AND c.fewest = f.groups', 'covered c JOIN fewest f USING (n)', 60);
SELECT pg_temp.holds('and each is one that can be', 'EXISTS (SELECT FROM good WHERE good.n = x.n AND good.mask = x.mask)', $$(
  SELECT n, g, sum(1 << (i - 1)::integer)::integer AS mask FROM covered CROSS JOIN LATERAL unnest(groups) WITH ORDINALITY u (g, i) GROUP BY n, g) x$$, 120);
SELECT ok((SELECT count(*) FROM covered WHERE group_count > ceil(7.0 / size)) > 20, 'more are needed than sizes say in many cases: the other rules bind');
CREATE TEMP TABLE many AS SELECT n, ARRAY(SELECT floor(random() * 5)::integer FROM generate_series(1, 40) WHERE n = n) AS grades FROM generate_series(1, 30) n;
CREATE TEMP VIEW many_covered AS SELECT m.n, g.* FROM many m CROSS JOIN LATERAL _group_cover(m.grades, array_fill(NULL::availability, ARRAY[40]), 30, 1, 4, 1) g;
SELECT pg_temp.holds('beyond twenty the bound is one', 'fewest <= group_count AND fewest >= 10 AND cardinality(groups) = 40 AND (SELECT max(g) FROM unnest(groups) g) = group_count', 'many_covered', 30);

-- Poisson-binomial: every outcome of up to eight clients
CREATE TEMP TABLE chance AS SELECT n, ARRAY(SELECT round(random()::numeric, 2)::float8 FROM generate_series(1, 1 + n % 8) WHERE n = n) AS p FROM generate_series(1, 80) n;
CREATE TEMP TABLE tail AS
SELECT c.n, c.p, k.k, (SELECT coalesce(sum(o.p), 0) FROM (
  SELECT m, exp(sum(ln(CASE WHEN m >> (i - 1)::integer & 1 = 1 THEN x ELSE 1 - x END))) AS p, sum(m >> (i - 1)::integer & 1) AS come
    FROM generate_series(0, (1 << cardinality(c.p)) - 1) m CROSS JOIN LATERAL unnest(c.p) WITH ORDINALITY u (x, i)
   GROUP BY m HAVING bool_and(CASE WHEN m >> (i - 1)::integer & 1 = 1 THEN x ELSE 1 - x END > 0)) o WHERE o.come > k.k) AS truth
FROM (SELECT * FROM chance WHERE NOT p && '{0,1}') c CROSS JOIN generate_series(0, 8) AS k (k);
SELECT pg_temp.holds('a tail is the sum over all outcomes', 'abs(poisson_binomial_tail(p, k) - truth) < 1e-12', 'tail', 600);
SELECT pg_temp.holds('the twin: a binomial with the mean is not', 'EXISTS (SELECT FROM tail WHERE abs(binomial_tail(cardinality(p), least(k, cardinality(p)), (SELECT avg(x) FROM unnest(p) x)) - truth) > 0.01)', '(SELECT 1) x', 1);
SELECT pg_temp.holds('with equal probabilities it is the binomial', 'abs(poisson_binomial_tail(array_fill(p, ARRAY[n]), k) - binomial_tail(n, k, p)) < 1e-12',
  '(SELECT n, k, p::float8 FROM generate_series(1, 60, 7) n, generate_series(0, 60, 5) k, unnest(ARRAY[0.05, 0.5, 0.87]) p WHERE k <= n) x', 100);
SELECT pg_temp.holds('accepted is the most below the limit', $$x.accept = (SELECT coalesce(max(j), 0) FROM generate_series(1, cardinality(p)) j WHERE poisson_binomial_tail(p[1:j], slots) <= 0.2)
  AND abs(x.p_overflow - poisson_binomial_tail(p[1:x.accept], slots)) < 1e-12 AND abs(x.p_idle - (1 - poisson_binomial_tail(p[1:x.accept], slots - 1))) < 1e-12$$,
  '(SELECT c.p, s.slots, a.* FROM chance c CROSS JOIN generate_series(0, 5) AS s (slots) CROSS JOIN LATERAL accept_count(s.slots, c.p, 0.2) a) x', 400);
SELECT pg_temp.holds('and the newsvendor goes on as long as it pays', $$x.accept = (SELECT count(*) FROM generate_series(0, cardinality(p) - 1) j WHERE poisson_binomial_tail(p[1:j], slots - 1) < 0.5)$$,
  '(SELECT c.p, s.slots, a.* FROM chance c CROSS JOIN generate_series(1, 5) AS s (slots) CROSS JOIN LATERAL accept_count(s.slots, c.p, idle_share => 0.5) a) x', 400);
-- the table of the clinic: 30 to 35 slots
SELECT results_eq($$SELECT array_agg((accept_mix(s.slots, s.show, a.alpha)).accept ORDER BY s.show DESC, s.slots, a.alpha) FROM (VALUES (0.87, 30), (0.87, 35), (0.80, 30), (0.80, 35)) s (show, slots) CROSS JOIN (VALUES (0.05), (0.2), (0.5)) a (alpha)$$,
  $$VALUES ('{40,44,48,48,51,55,44,48,51,51,55,60}'::integer[])$$, '30 to 35 slots go with 40 to 60 clients, by rate and risk');
SELECT is((SELECT round(poisson_binomial_tail(array_fill(0.5::float8, ARRAY[20000]), 10000)::numeric, 6)), round(binomial_tail(20000, 10000, 0.5)::numeric, 6), 'twenty thousand clients');
SELECT finish();
ROLLBACK;
