--| ordinary
-- The foreign key says that something is wrong; this says what to do about it.
CREATE OR REPLACE TRIGGER therapist_before_write BEFORE INSERT OR UPDATE ON caseload.service
  FOR EACH ROW EXECUTE FUNCTION caseload.therapist_before_write('service_therapist_fkey');
CREATE OR REPLACE TRIGGER event_before_write BEFORE INSERT OR UPDATE OR DELETE ON caseload.appointment
  FOR EACH ROW EXECUTE FUNCTION caseload.event_before_write('appointment_therapist_fkey');
CREATE OR REPLACE TRIGGER event_before_write BEFORE INSERT OR UPDATE OR DELETE ON caseload.contact
  FOR EACH ROW EXECUTE FUNCTION caseload.event_before_write();
-- Who deletes or renumbers an episode has its rows before the client: the client must be locked before foreign keys take what others wait for with the lock.
CREATE OR REPLACE TRIGGER event_before_write BEFORE UPDATE OR DELETE ON caseload.episode
  FOR EACH ROW EXECUTE FUNCTION caseload.event_before_write();
CREATE OR REPLACE TRIGGER "LOCK_before_cascade" AFTER UPDATE OR DELETE ON caseload.episode
  FOR EACH ROW EXECUTE FUNCTION caseload.lock_before_cascade();

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

CREATE OR REPLACE TRIGGER activity_after_insert AFTER INSERT ON caseload.document
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION caseload.activity_after_frame('document');
CREATE OR REPLACE TRIGGER activity_after_update AFTER UPDATE ON caseload.document
  REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION caseload.activity_after_frame('document');
CREATE OR REPLACE TRIGGER activity_after_delete AFTER DELETE ON caseload.document
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION caseload.activity_after_frame('document');
