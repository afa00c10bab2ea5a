--| ordinary
-- What decides who could see whom, beside licences and scopes: hours, sites within reach, languages and specialties.

ALTER TABLE caseload.therapist ADD COLUMN IF NOT EXISTS presence text CHECK (presence IN ('on_site', 'tele', 'both'));
COMMENT ON COLUMN caseload.therapist.presence IS 'How the therapist sees clients: on_site, tele or both; NULL = not recorded, which stands against nothing.';
ALTER TABLE caseload.site ADD COLUMN IF NOT EXISTS availability caseload.availability;
COMMENT ON COLUMN caseload.site.availability IS 'Local times in the week at which clients can be seen there, such as the timetable of a school; NULL = not recorded.';
ALTER TABLE caseload.client ADD COLUMN IF NOT EXISTS availability caseload.availability;
COMMENT ON COLUMN caseload.client.availability IS 'Times in the week, by the clock of the site, at which the client can be seen; NULL = those of the site.';
ALTER TABLE caseload.client ADD COLUMN IF NOT EXISTS tele boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN caseload.client.tele IS 'The client may be seen by tele.';

-- Versions are never changed, only entered, confirmed and withdrawn, so that what held last October can still be told.
CREATE TABLE IF NOT EXISTS caseload.therapist_availability (
  district_id  text COLLATE "C" NOT NULL,
  therapist_id text COLLATE "C" NOT NULL,
  version      integer NOT NULL CHECK (version > 0),
  kind         text NOT NULL DEFAULT 'direct' CHECK (kind IN ('direct', 'other')),
  availability caseload.availability NOT NULL,
  valid        daterange NOT NULL DEFAULT '(,)' CHECK (NOT isempty(valid) AND isfinite(lower(valid)) IS NOT FALSE AND isfinite(upper(valid)) IS NOT FALSE),
  status       text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'confirmed', 'withdrawn')),
  entered_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  entered_by   text NOT NULL DEFAULT caseload.actor(),
  confirmed_at timestamptz,
  confirmed_by text,
  withdrawn_at timestamptz,
  PRIMARY KEY (district_id, therapist_id, version),
  CONSTRAINT therapist_availability_therapist_fkey FOREIGN KEY (district_id, therapist_id)
    REFERENCES caseload.therapist ON DELETE CASCADE ON UPDATE CASCADE
);
COMMENT ON TABLE caseload.therapist_availability IS 'The hours of therapists, version by version. Only what is confirmed counts, of several the highest version that is valid on the day; a therapist with versions of which none does has no hours, one without any those of therapist.availability.';
COMMENT ON COLUMN caseload.therapist_availability.district_id IS 'The district.';
COMMENT ON COLUMN caseload.therapist_availability.therapist_id IS 'The therapist.';
COMMENT ON COLUMN caseload.therapist_availability.version IS '1, 2, 3 … for each therapist; the next one where none is given.';
COMMENT ON COLUMN caseload.therapist_availability.kind IS 'direct: sessions may be booked; other: meetings, evaluations, paperwork.';
COMMENT ON COLUMN caseload.therapist_availability.availability IS 'Local times in the week, by the clock of the therapist.';
COMMENT ON COLUMN caseload.therapist_availability.valid IS 'Days on which they hold.';
COMMENT ON COLUMN caseload.therapist_availability.status IS 'draft, confirmed or withdrawn.';
COMMENT ON COLUMN caseload.therapist_availability.entered_at IS 'When the version was entered.';
COMMENT ON COLUMN caseload.therapist_availability.entered_by IS 'By whom.';
COMMENT ON COLUMN caseload.therapist_availability.confirmed_at IS 'When somebody confirmed it; NULL = nobody has.';
COMMENT ON COLUMN caseload.therapist_availability.confirmed_by IS 'Who.';
COMMENT ON COLUMN caseload.therapist_availability.withdrawn_at IS 'When it was withdrawn; NULL = it was not.';

