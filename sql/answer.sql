-- Flags and what people do about them: answers with who, when and why; new evidence; the path from warning to closing; letters; the clock.
SET datestyle = 'ISO, YMD';
SET timezone = 'UTC';
INSERT INTO caseload.district (district_id) VALUES ('ANS');
INSERT INTO caseload.site (district_id, site_id, level, time_zone) VALUES ('ANS', 'S', 'elementary', 'America/New_York'), ('ANS', 'K', 'clinic', 'America/New_York');
INSERT INTO caseload.client (district_id, client_id, site_id) SELECT 'ANS', c, 'S' FROM unnest('{three,more,snooze,warned,booked,gone}'::text[]) c;
INSERT INTO caseload.episode (district_id, client_id, episode, period) SELECT 'ANS', client_id, 1, daterange(CURRENT_DATE - 200, NULL) FROM caseload.client WHERE district_id = 'ANS';
CREATE TEMP VIEW answered AS SELECT client_id, rule_name, state, evidence, cleared_why, raised_by = session_user AS by_me FROM caseload.flag WHERE district_id = 'ANS';
CREATE FUNCTION public.flag_of(client text, rule text) RETURNS text LANGUAGE sql AS
  $$ SELECT f.flag_id FROM caseload.flag f WHERE f.district_id = 'ANS' AND f.client_id = client AND f.rule_name = rule AND f.cleared_on IS NULL $$;
CREATE FUNCTION public.event(client text, id text, days integer, status text) RETURNS void LANGUAGE sql AS
  $$ INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status)
     VALUES ('ANS', client, id, (caseload._client_day('ANS', client) - days + time '12:00') AT TIME ZONE 'America/New_York', status::caseload.appointment_status) $$;

-- three strikes, each with its id; the fourth is new evidence after a dismissal, and only then
SELECT public.event('three', id, 25 - 5 * id::integer, s) FROM unnest('{1,2,3}'::text[], '{no_show,late_cancel,no_show}'::text[]) AS e (id, s);
SELECT public.event('three', 'seen', 2, 'attended');
SELECT * FROM answered WHERE client_id = 'three' AND rule_name = 'attendance_close';
\set SHOW_CONTEXT never
SELECT caseload.dismiss_flag(public.flag_of('three', 'attendance_close'), ' ');
SELECT caseload.dismiss_flag(public.flag_of('three', 'attendance_close'), 'was in hospital');
SELECT count(*) AS shown FROM caseload.current_flags WHERE district_id = 'ANS' AND client_id = 'three';
SELECT public.event('three', 'seen2', 1, 'attended');
SELECT raised FROM caseload.evaluate(NULL, 'ANS');
SELECT state FROM answered WHERE client_id = 'three' AND rule_name = 'attendance_close';
SELECT public.event('three', '4', 1, 'no_show');
SELECT state, evidence, cleared_why FROM answered WHERE client_id = 'three' AND rule_name = 'attendance_close' ORDER BY cleared_why;
SELECT step, regexp_replace(why, '\d{4}-\d\d-\d\d', 'DATE') AS why, until IS NOT NULL AS until, by = session_user AS by_me FROM caseload.flag_history((SELECT flag_id FROM caseload.flag WHERE district_id = 'ANS' AND client_id = 'three' AND state = 'dismissed'));
\set VERBOSITY terse
-- taken back, it is as before: the flag that was raised anew ceases with the evidence
SELECT caseload.acknowledge_flag(public.flag_of('three', 'attendance_close'), 'calling the family');
SELECT client_id, state FROM caseload.current_flags WHERE district_id = 'ANS' AND client_id = 'three';
DELETE FROM caseload.appointment WHERE district_id = 'ANS' AND client_id = 'three' AND appointment_id IN ('3', '4');
SELECT state, cleared_why FROM answered WHERE client_id = 'three' AND rule_name = 'attendance_close' ORDER BY 1;
SELECT caseload.confirm_flag((SELECT flag_id FROM caseload.flag WHERE district_id = 'ANS' AND client_id = 'three' AND cleared_why = 'condition' AND rule_name = 'attendance_close'));
SELECT caseload.confirm_flag('nobody''s');

