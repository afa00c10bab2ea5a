-- Flags in every state, answered by people with their reasons.
CREATE TEMP TABLE answer AS
  SELECT flag_id, district_id, action, message, row_number() OVER (ORDER BY district_id, subject, subject_key, episode, rule_name) % 5 AS turn
    FROM caseload.flag WHERE cleared_on IS NULL;
SELECT caseload.acknowledge_flag(flag_id, NULL, district_id) FROM answer WHERE turn IN (1, 2);
SELECT caseload.snooze_flag(flag_id, '9999-12-31', E'\\.\n' || message, district_id) FROM answer WHERE turn = 2;
SELECT caseload.dismiss_flag(flag_id, message, district_id) FROM answer WHERE turn = 3;
SELECT caseload.confirm_flag(flag_id, message, district_id) FROM answer WHERE turn = 4 AND action <> 'close';
