-- Three misses of a client with a hostile name who had no flag, and the end of one; the work is taken back.
BEGIN;
SELECT district_id, client_id FROM caseload.client WHERE name LIKE '%<208>%' \gset
\set flags 'SELECT string_agg(rule_name, chr(44) ORDER BY rule_name) FROM caseload.flag WHERE district_id = :''district_id'' AND client_id = :''client_id'' AND rule_district = ''*'' AND cleared_on IS NULL;'
:flags
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status)
  SELECT :'district_id', :'client_id', 'new ' || i, CURRENT_TIMESTAMP - interval '1 day' * i, 'no_show' FROM generate_series(2, 4) i;
SELECT caseload.no_shows(attendance, CURRENT_DATE) FROM caseload.client_activity WHERE district_id = :'district_id' AND client_id = :'client_id';
:flags
SELECT count(*) FROM caseload.verify();
DELETE FROM caseload.appointment WHERE district_id = :'district_id' AND client_id = :'client_id' AND appointment_id = 'new 2';
:flags
SELECT count(*) FROM caseload.verify();
ROLLBACK;
