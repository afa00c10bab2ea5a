-- What a driver needs of our types, asked of the catalog for every one of them, and tried: binary both ways, arrays, order and hash,
-- parameters that arrive as text or varchar, and casts that do not happen by themselves.

\ir begin.psql
SET LOCAL jit = off;

SELECT plan(26);

CREATE TEMP VIEW ours AS
SELECT t.oid, t.typname, t.typtype, t.typreceive, t.typsend, t.typarray FROM pg_type t
 WHERE t.typnamespace = 'caseload'::regnamespace AND (t.typtype = 'b' AND t.typelem = 0 OR t.typtype = 'e');
CREATE TEMP VIEW lacking AS
SELECT typname, 'no binary form' AS what FROM ours WHERE typreceive = 0 OR typsend = 0
UNION ALL SELECT typname, 'no array' FROM ours WHERE typarray = 0
UNION ALL
SELECT o.typname, 'no default ' || m.amname || ' operator class' FROM ours o CROSS JOIN pg_am m
 WHERE o.typtype = 'b' AND m.amname IN ('btree', 'hash') AND NOT EXISTS (SELECT FROM pg_opclass c WHERE c.opcmethod = m.oid AND c.opcintype = o.oid AND c.opcdefault)
UNION ALL
SELECT o.typname, 'no assignment from ' || s.source::text FROM ours o CROSS JOIN unnest('{text,varchar}'::regtype[]) s (source)
 WHERE NOT EXISTS (SELECT FROM pg_cast c WHERE c.castsource = s.source AND c.casttarget = o.oid AND c.castcontext = 'a' AND c.castmethod = 'i')
UNION ALL
SELECT o.typname, 'an implicit cast' FROM ours o JOIN pg_cast c ON o.oid IN (c.castsource, c.casttarget) WHERE c.castcontext = 'i';
SELECT is((SELECT string_agg(typname::text, ' ' ORDER BY typname::text COLLATE "C") FROM ours), 'appointment_status attendance availability contact_kind delivery dosage load_profile', 'the types');
SELECT is_empty('TABLE lacking', 'lack nothing that a driver needs');

