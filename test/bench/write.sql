-- The write path: caseload.appointment against the same table without our triggers, and against two triggers that people would write
-- themselves. All four tables lie in one database with the same rows, keys and foreign keys.

INSERT INTO caseload.district (district_id) VALUES ('B');
INSERT INTO caseload.site (district_id, site_id, level, time_zone)
  SELECT 'B', 's' || n, level, 'America/New_York' FROM unnest(ARRAY['elementary', 'middle', 'high', 'clinic']) WITH ORDINALITY AS s (level, n);
INSERT INTO caseload.therapist (district_id, therapist_id, discipline) SELECT 'B', n, 'SLP' FROM generate_series(1, 50) AS n;
ALTER TABLE caseload.client DISABLE TRIGGER ALL;
ALTER TABLE caseload.service DISABLE TRIGGER ALL;
ALTER TABLE caseload.episode DISABLE TRIGGER ALL;
ALTER TABLE caseload.contact DISABLE TRIGGER ALL;
ALTER TABLE caseload.appointment DISABLE TRIGGER ALL;
INSERT INTO caseload.client (district_id, client_id, site_id) SELECT 'B', i, 's' || 1 + i % 4 FROM generate_series(1, :clients) AS i;
INSERT INTO caseload.episode (district_id, client_id, episode) SELECT 'B', i, 1 FROM generate_series(1, :clients) AS i;
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period)
  SELECT 'B', i, i, 'SLP', '1x30/week', 1 + i % 50, '(,)' FROM generate_series(1, :clients) AS i;
-- a hundred weekly visits up to yesterday, or (one client of four) up to some weeks ago; no two of one client in one second
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, service_id, therapist_id, starts_at, minutes, status)
  SELECT 'B', client, visit, client, 1 + client % 50, starts_at, 30, bench.history_status(client, visit)
    FROM (SELECT client, visit,
                 (CURRENT_DATE - CASE WHEN bench.u(client, 1) < 0.25 THEN 31 + bench.pick(client, 2, 28) ELSE 2 + bench.pick(client, 2, 5) END
                  - 7 * (100 - visit) + make_interval(secs => 28800 + bench.pick(client, 3, 28800))) AT TIME ZONE 'America/New_York' AS starts_at
            FROM generate_series(1, :clients) AS client, generate_series(1, 100) AS visit) v
   ORDER BY starts_at;
-- one client of five has answered of late
INSERT INTO caseload.contact (district_id, client_id, contact_id, at, kind)
  SELECT 'B', i, 1, now() - (1 + bench.pick(i, 4, 25)) * interval '1 day', 'two_way' FROM generate_series(1, :clients) AS i WHERE bench.u(i, 5) < 0.2;
ALTER TABLE caseload.client ENABLE TRIGGER ALL;
ALTER TABLE caseload.service ENABLE TRIGGER ALL;
ALTER TABLE caseload.episode ENABLE TRIGGER ALL;
ALTER TABLE caseload.contact ENABLE TRIGGER ALL;
ALTER TABLE caseload.appointment ENABLE TRIGGER ALL;

-- Where these two are not seeded yet, they are added.
INSERT INTO caseload.rule (rule_name, condition, message)
  SELECT n.rule_name, 'level = ''clinic'' AND ' || n.condition, 'bench'
    FROM (VALUES ('recurring_earned', 'on_time_run >= 3'), ('recurring_lost', 'cancel_run >= 2')) n (rule_name, condition)
   WHERE NOT EXISTS (SELECT FROM caseload.rule r WHERE r.rule_name = n.rule_name);
DO $$ BEGIN
  PERFORM bench.must((SELECT count(*) = 0 FROM caseload.rule r WHERE r.subject = 'client' AND r.rule_name NOT IN
                    ('attendance_close', 'inactive_close', 'inactive_warn', 'inactive_warned_close', 'recurring_earned', 'recurring_lost')),
                  'there are rules of clients that the rivals do not know');
