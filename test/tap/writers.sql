-- writers.sql: writers whose every step is known, so that after a crash what is there can be compared with what must be there.
--
-- A step is a transaction, which also says in proof.applied that it was there. Steps of a writer come one after the other; rows are its own,
-- clients, therapists and the derived rows are everybody's. proof.effects() says what a step leaves, proof.scripts() what is to be run.
-- Variable writers: how many.
CREATE EXTENSION IF NOT EXISTS amcheck;
CREATE SCHEMA proof;
CREATE TABLE proof.applied (writer integer, step integer, PRIMARY KEY (writer, step));

BEGIN;
INSERT INTO caseload.district (district_id) VALUES ('K');
INSERT INTO caseload.policy (district_id, policy_name, value) VALUES ('K', 'weekly_minutes_per_fte', '100000');
INSERT INTO caseload.site (district_id, site_id, time_zone) VALUES ('K', 'S0', 'America/New_York'), ('K', 'S1', 'Asia/Kathmandu');
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte) SELECT 'K', 'T' || t, 'SLP', 1 FROM generate_series(0, 2) t;
INSERT INTO caseload.client (district_id, client_id, site_id) SELECT 'K', 'C' || c, 'S' || c % 2 FROM generate_series(0, 39) c;
INSERT INTO caseload.client (district_id, client_id, site_id) SELECT 'K', 'W' || w, 'S0' FROM generate_series(1, :writers) w;
-- the others are enrolled by their first event
INSERT INTO caseload.episode (district_id, client_id, episode) SELECT 'K', 'C' || c, 1 FROM generate_series(0, 39) c WHERE c % 3 > 0;
INSERT INTO caseload.rule (district_id, rule_name, condition, message) SELECT 'K', 'R' || w, 'no_shows >= 1', 'missed' FROM generate_series(1, :writers) w;
INSERT INTO caseload.rule (district_id, rule_name, condition, message) VALUES ('K', 'fails', 'appointments / (attended - attended) > 1', 'fails');
COMMIT;

-- Steps repeat after 14. Of several rows, row r is of another client. Where a step has several statements that write events, they are about one client:
-- of several clients, they could deadlock.
CREATE FUNCTION proof.kind(step integer) RETURNS text IMMUTABLE LANGUAGE sql
RETURN ('{row,copy,many,update,delete,service,move,rule,evaluate,episode,aborted,savepoint,prepared,upsert}'::text[])[step % 14 + 1];
CREATE FUNCTION proof.client(w integer, step integer, r integer DEFAULT 0) RETURNS text IMMUTABLE LANGUAGE sql
RETURN 'C' || (w * 7 + step * 3 + r * 11) % 40;

-- What a step leaves of which rows; NULL: it takes the row away.
CREATE FUNCTION proof.effects(w integer, step integer) RETURNS TABLE (what text, id text, value text) IMMUTABLE LANGUAGE sql AS $$
  SELECT 'appointment', proof.client(w, step) || ' ' || w || '-' || step, 'no_show' WHERE proof.kind(step) IN ('row', 'savepoint', 'prepared')
  UNION ALL
  SELECT 'contact', proof.client(w, step) || ' ' || w || '-' || step, 'two_way' WHERE proof.kind(step) = 'row'
  UNION ALL
  SELECT 'appointment', proof.client(w, step, r) || ' ' || w || '-' || step || '-' || r, 'late' FROM generate_series(0, 9) r WHERE proof.kind(step) IN ('copy', 'many')
  UNION ALL
  SELECT 'appointment', proof.client(w, step - 2, r) || ' ' || w || '-' || step - 2 || '-' || r, 'no_show' FROM generate_series(0, 9) r WHERE proof.kind(step) = 'update'
  UNION ALL
  SELECT 'appointment', proof.client(w, step - 2, r) || ' ' || w || '-' || step - 2 || '-' || r, NULL FROM generate_series(0, 9, 2) r WHERE proof.kind(step) = 'delete'
  UNION ALL
  SELECT 'service', w || '-' || step, 'T' || step % 3 WHERE proof.kind(step) = 'service'
  UNION ALL
  -- every third is taken away
  SELECT 'service', w || '-' || step - 1, CASE WHEN step % 3 > 0 THEN 'T' || step % 3 END WHERE proof.kind(step) = 'move'
  UNION ALL
  SELECT 'rule', 'R' || w, 'no_shows >= ' || step % 9 + 1 WHERE proof.kind(step) = 'rule'
  UNION ALL
  SELECT 'episode', 'W' || w || ' ' || step, 'open' WHERE proof.kind(step) = 'episode'
  UNION ALL
  SELECT 'episode', 'W' || w || ' ' || step - 14, 'closed' WHERE proof.kind(step) = 'episode' AND step > 14
  UNION ALL
  SELECT 'appointment', proof.client(w, 0) || ' ' || w || '-again', CASE WHEN step % 4 > 1 THEN 'no_show' ELSE 'attended' END WHERE proof.kind(step) = 'upsert'
