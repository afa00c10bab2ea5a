-- The waiting list: legal steps only, each with who and why, and reports that agree with it.
SET datestyle = 'ISO, YMD';
SET timezone = 'UTC';
\set SHOW_CONTEXT never
INSERT INTO caseload.district (district_id) VALUES ('WAI'), ('WAI2');
INSERT INTO caseload.site (district_id, site_id, level) VALUES ('WAI', 'A', 'middle'), ('WAI', 'B', 'high');
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte) VALUES ('WAI', 't1', 'SLP', 1), ('WAI', 't2', 'SLP', 0.1);
INSERT INTO caseload.client (district_id, client_id, site_id) SELECT 'WAI', 'c' || i, CASE WHEN i > 3 THEN 'B' ELSE 'A' END FROM generate_series(1, 6) i;
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, period)
  SELECT 'WAI', 's' || i, 'c' || i, CASE WHEN i = 6 THEN 'OT' ELSE 'SLP' END, '60/week', daterange(CURRENT_DATE - d, NULL)
    FROM (VALUES (1, 5), (2, 10), (3, 20), (4, 40), (5, 30), (6, 7)) v (i, d);
SELECT discipline, place, service_id, state, priority, days_waiting, therapist_id, changed_by FROM caseload.waiting_states(in_district => 'WAI');
SELECT "group", waiting, median, p90, longest FROM caseload.wait_percentiles(by => 'discipline', in_district => 'WAI');
-- a priority goes before the wait, and needs a reason
SELECT caseload.prioritize_waiting('s1', 10, 'safety', 'WAI');
SELECT caseload.prioritize_waiting('s2', 10, ' ', 'WAI');
SELECT caseload.prioritize_waiting('s2', 5000, 'because', 'WAI');
SELECT place, service_id, priority FROM caseload.waiting_states(in_district => 'WAI') WHERE discipline = 'SLP';
SELECT place, service_id FROM caseload.waiting_list(in_district => 'WAI') WHERE discipline = 'SLP';
-- offered, declined, offered again, booked
SELECT caseload.offer_waiting('s4', 't1', CURRENT_DATE + 3, 'Tuesday 9:00', 'WAI');
SELECT service_id, state, therapist_id, offered_until - CURRENT_DATE AS days, why FROM caseload.waiting_states(in_district => 'WAI') WHERE state = 'offered';
SELECT caseload.decline_waiting('s4', 'too early', 'WAI');
SELECT caseload.decline_waiting('s4', 'too early', 'WAI');
SELECT caseload.offer_waiting('s4', 't1', NULL, NULL, 'WAI');
SELECT caseload.book_waiting('s4', district_id => 'WAI');
SELECT therapist_id FROM caseload.service WHERE district_id = 'WAI' AND service_id = 's4';
SELECT from_state, to_state, therapist_id, why, by = current_user AS own FROM caseload.waiting_history('c4');
-- what is booked waits no more, and what is beyond capacity is refused when the transaction commits
SELECT caseload.offer_waiting('s4', 't1', district_id => 'WAI');
SELECT caseload.cancel_waiting('s4', 'moved away', district_id => 'WAI');
SELECT caseload.book_waiting('s4', 't1', district_id => 'WAI');
SELECT caseload.book_waiting('s5', 't2', district_id => 'WAI');
BEGIN;
SELECT caseload.book_waiting('s3', 't2', 'both', 'WAI'), caseload.book_waiting('s2', 't2', 'both', 'WAI');
COMMIT;
SELECT count(*) FROM caseload.waiting_list(in_district => 'WAI');
SELECT caseload.book_waiting('s3', district_id => 'WAI');
SELECT caseload.book_waiting('s3', 'nobody', district_id => 'WAI');
-- a therapist written into the plan books, too; one taken out puts back
UPDATE caseload.service SET therapist_id = 't1' WHERE district_id = 'WAI' AND service_id = 's3';
SELECT state, therapist_id FROM caseload.waiting WHERE district_id = 'WAI' AND service_id = 's3';
UPDATE caseload.service SET therapist_id = NULL WHERE district_id = 'WAI' AND service_id = 's3';
SELECT from_state, to_state FROM caseload.waiting_history('c3', 'WAI');
-- whoever may change plans need have no rights on the list
CREATE ROLE regress_caseload_plain;
GRANT USAGE ON SCHEMA caseload TO regress_caseload_plain;
GRANT SELECT, UPDATE ON caseload.service TO regress_caseload_plain;
SET ROLE regress_caseload_plain;
UPDATE caseload.service SET therapist_id = 't1' WHERE district_id = 'WAI' AND service_id = 's3';
UPDATE caseload.service SET therapist_id = NULL WHERE district_id = 'WAI' AND service_id = 's3';
RESET ROLE;
DROP OWNED BY regress_caseload_plain;
DROP ROLE regress_caseload_plain;
SELECT from_state, to_state, by = session_user AS own FROM caseload.waiting_history('c3', 'WAI');
-- cancelled: due until yesterday, and off every report; what would begin later was never due
SELECT caseload.cancel_waiting('s3', '', district_id => 'WAI');
SELECT caseload.cancel_waiting('s3', 'moved away', district_id => 'WAI');
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, period) VALUES ('WAI', 's7', 'c3', 'SLP', '30/week', daterange(CURRENT_DATE, NULL));
SELECT caseload.cancel_waiting('s7', 'a mistake', district_id => 'WAI');
SELECT service_id, upper(period) = CURRENT_DATE AS ended FROM caseload.service WHERE district_id = 'WAI' AND client_id = 'c3';
SELECT from_state, to_state, why FROM caseload.waiting_history('c3', 'WAI');
SELECT (SELECT count(*) FROM caseload.waiting_list(in_district => 'WAI')) AS list, (SELECT count(*) FROM caseload.service_facts() WHERE district_id = 'WAI' AND waiting) AS facts,
       (SELECT waiting_services FROM caseload.program_totals(in_district => 'WAI')) AS totals, (SELECT sum(waiting) FROM caseload.wait_percentiles(by => 'site', in_district => 'WAI')) AS percentiles,
       (SELECT sum(waiting_services) FROM caseload.site_facts() WHERE district_id = 'WAI') AS sites, (SELECT count(*) FROM caseload.waiting_states(in_district => 'WAI')) AS states;