END $$;
VACUUM ANALYZE;
SELECT caseload.rebuild();
VACUUM ANALYZE caseload.client_activity;
SELECT caseload.evaluate();
VACUUM ANALYZE caseload.flag;
SELECT count(*) AS standing FROM caseload.flag WHERE cleared_on IS NULL AND subject = 'client' \gset
COMMENT ON SCHEMA bench IS :'standing';

-- The rivals' tables: the same rows, keys and foreign keys, no triggers of ours.
CREATE PROCEDURE bench.copy_table(name text) LANGUAGE plpgsql AS $$
DECLARE
  definition text;
BEGIN
  EXECUTE format('CREATE TABLE bench.%I (LIKE caseload.appointment INCLUDING ALL)', name);
  EXECUTE format('INSERT INTO bench.%I SELECT * FROM caseload.appointment ORDER BY starts_at', name);
  FOR definition IN SELECT pg_get_constraintdef(c.oid) FROM pg_constraint c WHERE c.conrelid = 'caseload.appointment'::regclass AND c.contype = 'f' LOOP
    EXECUTE format('ALTER TABLE bench.%I ADD %s', name, definition);
  END LOOP;
END
$$;
CALL bench.copy_table('bare');
CALL bench.copy_table('naive');
CALL bench.copy_table('setwise');

-- What both rivals keep. They know the rules by heart, take no locks (and so lose flags when two write at once), handle inserts only,
-- and have the one index that helps them.
CREATE TABLE bench.naive_flag (
  district_id text COLLATE "C" NOT NULL, client_id text COLLATE "C" NOT NULL, rule_name text COLLATE "C" NOT NULL,
  raised_on date NOT NULL, due_on date NOT NULL, cleared_on date,
  FOREIGN KEY (district_id, client_id) REFERENCES caseload.client ON DELETE CASCADE
);
CREATE UNIQUE INDEX ON bench.naive_flag (district_id, client_id, rule_name) WHERE cleared_on IS NULL;
CREATE TABLE bench.setwise_flag (LIKE bench.naive_flag INCLUDING ALL, FOREIGN KEY (district_id, client_id) REFERENCES caseload.client ON DELETE CASCADE);
INSERT INTO bench.naive_flag SELECT district_id, client_id, rule_name, raised_on, due_on FROM caseload.flag WHERE cleared_on IS NULL AND subject = 'client';
INSERT INTO bench.setwise_flag SELECT * FROM bench.naive_flag;
CREATE INDEX ON bench.naive (district_id, client_id, starts_at) INCLUDE (status);
CREATE INDEX ON bench.setwise (district_id, client_id, starts_at) INCLUDE (status);

-- Rival one: for each row, count again what the rules need, then see to each flag.
CREATE FUNCTION bench.naive_after_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  zone text;
  site_level text;
  today date;
  midnight timestamptz;
  opened date;
  active boolean;
  strikes bigint;
  first_event timestamptz;
  last_attended timestamptz;
  last_answer timestamptz;
  upcoming boolean;
  on_time_run bigint;
  cancel_run bigint;
  unseen integer;
  inactive integer;
  warned date;
  rule record;