-- snoozed until a day, or until new evidence
SELECT public.event('snooze', i::text, 30 - 5 * i, 'no_show') FROM generate_series(1, 3) i;
SELECT public.event('snooze', 'seen', 1, 'attended');
SELECT caseload.snooze_flag(public.flag_of('snooze', 'attendance_close'), CURRENT_DATE - 1);
SELECT caseload.snooze_flag(public.flag_of('snooze', 'attendance_close'), CURRENT_DATE + 10, 'meeting next week');
SELECT count(*) AS shown FROM caseload.current_flags WHERE district_id = 'ANS' AND client_id = 'snooze';
SELECT count(*) AS shown_later FROM caseload.flags(CURRENT_DATE + 10, 'ANS') WHERE client_id = 'snooze' AND rule_name = 'attendance_close';
SELECT public.event('snooze', '4', 1, 'late_cancel');
SELECT count(*) AS shown FROM caseload.current_flags WHERE district_id = 'ANS' AND client_id = 'snooze';
SELECT step, why FROM caseload.flag_history(public.flag_of('snooze', 'attendance_close')) WHERE step <> 'raised';

-- rows 59 to 63 of the handbook: closing is proposed, a person confirms, everything about the episode is resolved, counters begin anew
SELECT public.event('more', i::text, 30 - 5 * i, 'no_show') FROM generate_series(1, 3) i;
SELECT public.event('more', 'next', -7, 'scheduled');
SELECT caseload.confirm_flag(public.flag_of('more', 'attendance_close'), 'left the district');
DELETE FROM caseload.appointment WHERE district_id = 'ANS' AND client_id = 'more' AND appointment_id = 'next';
SELECT caseload.confirm_flag(public.flag_of('more', 'attendance_close'), 'left the district');
SELECT upper(period) = caseload._client_day('ANS', 'more') AS until_yesterday, closure_reason FROM caseload.episode WHERE district_id = 'ANS' AND client_id = 'more';
SELECT rule_name, state, cleared_why FROM answered WHERE client_id = 'more' ORDER BY 1, 2;
INSERT INTO caseload.episode (district_id, client_id, episode, period) VALUES ('ANS', 'more', 2, daterange(caseload._client_day('ANS', 'more'), NULL));
SELECT episode, strikes, days_inactive FROM caseload.client_facts() WHERE district_id = 'ANS' AND client_id = 'more';
SELECT count(*) FROM caseload.current_flags WHERE district_id = 'ANS' AND client_id = 'more';

-- warned with a date, then closed by it: last seen Jan 1, contact Jan 25; Feb 1: warn, not close; Feb 15 and nothing booked: close
INSERT INTO caseload.client (district_id, client_id, site_id) SELECT 'ANS', c, 'S' FROM unnest('{w,v}'::text[]) c;
INSERT INTO caseload.episode (district_id, client_id, episode, period) SELECT 'ANS', c, 1, '[2025-12-01,)' FROM unnest('{w,v}'::text[]) c;
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status) SELECT 'ANS', c, 'last', '2026-01-01 15:00Z', 'attended' FROM unnest('{w,v}'::text[]) c;
INSERT INTO caseload.contact (district_id, client_id, contact_id, at, kind) SELECT 'ANS', c, 'call', '2026-01-25 15:00Z', 'two_way' FROM unnest('{w,v}'::text[]) c;
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status) VALUES ('ANS', 'v', 'booked', '2026-02-20 15:00Z', 'scheduled');
DELETE FROM caseload.flag WHERE district_id = 'ANS' AND client_id IN ('w', 'v');
CREATE FUNCTION public.on_day(day date) RETURNS TABLE (flags text) LANGUAGE sql AS $$
  SELECT caseload.evaluate(day, 'ANS');
  SELECT string_agg(format('%s: %s due %s', client_id, rule_name, due_on), ', ' ORDER BY client_id, rule_name) FROM caseload.flag
   WHERE district_id = 'ANS' AND client_id IN ('w', 'v') AND cleared_on IS NULL $$;
