-- Who could give a service, every rule that stands against who could not, and the candidates for a client.
SET datestyle = 'ISO, YMD';
SET timezone = 'UTC';
\set SHOW_CONTEXT never
INSERT INTO caseload.district (district_id) VALUES ('ELI');
INSERT INTO caseload.site (district_id, site_id, level, state, time_zone, availability) VALUES
  ('ELI', 'LA', 'elementary', 'CA', 'America/Los_Angeles', 'Mon 08:00-11:00, Wed 08:00-11:00'), ('ELI', 'ANC', 'high', 'AK', 'America/Anchorage', 'Tue 08:00-11:00, Thu 08:00-11:00'),
  ('ELI', 'NET', 'tele', 'CA', 'America/Los_Angeles', NULL), ('ELI', 'PHX', 'middle', 'AZ', 'America/Phoenix', 'Tue 10:00-11:00');
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte, state, time_zone, availability, presence, employed) VALUES
  ('ELI', 'both', 'SLP', 1, 'CA', 'America/Los_Angeles', 'Mon 09:00-12:00, Tue 09:00-13:00', 'both', '(,)'),
  ('ELI', 'plain', 'SLP', NULL, NULL, NULL, NULL, NULL, '(,)'),
  ('ELI', 'zero', 'SLP', 0, 'CA', NULL, NULL, NULL, '(,)'),
  ('ELI', 'young', 'SLP', 1, 'CA', 'America/Los_Angeles', 'Wed 08:00-08:30', 'on_site', '(,)'),
  ('ELI', 'far', 'SLP', 0.5, 'AK', 'America/Anchorage', 'Tue 09:00-10:00', 'tele', '(,)'),
  ('ELI', 'gone', 'SLP', 1, NULL, NULL, NULL, NULL, '(,2024-01-01)'),
  ('ELI', 'later', 'SLP', 1, NULL, NULL, NULL, NULL, '[2026-01-01,)'),
  ('ELI', 'ot', 'OT', 1, NULL, NULL, NULL, NULL, '(,)');
INSERT INTO caseload.license (district_id, therapist_id, state, discipline, valid) VALUES
  ('ELI', 'both', 'CA', 'SLP', '(,)'), ('ELI', 'both', 'AK', 'SLP', '[2020-01-01,2025-06-01)'), ('ELI', 'young', 'CA', 'SLP', '(,)'),
  ('ELI', 'far', 'AK', 'SLP', '(,)'), ('ELI', 'far', 'CA', 'SLP', '(,)');
INSERT INTO caseload.therapist_scope (district_id, therapist_id, lowest_grade, highest_grade) VALUES ('ELI', 'young', -1, 3);
INSERT INTO caseload.therapist_site (district_id, therapist_id, site_id) VALUES ('ELI', 'both', 'LA'), ('ELI', 'young', 'LA');
INSERT INTO caseload.therapist_skill (district_id, therapist_id, kind, word, valid) VALUES
  ('ELI', 'both', 'language', 'Spanish', '(,)'), ('ELI', 'both', 'specialty', 'AAC', '(,2025-02-01)'), ('ELI', 'young', 'language', 'Spanish', '(,)');
INSERT INTO caseload.client (district_id, client_id, site_id, grade, tele) VALUES
  ('ELI', 'la', 'LA', 2, false), ('ELI', 'la9', 'LA', 9, true), ('ELI', 'anc', 'ANC', 10, true), ('ELI', 'net', 'NET', 5, false), ('ELI', 'phx', 'PHX', 7, true), ('ELI', 'none', NULL, NULL, false);