BEGIN
  SELECT s.time_zone, s.level INTO zone, site_level FROM caseload.client c JOIN caseload.site s USING (district_id, site_id)
   WHERE c.district_id = NEW.district_id AND c.client_id = NEW.client_id;
  today := (now() AT TIME ZONE zone)::date;
  midnight := (today + 1)::timestamp AT TIME ZONE zone;
  SELECT lower(period) INTO opened FROM caseload.episode
   WHERE district_id = NEW.district_id AND client_id = NEW.client_id AND period @> today;
  IF NOT FOUND THEN RETURN NULL; END IF;
  SELECT coalesce(NOT bool_and(therapist_id IS NULL), true) INTO active FROM caseload.service
   WHERE district_id = NEW.district_id AND client_id = NEW.client_id AND period @> today;
  SELECT count(*) FILTER (WHERE status IN ('no_show', 'late_cancel')), min(starts_at), max(starts_at) FILTER (WHERE status IN ('attended', 'late'))
    INTO strikes, first_event, last_attended FROM bench.naive
   WHERE district_id = NEW.district_id AND client_id = NEW.client_id AND starts_at < midnight
     AND starts_at >= coalesce(opened::timestamp AT TIME ZONE zone, '-infinity');
  SELECT max(at) FILTER (WHERE kind = 'two_way'), least(first_event, min(at)) INTO last_answer, first_event FROM caseload.contact
   WHERE district_id = NEW.district_id AND client_id = NEW.client_id AND at < midnight
     AND at >= coalesce(opened::timestamp AT TIME ZONE zone, '-infinity');
  unseen := today - least(coalesce((last_attended AT TIME ZONE zone)::date, opened, (first_event AT TIME ZONE zone)::date, today), today);
  inactive := today - least(coalesce((greatest(last_attended, last_answer) AT TIME ZONE zone)::date, opened, (first_event AT TIME ZONE zone)::date, today), today);
  IF site_level = 'clinic' THEN
    SELECT count(*) INTO on_time_run FROM bench.naive
     WHERE district_id = NEW.district_id AND client_id = NEW.client_id AND starts_at < midnight AND status = 'attended'
       AND starts_at > coalesce((SELECT max(starts_at) FROM bench.naive
                                  WHERE district_id = NEW.district_id AND client_id = NEW.client_id AND starts_at < midnight
                                    AND status IN ('late', 'no_show', 'late_cancel', 'client_cancel')), '-infinity');
    SELECT count(*) INTO cancel_run FROM bench.naive
     WHERE district_id = NEW.district_id AND client_id = NEW.client_id AND starts_at < midnight AND status IN ('late_cancel', 'client_cancel')
       AND starts_at > coalesce((SELECT max(starts_at) FROM bench.naive
                                  WHERE district_id = NEW.district_id AND client_id = NEW.client_id AND starts_at < midnight
                                    AND status IN ('attended', 'late', 'no_show')), '-infinity');
  END IF;
  IF unseen >= 30 THEN
    SELECT due_on INTO warned FROM bench.naive_flag
     WHERE district_id = NEW.district_id AND client_id = NEW.client_id AND rule_name = 'inactive_warn' AND cleared_on IS NULL;
    SELECT EXISTS (SELECT FROM bench.naive WHERE district_id = NEW.district_id AND client_id = NEW.client_id AND status = 'scheduled'
                      AND starts_at >= today::timestamp AT TIME ZONE zone) INTO upcoming;
  END IF;
  FOR rule IN VALUES ('attendance_close', active AND strikes >= 3, 7), ('inactive_close', active AND inactive >= 30, 7),
                     ('inactive_warn', active AND unseen >= 30 AND inactive < 30, 14),
                     ('inactive_warned_close', active AND unseen >= 30 AND today >= warned AND NOT upcoming, 7),
                     ('recurring_earned', on_time_run >= 3, 7), ('recurring_lost', cancel_run >= 2, 7) LOOP
    IF rule.column2 THEN
      INSERT INTO bench.naive_flag VALUES (NEW.district_id, NEW.client_id, rule.column1, today, today + rule.column3) ON CONFLICT DO NOTHING;
    ELSE
      UPDATE bench.naive_flag SET cleared_on = today
       WHERE district_id = NEW.district_id AND client_id = NEW.client_id AND rule_name = rule.column1 AND cleared_on IS NULL;
    END IF;
  END LOOP;
  RETURN NULL;
END
$$;
CREATE TRIGGER naive_after_row AFTER INSERT ON bench.naive FOR EACH ROW EXECUTE FUNCTION bench.naive_after_row();

