-- backtest() and compare_rules(), computed a second time from the facts of every day.
--
-- On the sample district, the facts of 60 days are asked for day by day, `client_facts(day)`, and kept. What a condition says of
-- them, day by day, must be what backtest() says, which never asks for a day. Each column of the facts is a condition of its own, so
-- that no column goes unseen; then come conditions of several columns, and the other subjects.

\set district BACKTEST
\set clients 300
\set weeks 20
\set anchor 2026-03-02
\ir sample.psql
\ir begin.psql
SET LOCAL jit = off;
SET LOCAL timezone = 'Pacific/Auckland';
SET LOCAL datestyle = 'ISO, DMY';
SELECT no_plan();

CREATE FUNCTION pg_temp.chance(name text, n int) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT ((hashtextextended(name, 5) >> 20) & 65535)::int % n $$;

------------------------------------------------------------------------------------------------------------------------------------
-- What the sample lacks: documents, warnings, other windows, therapists who come and go, another zone.
------------------------------------------------------------------------------------------------------------------------------------

SET LOCAL caseload.capacity = 'off';
UPDATE site SET time_zone = 'Pacific/Auckland' WHERE district_id = :'district' AND pg_temp.chance(site_id || 'zone', 4) = 0;
INSERT INTO document (district_id, client_id, document_id, kind, about, due_on, done_at)
  SELECT a.district_id, a.client_id, 'n' || a.appointment_id, 'session_note', CASE WHEN pg_temp.chance('about' || a.appointment_id, 20) > 0 THEN d.day END,
         CASE WHEN pg_temp.chance('due' || a.appointment_id, 20) > 0 THEN d.day + 2 END,
         CASE WHEN pg_temp.chance('done' || a.appointment_id, 9) > 0 THEN a.starts_at + pg_temp.chance('late' || a.appointment_id, 4) * interval '26 hours 1 microsecond' END
    FROM appointment a
   CROSS JOIN LATERAL (SELECT (a.starts_at AT TIME ZONE 'America/New_York')::date) d (day)
   WHERE a.district_id = :'district' AND a.status IN ('attended', 'late');
INSERT INTO document (district_id, client_id, document_id, kind, about, due_on, done_at, with_client)
  SELECT c.district_id, c.client_id, k.kind || c.client_id, k.kind, CASE WHEN pg_temp.chance(k.kind || 'a' || c.client_id, 3) = 0 THEN date '2026-01-01' END,
         date '2025-12-20' + pg_temp.chance(k.kind || 'b' || c.client_id, 90),
         CASE WHEN pg_temp.chance(k.kind || 'c' || c.client_id, 4) > 0 THEN timestamptz '2025-12-20 00:00Z' + pg_temp.chance(k.kind || 'd' || c.client_id, 1800) * interval '1 hour' END,
         pg_temp.chance(k.kind || 'e' || c.client_id, 3) > 0
    FROM client c, unnest('{consent,plan,closing_note,plan_review,other}'::text[]) k (kind)
   WHERE c.district_id = :'district' AND pg_temp.chance(k.kind || 'f' || c.client_id, 3) > 0;
INSERT INTO policy (district_id, policy_name, valid, value) VALUES
  (:'district', 'strike_window_days', '[2025-12-01,2026-01-20)', '30'), (:'district', 'strike_window_days', '[2026-02-10,)', '45');
DELETE FROM flag WHERE district_id = :'district';
INSERT INTO flag (district_id, flag_id, subject, subject_key, client_id, episode, rule_district, rule_name, rule_version, severity, action, message,
                  raised_on, due_on, state, cleared_on, cleared_why)
  SELECT e.district_id, format('w%s-%s-%s', w, e.client_id, e.episode), 'client', e.client_id, e.client_id, e.episode, '*', 'warning' || w, 1, 'warn',
         CASE WHEN pg_temp.chance('h' || w || e.client_id, 8) > 0 THEN 'warn' ELSE 'review' END, '', f.day, f.day + pg_temp.chance('j' || w || e.client_id, 20),
         CASE WHEN pg_temp.chance('i' || w || e.client_id, 5) = 0 THEN 'dismissed' ELSE 'open' END,
         CASE WHEN pg_temp.chance('k' || w || e.client_id, 3) > 0 THEN f.day + pg_temp.chance('l' || w || e.client_id, 40) END,
         CASE WHEN pg_temp.chance('k' || w || e.client_id, 3) > 0 THEN 'condition' END
    FROM episode e, generate_series(1, 3) w
   CROSS JOIN LATERAL (SELECT date '2025-12-15' + pg_temp.chance('g' || w || e.client_id, 75)) f (day)
   WHERE e.district_id = :'district' AND pg_temp.chance('m' || w || e.client_id, 2) = 0;