-- what has left does not come back, and the table itself takes legal steps only
UPDATE caseload.waiting SET state = 'offered', therapist_id = 't1' WHERE district_id = 'WAI' AND service_id = 's3';
UPDATE caseload.waiting SET state = 'booked', therapist_id = 't1' WHERE district_id = 'WAI' AND service_id = 's1';
UPDATE caseload.waiting SET state = 'maybe' WHERE district_id = 'WAI' AND service_id = 's1';
UPDATE caseload.waiting SET state = 'offered' WHERE district_id = 'WAI' AND service_id = 's1';
-- offers that nobody has answered: the client waits on; whoever has waited for too long leaves the list
SELECT caseload.offer_waiting('s2', 't1', CURRENT_DATE, 'Monday', 'WAI');
SELECT caseload.offer_waiting('s5', 't1', CURRENT_DATE - 1, 'Monday', 'WAI');
SELECT * FROM caseload.expire_waiting(CURRENT_DATE, 'WAI');
SELECT * FROM caseload.expire_waiting(CURRENT_DATE + 1, 'WAI');
SELECT caseload.offer_waiting('s2', 't1', CURRENT_DATE, 'Monday', 'WAI');
SELECT * FROM caseload.expire_waiting(CURRENT_DATE + 1, 'WAI', 'expired', 25);
SELECT * FROM caseload.expire_waiting(CURRENT_DATE + 1, 'WAI', 'forgotten');
SELECT from_state, to_state, replace(why, CURRENT_DATE::text, 'today') AS why FROM caseload.waiting_history('c2', 'WAI');
SELECT discipline, place, service_id, state FROM caseload.waiting_states(in_district => 'WAI');
-- what there is not
SELECT caseload.offer_waiting('s99', 't1');
SELECT caseload.offer_waiting(NULL, 't1');
SELECT caseload.offer_waiting('s1', 'nobody', district_id => 'WAI');
SELECT * FROM caseload.waiting_history('nobody');
SELECT count(*) FROM caseload.waiting_states(in_district => 'WAI2');
SELECT * FROM caseload.verify('WAI');
DELETE FROM caseload.service WHERE district_id = 'WAI';
DELETE FROM caseload.client WHERE district_id = 'WAI';
SELECT count(*) AS left_behind FROM caseload.waiting_step WHERE district_id = 'WAI';
DELETE FROM caseload.therapist WHERE district_id = 'WAI';
DELETE FROM caseload.site WHERE district_id = 'WAI';
DELETE FROM caseload.district WHERE district_id IN ('WAI', 'WAI2');
