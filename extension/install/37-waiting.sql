--| ordinary
-- The waiting list as a state machine. A service that nobody gives waits; a row here says more than that, and every step is kept.

CREATE TABLE IF NOT EXISTS caseload.waiting (
  district_id   text COLLATE "C" NOT NULL,
  service_id    text COLLATE "C" NOT NULL,
  client_id     text COLLATE "C" NOT NULL,
  state         text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'offered', 'booked', 'cancelled', 'expired')),
  priority      integer NOT NULL DEFAULT 0 CHECK (priority BETWEEN -1000 AND 1000),
  therapist_id  text COLLATE "C",
  offered_until date CHECK (isfinite(offered_until)),
  why           text,
  PRIMARY KEY (district_id, service_id),
  -- the client's: a service that was never due is gone when it is cancelled, and what became of it stays
  CONSTRAINT waiting_client_fkey FOREIGN KEY (district_id, client_id) REFERENCES caseload.client ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT waiting_therapist_fkey FOREIGN KEY (district_id, therapist_id) REFERENCES caseload.therapist ON UPDATE CASCADE,
  CONSTRAINT waiting_offer CHECK (state <> 'offered' OR therapist_id IS NOT NULL)
);
CREATE INDEX IF NOT EXISTS waiting_client_idx ON caseload.waiting (district_id, client_id);
COMMENT ON TABLE caseload.waiting IS 'What is known of services on the waiting list beside that they wait; one without a row waits with priority 0. The functions offer_waiting() and its like write it, and triggers where a therapist is written into the service.';
COMMENT ON COLUMN caseload.waiting.district_id IS 'The district.';
COMMENT ON COLUMN caseload.waiting.service_id IS 'The service.';
COMMENT ON COLUMN caseload.waiting.client_id IS 'Its client.';
COMMENT ON COLUMN caseload.waiting.state IS 'waiting, offered (to a therapist''s opening, until a day), booked, cancelled or expired.';
COMMENT ON COLUMN caseload.waiting.priority IS 'Higher ones come first, whatever the wait.';
COMMENT ON COLUMN caseload.waiting.therapist_id IS 'Whose opening was offered or booked.';
COMMENT ON COLUMN caseload.waiting.offered_until IS 'Last day on which the offer stands; NULL = until it is answered.';
COMMENT ON COLUMN caseload.waiting.why IS 'Why the last step was taken.';