INSERT INTO caseload.client_need (district_id, client_id, kind, word, required) VALUES
  ('ELI', 'la', 'language', 'Spanish', true), ('ELI', 'la', 'specialty', 'fluency', false), ('ELI', 'la9', 'specialty', 'AAC', true);
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, period, therapist_id, delivery) VALUES
  ('ELI', 'la', 'la', 'SLP', '2x30/week', '[2025-01-01,)', NULL, 'small_group_ok'), ('ELI', 'la9', 'la9', 'SLP', '1x45/2 weeks', '[2025-01-01,)', NULL, 'small_group_ok'),
  ('ELI', 'anc', 'anc', 'SLP', '60/week', '[2025-01-01,)', NULL, 'small_group_ok'), ('ELI', 'net', 'net', 'SLP', NULL, '[2025-01-01,)', NULL, 'small_group_ok'),
  ('ELI', 'phx', 'phx', 'SLP', '1x60/week', '[2025-01-01,)', NULL, 'consult'), ('ELI', 'none', 'none', 'SLP', '30/week', '[2025-01-01,)', NULL, 'small_group_ok');
SELECT client_id, therapist_id, eligible AS can, permitted AS may, failing, minutes_in_common AS common, sessions_that_fit AS fit, sessions_needed AS need, unmet_wishes AS wishes
  FROM caseload.eligible('2025-01-14', 'ELI') ORDER BY client_id, therapist_id;
SELECT client_id, therapist_id, r.rule_name, r.limit_value, r.would_be, r.unit, r.message
  FROM caseload.eligible('2025-01-14', 'ELI') e CROSS JOIN LATERAL unnest(e.reasons) r ORDER BY client_id, therapist_id, r.rule_name;
-- 09:00 in Anchorage is 10:00 in Los Angeles and 11:00 in Phoenix in winter; in summer 10:00 in Phoenix, which keeps its clock
SELECT as_of, client_id, therapist_id, minutes_in_common FROM (VALUES ('2025-01-14'::date), ('2025-07-15')) AS d (as_of)
 CROSS JOIN LATERAL caseload.eligible(d.as_of, 'ELI', explain => false) e WHERE therapist_id = 'far' AND client_id IN ('anc', 'phx') ORDER BY 1, 2;
-- the week in which the clock changes in Los Angeles and Anchorage, but not in Phoenix
UPDATE caseload.site SET availability = 'Sun 10:00-11:00' WHERE district_id = 'ELI' AND site_id = 'PHX';
UPDATE caseload.therapist SET availability = 'Sun 09:00-10:00' WHERE district_id = 'ELI' AND therapist_id = 'far';
SELECT as_of, minutes_in_common FROM (VALUES ('2025-03-02'::date), ('2025-03-09'), ('2025-11-01'), ('2025-11-03')) AS d (as_of)
 CROSS JOIN LATERAL caseload.eligible(d.as_of, 'ELI', 'phx') e WHERE therapist_id = 'far' ORDER BY 1;
-- licences by date: the day after the one for Alaska has expired
SELECT d.as_of, e.failing FROM (VALUES ('2025-05-31'::date), ('2025-06-01')) AS d (as_of)
 CROSS JOIN LATERAL caseload.eligible(d.as_of, 'ELI', 'anc') e WHERE therapist_id = 'both' ORDER BY 1;
-- hours: a draft counts for nothing, and 8 hours once it is confirmed; the highest version that is confirmed and valid counts
SELECT limit_value, would_be, verdict FROM caseload.check_capacity('far', dosage => '60/week', district_id => 'ELI') WHERE rule_name = 'weekly_minutes';
INSERT INTO caseload.therapist_availability (district_id, therapist_id, availability) VALUES ('ELI', 'far', 'Mon 8-12, Wed 8-12');
SELECT limit_value, would_be, verdict FROM caseload.check_capacity('far', dosage => '60/week', district_id => 'ELI') WHERE rule_name = 'weekly_minutes';
UPDATE caseload.therapist_availability SET status = 'confirmed' WHERE district_id = 'ELI' AND version = 1;
SELECT limit_value, would_be, verdict, message FROM caseload.check_capacity('far', dosage => '60/week', district_id => 'ELI') WHERE rule_name = 'weekly_minutes';
INSERT INTO caseload.therapist_availability (district_id, therapist_id, availability, status, valid) VALUES
  ('ELI', 'far', 'Tue 8-9', 'confirmed', '[2125-01-01,)'), ('ELI', 'far', 'Tue 8-12', 'draft', '(,)'), ('ELI', 'far', 'Fri 8-12', 'confirmed', '(,)');
