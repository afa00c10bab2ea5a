-- Attached tables that are odd: keys that are equal and spelled otherwise, times that there are not, codes that a collation takes for one, what an
-- owner makes anew or drops. After every step what we have is what a plain query over the relation says, or the step was refused by name.

\ir begin.psql
SET LOCAL jit = off;
SET LOCAL timezone = 'UTC';

SELECT plan(88);

CREATE SCHEMA odd;
CREATE ROLE caseload_pgtap_one;
CREATE ROLE caseload_pgtap_two;
GRANT USAGE, CREATE ON SCHEMA odd TO caseload_pgtap_one, caseload_pgtap_two;
CREATE FUNCTION pg_temp.ids(source text) RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(substr(a.appointment_id, length(source) + 2), ' ' ORDER BY a.appointment_id) FROM caseload.appointment a WHERE a.source_id = source $$;
CREATE FUNCTION pg_temp.said(source text) RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(substr(a.appointment_id, length(source) + 2) || '=' || a.status, ' ' ORDER BY a.appointment_id) FROM caseload.appointment a WHERE a.source_id = source $$;
CREATE FUNCTION pg_temp.faults(source text) RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(format('%s %s %s', f.fault, f.value, f.occurrences), ', ' ORDER BY f.fault, f.value) FROM caseload.source_fault f WHERE f.source_id = source $$;
\set map '{"district": {"constant": "O"}, "client": "client", "at": "at", "status": "status"}'

------------------------------------------------------------------------------------------------------------------------------------
-- Keys
------------------------------------------------------------------------------------------------------------------------------------

-- letters in any case are equal: the index finds the row under another spelling, which is another event
CREATE COLLATION odd.any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE odd.folding (id text COLLATE odd.any_case PRIMARY KEY, client text, at timestamptz, status text COLLATE odd.any_case);
INSERT INTO odd.folding VALUES ('K1', 'c', now(), 'attended');
SELECT is(attach('odd.folding', :'map'::jsonb || '{"codes": {"X": "attended", "x": "no_show", "attended": "attended"}}'), 'folding', 'keys in any case');
UPDATE odd.folding SET id = 'k1';
SELECT is((SELECT skipped FROM sources), NULL, 'nothing was skipped');
SELECT is(pg_temp.ids('folding'), 'k1', 'a key that is spelled otherwise is another event, and the one before is gone');
INSERT INTO odd.folding VALUES ('k2', 'c', now(), 'attended');
UPDATE odd.folding SET id = 'K2' WHERE id = 'k2';
DELETE FROM odd.folding WHERE id = 'K1';
SELECT is(pg_temp.ids('folding'), 'K2', 'and found however it is asked for');
INSERT INTO odd.folding VALUES ('3', 'c', now(), 'X'), ('4', 'c', now(), 'x'), ('5', 'c', now(), 'ATTENDED');
SELECT is(pg_temp.said('folding'), '3=attended 4=no_show 5=attended K2=attended', 'codes are what is written first, whatever the column takes for equal');
SELECT is((SELECT count(*) FROM verify('O')), 0::bigint, 'nothing differs');

-- points and blanks may count for nothing, and still are something
CREATE COLLATION odd.shifted (provider = icu, locale = 'und-u-ka-shifted-ks-level1', deterministic = false);
CREATE TABLE odd.dotted (id int PRIMARY KEY, client text COLLATE odd.shifted, at timestamptz, status text, therapist text COLLATE odd.shifted);
SELECT attach('odd.dotted', :'map'::jsonb || '{"therapist": "therapist"}') \g /dev/null
INSERT INTO odd.dotted VALUES (1, '--', now(), 'attended', '-'), (2, ' ', now(), 'attended', ' ');
SELECT is((SELECT string_agg(client_id || therapist_id, ' ') FROM appointment WHERE source_id = 'dotted'), '---', 'what is blank is what has blanks only');