SELECT * FROM public.on_day('2026-01-30');
SELECT * FROM public.on_day('2026-02-01');
SELECT * FROM public.on_day('2026-02-14');
SELECT * FROM public.on_day('2026-02-15');
SELECT * FROM caseload.verify('ANS', '2026-02-15');
SELECT client_id, days_past_warning FROM caseload.client_facts('2026-02-16') WHERE district_id = 'ANS' AND client_id IN ('w', 'v') ORDER BY 1;
-- a dismissed warning is none
SELECT caseload.dismiss_flag(public.flag_of('w', 'inactive_warn'), 'on holiday');
SELECT * FROM public.on_day('2026-02-15');
INSERT INTO caseload.rule (rule_name, condition, action, message) VALUES ('circle', 'days_past_warning > 3', 'warn', 'x');
SELECT count(*) AS written FROM caseload.evaluate(NULL, 'ANS');

-- the recurring slot of a clinic: earned after three on time (five: a district's own rule), lost after two cancellations in a row
INSERT INTO caseload.client (district_id, client_id, site_id) SELECT 'ANS', c, 'K' FROM unnest('{on2,on3,on5,late3,cc,cac}'::text[]) c;
INSERT INTO caseload.episode (district_id, client_id, episode, period) SELECT 'ANS', client_id, 1, daterange(CURRENT_DATE - 60, NULL) FROM caseload.client WHERE district_id = 'ANS' AND site_id = 'K';
SELECT public.event('on2', i::text, 30 - i, 'attended') FROM generate_series(1, 2) i;
SELECT public.event('on3', i::text, 30 - i, 'attended') FROM generate_series(1, 3) i;
SELECT public.event('on5', i::text, 30 - i, 'attended') FROM generate_series(1, 5) i;
SELECT public.event('late3', i::text, 30 - i, CASE i WHEN 3 THEN 'late' ELSE 'attended' END) FROM generate_series(1, 3) i;
SELECT public.event('cc', i::text, 30 - i, 'client_cancel') FROM generate_series(1, 2) i;
SELECT public.event('cac', i::text, 30 - i, CASE i WHEN 2 THEN 'attended' ELSE 'late_cancel' END) FROM generate_series(1, 3) i;
SELECT client_id, rule_name, action, evidence FROM caseload.flag WHERE district_id = 'ANS' AND rule_name LIKE 'recurring%' AND cleared_on IS NULL ORDER BY 2, 1;
INSERT INTO caseload.rule (district_id, rule_name, condition, action, message, severity, site_level, supersedes)
  VALUES ('ANS', 'recurring_after_five', 'is_active AND on_time_run >= 5', 'offer', 'five on time', 'info', 'clinic', 'recurring_earned');
SELECT resolved > 0 AS resolved FROM caseload.evaluate(NULL, 'ANS');
SELECT client_id, rule_name, cleared_why FROM caseload.flag WHERE district_id = 'ANS' AND rule_name LIKE 'recurring%' AND action = 'offer' ORDER BY 1, 2;
SELECT * FROM caseload.verify('ANS', CURRENT_DATE);
-- the same name replaces, too, and only where the rule itself applies: on its days, at its level
UPDATE caseload.rule SET rule_name = 'recurring_earned', supersedes = NULL, valid = daterange(CURRENT_DATE - 10, CURRENT_DATE + 10) WHERE district_id = 'ANS' AND rule_name = 'recurring_after_five';
SELECT d AS days, string_agg(client_id, ',' ORDER BY client_id) FROM unnest('{0,15}'::integer[]) d, caseload.flags(CURRENT_DATE + d, 'ANS') WHERE rule_name = 'recurring_earned' GROUP BY 1 ORDER BY 1;
SELECT district_id, version, condition FROM caseload.rule_version WHERE rule_name LIKE 'recurring%' ORDER BY rule_name, district_id, version;
DELETE FROM caseload.rule WHERE district_id = 'ANS';
INSERT INTO caseload.rule (district_id, rule_name, condition, message) VALUES ('ANS', 'recurring_earned', 'on_time_run >= 4', 'again') RETURNING version;
DELETE FROM caseload.rule WHERE district_id = 'ANS';

-- reviews of plans, three to six months: 2025-01-15 to 2025-04-15 and 2025-07-15
INSERT INTO caseload.client (district_id, client_id, site_id) VALUES ('ANS', 'plan', 'S');
INSERT INTO caseload.episode (district_id, client_id, episode, period) VALUES ('ANS', 'plan', 1, '[2025-01-01,)');
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, period) VALUES ('ANS', 'plan1', 'plan', 'SLP', '[2025-01-15,)');
SELECT d AS as_of, rule_name, subject, subject_key, client_id, due_on FROM unnest('{2025-04-14,2025-04-15,2025-07-14,2025-07-15}'::date[]) d, caseload.flags(d, 'ANS') WHERE subject = 'service' ORDER BY 1;
SELECT rule_name FROM caseload.flag WHERE subject_key = 'plan1' AND cleared_on IS NULL;
UPDATE caseload.service SET reviewed_on = CURRENT_DATE - 2 WHERE district_id = 'ANS' AND service_id = 'plan1';
SELECT rule_name, state FROM caseload.flag WHERE subject_key = 'plan1' ORDER BY 1;
DELETE FROM caseload.service WHERE district_id = 'ANS';

