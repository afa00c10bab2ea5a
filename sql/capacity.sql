-- Capacity: asked before the write, decided at the write, by the same numbers.
SET datestyle = 'ISO, YMD';
INSERT INTO caseload.district (district_id) VALUES ('CAP');
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte, employed) VALUES
  ('CAP', 'half', 'SLP', 0.5, '(,)'), ('CAP', 'full', 'SLP', 1, '(,)'), ('CAP', 'gone', 'SLP', 1, '(,2020-01-01)'), ('CAP', 'unknown', 'SLP', NULL, '(,)');
INSERT INTO caseload.client (district_id, client_id) SELECT 'CAP', 'C' || i FROM generate_series(1, 12) i;
-- half a position gives 750 minutes a week: 10 x 75 fit, one more minute does not
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period)
  SELECT 'CAP', 'S' || i, 'C' || i, 'SLP', '75/week', 'half', '[2026-01-01,)' FROM generate_series(1, 10) i;
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period) VALUES ('CAP', 'S11', 'C11', 'SLP', '1/week', 'half', '[2026-01-01,)');
-- all reasons at once, and who has room
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period) VALUES ('CAP', 'S11', 'C11', 'OT', '30/week', 'half', '[2026-01-01,)');
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte) VALUES ('CAP', 'ot', 'OT', 1);
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period) VALUES ('CAP', 'S11', 'C11', 'OT', '30/week', 'gone', '[2126-01-01,)');
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period) VALUES ('CAP', 'S11', 'C11', 'SLP', '30/week', 'nobody', '[2026-01-01,)');
-- the same by check_capacity, without a write
SELECT rule_name, limit_value, would_be, verdict FROM caseload.check_capacity('half', dosage => '1/week', district_id => 'CAP');
SELECT rule_name, limit_value, would_be, verdict FROM caseload.check_capacity('half', service_id => 'S1');
SELECT rule_name, limit_value, would_be, verdict FROM caseload.check_capacity('full', service_id => 'S1');
SELECT rule_name, limit_value, would_be, verdict, message FROM caseload.check_capacity('unknown', dosage => '2x30/week', group_size => 3, from_date => '2126-01-01');
SELECT rule_name, verdict FROM caseload.check_capacity('gone', dosage => '30/week', discipline => 'OT');
SELECT * FROM caseload.check_capacity('half', dosage => 'often');
SELECT * FROM caseload.check_capacity('half');
SELECT * FROM caseload.check_capacity('half', service_id => 'S99');
SELECT * FROM caseload.check_capacity('nobody', dosage => '30/week');
-- within a transaction load moves in any order; what helps is let through, what adds is not
BEGIN;
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period) VALUES ('CAP', 'S11', 'C11', 'SLP', '75/week', 'half', '[2026-01-01,)');
UPDATE caseload.service SET therapist_id = 'full' WHERE district_id = 'CAP' AND service_id = 'S1';
COMMIT;
UPDATE caseload.therapist SET fte = 0.4 WHERE district_id = 'CAP' AND therapist_id = 'half';
UPDATE caseload.service SET dosage = '70/week' WHERE district_id = 'CAP' AND service_id = 'S2';
UPDATE caseload.service SET dosage = '71/week' WHERE district_id = 'CAP' AND service_id = 'S2';
UPDATE caseload.service SET delivery = 'push_in' WHERE district_id = 'CAP' AND service_id = 'S2';
-- what a transaction has corrected itself has nothing to answer for; a client who begins later counts when he does
BEGIN;
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period) VALUES ('CAP', 'oops', 'C12', 'OT', '30/week', 'full', '[2026-01-01,)');
UPDATE caseload.service SET discipline = 'SLP' WHERE district_id = 'CAP' AND service_id = 'oops';
COMMIT;
DELETE FROM caseload.service WHERE district_id = 'CAP' AND service_id = 'oops';
INSERT INTO caseload.client (district_id, client_id) VALUES ('CAP', 'F1');
INSERT INTO caseload.episode (district_id, client_id, episode, period) VALUES ('CAP', 'F1', 1, '[2126-01-01,)');
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period) VALUES ('CAP', 'F1', 'F1', 'SLP', '1600/week', 'full', '[2026-01-01,)');
-- a group that fits exactly
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte) VALUES ('CAP', 'tiny', 'SLP', 0.04);
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, group_size, therapist_id, period)
  SELECT 'CAP', 'G' || i, 'C' || i, 'SLP', '1x60/week', 3, 'tiny', '[2026-01-01,)' FROM generate_series(1, 3) i;
SELECT weekly_minutes, capacity_minutes FROM caseload.workload() WHERE district_id = 'CAP' AND therapist_id = 'tiny';
UPDATE caseload.service SET client_id = 'C9', dosage = '1x61/week' WHERE district_id = 'CAP' AND service_id = 'G1';
-- the peak of the load counts, also when it comes later; the past does not
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period) VALUES ('CAP', 'late', 'C12', 'SLP', '1400/week', 'full', '[2126-01-01,)');
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period) VALUES ('CAP', 'S12', 'C12', 'SLP', '30/week', 'full', '[2026-01-01,)');
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period) VALUES ('CAP', 'S12', 'C12', 'SLP', '30/week', 'full', '[2026-01-01,2126-01-01)');
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period) VALUES ('CAP', 'past', 'C12', 'SLP', '9000/week', 'full', '[2019-01-01,2020-01-01)');
-- waiting is always possible; a warning by policy; the setting weakens, for those who may set it
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, period) VALUES ('CAP', 'wait', 'C12', 'SLP', '9000/week', '[2026-01-01,)');
INSERT INTO caseload.policy (district_id, policy_name, value) VALUES ('CAP', 'capacity', 'warn');
UPDATE caseload.service SET therapist_id = 'half' WHERE district_id = 'CAP' AND service_id = 'S1';
SELECT rule_name, verdict FROM caseload.check_capacity('half', dosage => '30/week');
UPDATE caseload.policy SET value = 'off' WHERE district_id = 'CAP';
UPDATE caseload.service SET dosage = '80/week' WHERE district_id = 'CAP' AND service_id = 'S1';
DELETE FROM caseload.policy WHERE district_id = 'CAP';
BEGIN;
SET LOCAL caseload.capacity = 'warn';
UPDATE caseload.service SET dosage = '76/week' WHERE district_id = 'CAP' AND service_id = 'S3';
COMMIT;
BEGIN;
SET LOCAL caseload.capacity = 'off';
UPDATE caseload.service SET dosage = '77/week' WHERE district_id = 'CAP' AND service_id = 'S3';
COMMIT;
SET caseload.capacity = 'maybe';
CREATE ROLE regress_caseload_plain;
SET ROLE regress_caseload_plain;
SET caseload.capacity = 'off';
RESET ROLE;
DROP ROLE regress_caseload_plain;
SELECT therapist_id, weekly_minutes, capacity_minutes FROM caseload.workload() WHERE district_id = 'CAP' ORDER BY 1;