-- one in five clients waits until some day; some services end within the 60 days
UPDATE service SET therapist_id = NULL, period = daterange(lower(period), date '2026-01-01' + pg_temp.chance('n' || client_id, 60))
 WHERE district_id = :'district' AND pg_temp.chance('o' || client_id, 5) = 0 AND lower(period) < '2026-01-01' AND upper_inf(period);
INSERT INTO service (district_id, service_id, client_id, discipline, therapist_id, period)
  SELECT v.district_id, 'then' || v.service_id, v.client_id, v.discipline, (SELECT min(t.therapist_id) FROM therapist t WHERE t.district_id = :'district'),
         daterange(upper(v.period) + pg_temp.chance('p' || v.service_id, 3), NULL)
    FROM service v WHERE v.district_id = :'district' AND pg_temp.chance('o' || v.client_id, 5) = 0 AND v.therapist_id IS NULL AND NOT upper_inf(v.period);
-- what states count clients by; service years and dosages that change
UPDATE client c SET grade = CASE WHEN pg_temp.chance('s' || client_id, 6) > 0 THEN pg_temp.chance('t' || client_id, 15) - 1 END,
                    low_incidence_class = (ARRAY['Autistic Support', 'Multi-Disabilities Support'])[pg_temp.chance('u' || client_id, 4)],
                    service_percent = CASE WHEN pg_temp.chance('v' || client_id, 6) > 0 THEN pg_temp.chance('w' || client_id, 400) / 4.0 END,
                    has_aide = CASE WHEN pg_temp.chance('x' || client_id, 6) > 0 THEN pg_temp.chance('y' || client_id, 2) = 0 END,
                    federal_setting = CASE WHEN pg_temp.chance('z' || client_id, 6) > 0 THEN 1 + pg_temp.chance('A' || client_id, 8) END,
                    need_points = CASE WHEN pg_temp.chance('B' || client_id, 6) > 0 THEN pg_temp.chance('C' || client_id, 200) / 8.0 END
 WHERE district_id = :'district';
UPDATE low_incidence_class SET weight = 1.75 WHERE class_name = 'Autistic Support';
UPDATE service SET dosage = CASE WHEN pg_temp.chance('D' || service_id, 10) > 0 THEN ((1 + pg_temp.chance('E' || service_id, 40)) || '/' || (ARRAY['week', 'month', 'year'])[1 + pg_temp.chance('F' || service_id, 3)])::dosage END
 WHERE district_id = :'district' AND pg_temp.chance('G' || service_id, 2) = 0;
INSERT INTO policy (district_id, policy_name, valid, value) VALUES
  (:'district', 'calendar', '[2025-10-01,2026-01-15)', 'clinic'), (:'district', 'calendar', '[2026-02-20,)', 'clinic');
-- an episode that follows the one before without a day between
UPDATE episode e SET period = daterange(lower(e.period), date '2026-01-10' + pg_temp.chance('q' || e.client_id, 40))
 WHERE e.district_id = :'district' AND pg_temp.chance('r' || e.client_id, 6) = 0 AND upper_inf(e.period) AND coalesce(lower(e.period) < '2026-01-01', true)
   AND NOT EXISTS (SELECT FROM appointment a WHERE a.district_id = e.district_id AND a.client_id = e.client_id AND a.starts_at >= '2026-01-09')
   AND NOT EXISTS (SELECT FROM contact t WHERE t.district_id = e.district_id AND t.client_id = e.client_id AND t.at >= '2026-01-09');
INSERT INTO episode (district_id, client_id, episode, period)
  SELECT e.district_id, e.client_id, e.episode + 10, daterange(upper(e.period), NULL)
    FROM episode e WHERE e.district_id = :'district' AND upper(e.period) BETWEEN '2026-01-09' AND '2026-02-25'
     AND NOT EXISTS (SELECT FROM episode f WHERE f.district_id = e.district_id AND f.client_id = e.client_id AND f.period && daterange(upper(e.period), NULL));

------------------------------------------------------------------------------------------------------------------------------------
-- The oracle.
------------------------------------------------------------------------------------------------------------------------------------

-- the last days of 2025 and on, 60 in all
CREATE TEMP TABLE facts AS
  SELECT d.day, f.* FROM (SELECT date '2025-12-29' + i FROM generate_series(0, 59) i) d (day), LATERAL client_facts(d.day) f
   WHERE f.district_id = :'district';
CREATE TEMP TABLE holding (day date, district_id text, key text, part int);

