-- Assignments: caseload.service with the triggers of capacity alone, and with all of ours, against the same table with its foreign keys only.
-- Every therapist has some fifty services; nobody is near capacity, so nothing is refused.

SET caseload.capacity = off;
INSERT INTO caseload.district (district_id) VALUES ('B');
INSERT INTO caseload.policy (district_id, policy_name, value) VALUES ('B', 'weekly_minutes_per_fte', '1000000');
INSERT INTO caseload.site (district_id, site_id, level, time_zone)
  SELECT 'B', 's' || n, level, 'America/New_York' FROM unnest(ARRAY['elementary', 'middle', 'high', 'clinic']) WITH ORDINALITY AS s (level, n);
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte) SELECT 'B', 't' || i, 'SLP', 1 FROM generate_series(1, :therapists) i;
INSERT INTO caseload.client (district_id, client_id, site_id) SELECT 'B', 'c' || i, 's' || 1 + i % 4 FROM generate_series(1, :therapists * 100) i;
INSERT INTO caseload.episode (district_id, client_id, episode, period) SELECT 'B', 'c' || i, 1, daterange('2025-08-01'::date + i % 300, NULL) FROM generate_series(1, :therapists * 100) i;
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period)
  SELECT 'B', 'b' || i, 'c' || i, 'SLP', (ARRAY['30/week', '2x30/week', '1x20/week', '4x20/month', '90/quarter'])[1 + bench.pick(i, 1, 5)]::caseload.dosage,
         't' || 1 + bench.pick(i, 2, :therapists), daterange(CURRENT_DATE - 300 + bench.pick(i, 3, 360), CURRENT_DATE + 62 + bench.pick(i, 3, 360))
    FROM generate_series(1, :therapists * 50) i;
SET caseload.capacity = error;
CREATE TABLE bench.service (LIKE caseload.service INCLUDING ALL);
INSERT INTO bench.service SELECT * FROM caseload.service;
ALTER TABLE bench.service ADD FOREIGN KEY (district_id, client_id) REFERENCES caseload.client, ADD FOREIGN KEY (district_id, therapist_id) REFERENCES caseload.therapist;
VACUUM ANALYZE;

CREATE FUNCTION bench.table_of(variant text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT CASE variant WHEN 'keys' THEN 'bench' ELSE 'caseload' END || '.service' $$;
-- Which of our triggers fire: those of capacity, or all.
CREATE PROCEDURE bench.set_triggers(variant text) LANGUAGE plpgsql AS $$
DECLARE
  name text;
BEGIN
  FOR name IN SELECT tgname FROM pg_trigger WHERE tgrelid = 'caseload.service'::regclass AND NOT tgisinternal AND tgname NOT IN ('load_note', 'service_capacity') LOOP
    EXECUTE format('ALTER TABLE caseload.service %s TRIGGER %I', CASE variant WHEN 'capacity' THEN 'DISABLE' ELSE 'ENABLE' END, name);
  END LOOP;
END
$$;

-- Single rows, each a transaction; the statement is planned once.
CREATE PROCEDURE bench.single_assignments(variant text, this_round integer, rows integer) LANGUAGE plpgsql AS $$
BEGIN
  CALL bench.set_triggers(variant);
  COMMIT;
  EXECUTE format($f$
    CREATE OR REPLACE PROCEDURE bench.assign(variant text, this_round integer, rows integer) LANGUAGE plpgsql AS $p$
    DECLARE
      wall timestamptz;
      cpu double precision;
    BEGIN
      FOR i IN 1 - rows / 20 .. rows LOOP
        -- the first rows warm
        IF i = 1 THEN
          wall := clock_timestamp();
          cpu := bench.cpu();
        END IF;
        INSERT INTO %s (district_id, service_id, client_id, discipline, dosage, therapist_id, period)
          VALUES ('B', 'n' || i, 'c' || 1 + bench.pick(i, 4, %s), 'SLP', '30/week', 't' || 1 + bench.pick(i, 5, %s), daterange(CURRENT_DATE + 3, NULL));
        COMMIT;
      END LOOP;
      INSERT INTO bench.sample VALUES ('single', variant, this_round, extract(epoch FROM clock_timestamp() - wall) * 1000 / rows, (bench.cpu() - cpu) / rows);
    END $p$ $f$, bench.table_of(variant), (SELECT count(*) FROM caseload.client), (SELECT count(*) FROM caseload.therapist));
  CALL bench.assign(variant, this_round, rows);
  PERFORM set_config('caseload.capacity', 'off', false);
  CALL bench.set_triggers('capacity');
  EXECUTE format('DELETE FROM %s WHERE service_id LIKE ''n%%''', bench.table_of(variant));
  COMMIT;
  PERFORM set_config('caseload.capacity', 'error', false);
END
$$;

-- Many rows in one statement, checked at the end and taken back.
CREATE PROCEDURE bench.many_assignments(variant text, this_round integer, rows integer) LANGUAGE plpgsql AS $$
DECLARE
  wall timestamptz;
  wall_spent double precision;
  cpu double precision;
BEGIN
  CALL bench.set_triggers(variant);
  COMMIT;
  wall := clock_timestamp();
  cpu := bench.cpu();
  EXECUTE format($f$
    INSERT INTO %s (district_id, service_id, client_id, discipline, dosage, therapist_id, period)
      SELECT 'B', 'm' || i, 'c' || 1 + i %% %s, 'SLP', (ARRAY['30/week', '2x30/week', '1x20/week', '4x20/month', '90/quarter'])[1 + bench.pick(i, 6, 5)]::caseload.dosage,
             't' || 1 + bench.pick(i, 7, %s), daterange(CURRENT_DATE + bench.pick(i, 8, 360), NULL)
        FROM generate_series(1, %s) i $f$,
    bench.table_of(variant), (SELECT count(*) FROM caseload.client), (SELECT count(*) FROM caseload.therapist), rows);
  SET CONSTRAINTS ALL IMMEDIATE;
  cpu := bench.cpu() - cpu;
  wall_spent := extract(epoch FROM clock_timestamp() - wall) * 1000;
  ROLLBACK;
  INSERT INTO bench.sample VALUES ('many', variant, this_round, wall_spent, cpu);
END
$$;

INSERT INTO bench.target (what, kind, measure, ours, rival, bound, metric) VALUES
  ('a single assignment, capacity alone, against the foreign keys', 'ratio', 'single', 'capacity', 'keys', 1.3, 'cpu'),
  ('the same', 'ratio', 'single', 'capacity', 'keys', NULL, 'wall'),
  ('many assignments in one statement, capacity alone, against the foreign keys', 'ratio', 'many', 'capacity', 'keys', 1.5, 'cpu'),
  ('the same', 'ratio', 'many', 'capacity', 'keys', NULL, 'wall'),
  ('a single assignment with all triggers (episodes, flags), against the foreign keys', 'ratio', 'single', 'all', 'keys', NULL, 'cpu');
