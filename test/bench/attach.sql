-- An attached table against caseload.appointment itself: the same events of as many clients, written to a table of an app's shape (date and
-- time apart, one letter for what became of it) and to ours.

INSERT INTO caseload.district (district_id) VALUES ('A'), ('B');
INSERT INTO caseload.site (district_id, site_id, time_zone) VALUES ('A', 's', 'America/New_York'), ('B', 's', 'America/New_York');
INSERT INTO caseload.therapist (district_id, therapist_id, discipline) SELECT d, 't' || i, 'SLP' FROM unnest('{A,B}'::text[]) d, generate_series(0, 49) i;
INSERT INTO caseload.client (district_id, client_id, site_id) SELECT d, i::text, 's' FROM unnest('{A,B}'::text[]) d, generate_series(0, :clients - 1) i;
INSERT INTO caseload.episode (district_id, client_id, episode) SELECT d, i::text, 1 FROM unnest('{A,B}'::text[]) d, generate_series(0, :clients - 1) i;

CREATE TABLE bench.visit (id integer PRIMARY KEY, client integer NOT NULL, therapist text, day date, "from" time, seconds integer, state character(1) NOT NULL, note text);
SELECT caseload.attach('bench.visit', '{"district": {"constant": "A"}, "client": "client", "therapist": "therapist", "date": "day", "time": "from", "zone": {"constant": "America/New_York"}, "seconds": "seconds",
  "status": "state", "codes": {">": "attended", "?": "no_show", "x": "client_cancel", "%": "late_cancel", "&": "provider_cancel"}}');

-- event n: client, day, what became of it
CREATE TYPE bench.happened AS (id integer, client integer, therapist text, day date, status caseload.appointment_status, state character(1));
CREATE FUNCTION bench.event(n integer) RETURNS bench.happened LANGUAGE sql STABLE AS $$
  SELECT n, n % c.clients, 't' || n % 50, CURRENT_DATE - 2 - (n / c.clients) % 3000, s.status,
         CASE s.status WHEN 'attended' THEN '>' WHEN 'no_show' THEN '?' WHEN 'client_cancel' THEN 'x' WHEN 'late_cancel' THEN '%' ELSE '&' END::character(1)
    FROM (SELECT current_setting('bench.clients')::integer AS clients) c, (SELECT bench.status(bench.u(n, 21)) AS status) s
$$;
SELECT format('ALTER DATABASE %I SET bench.clients = %L', current_database(), :clients) \gexec
SELECT set_config('bench.clients', :'clients', false);

