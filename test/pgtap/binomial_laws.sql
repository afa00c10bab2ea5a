-- Binomial tails and overbooking: sums in numeric as the oracle, and what must hold for all of them.

\ir begin.psql
SET LOCAL jit = off;

SELECT plan(8);

-- every tail of up to 40 attempts, by the definition; the probabilities are exact in binary
CREATE TEMP TABLE exact AS
SELECT n, k, p, (SELECT sum(factorial(n) / (factorial(x) * factorial(n - x)) * p::numeric(400,300) ^ x * (1 - p::numeric(400,300)) ^ (n - x)) FROM generate_series(k + 1, n) x) AS tail
  FROM generate_series(1, 40, 3) n, generate_series(0, n - 1) k, unnest('{0.03125,0.25,0.5,0.71875,0.9375}'::float8[]) p;
SELECT is((SELECT count(*) FROM exact WHERE abs(binomial_tail(n, k, p) - tail::float8) > 1e-14 * tail::float8), 0::bigint, 'all tails of up to 40 attempts');
SELECT ok((SELECT count(*) > 1300 FROM exact), 'and these are many');
SELECT is((SELECT count(*) FROM generate_series(1, 3000, 37) n, generate_series(0, n - 1, 29) k, unnest('{0.03125,0.25,0.5,0.71875,0.9375}'::float8[]) p
            WHERE abs(binomial_tail(n, k, p) + binomial_tail(n, n - k - 1, 1 - p) - 1) > 1e-14), 0::bigint, 'more than k succeed or at least n - k fail');
SELECT is((SELECT count(*) FROM (SELECT binomial_tail(n, k, 0.3) AS p, lag(binomial_tail(n, k, 0.3)) OVER (PARTITION BY n ORDER BY k) AS before, n, k
                                   FROM generate_series(1, 1000, 111) n, generate_series(-1, n) k) t WHERE p > before OR p < 0 OR p > 1), 0::bigint, 'a tail falls with k, from 1 to 0');

CREATE TEMP TABLE asked AS
SELECT * FROM unnest('{0,1,2,5,17,100,2500}'::int[]) wanted, unnest('{0,0.015625,0.125,0.25,0.5,0.75,0.984375}'::float8[]) rate, unnest('{0,0.001,0.05,0.1,0.5,0.9}'::float8[]) most,
              overbook(wanted, rate, most);
SELECT is((SELECT count(*) FROM asked WHERE ask < wanted OR p_overflow > most OR abs(expected - ask * (1 - rate)) > 1e-9
            OR abs(p_overflow - binomial_tail(ask, wanted, 1 - rate)) > 1e-13), 0::bigint, 'what may be asked keeps the limit');
SELECT is((SELECT count(*) FROM asked WHERE binomial_tail(ask + 1, wanted, 1 - rate) <= most), 0::bigint, 'and one more would not');
SELECT is((SELECT count(*) FROM asked a JOIN asked b USING (wanted, rate) WHERE a.most < b.most AND a.ask > b.ask), 0::bigint, 'a higher limit does not mean a smaller number');
SELECT is((SELECT count(*) FROM asked, overbook_table(wanted, rate, least(ask, wanted + 20)) t
            WHERE abs(t.p_overflow - binomial_tail(t.ask, wanted, 1 - rate)) > 1e-14 OR t.expected > t.ask
               OR abs(t.p_all_come - CASE WHEN t.ask = 0 THEN 1 ELSE binomial_tail(t.ask, t.ask - 1, 1 - rate) END) > 1e-14
               OR t.p_overflow > most AND t.ask <= asked.ask), 0::bigint, 'the table says the same');

SELECT * FROM finish();
ROLLBACK;