-- Rival two: one query for all clients that the statement touched, each looked up once; runs are counted from where they can have begun.
-- Flags are written only where one changes, which is rare: statements that find nothing to write would take a third of the time.
CREATE TYPE bench.change AS (district_id text, client_id text, rule_name text, today date, due_after integer, stands boolean);
CREATE FUNCTION bench.setwise_after_statement() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changes bench.change[];
BEGIN
  SELECT array_agg(ROW(t.district_id, t.client_id, v.rule_name, d.today, v.due_after, v.rule_name = ANY (x.standing))::bench.change) INTO changes
    FROM (SELECT DISTINCT a.district_id, a.client_id FROM added a) t
    JOIN caseload.client c ON c.district_id = t.district_id AND c.client_id = t.client_id
    JOIN caseload.site s ON s.district_id = c.district_id AND s.site_id = c.site_id
   CROSS JOIN LATERAL (SELECT (now() AT TIME ZONE s.time_zone)::date AS today) d
    JOIN caseload.episode e ON e.district_id = t.district_id AND e.client_id = t.client_id AND e.period @> d.today
   CROSS JOIN LATERAL (SELECT coalesce(lower(e.period)::timestamp AT TIME ZONE s.time_zone, '-infinity') AS opening,
                              (d.today + 1)::timestamp AT TIME ZONE s.time_zone AS midnight) b
   CROSS JOIN LATERAL (
         SELECT count(*) FILTER (WHERE a.status IN ('no_show', 'late_cancel')) AS strikes, min(a.starts_at) AS first_event,
                max(a.starts_at) FILTER (WHERE a.status IN ('attended', 'late')) AS last_attended,
                max(a.starts_at) FILTER (WHERE a.status IN ('late', 'no_show', 'late_cancel', 'client_cancel')) AS last_break,
                max(a.starts_at) FILTER (WHERE a.status IN ('attended', 'late', 'no_show')) AS last_kept
           FROM bench.setwise a
          WHERE a.district_id = t.district_id AND a.client_id = t.client_id AND a.starts_at >= b.opening AND a.starts_at < b.midnight) f
   CROSS JOIN LATERAL (
         SELECT max(k.at) FILTER (WHERE k.kind = 'two_way') AS last_answer, min(k.at) AS first_contact FROM caseload.contact k
          WHERE k.district_id = t.district_id AND k.client_id = t.client_id AND k.at >= b.opening AND k.at < b.midnight) k
   CROSS JOIN LATERAL (
         SELECT coalesce(NOT bool_and(w.therapist_id IS NULL), true) AS active FROM caseload.service w
          WHERE w.district_id = t.district_id AND w.client_id = t.client_id AND w.period @> d.today) w
   CROSS JOIN LATERAL (
         SELECT d.today - least(coalesce((f.last_attended AT TIME ZONE s.time_zone)::date, o.opened), d.today) AS unseen,
                d.today - least(coalesce((greatest(f.last_attended, k.last_answer) AT TIME ZONE s.time_zone)::date, o.opened), d.today) AS inactive
           FROM (SELECT coalesce(lower(e.period), (least(f.first_event, k.first_contact) AT TIME ZONE s.time_zone)::date, d.today) AS opened) o OFFSET 0) g
   CROSS JOIN LATERAL (
         SELECT coalesce(array_agg(x.rule_name), '{}') AS standing FROM bench.setwise_flag x
          WHERE x.district_id = t.district_id AND x.client_id = t.client_id AND x.cleared_on IS NULL) x
   CROSS JOIN LATERAL (VALUES
         ('attendance_close', w.active AND f.strikes >= 3, 7),
         ('inactive_close', w.active AND g.inactive >= 30, 7),
         ('inactive_warn', w.active AND g.unseen >= 30 AND g.inactive < 30, 14),
         ('inactive_warned_close', w.active AND g.unseen >= 30 AND CASE WHEN g.unseen >= 30 THEN
             d.today >= (SELECT x.due_on FROM bench.setwise_flag x
                          WHERE x.district_id = t.district_id AND x.client_id = t.client_id AND x.rule_name = 'inactive_warn' AND x.cleared_on IS NULL)
             AND NOT EXISTS (SELECT FROM bench.setwise a WHERE a.district_id = t.district_id AND a.client_id = t.client_id
                                AND a.status = 'scheduled' AND a.starts_at >= d.today::timestamp AT TIME ZONE s.time_zone) END, 7),
         ('recurring_earned', CASE WHEN s.level = 'clinic' THEN
             (SELECT count(*) FROM bench.setwise a WHERE a.district_id = t.district_id AND a.client_id = t.client_id AND a.status = 'attended'
                 AND a.starts_at > coalesce(f.last_break, b.opening) AND a.starts_at < b.midnight) >= 3 END, 7),
         ('recurring_lost', CASE WHEN s.level = 'clinic' THEN
             (SELECT count(*) FROM bench.setwise a WHERE a.district_id = t.district_id AND a.client_id = t.client_id
                 AND a.status IN ('late_cancel', 'client_cancel')
                 AND a.starts_at > coalesce(f.last_kept, b.opening) AND a.starts_at < b.midnight) >= 2 END, 7)) v (rule_name, holds, due_after)
   WHERE coalesce(v.holds, false) <> (v.rule_name = ANY (x.standing));
  IF changes IS NOT NULL THEN
    UPDATE bench.setwise_flag x SET cleared_on = c.today FROM unnest(changes) c
     WHERE c.stands AND x.district_id = c.district_id AND x.client_id = c.client_id AND x.rule_name = c.rule_name AND x.cleared_on IS NULL;
    INSERT INTO bench.setwise_flag
      SELECT c.district_id, c.client_id, c.rule_name, c.today, c.today + c.due_after FROM unnest(changes) c WHERE NOT c.stands
    ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER setwise_after_statement AFTER INSERT ON bench.setwise REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION bench.setwise_after_statement();