CREATE TABLE IF NOT EXISTS caseload.waiting_step (
  district_id     text COLLATE "C" NOT NULL,
  waiting_step_id text COLLATE "C" NOT NULL DEFAULT gen_random_uuid()::text,
  service_id      text COLLATE "C" NOT NULL,
  client_id       text COLLATE "C" NOT NULL,
  at              timestamptz NOT NULL DEFAULT clock_timestamp(),
  by              text NOT NULL DEFAULT caseload.actor(),
  from_state      text,
  to_state        text NOT NULL,
  priority        integer NOT NULL,
  therapist_id    text COLLATE "C",
  offered_until   date,
  why             text,
  PRIMARY KEY (district_id, waiting_step_id),
  CONSTRAINT waiting_step_client_fkey FOREIGN KEY (district_id, client_id) REFERENCES caseload.client ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX IF NOT EXISTS waiting_step_service_idx ON caseload.waiting_step (district_id, service_id);
CREATE INDEX IF NOT EXISTS waiting_step_client_idx ON caseload.waiting_step (district_id, client_id);
COMMENT ON TABLE caseload.waiting_step IS 'Every step on the waiting list: who, when and why. A service without steps has waited since it is due.';
COMMENT ON COLUMN caseload.waiting_step.district_id IS 'The district.';
COMMENT ON COLUMN caseload.waiting_step.waiting_step_id IS 'Id of the step.';
COMMENT ON COLUMN caseload.waiting_step.service_id IS 'The service.';
COMMENT ON COLUMN caseload.waiting_step.client_id IS 'Its client.';
COMMENT ON COLUMN caseload.waiting_step.at IS 'When.';
COMMENT ON COLUMN caseload.waiting_step.by IS 'Who: the role that logged in, or set its role for the session.';
COMMENT ON COLUMN caseload.waiting_step.from_state IS 'State before; NULL = none was recorded.';
COMMENT ON COLUMN caseload.waiting_step.to_state IS 'State after.';
COMMENT ON COLUMN caseload.waiting_step.priority IS 'Priority after.';
COMMENT ON COLUMN caseload.waiting_step.therapist_id IS 'Whose opening it is about.';
COMMENT ON COLUMN caseload.waiting_step.offered_until IS 'Last day of an offer.';
COMMENT ON COLUMN caseload.waiting_step.why IS 'The reason given.';

CREATE OR REPLACE FUNCTION caseload.waiting_before_write()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, caseload, pg_temp
AS $$
DECLARE
  before text := CASE WHEN TG_OP = 'UPDATE' THEN OLD.state ELSE 'waiting' END;
  given  text;
BEGIN
  IF before <> NEW.state AND NOT (before, NEW.state) IN (
       ('waiting', 'offered'), ('waiting', 'booked'), ('waiting', 'cancelled'), ('waiting', 'expired'),
       ('offered', 'waiting'), ('offered', 'booked'), ('offered', 'cancelled'), ('offered', 'expired'), ('booked', 'waiting')) THEN
    RAISE EXCEPTION 'a service cannot go from % to % on the waiting list', before, NEW.state
      USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('It is service "%s" of client "%s".', NEW.service_id, NEW.client_id),
            HINT = CASE before WHEN 'booked' THEN 'Somebody gives it. It waits again when service.therapist_id is NULL.'
                               WHEN 'waiting' THEN 'It waits: it may be offered, booked, cancelled, or expire.'
                               WHEN 'offered' THEN 'It is offered: it may be booked, cancelled, expire, or wait again.'
                               ELSE 'It has left the waiting list. Who comes back gets a new service.' END,
            SCHEMA = 'caseload', TABLE = 'waiting', CONSTRAINT = 'waiting_transition';
  END IF;
  -- the plan and the list must say the same
  SELECT s.therapist_id INTO given FROM caseload.service s WHERE s.district_id = NEW.district_id AND s.service_id = NEW.service_id;
  IF FOUND AND (given IS NOT NULL) <> (NEW.state = 'booked') THEN
    RAISE EXCEPTION 'a service that %', CASE WHEN given IS NULL THEN 'nobody gives cannot be booked' ELSE 'somebody gives does not wait' END
      USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('It is service "%s" of client "%s".', NEW.service_id, NEW.client_id),
            HINT = CASE WHEN given IS NULL THEN 'book_waiting() writes the therapist into the service.' ELSE 'Set service.therapist_id to NULL, and it waits again.' END,
            SCHEMA = 'caseload', TABLE = 'waiting', CONSTRAINT = 'waiting_transition';
  END IF;
  IF NEW.state NOT IN ('offered', 'booked') THEN
    NEW.therapist_id := NULL;
  END IF;
  IF NEW.state <> 'offered' THEN
    NEW.offered_until := NULL;
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION caseload.waiting_before_write() IS 'Row trigger of waiting: lets legal steps pass only.';
CREATE OR REPLACE TRIGGER waiting_before_write BEFORE INSERT OR UPDATE ON caseload.waiting
  FOR EACH ROW EXECUTE FUNCTION caseload.waiting_before_write();

CREATE OR REPLACE TRIGGER waiting_after_write AFTER INSERT OR UPDATE ON caseload.waiting
  FOR EACH ROW EXECUTE FUNCTION caseload.waiting_after_write();

-- A therapist who is written into the service without asking the list books it, and one who is taken out puts it back.
CREATE OR REPLACE TRIGGER waiting_after_service AFTER UPDATE OF therapist_id ON caseload.service
  FOR EACH ROW EXECUTE FUNCTION caseload.waiting_after_service();
