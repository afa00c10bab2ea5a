-- The type attendance: what people see of it. The laws and the oracle are in test/pgtap.
SET datestyle = 'ISO, YMD';
SET timezone = 'UTC';
SELECT 'America/New_York{2026-01-12T14:00:00Z no_show, 2026-01-05T14:00:00Z attended}'::caseload.attendance;
SELECT ' utc { } '::caseload.attendance, 'america/new_york{}'::caseload.attendance;
SELECT caseload.attendance(at, status, 'America/Anchorage')
  FROM (VALUES (timestamptz '2026-01-12 17:00Z', 'no_show'), ('2026-01-05 17:00Z', 'attended'), (NULL, 'late'), ('2026-01-19 17:00Z', NULL)) e (at, status);
SELECT * FROM caseload.events('{2026-01-05T14:00:00Z attended,2026-01-12T14:00:00Z no_show}');

-- a day is a local day
SELECT caseload.last_attended('{2026-01-06T03:00:00Z attended}', '2026-02-01') AS utc,
       caseload.last_attended('America/New_York{2026-01-06T03:00:00Z attended}', '2026-02-01') AS new_york;

-- one story: every reading function
\set story '''{2026-01-05T14:00:00Z attended,2026-01-12T14:00:00Z no_show,2026-01-19T14:00:00Z late_cancel,2026-01-26T14:00:00Z no_show,2026-01-28T10:00:00Z two_way,2026-02-02T14:00:00Z client_cancel,2026-02-09T14:00:00Z scheduled}''::caseload.attendance'
SELECT caseload.event_count(:story), caseload.zone(:story), caseload.span(:story);
SELECT caseload.appointments(:story, d), caseload.attended(:story, d), caseload.no_shows(:story, d), caseload.late_cancels(:story, d),
       caseload.strikes(:story, d), caseload.unresolved(:story, d), caseload.miss_run(:story, d), caseload.cancel_run(:story, d),
       caseload.on_time_run(:story, d)
  FROM (VALUES (date '2026-01-05'), ('2026-01-26'), ('2026-02-09'), ('2026-02-10')) v (d);
SELECT caseload.misses_in(:story, 15, '2026-01-26'), caseload.misses_in(:story, 14, '2026-01-26'), caseload.strikes_in(:story, 8, '2026-01-26'),
       caseload.most_misses_in(:story, 14), caseload.most_misses_in(:story, 15), caseload.longest_miss_run(:story);
SELECT caseload.last_attended(:story, '2026-02-01'), caseload.last_contact(:story, '2026-02-01'), caseload.next_appointment(:story, '2026-02-01');

-- merge and remove
SELECT '{2026-01-05T14:00:00Z attended}'::caseload.attendance OPERATOR(caseload.+) '{2026-01-01T14:00:00Z late}' AS sum;
SELECT '{2026-01-05T14:00:00Z attended,2026-01-05T14:00:00Z attended}'::caseload.attendance OPERATOR(caseload.-) '{2026-01-05T14:00:00Z attended}' AS rest;

-- every message once
SELECT '{2026-01-05T14:00:00Z attended}'::caseload.attendance OPERATOR(caseload.-) '{2026-01-05T14:00:00Z late}';
SELECT '{}'::caseload.attendance OPERATOR(caseload.+) 'America/New_York{}';
SELECT '{2026-01-05 attended}'::caseload.attendance;
SELECT '{2026-01-05T14:00:00Z absent}'::caseload.attendance;
SELECT '{2026-02-30T14:00:00Z attended}'::caseload.attendance;
SELECT 'Mars/Phobos{}'::caseload.attendance;
SELECT caseload.attendance('2026-01-05 14:00Z', 'absent');
SELECT caseload.attendance('2026-01-05 14:00Z', 'late', 'Mars/Phobos');
SELECT caseload.attendance('infinity', 'late');
SELECT caseload.attendance('0001-01-01 BC', 'late');
SELECT caseload.no_shows('{}', 'infinity');
SELECT caseload.misses_in('{}', 0, '2026-01-01');
SELECT caseload.attendance_trans(NULL, now(), 'late');
SELECT caseload.canonical_zone('america/new_york'), caseload.canonical_zone('Etc/UTC');
SELECT caseload.canonical_zone('EST5EDT');

-- text and varchar by assignment only
CREATE TEMP TABLE value (a caseload.attendance, d caseload.dosage);
INSERT INTO value VALUES ('{}'::text, '2x30/week'::varchar);
SELECT * FROM value;
DROP TABLE value;