CREATE TABLE bench.target_table (variant text PRIMARY KEY, name regclass, flags text, place integer);
INSERT INTO bench.target_table VALUES
  ('bare', 'bench.bare', NULL, 1), ('ours', 'caseload.appointment', '(SELECT * FROM caseload.flag WHERE subject = ''client'') f', 2),
  ('setwise', 'bench.setwise', 'bench.setwise_flag', 3), ('naive', 'bench.naive', 'bench.naive_flag', 4);

-- New rows, of the last hours, no two of a client in one second: one for each client, and five for each.
CREATE TABLE bench.batch AS
  SELECT 'B'::text COLLATE "C" AS district_id, (1 + (n - 1) % :clients)::text COLLATE "C" AS client_id, ('new' || n)::text COLLATE "C" AS appointment_id,
         (1 + (n - 1) % :clients)::text COLLATE "C" AS service_id, (1 + (1 + (n - 1) % :clients) % 50)::text COLLATE "C" AS therapist_id,
         date_trunc('second', now()) - (5 * :clients - n) * interval '0.9 second' AS starts_at, 30 AS minutes, bench.status(bench.u(n, 21)) AS status,
         n <= :clients AS one_each
    FROM generate_series(1, 5 * :clients) AS n
   ORDER BY n > :clients, bench.u(n, 22);
VACUUM ANALYZE;
COPY (SELECT district_id, client_id, appointment_id, service_id, therapist_id, starts_at, minutes, status FROM bench.batch) TO :'copy_file';

-- The rows are in before: all four write the same, and all standing flags must be the same after it; everything is taken back.
CREATE PROCEDURE bench.check_flags(statement text) LANGUAGE plpgsql AS $$
DECLARE
  t record;
  standing text[];
  others text[];
  before text[];
BEGIN
  FOR t IN SELECT * FROM bench.target_table WHERE flags IS NOT NULL ORDER BY place LOOP
    EXECUTE format('SELECT array_agg(client_id || '' '' || rule_name) FROM %s WHERE cleared_on IS NULL', t.flags) INTO before;
    EXECUTE format(statement, t.name);
    EXECUTE format('SELECT array_agg(client_id || '' '' || rule_name ORDER BY client_id || '' '' || rule_name) FROM %s WHERE cleared_on IS NULL',
                   t.flags) INTO others;
    standing := coalesce(standing, others);
    PERFORM bench.must(standing = others, format('flags of %s: %s, ours %s, only there: %s, only ours: %s', t.variant, cardinality(others), cardinality(standing),
      (SELECT string_agg(x, ', ') FROM (SELECT unnest(others) AS x EXCEPT SELECT unnest(standing) LIMIT 5) y),
      (SELECT string_agg(x, ', ') FROM (SELECT unnest(standing) AS x EXCEPT SELECT unnest(others) LIMIT 5) y)));
  END LOOP;
  PERFORM bench.must((SELECT count(*) > 0 FROM (SELECT unnest(before) EXCEPT SELECT unnest(standing)) x), 'no flag was cleared');
  PERFORM bench.must((SELECT count(*) > 0 FROM (SELECT unnest(standing) EXCEPT SELECT unnest(before)) x), 'no flag was raised');
  ROLLBACK;