-- From the days on which something holds, when it began and ceased to.
CREATE FUNCTION pg_temp.changes(first date, last date) RETURNS TABLE (day date, district_id text, key text, change text) LANGUAGE sql AS $$
  SELECT h.day, h.district_id, h.key, 'raised' FROM holding h
   WHERE NOT EXISTS (SELECT FROM holding b WHERE b.day = h.day - 1 AND (b.district_id, b.key, b.part) = (h.district_id, h.key, h.part) AND b.day >= first)
  UNION ALL
  SELECT h.day + 1, h.district_id, h.key, 'cleared' FROM holding h
   WHERE h.day < last AND NOT EXISTS (SELECT FROM holding b WHERE b.day = h.day + 1 AND (b.district_id, b.key, b.part) = (h.district_id, h.key, h.part))
$$;
-- How many rows differ, of how many.
CREATE FUNCTION pg_temp.compare(subject text, condition text, first date, last date, OUT differ bigint, OUT changes bigint) LANGUAGE plpgsql AS $$
BEGIN
  CREATE TEMP TABLE replayed ON COMMIT DROP AS SELECT * FROM caseload.backtest(subject, condition, first, last, 'BACKTEST');
  CREATE TEMP TABLE expected ON COMMIT DROP AS SELECT * FROM pg_temp.changes(first, last);
  ANALYZE replayed;
  SELECT count(*) INTO differ FROM ((TABLE replayed EXCEPT ALL TABLE expected) UNION ALL (TABLE expected EXCEPT ALL TABLE replayed)) x;
  SELECT count(*) INTO changes FROM expected;
  DROP TABLE replayed, expected;
END $$;
CREATE FUNCTION pg_temp.compare_clients(condition text, plain text, first date, last date, OUT differ bigint, OUT changes bigint) LANGUAGE plpgsql AS $$
BEGIN
  TRUNCATE holding;
  EXECUTE format('INSERT INTO holding SELECT f.day, f.district_id, f.client_id, f.episode FROM facts f WHERE f.day BETWEEN %L AND %L AND (%s)', first, last, plain);
  CREATE INDEX IF NOT EXISTS holding_idx ON holding (key, day);
  ANALYZE holding;
  SELECT c.differ, c.changes INTO differ, changes FROM pg_temp.compare('client', condition, first, last) c;
END $$;
-- The facts function of another subject, for each of the days.
CREATE FUNCTION pg_temp.compare_days(subject text, condition text, first date, last date, OUT differ bigint, OUT changes bigint) LANGUAGE plpgsql AS $$
BEGIN
  TRUNCATE holding;
  FOR i IN 0 .. last - first LOOP
    EXECUTE format('INSERT INTO holding SELECT %L, f.district_id, f.%I, 0 FROM caseload.%I(%L) f WHERE f.district_id = %L AND (%s)',
                   first + i, subject || '_id', subject || '_facts', first + i, 'BACKTEST', condition);
  END LOOP;
  SELECT c.differ, c.changes INTO differ, changes FROM pg_temp.compare(subject, condition, first, last) c;
END $$;

------------------------------------------------------------------------------------------------------------------------------------
-- Every column: above its middle, and unknown.
------------------------------------------------------------------------------------------------------------------------------------

SELECT ok((SELECT count(DISTINCT f.day) = 60 AND count(DISTINCT f.client_id) > 200 AND count(*) FILTER (WHERE f.waiting) > 500 AND count(*) FILTER (WHERE f.days_past_warning >= 0) > 500
                  AND count(*) FILTER (WHERE f.documents_overdue > 0) > 500 AND count(*) FILTER (WHERE f.episode > 10) > 50 FROM facts f), 'the sample has something of everything');

CREATE TEMP TABLE conditions (condition text);
DO $$
DECLARE
  c record;
  middle text;
BEGIN
  FOR c IN SELECT a.attname AS name, a.atttypid::regtype::text AS type FROM pg_attribute a
            WHERE a.attrelid = 'caseload.client_facts'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid <> 'date'::regtype LOOP
    IF c.type IN ('integer', 'double precision', 'numeric') THEN
      EXECUTE format('SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY %I)::text FROM facts', c.name) INTO middle;
      INSERT INTO conditions VALUES (format('%I > %s', c.name, middle)), (format('%I = %s', c.name, middle));
    ELSIF c.type = 'boolean' THEN
      INSERT INTO conditions VALUES (c.name);
    ELSE
      EXECUTE format('SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY %I) FROM facts', c.name) INTO middle;
      INSERT INTO conditions VALUES (format('%I = %L', c.name, middle));
    END IF;
    INSERT INTO conditions VALUES (format('%I IS NULL', c.name));
  END LOOP;
END $$;
SELECT is(r.differ, 0::bigint, c.condition || ' (' || r.changes || ' changes)')
  FROM conditions c, LATERAL pg_temp.compare_clients(c.condition, c.condition, '2025-12-29', '2026-02-26') r ORDER BY c.condition COLLATE "C";