-- numbers are equal whatever their zeros
CREATE TABLE odd.number (id numeric, part numeric, client text, at timestamptz, status text, PRIMARY KEY (id, part));
SELECT is(attach('odd.number', :'map'), 'number', 'keys that are numeric');
INSERT INTO odd.number VALUES (1.0, 100, 'c', now(), 'attended'), (2, 1.50, 'c', now(), 'attended');
UPDATE odd.number SET id = 1.000 WHERE id = 1;
UPDATE odd.number SET part = 1.5 WHERE id = 2;
SELECT is(pg_temp.ids('number'), '1:100 2:1.5', 'one event, whatever its zeros');
DELETE FROM odd.number WHERE id = 1;
SELECT is(pg_temp.ids('number'), '2:1.5', 'which is found when it goes');
SELECT is((SELECT count(*) FROM verify('O')), 0::bigint, 'nothing differs');

-- a row without a key, once the column may be NULL
CREATE TABLE odd.bare (id int UNIQUE NOT NULL, client text, at timestamptz, status text);
SELECT attach('odd.bare', :'map'::jsonb || '{"key": "id"}') \g /dev/null
ALTER TABLE odd.bare ALTER id DROP NOT NULL;
SELECT throws_ok($$INSERT INTO odd.bare VALUES (NULL, 'c', now(), 'attended')$$, '22023', 'source "bare" cannot be understood', 'a row without a key is refused');
SELECT lives_ok($$INSERT INTO odd.bare VALUES (NULL, NULL, now(), 'attended'), (1, 'c', now(), 'attended')$$, 'the twin: unless it is no event');
SELECT is(pg_temp.ids('bare'), '1', 'others go on');
SELECT detach('bare') \g /dev/null
DELETE FROM odd.bare WHERE id IS NULL;
ALTER TABLE odd.bare ALTER id SET NOT NULL;
SELECT attach('odd.bare', :'map'::jsonb || '{"key": "id", "unknown": "skip"}') \g /dev/null
ALTER TABLE odd.bare ALTER id DROP NOT NULL;
INSERT INTO odd.bare VALUES (NULL, 'c', now(), 'attended'), (2, 'c', now(), 'attended');
SELECT is(pg_temp.ids('bare') || ', ' || pg_temp.faults('bare'), '1 2, key  1', 'or counted');
SELECT detach('bare') \g /dev/null