END
$$;
CALL bench.check_flags('INSERT INTO %s SELECT district_id, client_id, appointment_id, service_id, therapist_id, starts_at, minutes, status FROM bench.batch WHERE one_each');
CALL bench.check_flags(format('COPY %%s (district_id, client_id, appointment_id, service_id, therapist_id, starts_at, minutes, status) FROM %L', :'copy_file'));
CALL bench.check_flags($x$DO $d$ DECLARE b record; BEGIN FOR b IN SELECT * FROM bench.batch LIMIT 2000 LOOP
  INSERT INTO %s VALUES (b.district_id, b.client_id, b.appointment_id, b.service_id, b.therapist_id, b.starts_at, b.minutes, b.status);
END LOOP; END $d$ $x$);

-- Single rows: a loop of INSERTs in one transaction, taken back; again with others until the processor time will do.
CREATE PROCEDURE bench.single_rows(of_variant text, this_round integer, rows integer, at_least double precision, linked boolean) LANGUAGE plpgsql AS $$
DECLARE
  clients text[] := (SELECT array_agg(client_id) FROM (SELECT client_id FROM bench.batch WHERE one_each ORDER BY bench.u(client_id::bigint, this_round) LIMIT rows) x);
  therapists text[];
  ids text[];
  times timestamptz[];
  statuses caseload.appointment_status[];
  this_table regclass := (SELECT name FROM bench.target_table WHERE variant = of_variant);
  cpu double precision;
  wall timestamptz;
  cpu_spent double precision := 0;
  wall_spent double precision := 0;
  batch integer := 0;
BEGIN
  rows := cardinality(clients);
  -- a function with the table's name in it, so that its statement is planned once, as in an application
  EXECUTE format($f$
    CREATE OR REPLACE FUNCTION pg_temp.write(rows integer, clients text[], ids text[], therapists text[], times timestamptz[], statuses caseload.appointment_status[])
    RETURNS void LANGUAGE plpgsql AS $p$
    BEGIN
      FOR i IN 1 .. rows LOOP
        INSERT INTO %s (district_id, client_id, appointment_id, service_id, therapist_id, starts_at, minutes, status)
        VALUES ('B', clients[i], ids[i], %s, times[i], 30, statuses[i]);
      END LOOP;
    END $p$ $f$, this_table, CASE WHEN linked THEN 'clients[i], therapists[i]' ELSE 'NULL, NULL' END);
  COMMIT;
  therapists := (SELECT array_agg((1 + c::integer % 50)::text ORDER BY n) FROM unnest(clients) WITH ORDINALITY AS u (c, n));
  WHILE batch < 2 OR cpu_spent < at_least LOOP
    ids := (SELECT array_agg(format('one%s-%s-%s', this_round, batch, n)) FROM generate_series(1, rows) AS n);
    times := (SELECT array_agg(date_trunc('second', now()) - n * interval '1 second') FROM generate_series(1, rows) AS n);
    statuses := (SELECT array_agg(bench.status(bench.u(n, 100 * this_round + batch)) ORDER BY n) FROM generate_series(1, rows) AS n);
    wall := clock_timestamp();
    cpu := bench.cpu();
    -- the first batch is short, and only warms
    PERFORM pg_temp.write(CASE batch WHEN 0 THEN 100 ELSE rows END, clients, ids, therapists, times, statuses);
    IF batch > 0 THEN
      cpu_spent := cpu_spent + bench.cpu() - cpu;
      wall_spent := wall_spent + extract(epoch FROM clock_timestamp() - wall) * 1000;
    END IF;
    ROLLBACK;
    batch := batch + 1;
  END LOOP;
  INSERT INTO bench.sample VALUES (CASE WHEN linked THEN 'single' ELSE 'unlinked' END, of_variant, this_round, wall_spent / (batch - 1) / rows, cpu_spent / (batch - 1) / rows);
