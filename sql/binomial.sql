-- Overbooking: the published numbers, and what happens at the edges.
SET extra_float_digits = 0;
-- five seats, 30 % do not come
SELECT ask, round(expected::numeric, 2) AS expected, round(p_overflow::numeric, 4) AS p_overflow, round(p_all_come::numeric, 4) AS p_all_come
  FROM caseload.overbook_table(5, 0.3, 9);
SELECT l AS "limit", o.ask, round(o.expected::numeric, 2) AS expected, round(o.p_overflow::numeric, 4) AS p_overflow
  FROM unnest('{0,0.10,0.12,0.33,0.56,0.999}'::float8[]) l, caseload.overbook(5, 0.3, l) o;
-- exactly at the limit: of two, both come with 0.25
SELECT * FROM caseload.overbook(1, 0.5, 0.25);
SELECT * FROM caseload.overbook(0, 0.3, 0.1);
-- all come; nobody comes, or hardly anybody: no number is too many
SELECT * FROM caseload.overbook(5, 0, 0.1);
SELECT * FROM caseload.overbook(5, 1, 0.1);
SELECT * FROM caseload.overbook(5, 0.9999999999, 0.1);
SELECT ask, round(expected::numeric, 6) AS expected, round(p_overflow::numeric, 6) AS p_overflow FROM caseload.overbook(5, 0.999999, 0.1);
SELECT ask, round(expected::numeric, 2) AS expected, round(p_overflow::numeric, 6) AS p_overflow FROM caseload.overbook(100000, 0.3, 0.1);
SELECT * FROM caseload.overbook(5, NULL, 0.1);
SELECT * FROM caseload.overbook_table(2, 0, 3) UNION ALL SELECT * FROM caseload.overbook_table(2, 1, 3) UNION ALL SELECT * FROM caseload.overbook_table(0, 1, 0);
SELECT count(*) FROM caseload.overbook_table(5, 0.3, 4);
SELECT * FROM caseload.overbook(-1, 0.3, 0.1);
SELECT * FROM caseload.overbook(5, 30, 0.1);
SELECT * FROM caseload.overbook(5, 'NaN', 0.1);
SELECT * FROM caseload.overbook(5, 0.3, -0.1);
SELECT * FROM caseload.overbook(5, 0.3, 1);
SELECT * FROM caseload.overbook_table(-1, 0.3, 4);
SELECT * FROM caseload.overbook_table(1, 1.5, 4);
-- tails; the exact ones are of another program, with 50 digits
SELECT n, k, p, abs(caseload.binomial_tail(n, k, p) / exact - 1) < 1e-12 AS right
  FROM (VALUES (7, 5, 0.7::float8, 0.32941719999999990596::float8), (1000, 200, 0.1, 1.2886775843069753863e-21), (5, 0, 1e-300, 5.0000000000000001253e-300),
               (100000, 29900, 0.3, 0.75376065621186263126), (100000, 31000, 0.3, 2.9287832283493148092e-12), (100000, 34000, 0.3, 3.3863738188959290449e-164),
               (100000, 55700, 0.5, 1.4958827155102053634e-285), (100000, 40, 1e-5, 1.1177533804777617592e-50), (100000, 99950, 0.999, 1.1629451117384387901e-8),
               (20000000, 7460000, 0.37, 4.5505872060069331659e-170)) v (n, k, p, exact);
SELECT n, k, p, caseload.binomial_tail(n, k, p)
  FROM (VALUES (5, -1, 0.5::float8), (5, 5, 0.5), (5, 9, 0.5), (5, 2, 0), (5, 2, 1), (5, 5, 1), (0, 0, 0.5), (0, -1, 0.5), (2147483647, 2147483640, 0.5)) v (n, k, p);
SELECT caseload.binomial_tail(-1, 0, 0.5);
SELECT caseload.binomial_tail(1, 0, 1.5);