CREATE TABLE IF NOT EXISTS caseload.therapist_site (
  district_id  text COLLATE "C" NOT NULL,
  therapist_id text COLLATE "C" NOT NULL,
  site_id      text COLLATE "C" NOT NULL,
  valid        daterange NOT NULL DEFAULT '(,)' CHECK (NOT isempty(valid)),
  PRIMARY KEY (district_id, therapist_id, site_id, valid),
  CONSTRAINT therapist_site_therapist_fkey FOREIGN KEY (district_id, therapist_id) REFERENCES caseload.therapist ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT therapist_site_site_fkey FOREIGN KEY (district_id, site_id) REFERENCES caseload.site ON DELETE CASCADE ON UPDATE CASCADE
);
COMMENT ON TABLE caseload.therapist_site IS 'Sites within reach of a therapist. No row of a therapist: all are.';
COMMENT ON COLUMN caseload.therapist_site.district_id IS 'The district.';
COMMENT ON COLUMN caseload.therapist_site.therapist_id IS 'The therapist.';
COMMENT ON COLUMN caseload.therapist_site.site_id IS 'The site.';
COMMENT ON COLUMN caseload.therapist_site.valid IS 'Days on which it is within reach.';

CREATE TABLE IF NOT EXISTS caseload.therapist_skill (
  district_id  text COLLATE "C" NOT NULL,
  therapist_id text COLLATE "C" NOT NULL,
  kind         text COLLATE "C" NOT NULL CHECK (kind IN ('language', 'specialty')),
  word         text COLLATE "C" NOT NULL CHECK (word <> ''),
  valid        daterange NOT NULL DEFAULT '(,)' CHECK (NOT isempty(valid)),
  PRIMARY KEY (district_id, therapist_id, kind, word, valid),
  CONSTRAINT therapist_skill_therapist_fkey FOREIGN KEY (district_id, therapist_id) REFERENCES caseload.therapist ON DELETE CASCADE ON UPDATE CASCADE
);
COMMENT ON TABLE caseload.therapist_skill IS 'Languages and specialties of therapists (Spanish, AAC); what has no row, the therapist does not offer.';
COMMENT ON COLUMN caseload.therapist_skill.district_id IS 'The district.';
COMMENT ON COLUMN caseload.therapist_skill.therapist_id IS 'The therapist.';
COMMENT ON COLUMN caseload.therapist_skill.kind IS 'language or specialty.';
COMMENT ON COLUMN caseload.therapist_skill.word IS 'Which, in the district''s words.';
COMMENT ON COLUMN caseload.therapist_skill.valid IS 'Days on which it is offered.';

CREATE TABLE IF NOT EXISTS caseload.client_need (
  district_id text COLLATE "C" NOT NULL,
  client_id   text COLLATE "C" NOT NULL,
  kind        text COLLATE "C" NOT NULL CHECK (kind IN ('language', 'specialty')),
  word        text COLLATE "C" NOT NULL CHECK (word <> ''),
  required    boolean NOT NULL DEFAULT true,
  PRIMARY KEY (district_id, client_id, kind, word),
  CONSTRAINT client_need_client_fkey FOREIGN KEY (district_id, client_id) REFERENCES caseload.client ON DELETE CASCADE ON UPDATE CASCADE
);
COMMENT ON TABLE caseload.client_need IS 'Languages and specialties that a client needs, or wishes for.';
COMMENT ON COLUMN caseload.client_need.district_id IS 'The district.';
COMMENT ON COLUMN caseload.client_need.client_id IS 'The client.';
COMMENT ON COLUMN caseload.client_need.kind IS 'language or specialty.';
COMMENT ON COLUMN caseload.client_need.word IS 'Which, in the words of therapist_skill.';
COMMENT ON COLUMN caseload.client_need.required IS 'True: who does not offer it cannot take the client; false: a wish.';

