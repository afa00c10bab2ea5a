-- Bad text is a soft error where the server knows them (16 and later).
SELECT v, t, pg_input_is_valid(v, t) FROM (VALUES
  ('2x30/week', 'caseload.dosage'), ('often', 'caseload.dosage'), ('0/week', 'caseload.dosage'),
  ('{2026-01-05T14:00:00Z attended}', 'caseload.attendance'), ('{2026-01-05T14:00:00Z absent}', 'caseload.attendance'),
  ('{2026-02-30T14:00:00Z late}', 'caseload.attendance'), ('Mars/Phobos{}', 'caseload.attendance')) i (v, t);
SELECT message, detail, sql_error_code FROM pg_input_error_info('often', 'caseload.dosage');
SELECT message, detail, sql_error_code FROM pg_input_error_info('1000x30/week', 'caseload.dosage');
SELECT message, detail, sql_error_code FROM pg_input_error_info('{2026-02-30T14:00:00Z late}', 'caseload.attendance');