-- what is between the columns of a key may be in them
CREATE TABLE odd.pair (a text, b text, client text, at timestamptz, status text, PRIMARY KEY (a, b));
SELECT is(attach('odd.pair', :'map'), 'pair', 'keys of two columns');
INSERT INTO odd.pair VALUES ('x:', 'y', 'c', now(), 'attended'), ('x', ':y', 'c', now(), 'no_show'), ('x\', ':y', 'c', now(), 'late'), ('', '', 'c', now(), 'late');
SELECT is((SELECT count(DISTINCT appointment_id) FROM appointment WHERE source_id = 'pair'), 4::bigint, 'four rows are four events');

-- domains, and columns that are generated
CREATE DOMAIN odd.word AS text CHECK (value <> 'bad');
CREATE DOMAIN odd.nr AS integer;
CREATE TABLE odd.made (a int, id odd.nr PRIMARY KEY, client odd.word, day date, status odd.word, code text GENERATED ALWAYS AS (upper(status)) STORED);
SELECT is(attach('odd.made', '{"district": {"constant": "O"}, "client": "client", "date": "day", "zone": {"constant": "America/New_York"}, "status": "code", "codes": {"ATTENDED": "attended", "MISSED": "no_show"}}'), 'made', 'domains and generated columns');
INSERT INTO odd.made VALUES (1, 1, 'c', '2026-03-08', 'attended'), (2, 2, 'c', '2026-11-01', 'missed');
UPDATE odd.made SET status = 'attended', id = 12 WHERE id = 2;
SELECT is(pg_temp.said('made'), '1=attended 12=attended', 'are followed');

-- a key that is none any more
ALTER TABLE odd.number DROP CONSTRAINT number_pkey;
SELECT throws_ok('INSERT INTO odd.number SELECT id, part, client, at, status FROM odd.number', '21000', 'source "number" has several rows of one key', 'a key that names two rows is refused by name');

------------------------------------------------------------------------------------------------------------------------------------
-- Times
------------------------------------------------------------------------------------------------------------------------------------

CREATE TABLE odd.written (id int PRIMARY KEY, client text, at text, until text, status text);
SELECT is(attach('odd.written', :'map'::jsonb || '{"zone": {"constant": "America/New_York"}, "ends_at": "until", "unknown": "skip"}'), 'written', 'times that are texts');
INSERT INTO odd.written SELECT t.id, 'c', t.at, t.until, 'attended' FROM (VALUES
  (1, '2024-02-29', NULL), (2, '2000-02-29', ''), (3, '2026-01-01T24:00', NULL), (4, '2026-01-01T10:00-0500', '2026-01-01T10:30-05'), (5, '2026-01-01 10:00', '2026-01-01 10:30:00.4'),
  -- in the gap and twice there, by the clock of New York
  (6, '2026-03-08 02:30', NULL), (7, '2026-11-01 01:30', NULL),
  (20, '2026-02-30', NULL), (21, '2023-02-29', NULL), (22, '1900-02-29', NULL), (23, '2026-13-01', NULL), (24, '2026-04-31', NULL), (25, '0000-01-01', NULL), (26, '2026-01-01T25:00', NULL),
  (27, '2026-01-01T10:60', NULL), (28, '2026-01-01T10:00+16', NULL), (29, '01/02/2026', NULL), (30, 'now', NULL), (31, 'infinity', NULL), (32, '2026-01-01 10:00', '10:30')) AS t (id, at, until);
SELECT is((SELECT string_agg(substr(appointment_id, 9) || '=' || to_char(starts_at, 'YYYY-MM-DD HH24:MI') || coalesce(' ' || minutes, ''), ', ' ORDER BY appointment_id) FROM appointment WHERE source_id = 'written'),
  '1=2024-02-29 17:00, 2=2000-02-29 17:00, 3=2026-01-02 05:00, 4=2026-01-01 15:00 30, 5=2026-01-01 15:00 30, 6=2026-03-08 07:30, 7=2026-11-01 06:30', 'what is a time is taken');
SELECT is(pg_temp.faults('written'), 'minutes NaN 1, start 0000-01-01 1, start 01/02/2026 1, start 1900-02-29 1, start 2023-02-29 1, start 2026-01-01T10:00+16 1, start 2026-01-01T10:60 1, start 2026-01-01T25:00 1,'
  ' start 2026-02-30 1, start 2026-04-31 1, start 2026-13-01 1, start infinity 1, start now 1', 'what is none is counted, and stops nobody');
SELECT is((SELECT skipped FROM sources WHERE source_id = 'written'), 13, 'and the view of sources says how many');
INSERT INTO odd.written VALUES (40, 'c', '2026-01-05 10:00:00.' || repeat('0', 200), NULL, 'attended');
SELECT is((SELECT count(*) FROM source_fault WHERE source_id = 'written' AND value LIKE '2026-01-05%'), 1::bigint, 'so is one that is too long');
CREATE TABLE odd.far (id int PRIMARY KEY, client text, day date, moment timestamp, hour time, status text);
SELECT attach('odd.far', m, source => s) FROM (VALUES ('day', '{"date": "day"}'::jsonb), ('hour', '{"date": "day", "time": "hour"}'), ('moment', '{"at": "moment"}')) AS t (s, w),
  LATERAL (SELECT (:'map'::jsonb - 'at') || w || '{"zone": {"constant": "America/New_York"}, "unknown": "skip"}') AS u (m) \g /dev/null
INSERT INTO odd.far VALUES (1, 'c', '300000-01-01', '294276-12-31 23:59', '10:00', 'attended'), (2, 'c', '4713-11-24 BC', '4713-11-24 BC', '10:00', 'attended'), (3, 'c', 'infinity', '-infinity', '10:00', 'attended'),
  (4, 'c', '2026-01-05', '2026-01-05 10:00', '10:00', 'attended'), (5, 'c', NULL, NULL, '10:00', 'attended');
SELECT is((SELECT string_agg(source_id || ' ' || starts_at::timestamp, ', ' ORDER BY source_id) FROM appointment WHERE source_id IN ('day', 'hour', 'moment')), 'day 2026-01-05 17:00:00, hour 2026-01-05 15:00:00, moment 2026-01-05 15:00:00', 'days beyond all calendars stop nobody');
SELECT is((SELECT string_agg(source_id || ' ' || skipped, ', ' ORDER BY source_id) FROM sources WHERE source_id IN ('day', 'hour', 'moment')), 'day 3, hour 3, moment 3', 'and are counted');
-- every day there is, and some that there are not, against the server's own reading
CREATE FUNCTION pg_temp.is_day(day text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM day::date; RETURN true; EXCEPTION WHEN data_exception THEN RETURN false; END $$;
TRUNCATE odd.written;
CREATE TEMP TABLE day AS SELECT row_number() OVER () AS id, to_char(y, 'FM0000') || '-' || to_char(m, 'FM00') || '-' || to_char(d, 'FM00') AS day
  FROM unnest('{0,1,4,100,400,1896,1900,2000,2023,2024,2100,2400,9999}'::int[]) y, generate_series(0, 13) m, generate_series(0, 32) d WHERE d = 1 OR d > 27 OR m = 2;
INSERT INTO odd.written SELECT id, 'c', day, NULL, 'attended' FROM day;
SELECT cmp_ok((SELECT count(*) FROM day WHERE NOT pg_temp.is_day(day)), '>', 300::bigint, 'days that are none are tried');
SELECT is_empty($$SELECT day FROM day WHERE pg_temp.is_day(day) <> EXISTS (SELECT FROM appointment WHERE source_id = 'written' AND appointment_id = 'written:' || id)$$, 'a day is taken exactly when the server knows it');
-- minutes that are texts, and ends that never come
CREATE TABLE odd.long (id int PRIMARY KEY, client text, at timestamptz, until timestamptz, minutes text, status text);
SELECT is(attach('odd.long', :'map'::jsonb || '{"minutes": "minutes", "unknown": "skip"}'), 'long', 'minutes that are texts');
INSERT INTO odd.long SELECT id, 'c', now(), NULL, minutes, 'attended' FROM (VALUES (1, '30'), (2, ' 45 '), (3, 'abc'), (4, ''), (5, '-5'), (6, '1e3'), (7, '30.4'), (8, '99999999999999999999')) AS m (id, minutes);
SELECT is((SELECT string_agg(substr(appointment_id, 6) || '=' || coalesce(minutes::text, '-'), ' ' ORDER BY appointment_id) FROM appointment WHERE source_id = 'long'), '1=30 2=45 4=- 7=30', 'numbers are taken');
SELECT is(pg_temp.faults('long'), 'minutes NaN 4', 'the rest is counted');
SELECT detach('long') \g /dev/null
ALTER TABLE odd.long ALTER minutes TYPE varchar(30);
SELECT attach('odd.long', :'map'::jsonb || '{"minutes": "minutes", "unknown": "skip"}', source => 'varchar') \g /dev/null
SELECT is(pg_temp.faults('varchar'), 'minutes NaN 4', 'texts of a length, too');
SELECT detach('varchar') \g /dev/null
SELECT attach('odd.long', :'map'::jsonb || '{"ends_at": "until", "unknown": "skip"}') \g /dev/null
UPDATE odd.long SET until = CASE id WHEN 1 THEN 'infinity' WHEN 2 THEN at + interval '20 minutes' END WHERE id < 3;
SELECT is((SELECT count(*) FROM appointment WHERE source_id = 'long'), 7::bigint, 'an end that never comes is no length');
UPDATE odd.long SET at = '0044-03-15 BC' WHERE id = 3;
SELECT is(pg_temp.faults('long'), 'minutes NaN 1, start 0044-03-15 00:00:00+00 BC 1', 'nor is a time before all calendars one');

-- a time that is written in a mapping is not that of the clock
SELECT throws_ok(format('SELECT _mapping_type(''odd.long'', %L)', e), '0A000', NULL, 'refused: ' || e)
FROM unnest(ARRAY['at > timestamptz ''00:00 today''', 'at > timestamptz $$today$$', 'at > timestamptz ''00:00''' || chr(10) || ''' today''', 'at > timestamptz E''00:00 \x74oday''']) e;
SELECT is(_mapping_type('odd.long', 'at > timestamptz ''2026-01-01 10:00 AM UTC'''), 'boolean', 'what is written in digits is taken');

------------------------------------------------------------------------------------------------------------------------------------
-- Codes
------------------------------------------------------------------------------------------------------------------------------------

SELECT throws_like($$SELECT attach('odd.pair', '{"district": {"constant": "O"}, "client": "client", "at": "at", "status": "status", "codes": {"A ": "attended", "A": "no_show"}}', source => 'twice')$$,
  'relation odd.pair cannot be attached%', 'a code that stands for two things is refused');
CREATE TABLE odd.bit (id int PRIMARY KEY, client bigint, at timestamptz, came smallint);
SELECT attach('odd.bit', '{"district": {"constant": "O"}, "client": "client", "at": "at", "status": "came", "codes": {"1": "attended", "0": "no_show", "": "scheduled"}}') \g /dev/null
INSERT INTO odd.bit VALUES (1, 9223372036854775807, now(), 1), (2, -1, now(), 0), (3, 0, now() + interval '1 day', NULL);
SELECT is((SELECT string_agg(client_id || ' ' || status, ', ' ORDER BY appointment_id) FROM appointment WHERE source_id = 'bit'), '9223372036854775807 attended, -1 no_show, 0 scheduled', '0, 1 and NULL are codes, keys of clients are numbers');
CREATE TYPE odd.state AS ENUM ('come', 'missed');
CREATE TABLE odd.coded (id int PRIMARY KEY, client text, at timestamptz, status odd.state);
SELECT attach('odd.coded', :'map'::jsonb || '{"codes": {"come": "attended", "missed": "no_show"}}') \g /dev/null
INSERT INTO odd.coded VALUES (1, 'c', now(), 'missed');
SELECT throws_ok($$ALTER TYPE odd.state RENAME VALUE 'missed' TO 'absent'$$, '22023', 'source "coded" cannot be understood', 'a code does not get a name that the mapping does not know');
-- the twin: without our event trigger it does
ALTER EVENT TRIGGER caseload_source DISABLE;
ALTER TYPE odd.state RENAME VALUE 'missed' TO 'absent';
ALTER EVENT TRIGGER caseload_source ENABLE;
SELECT throws_ok('UPDATE odd.coded SET at = now()', '22023', 'source "coded" cannot be understood', 'a code that is called otherwise is refused');
SELECT is((SELECT string_agg(difference, ', ') FROM verify('O')), 'source "coded": event "1" is not there', 'and what it was told of by verify()');
SELECT throws_ok('INSERT INTO odd.coded VALUES (2, ''c'', now(), NULL)', '22023', 'source "coded" cannot be understood', 'so is NULL, unless the mapping says what it stands for');
SELECT detach('coded') \g /dev/null
-- a list of values may be the key
CREATE TYPE odd.slot AS ENUM ('first', 'second');
CREATE TABLE odd.listed (id odd.slot PRIMARY KEY, client text, at timestamptz, status text);
SELECT attach('odd.listed', :'map') \g /dev/null
INSERT INTO odd.listed VALUES ('first', 'c', now(), 'attended'), ('second', 'c', now(), 'late');
ALTER TYPE odd.slot RENAME VALUE 'first' TO 'early';
UPDATE odd.listed SET status = 'no_show';
SELECT is(pg_temp.said('listed'), 'early=no_show second=no_show', 'a value of the key that is called otherwise is one event, under its new name');

------------------------------------------------------------------------------------------------------------------------------------
-- What an owner makes anew, gives away or drops
------------------------------------------------------------------------------------------------------------------------------------

CREATE TABLE odd.base (id int PRIMARY KEY, client text, at timestamptz, status text, ward int);
INSERT INTO odd.base SELECT i, 'v' || i, now(), 'attended', i FROM generate_series(1, 4) i;
CREATE VIEW odd.inner_view AS SELECT * FROM odd.base WHERE ward < 3;
CREATE VIEW odd.outer_view AS SELECT id, client, at, status FROM odd.inner_view;
SELECT is(attach('odd.outer_view', :'map'::jsonb || '{"key": "id", "watch": {"odd.base": {"id": "id"}}}', source => 'view'), 'view', 'a view of a view');
CREATE OR REPLACE VIEW odd.inner_view AS SELECT * FROM odd.base WHERE ward < 4;
SELECT is(pg_temp.ids('view'), '1 2 3', 'a view behind it that says more');
CREATE OR REPLACE VIEW odd.outer_view AS SELECT id, client, at, 'no_show'::text AS status FROM odd.inner_view;
SELECT is(pg_temp.said('view'), '1=no_show 2=no_show 3=no_show', 'and one that says something else, are followed');
ALTER VIEW odd.outer_view RENAME COLUMN client TO kid;
ALTER VIEW odd.outer_view RENAME TO seen;
INSERT INTO odd.base VALUES (5, 'v5', now(), 'attended', 1);
SELECT is(pg_temp.ids('view'), '1 2 3 5', 'renamed');
ALTER TABLE odd.base OWNER TO caseload_pgtap_one;
ALTER VIEW odd.inner_view OWNER TO caseload_pgtap_one;
ALTER VIEW odd.seen OWNER TO caseload_pgtap_one;
INSERT INTO odd.base VALUES (6, 'v6', now(), 'attended', 1);
SELECT is(pg_temp.ids('view'), '1 2 3 5 6', 'given away');
REASSIGN OWNED BY caseload_pgtap_one TO caseload_pgtap_two;
INSERT INTO odd.base VALUES (7, 'v7', now(), 'attended', 1);
SELECT is(pg_temp.ids('view'), '1 2 3 5 6 7', 'with everything that its owner had');
SELECT ok(NOT has_table_privilege('caseload_pgtap_one', 'caseload.source_view', 'SELECT'), 'who was the owner reads it no more');
SELECT throws_ok('DROP VIEW odd.seen CASCADE', '2BP01', 'cannot drop what source "view" needs while it is attached', 'dropping it would leave its tables with nobody to tell');
SELECT detach('view') \g /dev/null
-- the twin: without the event trigger a view that says more goes unseen, until somebody compares
SELECT attach('odd.seen', '{"district": {"constant": "O"}, "client": "kid", "at": "at", "status": "status", "key": "id", "watch": {"odd.base": {"id": "id"}}}', source => 'view') \g /dev/null
ALTER EVENT TRIGGER caseload_source DISABLE;
CREATE OR REPLACE VIEW odd.inner_view AS SELECT * FROM odd.base WHERE ward < 9;
SELECT is(pg_temp.ids('view'), '1 2 3 5 6 7', 'without our event trigger it is not followed');
SELECT is((SELECT string_agg(difference, ', ') FROM verify('O') WHERE difference LIKE 'source "view"%'), 'source "view": event "4" is missing', 'and verify() says so');
ALTER EVENT TRIGGER caseload_source ENABLE;
SELECT refresh('view') \g /dev/null

-- what a view watches is known by its name
CREATE SCHEMA ward;
CREATE TABLE ward.base (id int PRIMARY KEY, client text, at timestamptz, status text);
CREATE TABLE ward.beside (id int PRIMARY KEY);
CREATE VIEW odd.warded AS TABLE ward.base;
SELECT attach('odd.warded', :'map'::jsonb || '{"key": "id", "watch": {"ward.base": {"id": "id"}, "ward.beside": {}}}') \g /dev/null
SELECT throws_ok('ALTER TABLE ward.base RENAME TO other', '55000', 'source "warded" watches ward.base, which would be lost', 'a watched table is not renamed');
SELECT throws_ok('ALTER TABLE ward.base SET SCHEMA public', '55000', NULL, 'nor moved');
SELECT throws_ok('ALTER SCHEMA ward RENAME TO other', '55000', NULL, 'nor its schema renamed');
SELECT throws_ok('ALTER TABLE ward.base RENAME id TO nr', '55000', 'source "warded" watches ward.base.id, which would be lost', 'nor a column that is a key');
SELECT throws_ok('CREATE TABLE ward.heir () INHERITS (ward.base)', '55000', NULL, 'nor inherited from');
SELECT lives_ok('ALTER TABLE ward.base RENAME client TO kid', 'another column is');
CREATE SCHEMA beyond;
SELECT lives_ok('ALTER SCHEMA beyond RENAME TO oddest', 'and another schema');
DROP TABLE ward.beside;
SELECT lives_ok('ALTER TABLE ward.base ADD note text', 'the twin: what was dropped is lost, and stops nobody');
INSERT INTO ward.base VALUES (1, 'c', now(), 'attended');
SELECT is(pg_temp.ids('warded'), '1', 'who goes on being followed');
SELECT is((SELECT problem FROM sources WHERE source_id = 'warded'), 'watched table ward.beside is gone', 'and is said');
-- the twin: without our event trigger nobody follows the table that was renamed
ALTER EVENT TRIGGER caseload_source DISABLE;
ALTER TABLE ward.base RENAME TO other;
ALTER EVENT TRIGGER caseload_source ENABLE;
SELECT ok((SELECT problem FROM sources WHERE source_id = 'warded') LIKE '%watched table ward.base is gone%', 'a name that is gone is said');
SELECT detach('warded') \g /dev/null

-- a name that says what a problem says
CREATE TABLE odd.", or inherits: attach what it is part of" (id int PRIMARY KEY, client text, at timestamptz, status text);
SELECT attach('odd.", or inherits: attach what it is part of"', :'map', source => 'named') \g /dev/null
SELECT lives_ok('ALTER TABLE odd.", or inherits: attach what it is part of" DISABLE TRIGGER caseload_named_insert', 'a table may be called what it likes');
SELECT detach('named') \g /dev/null

-- what was kept is not taken a second time
CREATE TABLE odd.again (id int PRIMARY KEY, client text, at timestamptz, status text);
INSERT INTO odd.again VALUES (1, 'c', now(), 'attended');
SELECT attach('odd.again', :'map') \g /dev/null
SELECT detach('again', keep => true) \g /dev/null
SELECT throws_ok(format('SELECT attach(%L, %L)', 'odd.again', :'map'), '22023', 'relation odd.again cannot be attached as it is mapped', 'events that were kept have their ids');
SELECT lives_ok(format('SELECT attach(%L, %L, source => %L)', 'odd.again', :'map', 'anew'), 'the twin: under another name it goes');
SELECT detach('anew') \g /dev/null
DELETE FROM appointment WHERE appointment_id = 'again:1';

SELECT throws_ok('ALTER TABLE odd.pair SET UNLOGGED', '55000', NULL, 'a table that would be empty after a crash is refused');

-- partitions that are dropped
CREATE TABLE odd.parts (id int PRIMARY KEY, client text, at timestamptz, status text) PARTITION BY RANGE (id);
CREATE TABLE odd.parts_1 PARTITION OF odd.parts FOR VALUES FROM (0) TO (10);
CREATE TABLE odd.parts_2 PARTITION OF odd.parts FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (id);
CREATE TABLE odd.parts_21 PARTITION OF odd.parts_2 FOR VALUES FROM (10) TO (15);
SELECT is(attach('odd.parts', :'map'), 'parts', 'partitions of partitions');
INSERT INTO odd.parts SELECT i, 'p', now(), 'attended' FROM unnest('{1,2,11,12}'::int[]) i;
CREATE TABLE odd.parts_22 PARTITION OF odd.parts_2 FOR VALUES FROM (15) TO (20);
INSERT INTO odd.parts_22 VALUES (16, 'p', now(), 'attended');
UPDATE odd.parts SET id = 17 WHERE id = 1;
SELECT is(pg_temp.ids('parts'), '11 12 16 17 2', 'are followed, also when a row moves from one to another');
DROP TABLE odd.parts_21;
SELECT is(pg_temp.ids('parts'), '16 17 2', 'rows go with a partition that is dropped');
DROP TABLE odd.parts_2;
SELECT is(pg_temp.ids('parts'), '2', 'and with one that has some itself');
TRUNCATE ONLY odd.parts_1;
SELECT is(pg_temp.ids('parts'), NULL, 'or that is truncated');
SELECT is((SELECT string_agg(problem, ', ') FROM sources WHERE source_id = 'parts'), NULL, 'and nothing is wrong');

-- a partition that comes with its schema
CREATE SCHEMA odder CREATE TABLE parts_3 PARTITION OF odd.parts FOR VALUES FROM (20) TO (30);
INSERT INTO odder.parts_3 VALUES (21, 'p', now(), 'attended');
SELECT is(pg_temp.ids('parts'), '21', 'a partition that is made with its schema is followed');

-- MERGE that moves a row to another partition gives neither row to statement triggers
CREATE TABLE odd.parts_4 PARTITION OF odd.parts FOR VALUES FROM (30) TO (40);
MERGE INTO odd.parts p USING (VALUES (21)) AS m (id) ON p.id = m.id WHEN MATCHED THEN UPDATE SET id = 31;
SELECT ok(pg_temp.ids('parts') = '31' OR EXISTS (SELECT FROM verify('O') WHERE difference = 'source "parts": event "31" is missing'), 'which is followed, or verify() says that it is not');
SELECT refresh('parts') \g /dev/null
SELECT is(pg_temp.ids('parts'), '31', 'and refresh() mends it');

-- TRUNCATE of what it refers to, rows that are frozen, and two sources on one table
CREATE TABLE odd.family (id int PRIMARY KEY);
CREATE TABLE odd.child (id int PRIMARY KEY, family int REFERENCES odd.family, client text, at timestamptz, status text);
SELECT attach('odd.child', :'map') \g /dev/null
SELECT attach('odd.child', :'map'::jsonb || '{"kind": "contact", "codes": {"attended": "two_way"}}', source => 'calls') \g /dev/null
INSERT INTO odd.family VALUES (1);
INSERT INTO odd.child VALUES (1, 1, 'c', now(), 'attended');
SELECT is(pg_temp.ids('child') || (SELECT count(*) FROM contact WHERE source_id = 'calls'), '11', 'two sources on one table');
TRUNCATE odd.family CASCADE;
SELECT is(coalesce(pg_temp.ids('child'), '-') || (SELECT count(*) FROM contact WHERE source_id = 'calls'), '-0', 'a TRUNCATE that cascades empties both');
TRUNCATE odd.child;
COPY odd.child FROM stdin WITH (FREEZE);
1	\N	c	2026-01-01 12:00	attended
\.
SELECT is(pg_temp.ids('child'), '1', 'rows that are copied frozen');
PREPARE one AS INSERT INTO odd.child VALUES ($1, NULL, 'c', now(), 'attended');
EXECUTE one(2);
ALTER TABLE odd.child RENAME COLUMN client TO kid;
EXECUTE one(3);
ALTER TABLE odd.child RENAME COLUMN id TO number;
EXECUTE one(4);
SELECT is(pg_temp.ids('child'), '1 2 3 4', 'a prepared statement goes on when columns are renamed');
SET LOCAL session_replication_role = replica;
EXECUTE one(5);
SET LOCAL session_replication_role = origin;
SELECT is((SELECT string_agg(difference, ', ') FROM verify('O') WHERE difference LIKE 'source "child"%'), 'source "child": event "5" is missing', 'what is applied by replication is not seen, as verify() says');
SELECT refresh('child') \g /dev/null
SELECT is((SELECT string_agg(difference, ', ') FROM verify('O') WHERE difference NOT LIKE 'source "calls"%'), NULL, 'refresh() takes it, and nothing is wrong');

SELECT throws_ok(format('SELECT refresh(%L)', repeat('é', 40)), '22023', format('unknown source "%s"', repeat('é', 40)), 'a name that is too long is not cut');

SELECT * FROM finish();
ROLLBACK;