CREATE FUNCTION bench.many(variant text, first integer, count integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF variant = 'attached' THEN
    INSERT INTO bench.visit SELECT e.id, e.client, e.therapist, e.day, '10:00', 1800, e.state FROM generate_series(first, first + count - 1) n, bench.event(n) e;
  ELSE
    INSERT INTO caseload.appointment (district_id, client_id, appointment_id, therapist_id, starts_at, minutes, status)
      SELECT 'B', e.client, e.id, e.therapist, (e.day + time '10:00') AT TIME ZONE 'America/New_York', 30, e.status FROM generate_series(first, first + count - 1) n, bench.event(n) e;
  END IF;
END
$$;
-- as many statements as rows
CREATE FUNCTION bench.one_by_one(variant text, verb text, first integer, count integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  e bench.happened;
BEGIN
  FOR n IN first .. first + count - 1 LOOP
    e := bench.event(n);
    CASE variant || ' ' || verb
      WHEN 'attached insert' THEN INSERT INTO bench.visit VALUES (e.id, e.client, e.therapist, e.day, '10:00', 1800, e.state);
      WHEN 'ours insert' THEN INSERT INTO caseload.appointment (district_id, client_id, appointment_id, therapist_id, starts_at, minutes, status)
        VALUES ('B', e.client, e.id, e.therapist, (e.day + time '10:00') AT TIME ZONE 'America/New_York', 30, e.status);
      WHEN 'attached update' THEN UPDATE bench.visit SET state = CASE state WHEN '>' THEN '?' ELSE '>' END WHERE id = e.id;
      WHEN 'ours update' THEN UPDATE caseload.appointment SET status = CASE status WHEN 'attended' THEN 'no_show' ELSE 'attended' END::caseload.appointment_status
        WHERE district_id = 'B' AND client_id = e.client::text AND appointment_id = e.id::text;
      WHEN 'attached note' THEN UPDATE bench.visit SET note = 'x' WHERE id = e.id;
      WHEN 'ours note' THEN UPDATE caseload.appointment SET service_id = NULL WHERE district_id = 'B' AND client_id = e.client::text AND appointment_id = e.id::text;
      WHEN 'attached delete' THEN DELETE FROM bench.visit WHERE id = e.id;
      WHEN 'ours delete' THEN DELETE FROM caseload.appointment WHERE district_id = 'B' AND client_id = e.client::text AND appointment_id = e.id::text;
    END CASE;
  END LOOP;
END
$$;

-- One round: the same events for both, beginning with another of them each time.
CREATE PROCEDURE bench.attach_round(this_round integer, count integer) LANGUAGE plpgsql AS $$
DECLARE
  first integer := 20 * current_setting('bench.clients')::integer + this_round * 10 * count;
  what text;
BEGIN
  TRUNCATE bench.variant;
  FOREACH what IN ARRAY '{insert,update,note,delete}'::text[] LOOP
    INSERT INTO bench.variant (measure, variant, statement, share)
      SELECT what, v, format('SELECT bench.one_by_one(%L, %L, %s, %s)', v, what, first, count), count FROM unnest('{attached,ours}'::text[]) v;
    CALL bench.turns(what, this_round);
  END LOOP;
  INSERT INTO bench.variant (measure, variant, statement, share)
    SELECT 'many', v, format('SELECT bench.many(%L, %s, %s)', v, first + count, 5 * count), 5 * count FROM unnest('{attached,ours}'::text[]) v;
  CALL bench.turns('many', this_round);
  INSERT INTO bench.variant (measure, variant, statement, share) VALUES ('refresh', 'attached', 'SELECT caseload.refresh(''visit'')', (SELECT pg_catalog.count(*) FROM bench.visit));
  CALL bench.turns('refresh', this_round);
  PERFORM bench.must((SELECT pg_catalog.count(*) = 0 FROM (SELECT to_jsonb(f) - '{district_id}'::text[] AS f FROM caseload.client_facts() f WHERE f.district_id = 'A') a
                       FULL JOIN (SELECT to_jsonb(f) - '{district_id}'::text[] AS f FROM caseload.client_facts() f WHERE f.district_id = 'B') b USING (f) WHERE a.f IS NULL OR b.f IS NULL), 'facts of clients');
  PERFORM bench.must((SELECT pg_catalog.count(*) = 0 FROM (SELECT client_id, rule_name FROM caseload.flag WHERE district_id = 'A' AND cleared_on IS NULL) a
                       FULL JOIN (SELECT client_id, rule_name FROM caseload.flag WHERE district_id = 'B' AND cleared_on IS NULL) b USING (client_id, rule_name)
                       WHERE a.client_id IS NULL OR b.client_id IS NULL), 'flags');
END
$$;

-- a session knows its plans, and the tables have what they had for a while
SELECT bench.many(v, 0, 20 * :clients) FROM unnest('{attached,ours}'::text[]) v;
ANALYZE;
INSERT INTO bench.target (what, kind, measure, ours, rival, bound, metric) VALUES
  ('an INSERT of one row', 'ratio', 'insert', 'attached', 'ours', 2, 'cpu'),
  ('an UPDATE of one row, another status', 'ratio', 'update', 'attached', 'ours', NULL, 'cpu'),
  ('an UPDATE of one row that says nothing new', 'ratio', 'note', 'attached', 'ours', NULL, 'cpu'),
  ('a DELETE of one row', 'ratio', 'delete', 'attached', 'ours', NULL, 'cpu'),
  ('one INSERT of many rows, for a row', 'ratio', 'many', 'attached', 'ours', 2, 'cpu'),
  ('refresh() with nothing to do, for a row', 'value', 'refresh', 'attached', NULL, NULL, 'cpu');