-- a discipline's rule; a therapist's; a site's
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte) VALUES ('ANS', 'T', 'SLP', 1), ('ANS', 'U', 'OT', 1);
INSERT INTO caseload.rule (district_id, rule_name, subject, condition, message, discipline) VALUES
  ('ANS', 'busy', 'therapist', 'utilization > 0.5', 'busy', 'SLP'), ('ANS', 'has_slp', 'client', 'strikes >= 0', 'gets speech therapy', 'SLP'), ('ANS', 'site_waits', 'site', 'waiting_services >= 1', 'somebody waits', NULL);
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, therapist_id, dosage, period) VALUES
  ('ANS', 's1', 'plan', 'SLP', 'T', '1x800/week', daterange(CURRENT_DATE - 9, NULL)), ('ANS', 's2', 'three', 'OT', 'U', '1x800/week', daterange(CURRENT_DATE - 9, NULL)),
  ('ANS', 's3', 'three', 'PT', NULL, '30/week', daterange(CURRENT_DATE - 9, NULL));
SELECT subject, subject_key, rule_name FROM caseload.flag WHERE rule_district = 'ANS' AND cleared_on IS NULL ORDER BY 1, 2;
SELECT count(*) > 0 AS raised FROM caseload.evaluate(NULL, 'ANS');
SELECT subject, subject_key, rule_name FROM caseload.flag WHERE rule_district = 'ANS' AND cleared_on IS NULL ORDER BY 1, 2;
SELECT * FROM caseload.verify('ANS', CURRENT_DATE);
UPDATE caseload.service SET therapist_id = 'U' WHERE district_id = 'ANS' AND service_id = 's3';
SELECT part, says, value FROM caseload.explain_flag((SELECT flag_id FROM caseload.flag WHERE rule_name = 'busy' AND cleared_on IS NULL)) WHERE part <> 'flag';
SELECT part, says, value, outcome, clears FROM caseload.explain('site', 'S', 'waiting_services >= 1 OR clients > 1000', NULL, 'ANS') WHERE part IN ('condition', 'clears');
DELETE FROM caseload.rule WHERE district_id = 'ANS';

-- explained: the rule as it was, the facts as they are, the events, what speaks for the client, what would clear it
SELECT step, depth, part, says, regexp_replace(value, '\d{4}-\d\d-\d\d( \d\d:\d\d)?', 'DATE', 'g') AS value, outcome, clears
  FROM caseload.explain_flag(public.flag_of('snooze', 'attendance_close'));
SELECT part, says, outcome FROM caseload.explain('client', 'three', 'strikes >= 3 OR (miss_run >= 2 AND NOT has_upcoming)', NULL, 'ANS') WHERE part IN ('condition', 'clears');
SELECT * FROM caseload.explain('client', 'nobody', 'true');
SELECT * FROM caseload.explain('planet', 'x', 'true');