$$;

CREATE FUNCTION proof.scripts(w integer, steps integer) RETURNS TABLE (script text) STABLE LANGUAGE sql AS $$
  WITH step AS (
    SELECT s AS step, proof.kind(s) AS kind, w || '-' || s AS id,
           'INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status) ' AS appointment,
           format('CURRENT_DATE - %s + time ''15:00''', 3 + s % 60) AS starts_at,
           format('BEGIN; INSERT INTO proof.applied VALUES (%s, %s);', w, s) AS begin
      FROM generate_series(1 + (SELECT coalesce(max(a.step), 0) FROM proof.applied a WHERE a.writer = w),
                           steps + (SELECT coalesce(max(a.step), 0) FROM proof.applied a WHERE a.writer = w)) s
  )
  SELECT CASE s.kind
         WHEN 'row' THEN format($f$%s%sVALUES ('K', '%s', '%s', %s, 'no_show');
INSERT INTO caseload.contact (district_id, client_id, contact_id, at, kind) VALUES ('K', '%3$s', '%4$s', %5$s, 'two_way'); COMMIT;$f$,
           s.begin, s.appointment, proof.client(w, s.step), s.id, s.starts_at)
         WHEN 'copy' THEN format(E'%s\nCOPY caseload.appointment (district_id, client_id, appointment_id, starts_at, status) FROM stdin;\n%s\n\\.\nCOMMIT;', s.begin,
           (SELECT string_agg(format(E'K\t%s\t%s-%s\t%s 15:00Z\tlate', proof.client(w, s.step, r), s.id, r, CURRENT_DATE - 3 - s.step % 60), E'\n') FROM generate_series(0, 9) r))
         WHEN 'many' THEN format($f$%s%sSELECT 'K', proof.client(%s, %s, r), '%s-' || r, %s, 'late' FROM generate_series(0, 9) r; COMMIT;$f$, s.begin, s.appointment, w, s.step, s.id, s.starts_at)
         WHEN 'update' THEN format($f$%sUPDATE caseload.appointment SET status = 'no_show' WHERE district_id = 'K' AND appointment_id LIKE '%s-%s-%%'; COMMIT;$f$, s.begin, w, s.step - 2)
         WHEN 'delete' THEN format($f$%sDELETE FROM caseload.appointment WHERE district_id = 'K' AND appointment_id ~ '^%s-%s-[02468]$'; COMMIT;$f$, s.begin, w, s.step - 2)
         WHEN 'service' THEN format($f$%sINSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period)
  VALUES ('K', '%s', '%s', 'SLP', '5/week', 'T%s', daterange(CURRENT_DATE - 9, NULL)); COMMIT;$f$, s.begin, s.id, proof.client(w, s.step), s.step % 3)
         WHEN 'move' THEN format(CASE WHEN s.step % 3 > 0 THEN $f$%1$sUPDATE caseload.service SET therapist_id = 'T%3$s' WHERE district_id = 'K' AND service_id = '%2$s'; COMMIT;$f$
           ELSE $f$%sDELETE FROM caseload.service WHERE district_id = 'K' AND service_id = '%s'; COMMIT;$f$ END, s.begin, w || '-' || s.step - 1, s.step % 3)
         WHEN 'rule' THEN format($f$%sUPDATE caseload.rule SET condition = 'no_shows >= %s' WHERE district_id = 'K' AND rule_name = 'R%s'; COMMIT;$f$, s.begin, s.step % 9 + 1, w)
         WHEN 'evaluate' THEN format($f$%sSELECT raised FROM caseload.evaluate(CURRENT_DATE, 'K') \g /dev/null
COMMIT;$f$, s.begin)
         WHEN 'episode' THEN format($f$%sUPDATE caseload.episode SET period = daterange(lower(period), CURRENT_DATE - 3000 + %s) WHERE district_id = 'K' AND client_id = 'W%s' AND upper_inf(period);
INSERT INTO caseload.episode (district_id, client_id, episode, period) VALUES ('K', 'W%3$s', %2$s, daterange(CURRENT_DATE - 3000 + %2$s, NULL)); COMMIT;$f$, s.begin, s.step, w)
         WHEN 'aborted' THEN format($f$%s%sSELECT 'K', 'C' || c, '%s-aborted', %s, 'no_show' FROM generate_series(0, 39) c; ROLLBACK;
%1$sCOMMIT;$f$, s.begin, s.appointment, s.id, s.starts_at)
         WHEN 'savepoint' THEN format($f$%s%sVALUES ('K', '%s', '%s', %s, 'no_show');
SAVEPOINT s; %2$sSELECT 'K', '%3$s', '%4$s-aborted-' || r, %5$s, 'no_show' FROM generate_series(0, 9) r; ROLLBACK TO s; COMMIT;$f$,
           s.begin, s.appointment, proof.client(w, s.step), s.id, s.starts_at)
         WHEN 'prepared' THEN format($f$%s%sVALUES ('K', '%s', '%s', %s, 'no_show'); PREPARE TRANSACTION '%4$s'; COMMIT PREPARED '%4$s';$f$,
           s.begin, s.appointment, proof.client(w, s.step), s.id, s.starts_at)
         WHEN 'upsert' THEN format($f$%s%sVALUES ('K', '%s', '%s-again', %s, '%s') ON CONFLICT (district_id, client_id, appointment_id) DO UPDATE SET status = EXCLUDED.status; COMMIT;$f$,
           s.begin, s.appointment, proof.client(w, 0), w, s.starts_at, CASE WHEN s.step % 4 > 1 THEN 'no_show' ELSE 'attended' END)
         END || E'\n\\echo ACK ' || w || ' ' || s.step
    FROM step s ORDER BY s.step