INSERT INTO caseload.therapist_availability (district_id, therapist_id, kind, availability, status) VALUES ('ELI', 'far', 'other', 'Thu 8-12', 'confirmed');
SELECT version, kind, availability, valid, status, confirmed_at IS NOT NULL AS confirmed, entered_by = current_user AS own FROM caseload.therapist_availability WHERE district_id = 'ELI' ORDER BY version;
SELECT limit_value FROM caseload.check_capacity('far', dosage => '60/week', district_id => 'ELI') WHERE rule_name = 'weekly_minutes';
SELECT caseload._availability_on('ELI', 'far', CURRENT_DATE) AS now, caseload._availability_on('ELI', 'far', '2126-01-01') AS then,
       caseload._availability_on('ELI', 'far', CURRENT_DATE, 'other') AS other, caseload._availability_on('ELI', 'plain', CURRENT_DATE) AS unknown;
UPDATE caseload.therapist_availability SET status = 'withdrawn' WHERE district_id = 'ELI' AND version = 4;
SELECT caseload._availability_on('ELI', 'far', CURRENT_DATE) AS now;
UPDATE caseload.therapist_availability SET status = 'confirmed' WHERE district_id = 'ELI' AND version = 4;
UPDATE caseload.therapist_availability SET availability = 'always' WHERE district_id = 'ELI' AND version = 1;
-- the rules that advise are warnings at most, and no write is refused by them
SELECT rule_name, limit_value, would_be, unit, verdict, replace(message, CURRENT_DATE::text, 'today') AS message FROM caseload.check_capacity('young', service_id => 'anc', district_id => 'ELI') WHERE rule_name IN ('availability', 'reach', 'language', 'specialty', 'licence', 'scope');
SELECT rule_name, verdict, message FROM caseload.check_capacity('far', service_id => 'la', district_id => 'ELI') WHERE verdict <> 'ok';
-- check_capacity() and eligible() never disagree
SELECT count(*) AS pairs, count(*) FILTER (WHERE e.failing IS DISTINCT FROM k.failing) AS different
  FROM caseload.eligible(CURRENT_DATE, 'ELI') e
 CROSS JOIN LATERAL (SELECT coalesce(array_agg(c.rule_name ORDER BY c.n) FILTER (WHERE c.verdict <> 'ok'), '{}') AS failing
                       FROM caseload.check_capacity(e.therapist_id, service_id => e.service_id, district_id => 'ELI') WITH ORDINALITY AS c (rule_name, limit_value, would_be, unit, verdict, message, n)) k;
-- who gives it is there, whatever the discipline
BEGIN;
SET LOCAL caseload.capacity = 'off';
UPDATE caseload.service SET therapist_id = 'ot' WHERE district_id = 'ELI' AND service_id = 'none';
UPDATE caseload.service SET therapist_id = 'gone' WHERE district_id = 'ELI' AND service_id = 'net';
COMMIT;
SELECT client_id, therapist_id, gives, failing FROM caseload.eligible('2025-01-14', 'ELI') WHERE client_id IN ('none', 'net') AND (gives OR therapist_id = 'plain') ORDER BY 1, 2;
-- candidates: equal loads per FTE; 60 minutes disturb half a position more than a whole one; without an FTE there is nothing to compare
INSERT INTO caseload.district (district_id) VALUES ('CAN');
INSERT INTO caseload.site (district_id, site_id, level, state, time_zone) VALUES ('CAN', 'A', 'middle', 'PA', 'America/New_York'), ('CAN', 'B', 'middle', 'PA', 'America/New_York');
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte, state, time_zone, availability) VALUES
  ('CAN', 'ann', 'OT', 1, 'PA', 'America/New_York', 'Mon-Fri 08:00-15:00'), ('CAN', 'ben', 'OT', 0.5, 'PA', 'America/New_York', 'Mon 08:00-12:00'), ('CAN', 'cy', 'OT', NULL, NULL, NULL, NULL), ('CAN', 'dee', 'OT', 0, NULL, NULL, NULL);