CREATE FUNCTION pg_temp.finds(planted text, what text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE found bigint;
BEGIN
  BEGIN
    EXECUTE planted;
    SELECT count(*) INTO found FROM lacking;
    RAISE EXCEPTION USING ERRCODE = 'P9999';
  EXCEPTION WHEN SQLSTATE 'P9999' THEN NULL;
  END;
  RETURN ok(found > 0, 'found: ' || what);
END
$$;
SELECT pg_temp.finds('ALTER EXTENSION caseload DROP CAST (varchar AS caseload.dosage); DROP CAST (varchar AS caseload.dosage)', 'a cast that is missing');
SELECT pg_temp.finds('CREATE TYPE caseload.planted AS ENUM (''a'')', 'a new type without casts');
SELECT pg_temp.finds('ALTER TYPE caseload.load_profile SET (SEND = NONE)', 'a type without binary output');
SELECT pg_temp.finds('CREATE CAST (caseload.dosage AS text) WITH INOUT AS IMPLICIT', 'a cast that happens by itself');

-- Parameters as drivers send them: of type text or varchar, into columns of ours
INSERT INTO district (district_id) VALUES ('TYPES');
INSERT INTO client (district_id, client_id) VALUES ('TYPES', 'C');
PREPARE by_varchar (varchar, varchar, varchar) AS INSERT INTO service (district_id, service_id, client_id, discipline, dosage, delivery) VALUES ('TYPES', $1, 'C', 'SLP', $2, $3);
PREPARE by_text (text, text, text) AS INSERT INTO service (district_id, service_id, client_id, discipline, dosage, delivery) VALUES ('TYPES', $1, 'C', 'SLP', $2, $3);
SELECT lives_ok($$EXECUTE by_varchar('V1', '2x30/week', 'push_in')$$, 'varchar goes into a dosage and a delivery');
SELECT lives_ok($$EXECUTE by_text('V2', '1x45/2 weeks', 'consult')$$, 'and text does');
PREPARE event (varchar, varchar) AS INSERT INTO appointment (district_id, client_id, appointment_id, starts_at, status) VALUES ('TYPES', 'C', $1, now() - interval '1 day', $2);
PREPARE touch (varchar, varchar) AS INSERT INTO contact (district_id, client_id, contact_id, at, kind) VALUES ('TYPES', 'C', $1, now() - interval '1 day', $2);
PREPARE week (varchar, varchar) AS INSERT INTO therapist (district_id, therapist_id, discipline, availability) VALUES ('TYPES', $1, 'SLP', $2);
SELECT lives_ok($$EXECUTE event('A', 'attended')$$, 'varchar goes into a status');
SELECT lives_ok($$EXECUTE touch('T', 'two_way')$$, 'into a kind of contact');
SELECT lives_ok($$EXECUTE week('T', 'Mon 08:00-12:00')$$, 'into an availability');
SELECT throws_ok($$EXECUTE event('B', 'came')$$, '22P02', NULL, 'an unknown word is an error of input');
SELECT throws_ok($$SELECT count(*) FROM service WHERE dosage = '2x30/week'::varchar$$, '42883', NULL, 'but nothing is compared with varchar by itself');
SELECT is((SELECT count(*) FROM service WHERE district_id = 'TYPES' AND dosage = '2x30/week'::varchar::dosage), 1::bigint, 'an explicit cast is');

-- Arrays, order, hash
SELECT is((SELECT array_agg(v ORDER BY v)::text FROM unnest('{2x30/week,1x30/week}'::dosage[]) v), '{1x30/week,2x30/week}', 'an array of dosages, in order');
SELECT is(('{"Mon 08:00-12:00","never"}'::availability[])[2]::text, 'never', 'an array of availabilities');
SELECT is((SELECT min(v)::text || ' ' || max(v)::text FROM unnest('{2x30/week,60/week,90/week}'::dosage[]) v), (SELECT min(v)::text || ' ' || max(v)::text FROM (SELECT v FROM unnest('{2x30/week,60/week,90/week}'::dosage[]) v ORDER BY v) s), 'least and most of dosages');
CREATE TEMP TABLE profile AS
SELECT n, load_profile('SLP', 'S' || n % 3, 1, '2x30/week'::dosage, '2026-01-05'::date, NULL::date) AS load FROM generate_series(1, 30) n GROUP BY n;
SELECT is((SELECT count(DISTINCT load) FROM profile), 3::bigint, 'distinct load profiles');
SET LOCAL enable_sort = off;
SELECT is((SELECT count(*) FROM (SELECT load FROM profile GROUP BY load) g), 3::bigint, 'grouped by hash');
SET LOCAL enable_sort = on;
SET LOCAL enable_hashagg = off;
SELECT is((SELECT count(*) FROM (SELECT load FROM profile GROUP BY load) g), 3::bigint, 'grouped by order');
RESET enable_hashagg;
SELECT is((SELECT count(*) FROM profile a JOIN profile b USING (load)), 300::bigint, 'joined');
SELECT is_empty($$SELECT a.n, b.n FROM profile a, profile b
  WHERE (a.load = b.load) <> (load_profile_cmp(a.load, b.load) = 0) OR (a.load < b.load) <> (b.load > a.load) OR (a.load <= b.load) = (a.load > b.load) OR (a.load >= b.load) = (a.load < b.load)
     OR load_profile_cmp(a.load, b.load) <> - load_profile_cmp(b.load, a.load)
     OR (a.load = b.load) AND (load_profile_hash(a.load) <> load_profile_hash(b.load) OR load_profile_hash_extended(a.load, 7) <> load_profile_hash_extended(b.load, 7))
     OR (a.load <> b.load) AND load_profile_hash(a.load) = load_profile_hash(b.load)$$, 'order and hash of load profiles agree');

-- Casts that say what they mean
SELECT is('Mon 08:00-12:00, Wed 13:00-15:30'::availability::bigint, 390::bigint, 'minutes of a week');
SELECT is('Mon 08:00-12:00, Wed 13:00-15:30'::availability::interval, interval '6 hours 30 minutes', 'as an interval');
SELECT throws_ok($$SELECT '2x30/week'::dosage::bigint$$, '42846', NULL, 'a dosage is no number: minutes() and minutes_per_week() say which');
SELECT throws_ok($$INSERT INTO profile (n) SELECT 'Mon 08:00-12:00'::availability$$, '42804', NULL, 'and no availability goes into a number by itself');

SELECT finish();
ROLLBACK;