END
$$;

-- One large statement, taken back; again until the processor time will do.
CREATE PROCEDURE bench.large(of_measure text, of_variant text, this_round integer, statement text, at_least double precision) LANGUAGE plpgsql AS $$
DECLARE
  this_table regclass := (SELECT name FROM bench.target_table WHERE variant = of_variant);
  cpu double precision;
  wall timestamptz;
  cpu_spent double precision := 0;
  wall_spent double precision := 0;
  times integer := 0;
BEGIN
  EXECUTE format('INSERT INTO %s SELECT district_id, client_id, ''warm'', NULL, NULL, starts_at, minutes, status FROM bench.batch LIMIT 1', this_table);
  ROLLBACK;
  WHILE times = 0 OR cpu_spent < at_least LOOP
    wall := clock_timestamp();
    cpu := bench.cpu();
    EXECUTE format(statement, this_table);
    cpu_spent := cpu_spent + bench.cpu() - cpu;
    wall_spent := wall_spent + extract(epoch FROM clock_timestamp() - wall) * 1000;
    ROLLBACK;
    times := times + 1;
  END LOOP;
  INSERT INTO bench.sample VALUES (of_measure, of_variant, this_round, wall_spent / times, cpu_spent / times);
END
$$;

INSERT INTO bench.target (what, kind, measure, ours, rival, bare, bound, metric) VALUES
  ('one row in the backend, against the bare table', 'ratio', 'single', 'ours', 'bare', NULL, 1.9, 'cpu'),
  ('the same', 'ratio', 'single', 'ours', 'bare', NULL, NULL, 'wall'),
  ('one row without service and therapist', 'ratio', 'unlinked', 'ours', 'bare', NULL, 1.9, 'cpu'),
  ('one row, PL/pgSQL row trigger', 'smaller', 'single', 'ours', 'naive', 'bare', 15, 'cpu'),
  ('one row, set-based statement trigger', 'smaller', 'single', 'ours', 'setwise', 'bare', 8, 'cpu'),
  ('pgbench, asynchronous commit, 1 client', 'ratio', 'async', 'ours', 'bare', NULL, 1.5, 'wall'),
  ('the same, PL/pgSQL row trigger', 'smaller', 'async', 'ours', 'naive', 'bare', 15, 'wall'),
  ('the same, set-based statement trigger', 'smaller', 'async', 'ours', 'setwise', 'bare', 8, 'wall'),
  ('pgbench, synchronous commit, 8 clients', 'ratio', 'sync', 'ours', 'bare', NULL, 1.25, 'wall'),
  ('the same, PL/pgSQL row trigger', 'smaller', 'sync', 'ours', 'naive', 'bare', NULL, 'wall'),
  ('the same, set-based statement trigger', 'smaller', 'sync', 'ours', 'setwise', 'bare', NULL, 'wall'),
  (format('INSERT … SELECT of %s rows, one for each client', :clients), 'ratio', 'insert', 'ours', 'bare', NULL, 2, 'wall'),
  ('the same', 'ratio', 'insert', 'ours', 'bare', NULL, 2, 'cpu'),
  ('the same, PL/pgSQL row trigger', 'smaller', 'insert', 'ours', 'naive', 'bare', 15, 'cpu'),
  ('the same, set-based statement trigger', 'smaller', 'insert', 'ours', 'setwise', 'bare', 8, 'cpu'),
  (format('COPY of %s rows, five for each client', 5 * :clients), 'ratio', 'copy', 'ours', 'bare', NULL, 1.4, 'wall'),
  ('the same', 'ratio', 'copy', 'ours', 'bare', NULL, 1.4, 'cpu'),
  ('the same, PL/pgSQL row trigger', 'smaller', 'copy', 'ours', 'naive', 'bare', 15, 'cpu'),
  ('the same, set-based statement trigger', 'smaller', 'copy', 'ours', 'setwise', 'bare', 8, 'cpu');
