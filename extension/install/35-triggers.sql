--| ordinary
-- The foreign key says that something is wrong; this says what to do about it.

CREATE OR REPLACE FUNCTION caseload.service_before_write()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, caseload, pg_temp
AS $$
BEGIN
  IF NEW.therapist_id IS NOT NULL AND NOT EXISTS (
       SELECT FROM caseload.therapist t WHERE t.district_id = NEW.district_id AND t.therapist_id = NEW.therapist_id) THEN
    RAISE EXCEPTION 'therapist "%" does not exist in district "%"', NEW.therapist_id, NEW.district_id
      USING ERRCODE = 'foreign_key_violation',
            HINT = 'Add the therapist first, or leave therapist_id NULL: the service waits.',
            SCHEMA = 'caseload', TABLE = 'service', CONSTRAINT = 'service_therapist_fkey';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION caseload.service_before_write() IS 'Row trigger of service: refuses an unknown therapist with a hint.';
CREATE OR REPLACE TRIGGER service_before_write BEFORE INSERT OR UPDATE ON caseload.service
  FOR EACH ROW EXECUTE FUNCTION caseload.service_before_write();

-- One trigger for each event, since transition tables allow no more; all call the same functions.

CREATE OR REPLACE TRIGGER activity_after_insert AFTER INSERT ON caseload.appointment
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT
  EXECUTE FUNCTION caseload.activity_after_event('starts_at', 'status');
CREATE OR REPLACE TRIGGER activity_after_update AFTER UPDATE ON caseload.appointment
  REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT
  EXECUTE FUNCTION caseload.activity_after_event('starts_at', 'status');
CREATE OR REPLACE TRIGGER activity_after_delete AFTER DELETE ON caseload.appointment
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT
  EXECUTE FUNCTION caseload.activity_after_event('starts_at', 'status');
CREATE OR REPLACE TRIGGER activity_after_truncate AFTER TRUNCATE ON caseload.appointment
  FOR EACH STATEMENT EXECUTE FUNCTION caseload.activity_after_event('starts_at', 'status');

CREATE OR REPLACE TRIGGER activity_after_insert AFTER INSERT ON caseload.contact
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT
  EXECUTE FUNCTION caseload.activity_after_event('at', 'kind');
CREATE OR REPLACE TRIGGER activity_after_update AFTER UPDATE ON caseload.contact
  REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT
  EXECUTE FUNCTION caseload.activity_after_event('at', 'kind');
CREATE OR REPLACE TRIGGER activity_after_delete AFTER DELETE ON caseload.contact
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT
  EXECUTE FUNCTION caseload.activity_after_event('at', 'kind');
CREATE OR REPLACE TRIGGER activity_after_truncate AFTER TRUNCATE ON caseload.contact
  FOR EACH STATEMENT EXECUTE FUNCTION caseload.activity_after_event('at', 'kind');

CREATE OR REPLACE TRIGGER activity_after_insert AFTER INSERT ON caseload.episode
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION caseload.activity_after_frame('episode');
CREATE OR REPLACE TRIGGER activity_after_update AFTER UPDATE ON caseload.episode
  REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION caseload.activity_after_frame('episode');
CREATE OR REPLACE TRIGGER activity_after_delete AFTER DELETE ON caseload.episode
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION caseload.activity_after_frame('episode');

CREATE OR REPLACE TRIGGER activity_after_truncate AFTER TRUNCATE ON caseload.episode
  FOR EACH STATEMENT EXECUTE FUNCTION caseload.activity_after_frame('episode');

CREATE OR REPLACE TRIGGER activity_after_insert AFTER INSERT ON caseload.service
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION caseload.activity_after_frame('service');
CREATE OR REPLACE TRIGGER activity_after_update AFTER UPDATE ON caseload.service
  REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION caseload.activity_after_frame('service');
CREATE OR REPLACE TRIGGER activity_after_delete AFTER DELETE ON caseload.service
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION caseload.activity_after_frame('service');

CREATE OR REPLACE TRIGGER activity_after_update AFTER UPDATE ON caseload.client
  REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION caseload.activity_after_frame('client');
CREATE OR REPLACE TRIGGER activity_after_update AFTER UPDATE ON caseload.site
  REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION caseload.activity_after_frame('site');
