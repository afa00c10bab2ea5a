-- The type dosage: what people see of it. Spellings and laws are in test/pgtap.
SELECT d::caseload.dosage FROM (VALUES ('2 x 30 min per week'), ('30 minutes a week'), ('1X45 every 2 Weeks'), ('90/year')) v (d);
SELECT d, caseload.minutes_per_week(d) AS school, round(caseload.minutes_per_week(d, 52, 12), 4) AS clinic, caseload.sessions_per_week(d) AS sessions
  FROM unnest('{2x30/week,30/week,1x45/2 weeks,4x20/month,60/quarter,90/year}'::caseload.dosage[]) d ORDER BY d;
SELECT caseload.min(d), caseload.max(d) FROM unnest('{2x30/week,90/year}'::caseload.dosage[]) d;
-- every message once
SELECT 'weekly'::caseload.dosage;
SELECT '2x/week'::caseload.dosage;
SELECT '30'::caseload.dosage;
SELECT '30/fortnight'::caseload.dosage;
SELECT '30/week please'::caseload.dosage;
SELECT '1000x30/week'::caseload.dosage;
SELECT '0/week'::caseload.dosage;
SELECT '30/100 weeks'::caseload.dosage;
SELECT caseload.minutes_per_week('30/week', 54);
SELECT caseload.minutes_per_week('30/week', 36, 13);