CREATE OR REPLACE FUNCTION caseload.therapist_availability_before_write()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, caseload, pg_temp
AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.version IS NULL THEN
      -- two at a time must not get the same number
      PERFORM FROM caseload.therapist t WHERE t.district_id = NEW.district_id AND t.therapist_id = NEW.therapist_id FOR NO KEY UPDATE;
      NEW.version := (SELECT coalesce(max(v.version), 0) + 1 FROM caseload.therapist_availability v
                       WHERE v.district_id = NEW.district_id AND v.therapist_id = NEW.therapist_id);
    END IF;
  ELSIF OLD.kind <> NEW.kind OR OLD.availability <> NEW.availability OR OLD.valid <> NEW.valid OR OLD.version <> NEW.version THEN
    RAISE EXCEPTION 'a version of an availability cannot be changed'
      USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('It is version %s of therapist "%s".', OLD.version, OLD.therapist_id),
            HINT = 'Enter a new version, and confirm it; of those that are valid on a day the highest counts.';
  ELSIF OLD.status <> NEW.status AND NOT (OLD.status, NEW.status) IN (('draft', 'confirmed'), ('draft', 'withdrawn'), ('confirmed', 'withdrawn')) THEN
    RAISE EXCEPTION 'an availability cannot go from % to %', OLD.status, NEW.status
      USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('It is version %s of therapist "%s".', OLD.version, OLD.therapist_id),
            HINT = 'A draft is confirmed or withdrawn, and what is confirmed is withdrawn. Enter a new version instead.';
  END IF;
  IF NEW.status = 'confirmed' AND NEW.confirmed_at IS NULL THEN
    NEW.confirmed_at := clock_timestamp();
    NEW.confirmed_by := coalesce(NEW.confirmed_by, caseload.actor());
  ELSIF NEW.status = 'withdrawn' AND NEW.withdrawn_at IS NULL THEN
    NEW.withdrawn_at := clock_timestamp();
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION caseload.therapist_availability_before_write() IS 'Row trigger of therapist_availability: numbers versions, keeps them as they were entered, and notes when they were confirmed or withdrawn.';
CREATE OR REPLACE TRIGGER therapist_availability_before_write BEFORE INSERT OR UPDATE ON caseload.therapist_availability
  FOR EACH ROW EXECUTE FUNCTION caseload.therapist_availability_before_write();

CREATE OR REPLACE FUNCTION caseload.therapist_availability_after_write()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, caseload, pg_temp
AS $$
BEGIN
  -- the district only: nothing of a person goes to listeners
  IF current_setting('caseload.notify', true) = 'on' THEN
    PERFORM pg_notify('caseload_availability', NEW.district_id);
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION caseload.therapist_availability_after_write() IS 'Row trigger of therapist_availability: with caseload.notify on, tells listeners of caseload_availability in which district hours have changed.';
CREATE OR REPLACE TRIGGER therapist_availability_after_write AFTER INSERT OR UPDATE ON caseload.therapist_availability
  FOR EACH ROW EXECUTE FUNCTION caseload.therapist_availability_after_write();

CREATE OR REPLACE FUNCTION caseload._availability_on(
  district_id text, therapist_id text, day date, kind text DEFAULT 'direct', known_at timestamptz DEFAULT NULL)
RETURNS caseload.availability
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT CASE WHEN count(*) > 0
              THEN coalesce((array_agg(v.availability ORDER BY v.version DESC)
                             FILTER (WHERE v.valid @> day AND (v.status = 'confirmed' OR v.withdrawn_at > known_at AND v.confirmed_at IS NOT NULL)
                                       AND (known_at IS NULL OR v.confirmed_at <= known_at)))[1], 'never'::caseload.availability)
              WHEN _availability_on.kind = 'direct'
              THEN (SELECT t.availability FROM caseload.therapist t
                     WHERE t.district_id = _availability_on.district_id AND t.therapist_id = _availability_on.therapist_id) END
    FROM caseload.therapist_availability v
   WHERE v.district_id = _availability_on.district_id AND v.therapist_id = _availability_on.therapist_id AND v.kind = _availability_on.kind
     AND (known_at IS NULL OR v.entered_at <= known_at);
END;
COMMENT ON FUNCTION caseload._availability_on(text, text, date, text, timestamptz) IS 'Internal: the confirmed hours of a therapist on a day, as they were known at a time (NULL: now).';