INSERT INTO caseload.license (district_id, therapist_id, state, discipline, valid) VALUES ('CAN', 'ann', 'PA', 'OT', '[2020-01-01,2027-01-01)'), ('CAN', 'ben', 'PA', 'OT', '(,)');
INSERT INTO caseload.client (district_id, client_id, site_id) VALUES ('CAN', 'c1', 'A'), ('CAN', 'c2', 'B'), ('CAN', 'new', 'B');
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, period, therapist_id) VALUES
  ('CAN', 's1', 'c1', 'OT', '200/week', '[2025-01-01,)', 'ann'), ('CAN', 's2', 'c2', 'OT', '100/week', '[2025-01-01,)', 'ben'), ('CAN', 'snew', 'new', 'OT', '60/week', '[2025-01-01,)', NULL);
SELECT place, therapist_id, eligible, load_before, load_after, fair_share, percent_before, percent_after, equity_before, equity_after, equity_change, headroom_minutes, minutes_in_common, new_site, licensed_until, failing
  FROM caseload.candidates('new', as_of => '2025-03-03', district_id => 'CAN');
SELECT place, therapist_id, why FROM caseload.candidates('new', as_of => '2025-03-03', district_id => 'CAN');
-- the same equity by the aggregate, of loads per FTE weighted by FTE
SELECT therapist_id, equity_after, (SELECT round(caseload.jain(((CASE l.therapist_id WHEN 'ann' THEN 200 ELSE 100 END + CASE WHEN l.therapist_id = k.therapist_id THEN 60 ELSE 0 END) / l.fte)::float8, l.fte::float8)::numeric, 6)
                       FROM caseload.therapist l WHERE l.district_id = 'CAN' AND l.fte > 0) AS by_aggregate
  FROM caseload.candidates('new', as_of => '2025-03-03', district_id => 'CAN') k WHERE equity_after IS NOT NULL ORDER BY 1;
-- moving somebody: before is with who gives it
SELECT place, therapist_id, gives, load_before, load_after, equity_before, equity_after FROM caseload.candidates('c1', as_of => '2025-03-03', district_id => 'CAN') ORDER BY place;
SELECT count(*) FROM caseload.candidates('new', 'PT', district_id => 'CAN');
SELECT count(*) FROM caseload.candidates('new', as_of => '2020-03-03', district_id => 'CAN');
-- what there is not
SELECT * FROM caseload.candidates('nobody');
SELECT * FROM caseload.candidates(NULL);
SELECT * FROM caseload.candidates('new', in_service => 's1');
SELECT * FROM caseload.eligible(in_client => 'nobody');
SELECT count(*) FROM caseload.eligible(in_district => 'nowhere');
SELECT count(*) FROM caseload.eligible('infinity', 'CAN');
-- for those who see all rows only
CREATE ROLE regress_caseload_plain;
GRANT USAGE ON SCHEMA caseload TO regress_caseload_plain;
GRANT SELECT ON ALL TABLES IN SCHEMA caseload TO regress_caseload_plain;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA caseload TO regress_caseload_plain;
REVOKE SELECT ON caseload.client_need FROM regress_caseload_plain;
SET ROLE regress_caseload_plain;
SELECT count(*) FROM caseload.eligible('2025-03-03', 'CAN');
RESET ROLE;
DROP OWNED BY regress_caseload_plain;
DROP ROLE regress_caseload_plain;
SELECT * FROM caseload.verify('ELI') UNION ALL SELECT * FROM caseload.verify('CAN');
DELETE FROM caseload.service WHERE district_id IN ('ELI', 'CAN');
DELETE FROM caseload.waiting WHERE district_id IN ('ELI', 'CAN');
DELETE FROM caseload.episode WHERE district_id IN ('ELI', 'CAN');
DELETE FROM caseload.client WHERE district_id IN ('ELI', 'CAN');
DELETE FROM caseload.therapist WHERE district_id IN ('ELI', 'CAN');
DELETE FROM caseload.site WHERE district_id IN ('ELI', 'CAN');
DELETE FROM caseload.district WHERE district_id IN ('ELI', 'CAN');