$$;

-- Rows that are not as the committed steps leave them; and steps that are missing before others of the same writer.
CREATE FUNCTION proof.differences() RETURNS TABLE (difference text, what text, id text, value text) STABLE LANGUAGE sql AS $$
  WITH wanted AS (
    SELECT w.what, w.id, w.value
      FROM (SELECT DISTINCT ON (e.what, e.id) e.* FROM proof.applied a CROSS JOIN LATERAL proof.effects(a.writer, a.step) e ORDER BY e.what, e.id, a.step DESC) w
     WHERE w.value IS NOT NULL
  ), there AS (
    SELECT 'appointment', a.client_id || ' ' || a.appointment_id, a.status::text FROM caseload.appointment a WHERE a.district_id = 'K'
    UNION ALL SELECT 'contact', c.client_id || ' ' || c.contact_id, c.kind::text FROM caseload.contact c WHERE c.district_id = 'K'
    UNION ALL SELECT 'service', s.service_id, s.therapist_id FROM caseload.service s WHERE s.district_id = 'K'
    UNION ALL SELECT 'rule', r.rule_name, r.condition FROM caseload.rule r JOIN proof.applied a ON 'R' || a.writer = r.rule_name AND proof.kind(a.step) = 'rule'
               WHERE r.district_id = 'K' GROUP BY r.rule_name, r.condition
    UNION ALL SELECT 'episode', e.client_id || ' ' || e.episode, CASE WHEN upper_inf(e.period) THEN 'open' ELSE 'closed' END
                FROM caseload.episode e WHERE e.district_id = 'K' AND e.client_id LIKE 'W%'
  )
  SELECT 'lacks', x.* FROM (TABLE wanted EXCEPT ALL TABLE there) x
  UNION ALL SELECT 'has', x.* FROM (TABLE there EXCEPT ALL TABLE wanted) x
  UNION ALL SELECT 'gap', 'step', a.writer::text, max(a.step)::text FROM proof.applied a GROUP BY a.writer HAVING count(*) <> max(a.step)
$$;