------------------------------------------------------------------------------------------------------------------------------------
-- Conditions as people write them, and those that fail; the second of a pair says the same without failing.
------------------------------------------------------------------------------------------------------------------------------------

SET LOCAL client_min_messages = error;
SELECT is(r.differ, 0::bigint, c.condition || ' (' || r.changes || ' changes)') FROM (VALUES
    (1, 'is_active AND strikes >= 3', NULL), (2, 'is_active AND days_inactive >= 30', NULL), (3, 'is_active AND days_unseen >= 30 AND days_inactive < 30', NULL),
    (4, 'is_active AND days_unseen >= 30 AND days_inactive < 30 AND days_past_warning >= 0 AND NOT has_upcoming', NULL),
    (5, 'is_active AND (cancel_run >= 2 OR late_run >= 2)', NULL), (6, 'misses_in_window >= 2 AND days_to_next BETWEEN 1 AND 3', NULL),
    (7, 'no_shows::numeric / nullif(appointments, 0) > 0.20 OR days_overdue > 20', NULL),
    (8, 'CASE WHEN level = ''elementary'' THEN strikes >= 2 ELSE strikes >= 3 END AND records < 3', NULL),
    (9, 'true', NULL), (10, 'NULL', NULL), (11, 'notes_missing > 1 AND NOT waiting AND coalesce(days_since_contact, 999) > 6', NULL),
    (12, '12 / strikes > 5', 'strikes > 0 AND 12 / nullif(strikes, 0) > 5'),
    (13, 'days_overdue >= 3 AND 6 % (days_since_attended % 4) = 0', 'days_overdue >= 3 AND 6 % nullif(days_since_attended % 4, 0) = 0')
  ) c (n, condition, plain), LATERAL pg_temp.compare_clients(c.condition, coalesce(c.plain, c.condition), '2025-12-29', '2026-02-26') r ORDER BY c.n;
-- other days, and few
SELECT is(r.differ, 0::bigint, format('from %s to %s (%s changes)', d.first, d.last, r.changes)) FROM (VALUES
    (date '2025-12-29', date '2025-12-29'), ('2026-01-19', '2026-01-21'), ('2026-02-26', '2026-02-26'), ('2026-01-10', '2026-02-15')
  ) d (first, last), LATERAL pg_temp.compare_clients('strikes_in_window >= 1 AND is_active', 'strikes_in_window >= 1 AND is_active', d.first, d.last) r ORDER BY d.first;

------------------------------------------------------------------------------------------------------------------------------------
-- compare_rules(): days counted one by one.
------------------------------------------------------------------------------------------------------------------------------------

PREPARE compared AS SELECT c.district_id, c.key, c.change, c.first_day, c.days_a, c.days_b FROM compare_rules('inactive_close', 'is_active AND days_inactive >= 45', '2025-12-29', '2026-02-26', in_district => 'BACKTEST') c;
PREPARE counted AS
  SELECT x.district_id, x.client_id, CASE WHEN x.a = 0 THEN 'newly flagged' WHEN x.b = 0 THEN 'no longer flagged' ELSE 'other days' END, x.first_day, x.a, x.b
    FROM (SELECT f.district_id, f.client_id, min(f.day) FILTER (WHERE (f.is_active AND f.days_inactive >= 30) <> (f.is_active AND f.days_inactive >= 45)) AS first_day,
                 count(*) FILTER (WHERE f.is_active AND f.days_inactive >= 30)::int AS a, count(*) FILTER (WHERE f.is_active AND f.days_inactive >= 45)::int AS b
            FROM facts f GROUP BY 1, 2) x WHERE x.first_day IS NOT NULL;
SELECT bag_eq('compared', 'counted', 'compare_rules of 30 and 45 days');
SELECT isnt_empty('compared', 'there is something to compare');

------------------------------------------------------------------------------------------------------------------------------------
-- Services, therapists, sites.
------------------------------------------------------------------------------------------------------------------------------------

SELECT is(r.differ, 0::bigint, c.subject || ': ' || c.condition || ' (' || r.changes || ' changes)') FROM (VALUES
    (1, 'service', 'waiting OR months_since_review >= 4', date '2026-02-26'), (2, 'service', 'days_in_force % 7 < 3 AND level = ''elementary''', '2026-01-20'),
    (3, 'therapist', 'utilization > 0.9', '2026-01-12'), (4, 'therapist', 'strike_rate > 10', '2026-01-12'), (5, 'site', 'strikes % 2 = 0', '2026-01-12')
  ) c (n, subject, condition, last), LATERAL pg_temp.compare_days(c.subject, c.condition, '2025-12-29', c.last) r ORDER BY c.n;

SELECT * FROM finish();
ROLLBACK;
