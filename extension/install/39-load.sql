--| ordinary
-- The counter of every therapist. Fill factor: the row is written with every assignment and should stay on its page.
CREATE TABLE IF NOT EXISTS caseload.therapist_load (
  district_id  text COLLATE "C" NOT NULL,
  therapist_id text COLLATE "C" NOT NULL,
  load         caseload.load_profile NOT NULL,
  PRIMARY KEY (district_id, therapist_id),
  CONSTRAINT therapist_load_therapist_fkey FOREIGN KEY (district_id, therapist_id)
    REFERENCES caseload.therapist ON DELETE CASCADE ON UPDATE CASCADE
) WITH (fillfactor = 50);
COMMENT ON TABLE caseload.therapist_load IS 'Derived: how many services of which rate every therapist gives on each day, kept by triggers, always equal to a recompute (see verify). No row: to be made when it is needed.';
COMMENT ON COLUMN caseload.therapist_load.district_id IS 'The district.';
COMMENT ON COLUMN caseload.therapist_load.therapist_id IS 'The therapist.';
COMMENT ON COLUMN caseload.therapist_load.load IS 'The services, on the days of their periods on which their clients are enrolled; services_on() tells those of a day.';

CREATE OR REPLACE FUNCTION caseload._load_recompute(in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, therapist_id text, load caseload.load_profile)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT t.district_id, t.therapist_id,
         caseload.load_profile(s.discipline, c.site_id, s.group_size, s.dosage, lower(s.period * e.period), upper(s.period * e.period))
    FROM caseload.therapist t
    LEFT JOIN (caseload.service s
               JOIN caseload.client c ON c.district_id = s.district_id AND c.client_id = s.client_id
               JOIN caseload.episode e ON e.district_id = s.district_id AND e.client_id = s.client_id AND e.period && s.period)
      ON s.district_id = t.district_id AND s.therapist_id = t.therapist_id
   WHERE in_district IS NULL OR t.district_id = in_district
   GROUP BY t.district_id, t.therapist_id;
END;
COMMENT ON FUNCTION caseload._load_recompute(text) IS 'Internal: what therapist_load must say, made from the services: the definition that verify uses.';

CREATE OR REPLACE TRIGGER load_note AFTER INSERT OR UPDATE OR DELETE ON caseload.service
  FOR EACH ROW EXECUTE FUNCTION caseload.load_after_service();
CREATE OR REPLACE TRIGGER load_after_truncate AFTER TRUNCATE ON caseload.service
  FOR EACH STATEMENT EXECUTE FUNCTION caseload.load_after_frame('service');

-- Named so that they come after activity_…, which locks the clients.
CREATE OR REPLACE TRIGGER load_after_insert AFTER INSERT ON caseload.episode
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION caseload.load_after_frame('episode');
CREATE OR REPLACE TRIGGER load_after_update AFTER UPDATE ON caseload.episode
  REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION caseload.load_after_frame('episode');
CREATE OR REPLACE TRIGGER load_after_delete AFTER DELETE ON caseload.episode
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION caseload.load_after_frame('episode');
CREATE OR REPLACE TRIGGER load_after_truncate AFTER TRUNCATE ON caseload.episode
  FOR EACH STATEMENT EXECUTE FUNCTION caseload.load_after_frame('episode');
CREATE OR REPLACE TRIGGER load_after_update AFTER UPDATE ON caseload.client
  REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION caseload.load_after_frame('client');

-- What was there before the counters.
INSERT INTO caseload.therapist_load (district_id, therapist_id, load)
  SELECT r.district_id, r.therapist_id, r.load FROM caseload._load_recompute() r WHERE r.load <> '{}'
ON CONFLICT (district_id, therapist_id) DO NOTHING;
