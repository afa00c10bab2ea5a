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

-- every reason: what a helper may be given, headcount, licences, hours, groups, episodes
INSERT INTO caseload.district (district_id) VALUES ('CAPS');
INSERT INTO caseload.site (district_id, site_id, level, state) VALUES ('CAPS', 'NC', 'elementary', 'NC'), ('CAPS', 'VA', 'clinic', 'VA');
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte, state) VALUES
  ('CAPS', 'helper', 'SLP', 1, NULL), ('CAPS', 'evaluator', 'SLP', 1, NULL), ('CAPS', 'licensed', 'SLP', 1, 'NC'), ('CAPS', 'mornings', 'SLP', 1, NULL), ('CAPS', 'free', 'SLP', 1, NULL);
INSERT INTO caseload.client (district_id, client_id, site_id, state, grade) VALUES
  ('CAPS', 'G2', 'NC', NULL, 2), ('CAPS', 'G7', 'NC', NULL, 7), ('CAPS', 'G', 'NC', NULL, NULL), ('CAPS', 'V1', 'VA', NULL, 1), ('CAPS', 'S1', 'NC', 'SC', 1), ('CAPS', 'N', NULL, NULL, 1);
INSERT INTO caseload.episode (district_id, client_id, episode, period) VALUES ('CAPS', 'G2', 1, '[2025-01-01,)'), ('CAPS', 'N', 1, '[2020-01-01,2021-01-01)');
INSERT INTO caseload.therapist_scope (district_id, therapist_id, evaluation_only) VALUES ('CAPS', 'evaluator', true);
INSERT INTO caseload.therapist_scope (district_id, therapist_id, lowest_grade, highest_grade, valid) VALUES ('CAPS', 'helper', -1, 5, '(,2120-01-01)'), ('CAPS', 'helper', 6, NULL, '[2120-01-01,)');
INSERT INTO caseload.license (district_id, therapist_id, state, discipline, valid) VALUES ('CAPS', 'licensed', 'NC', 'SLP', '[2020-01-01,)'), ('CAPS', 'licensed', 'SC', 'SLP', '[2020-01-01,2021-01-01)');
UPDATE caseload.therapist SET availability = 'Mon-Fri 08:00-12:00' WHERE district_id = 'CAPS' AND therapist_id = 'mornings';
INSERT INTO caseload.policy (district_id, policy_name, discipline, value) VALUES ('CAPS', 'headcount_cap', 'SLP', '2');
CREATE FUNCTION pg_temp.ask(therapist text, client text, dosage text DEFAULT '30/week', discipline text DEFAULT 'SLP', from_date date DEFAULT CURRENT_DATE, group_size integer DEFAULT 1, delivery text DEFAULT NULL)
RETURNS TABLE (rule_name text, would_be numeric, limit_value numeric, verdict text, message text) LANGUAGE sql STABLE AS
$$ SELECT k.rule_name, k.would_be, k.limit_value, k.verdict, replace(k.message, CURRENT_DATE::text, 'today')
     FROM caseload.check_capacity(therapist, dosage => dosage, discipline => discipline, group_size => group_size, from_date => from_date,
                                  district_id => 'CAPS', client_id => client, delivery => delivery) k $$;
