-- The binary form of the types: what is sent is what is received; what was cut short or changed is refused as what it is (22P03, 08P01,
-- 22023 for a zone), or is another value that is sent as it came. And hashing, which only plans without sorting use.

\ir begin.psql
SET LOCAL timezone = 'UTC';

SELECT plan(18);

-- receive(type, bytes): the bytes as the only field of a binary COPY; the value as text, or the SQLSTATE
CREATE FUNCTION pg_temp.receive(type regtype, bytes bytea) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
  file bytea := '\x5047434f50590aff0d0a00'::bytea || '\x0000000000000000'::bytea || '\x0001'::bytea || int4send(length(bytes)) || bytes || '\xffff'::bytea;
  said text;
BEGIN
  EXECUTE format('CREATE TEMP TABLE received (value %s)', type);
  EXECUTE format('COPY received FROM PROGRAM %L (FORMAT binary)',
                 'printf ''' || (SELECT string_agg('\' || lpad((b / 64)::text || (b / 8 % 8)::text || (b % 8)::text, 3, '0'), '' ORDER BY i)
                                   FROM generate_series(0, length(file) - 1) i, LATERAL (SELECT get_byte(file, i) AS b) byte) || '''');
  SELECT value::text INTO said FROM received;
  DROP TABLE received;
  RETURN said;
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE;
END
$$;

CREATE TEMP TABLE good AS
SELECT 'dosage'::regtype AS type, v AS said, dosage_send(v::dosage) AS bytes
  FROM unnest(ARRAY['2x30/week', '60/week', '1x30/2 weeks', '999x1/month', '120/quarter', '20x45/year']) v
UNION ALL
SELECT 'attendance', v::attendance::text, attendance_send(v::attendance)
  FROM unnest(ARRAY['{}', 'UTC{}', '{2026-01-05T14:00:00Z attended}', 'America/New_York{2026-01-05T14:00:00Z attended,2026-01-12T14:00:00Z no_show}']) v
UNION ALL
SELECT 'availability', v::availability::text, availability_send(v::availability)
  FROM unnest(ARRAY['never', 'always', 'Mon 08:00-12:00', 'Mon-Fri 08:00-11:30, Sat 23:00-24:00']) v
UNION ALL
SELECT 'load_profile', v::load_profile::text, load_profile_send(v::load_profile)
  FROM unnest(ARRAY['{}', '{"SLP" "Oak" 2x30/week of 3: -infinity +1, 2026-01-07 +3, 2026-06-20 -3; "SLP" - - of 1: 2026-01-07 +1}']) v;

SELECT cmp_ok(count(*), '=', 16::bigint, 'there are values') FROM good;
SELECT is(pg_temp.receive('int4', '\x0000002a'), '42', 'the control: bytes are received');
SELECT is_empty($$SELECT type, said, pg_temp.receive(type, bytes) FROM good WHERE pg_temp.receive(type, bytes) IS DISTINCT FROM said$$, 'what is sent is received');

CREATE TEMP TABLE bad AS
SELECT 'cut' AS how, type, substring(bytes FROM 1 FOR n) AS bytes FROM good, LATERAL generate_series(0, length(bytes) - 1) n
 WHERE said IN ('2x30/week', '{2026-01-05T14:00:00Z attended}', 'Mon 08:00-12:00') OR said LIKE '{"SLP"%'
UNION ALL
SELECT 'longer', type, bytes || '\x00'::bytea FROM good
UNION ALL
SELECT 'changed', type, set_byte(bytes, n, get_byte(bytes, n) # mask)
  FROM good, LATERAL generate_series(0, length(bytes) - 1) n, unnest(ARRAY[1, 128, 255]) mask
 WHERE said IN ('2x30/week', '{2026-01-05T14:00:00Z attended}', 'UTC{}', 'Mon 08:00-12:00') OR said LIKE '{"SLP"%';
CREATE TEMP TABLE outcome AS SELECT *, pg_temp.receive(type, bytes) AS got FROM bad;
SELECT is_empty($$SELECT type, bytes, got FROM outcome WHERE how IN ('cut', 'longer') AND got NOT IN ('22P03', '08P01')$$, 'what is cut short or goes on is refused');
SELECT cmp_ok(count(*), '>', 20::bigint, 'some changes are refused') FROM outcome WHERE how = 'changed' AND got = '22P03';
SELECT is_empty($$SELECT type, bytes, got FROM outcome WHERE how = 'changed' AND got ~ '^[0-9A-Z]{5}$' AND got NOT IN ('22P03', '08P01', '22023')$$, 'and as what they are');
SELECT is_empty($$SELECT bytes, got FROM outcome WHERE type = 'dosage'::regtype AND got !~ '^[0-9A-Z]{5}$' AND dosage_send(got::dosage) <> bytes$$, 'others are another dosage, which is sent as it came');
SELECT is_empty($$SELECT bytes, got FROM outcome WHERE type = 'attendance'::regtype AND got !~ '^[0-9A-Z]{5}$' AND attendance_send(got::attendance) <> bytes$$, 'another attendance');
SELECT is_empty($$SELECT bytes, got FROM outcome WHERE type = 'availability'::regtype AND got !~ '^[0-9A-Z]{5}$' AND availability_send(got::availability) <> bytes$$, 'another availability');
SELECT is_empty($$SELECT bytes, got FROM outcome WHERE type = 'load_profile'::regtype AND got !~ '^[0-9A-Z]{5}$' AND load_profile_send(got::load_profile) <> bytes$$, 'another load_profile');
-- its words are text of this database: no zero bytes, nothing that is no character
SELECT is(pg_temp.receive('load_profile', '\x010102610002000200'), '{"a" - - of 1: -infinity +1}', 'a word that is text');
SELECT is(pg_temp.receive('load_profile', set_byte('\x010102610002000200', 3, b)), '22P03', 'a word of the byte ' || b || ' is refused') FROM unnest(ARRAY[0, 255]) b;

-- values by hash
SET LOCAL enable_sort = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL enable_nestloop = off;
CREATE TEMP TABLE d AS SELECT (n % 7 + 1 || 'x' || n % 5 + 30 || '/week')::dosage AS v FROM generate_series(1, 350) n;
CREATE TEMP TABLE a AS SELECT ('{2026-01-0' || n % 7 + 1 || 'T14:00:00Z attended}')::attendance AS v FROM generate_series(1, 70) n;
SELECT is((SELECT count(*) FROM (SELECT v FROM d GROUP BY v) g), 35::bigint, 'dosages are grouped by hash');
SELECT is((SELECT count(*) FROM (SELECT v FROM a GROUP BY v) g), 7::bigint, 'attendances, too');
SELECT is((SELECT count(*) FROM d JOIN d AS e USING (v)), 3500::bigint, 'and joined');
SELECT is((SELECT count(*) FROM a JOIN a AS e USING (v)), 700::bigint, 'both');
SELECT is_empty($$SELECT FROM d WHERE hash_record_extended(ROW(v), 0) & 4294967295 <> hash_record(ROW(v))::bigint & 4294967295$$, 'the wide hash without a seed begins with the other');

SELECT finish();
ROLLBACK;