-- letters, one for each client, sent by nobody
SELECT client_id, rule_name, regexp_replace(letter, 'by .*?;', 'by DATE;') FROM caseload.drafted_letters('ANS') WHERE client_id IN ('three', 'snooze', 'gone') ORDER BY 1;
-- the switch that closes by itself is off; on, it closes what is due, with the rule's errors where it cannot
UPDATE caseload.flag SET raised_on = CURRENT_DATE - 20, due_on = CURRENT_DATE - 3 WHERE district_id = 'ANS' AND client_id IN ('gone', 'snooze') AND cleared_on IS NULL;
SELECT public.event('snooze', 'future', -9, 'scheduled');
SELECT count(*) FROM caseload.evaluate(NULL, 'ANS');
SELECT count(*) AS open_ends FROM caseload.episode WHERE district_id = 'ANS' AND client_id IN ('gone', 'snooze') AND upper_inf(period);
INSERT INTO caseload.policy (district_id, policy_name, value) VALUES ('ANS', 'auto_close', 'yes');
SELECT count(*) FROM caseload.evaluate(CURRENT_DATE, 'ANS');
SELECT count(*) AS open_ends FROM caseload.episode WHERE district_id = 'ANS' AND client_id IN ('gone', 'snooze') AND upper_inf(period);
SELECT count(*) FROM caseload.evaluate(NULL, 'ANS');
SELECT client_id, closure_reason FROM caseload.episode WHERE district_id = 'ANS' AND client_id IN ('gone', 'snooze') ORDER BY 1;
SELECT rule_name, message FROM caseload.rule_error WHERE message LIKE 'auto_close%';
SELECT * FROM caseload.verify('ANS', CURRENT_DATE);

-- subjects of the owner's own
CREATE TABLE public.van (district_id text, plate text, day integer, kilometres integer, tested boolean);
INSERT INTO public.van VALUES ('ANS', 'A1', 1, 90000, true), ('ANS', 'B2', 1, 120000, false), ('ANS', 'B2', 2, 10, NULL);
SELECT caseload.register_subject('van', 'public.van', '{plates}');
SELECT caseload.register_subject('client', 'public.van', '{plate}');
SELECT caseload.register_subject('van', 'public.van', '{plate,day}');
INSERT INTO caseload.rule (district_id, rule_name, subject, condition, message) VALUES ('ANS', 'service_van', 'van', 'kilometres > 100000 AND tested IS NOT TRUE', 'bring it to the garage');
SELECT * FROM caseload.rule_counts('van');
SELECT raised FROM caseload.evaluate(NULL, 'ANS');
SELECT subject_key, client_id, episode, message FROM caseload.current_flags WHERE subject = 'van';
SELECT part, says, value, outcome FROM caseload.explain('van', '{B2,1}', 'kilometres > 100000 AND tested IS NOT TRUE');
UPDATE public.van SET tested = true;
SELECT resolved FROM caseload.evaluate(NULL, 'ANS');
ALTER TABLE public.van ALTER kilometres TYPE bigint;
SELECT holds, silent, failed FROM caseload.rule_counts('van');
SELECT caseload.unregister_subject('van');
DELETE FROM caseload.rule WHERE subject = 'van';
SELECT caseload.unregister_subject('van');
SELECT * FROM caseload.rule_counts('van');
CREATE VIEW public.foreign_view AS SELECT * FROM public.van;
CREATE ROLE regress_caseload_other;
ALTER VIEW public.foreign_view OWNER TO regress_caseload_other;
SELECT caseload.register_subject('foreign', 'public.foreign_view', '{plate}');
DROP VIEW public.foreign_view;
DROP ROLE regress_caseload_other;

-- by the clock
SELECT caseload.schedule_sweep();
CREATE SCHEMA cron;
CREATE FUNCTION cron.schedule(name text, schedule text, command text) RETURNS bigint LANGUAGE sql AS $$ SELECT 7 WHERE name = 'caseload sweep' AND schedule = '0 4 * * *' AND command = 'CALL caseload.sweep()' $$;
SELECT caseload.schedule_sweep('0 4 * * *');
DROP SCHEMA cron CASCADE;
CALL caseload.sweep();
DROP TABLE public.van;
DROP VIEW answered;
DROP FUNCTION public.flag_of(text, text), public.event(text, text, integer, text), public.on_day(date);