SELECT * FROM pg_temp.ask('helper', 'G2');
SELECT * FROM pg_temp.ask('helper', 'G7', group_size => 3, delivery => 'individual_required') WHERE verdict <> 'ok';
SELECT * FROM pg_temp.ask('helper', 'G2', from_date => '2121-01-01') WHERE rule_name = 'scope';
SELECT * FROM pg_temp.ask('helper', 'G') WHERE rule_name = 'scope';
SELECT * FROM pg_temp.ask('helper', NULL) WHERE rule_name = 'scope';
SELECT * FROM pg_temp.ask('evaluator', 'G2') WHERE verdict <> 'ok';
SELECT * FROM pg_temp.ask('licensed', 'G2') WHERE rule_name = 'licence';
SELECT * FROM pg_temp.ask('licensed', 'V1') WHERE rule_name = 'licence';
SELECT * FROM pg_temp.ask('licensed', 'S1') WHERE rule_name = 'licence';
SELECT * FROM pg_temp.ask('licensed', 'N') WHERE rule_name IN ('licence', 'episode');
SELECT * FROM pg_temp.ask('licensed', 'G2', discipline => 'OT') WHERE verdict <> 'ok';
SELECT * FROM pg_temp.ask('mornings', 'G2', dosage => '1201/week') WHERE rule_name = 'weekly_minutes';
SELECT * FROM pg_temp.ask('free', 'V1', dosage => '60/month') WHERE rule_name = 'weekly_minutes';
SELECT * FROM pg_temp.ask('free', 'G2', dosage => '60/month') WHERE rule_name = 'weekly_minutes';
SELECT * FROM caseload.check_capacity('free', dosage => '30/week', district_id => 'CAPS', client_id => 'nobody');
SELECT * FROM caseload.check_capacity('free', dosage => '30/week', district_id => 'CAPS', group_size => 0);
-- the trigger gives the same reasons
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period) VALUES ('CAPS', 'h', 'G7', 'OT', '1600/week', 'helper', '[2026-01-01,2120-01-01)');
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id) VALUES ('CAPS', 'e', 'G2', 'SLP', '30/week', 'evaluator');
-- two clients of a cap of two; a third is one too many, a second service of one of them is not, nor is one of tier 1
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id) VALUES ('CAPS', 'a', 'G2', 'SLP', '30/week', 'free'), ('CAPS', 'b', 'G7', 'SLP', '30/week', 'free');
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period) VALUES ('CAPS', 'c', 'G', 'SLP', '30/week', 'free', '[2126-01-01,2126-02-01)');
UPDATE caseload.policy SET value = '1' WHERE district_id = 'CAPS' AND policy_name = 'headcount_cap';
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id) VALUES ('CAPS', 'd', 'G2', 'SLP', '30/week', 'free');
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, tier) VALUES ('CAPS', 't', 'G', 'SLP', '30/week', 'free', 1);
UPDATE caseload.service SET tier = 3 WHERE district_id = 'CAPS' AND service_id = 't';
SELECT rule_name, limit_value, would_be, verdict, message FROM caseload.check_capacity('free', service_id => 'd', district_id => 'CAPS') WHERE rule_name = 'headcount';
DELETE FROM caseload.policy WHERE district_id = 'CAPS';
-- by discipline: warn for one, off for another
INSERT INTO caseload.policy (district_id, policy_name, discipline, value) VALUES ('CAPS', 'capacity', 'SLP', 'warn');
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id) VALUES ('CAPS', 'w', 'V1', 'SLP', '1600/week', 'free');
DELETE FROM caseload.policy WHERE district_id = 'CAPS';
DELETE FROM caseload.service WHERE district_id = 'CAPS' AND service_id = 'w';
-- a row answers for what became of it: what is added twice over, taken back, moved on
BEGIN;
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id) VALUES ('CAPS', 'x', 'V1', 'SLP', '1600/week', 'helper');
UPDATE caseload.service SET delivery = 'push_in' WHERE district_id = 'CAPS' AND service_id = 'x';
COMMIT;
BEGIN;
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id) VALUES ('CAPS', 'x', 'V1', 'SLP', '1600/week', 'mornings');
SAVEPOINT s;
UPDATE caseload.service SET dosage = '30/week' WHERE district_id = 'CAPS' AND service_id = 'x';
ROLLBACK TO s;
UPDATE caseload.service SET dosage = '40/week' WHERE district_id = 'CAPS' AND service_id = 'x';
SELECT rule_name, limit_value, would_be, verdict FROM caseload.check_capacity('mornings', dosage => '1/week', district_id => 'CAPS') WHERE rule_name = 'weekly_minutes';
COMMIT;
-- another client enrolled is a fact and is not refused; it is said
INSERT INTO caseload.client (district_id, client_id) VALUES ('CAPS', 'later');
INSERT INTO caseload.episode (district_id, client_id, episode, period) VALUES ('CAPS', 'later', 1, '[2020-01-01,2021-01-01)');
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period) VALUES ('CAPS', 'l', 'later', 'SLP', '1600/week', 'mornings', '[2020-01-01,)');
INSERT INTO caseload.episode (district_id, client_id, episode, period) VALUES ('CAPS', 'later', 2, '[2021-01-01,)');
UPDATE caseload.episode SET period = '[2021-01-01,2022-01-01)' WHERE district_id = 'CAPS' AND client_id = 'later' AND episode = 2;
SELECT therapist_id, s.* FROM caseload.therapist_load l, caseload.services_on(load, CURRENT_DATE) s WHERE l.district_id = 'CAPS' ORDER BY 1, 2, 3, 5;
SELECT * FROM caseload.verify('CAPS');
-- bulk: off while loading, and the counters are right all the same
BEGIN;
SET LOCAL caseload.capacity = 'off';
INSERT INTO caseload.service (district_id, client_id, discipline, dosage, therapist_id) SELECT 'CAPS', 'G2', 'SLP', '30/week', 'free' FROM generate_series(1, 100);
COMMIT;
SELECT rule_name, limit_value, would_be, verdict FROM caseload.check_capacity('free', dosage => '1/week', district_id => 'CAPS') WHERE rule_name = 'weekly_minutes';
SELECT * FROM caseload.verify('CAPS');
UPDATE caseload.therapist_load SET load = '{}' WHERE district_id = 'CAPS' AND therapist_id = 'free';
DELETE FROM caseload.therapist_load WHERE district_id = 'CAPS' AND therapist_id = 'mornings';
SELECT * FROM caseload.verify('CAPS') ORDER BY difference;
SELECT caseload.rebuild('CAPS');
SELECT * FROM caseload.verify('CAPS');
-- a therapist who could not be read is not taken for one without limits when the same transaction asks again
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period, tier) VALUES ('CAPS', 'half-read', 'G2', 'SLP', '1/week', 'mornings', '[2020-01-01,)', 2);
BEGIN;
SET LOCAL client_min_messages = warning;
UPDATE caseload.service SET tier = 3 WHERE district_id = 'CAPS' AND service_id = 'half-read';
DELETE FROM caseload.policy_kind WHERE policy_name = 'headcount_cap';
SAVEPOINT first;
SET CONSTRAINTS ALL IMMEDIATE;
ROLLBACK TO first;
SET CONSTRAINTS ALL IMMEDIATE;
ROLLBACK;
DELETE FROM caseload.service WHERE district_id = 'CAPS' AND service_id = 'half-read';
-- misuse
CREATE TABLE public.other (a int);
CREATE TRIGGER t BEFORE INSERT ON public.other FOR EACH ROW EXECUTE FUNCTION caseload.load_after_service();
INSERT INTO public.other VALUES (1);
DROP TRIGGER t ON public.other;
CREATE TRIGGER t AFTER INSERT ON public.other FOR EACH ROW EXECUTE FUNCTION caseload.load_after_service();
INSERT INTO public.other VALUES (1);
DROP TABLE public.other;
CREATE ROLE regress_caseload_plain;
GRANT USAGE ON SCHEMA caseload TO regress_caseload_plain;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA caseload TO regress_caseload_plain;
SET ROLE regress_caseload_plain;
SELECT * FROM caseload._capacity_reasons('CAPS', 'free', NULL, NULL, NULL, NULL, 3, 1, '30/week', NULL, NULL, false);
RESET ROLE;
DROP OWNED BY regress_caseload_plain;
DROP ROLE regress_caseload_plain;
