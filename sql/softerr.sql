-- Bad text is a soft error where the server knows them (16 and later).
SELECT v, t, pg_input_is_valid(v, t) FROM (VALUES
  ('2x30/week', 'caseload.dosage'), ('often', 'caseload.dosage'), ('0/week', 'caseload.dosage'),
  ('{2026-01-05T14:00:00Z attended}', 'caseload.attendance'), ('{2026-01-05T14:00:00Z absent}', 'caseload.attendance'),
  ('{2026-02-30T14:00:00Z late}', 'caseload.attendance'), ('Mars/Phobos{}', 'caseload.attendance'),
  ('Mon 08:00-12:00', 'caseload.availability'), ('Mon 9-5', 'caseload.availability')) i (v, t);
SELECT message, detail, sql_error_code FROM pg_input_error_info('often', 'caseload.dosage');
SELECT message, detail, sql_error_code FROM pg_input_error_info('1000x30/week', 'caseload.dosage');
SELECT message, detail, sql_error_code FROM pg_input_error_info('{2026-02-30T14:00:00Z late}', 'caseload.attendance');
SELECT message, detail, hint, sql_error_code FROM pg_input_error_info('Mon 08:00', 'caseload.availability');
SELECT e.message, e.hint, e.sql_error_code
  FROM (SELECT string_agg(format('%s %s:%s-%s:%s', d, h, m, h, m + 5), ',') AS v
          FROM unnest('{Mon,Tue,Wed,Thu,Fri,Sat,Sun}'::text[]) d, generate_series(0, 23) h, unnest('{10,20,30,40,50}'::int[]) m) x,
       pg_input_error_info(x.v, 'caseload.availability') e;
