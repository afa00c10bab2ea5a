--| ordinary
-- The week as therapists write it down: who is seen when, alone or in a group, and in which class. One row is one student's time.

CREATE TABLE IF NOT EXISTS caseload.schedule_slot (
  district_id         text COLLATE "C" NOT NULL,
  slot_id             text COLLATE "C" NOT NULL DEFAULT gen_random_uuid()::text,
  therapist_id        text COLLATE "C" NOT NULL,
  client_id           text COLLATE "C" NOT NULL,
  during              caseload.availability,
  delivery            caseload.delivery,
  low_incidence_class text COLLATE "C" REFERENCES caseload.low_incidence_class,
  site_id             text COLLATE "C",
  service_id          text COLLATE "C",
  time_zone           text CHECK (caseload.canonical_zone(time_zone) <> ''),
  valid               daterange NOT NULL DEFAULT '(,)' CHECK (NOT isempty(valid) AND isfinite(lower(valid)) IS NOT FALSE AND isfinite(upper(valid)) IS NOT FALSE),
  PRIMARY KEY (district_id, slot_id),
  CONSTRAINT schedule_slot_therapist_fkey FOREIGN KEY (district_id, therapist_id) REFERENCES caseload.therapist ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT schedule_slot_client_fkey FOREIGN KEY (district_id, client_id) REFERENCES caseload.client ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT schedule_slot_site_fkey FOREIGN KEY (district_id, site_id) REFERENCES caseload.site ON UPDATE CASCADE,
  CONSTRAINT schedule_slot_time CHECK (caseload.minutes(during) > 0)
);
CREATE INDEX IF NOT EXISTS schedule_slot_therapist_idx ON caseload.schedule_slot (district_id, therapist_id);
CREATE INDEX IF NOT EXISTS schedule_slot_client_idx ON caseload.schedule_slot (district_id, client_id);
COMMENT ON TABLE caseload.schedule_slot IS 'Schedules of therapists: one row for each student and weekly time. Rows of one therapist at the same time are a group; otherwise times must not overlap, by the clock of the world.';
COMMENT ON COLUMN caseload.schedule_slot.district_id IS 'The district.';
COMMENT ON COLUMN caseload.schedule_slot.slot_id IS 'Id of the row.';
COMMENT ON COLUMN caseload.schedule_slot.therapist_id IS 'The therapist.';
COMMENT ON COLUMN caseload.schedule_slot.client_id IS 'The student.';
COMMENT ON COLUMN caseload.schedule_slot.during IS 'Treatment time in the week, by the clock of time_zone; NULL = missing, shows in schedule_format_gaps.';
COMMENT ON COLUMN caseload.schedule_slot.delivery IS 'individual_required, small_group_ok, push_in or consult; NULL = missing, shows in schedule_format_gaps.';
COMMENT ON COLUMN caseload.schedule_slot.low_incidence_class IS 'Low-incidence class; NULL = none.';
COMMENT ON COLUMN caseload.schedule_slot.site_id IS 'Where; NULL = at the site of the student.';
COMMENT ON COLUMN caseload.schedule_slot.service_id IS 'The line of the plan that it serves, where known.';
COMMENT ON COLUMN caseload.schedule_slot.time_zone IS 'Zone of the clock; NULL = that of the site, else of the therapist.';
COMMENT ON COLUMN caseload.schedule_slot.valid IS 'Days on which the schedule holds.';

CREATE OR REPLACE FUNCTION caseload._slot_zone(slot caseload.schedule_slot)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT coalesce(slot.time_zone,
                  (SELECT s.time_zone FROM caseload.client c
                     JOIN caseload.site s ON s.district_id = c.district_id AND s.site_id = coalesce(slot.site_id, c.site_id)
                    WHERE c.district_id = slot.district_id AND c.client_id = slot.client_id),
                  (SELECT t.time_zone FROM caseload.therapist t WHERE t.district_id = slot.district_id AND t.therapist_id = slot.therapist_id),
                  'UTC');
END;
COMMENT ON FUNCTION caseload._slot_zone(caseload.schedule_slot) IS 'Internal: the zone of the clock that a slot is written by.';

CREATE OR REPLACE FUNCTION caseload._times_meet(a caseload.availability, zone_a text, b caseload.availability, zone_b text, days daterange)
RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  -- clocks of two zones may change on different days: a year of weeks is looked at
  SELECT CASE WHEN isempty(days) THEN NULL
              WHEN zone_a = zone_b THEN CASE WHEN a && b THEN coalesce(lower(days), CURRENT_DATE) END
              ELSE (SELECT min(d.day)
                      FROM (SELECT coalesce(lower(days), CURRENT_DATE) + 7 * n AS day FROM generate_series(0, 52) AS n) d
                     WHERE days @> d.day
                       AND caseload.at_zone(a, zone_a, 'UTC', d.day) && caseload.at_zone(b, zone_b, 'UTC', d.day)) END;
END;
COMMENT ON FUNCTION caseload._times_meet(caseload.availability, text, caseload.availability, text, daterange) IS 'Internal: a day in the first week of a period (of a year of it at most) in which two times of the week overlap as instants; NULL for none.';

CREATE OR REPLACE FUNCTION caseload.schedule_slot_after_write()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, caseload, pg_temp
AS $$
DECLARE
  own_zone text := caseload._slot_zone(NEW);
  other record;
  hours caseload.availability;
  own   text;
BEGIN
  IF NEW.during IS NULL THEN
    RETURN NULL;
  END IF;
  -- two at a time about one therapist, or one client, must see each other
  PERFORM FROM caseload.therapist t WHERE t.district_id = NEW.district_id AND t.therapist_id = NEW.therapist_id FOR NO KEY UPDATE;
  PERFORM FROM caseload.client c WHERE c.district_id = NEW.district_id AND c.client_id = NEW.client_id FOR NO KEY UPDATE;
  FOR other IN
    SELECT o.slot_id, o.client_id, o.therapist_id, o.during, o.delivery, z.zone, m.day,
           o.therapist_id = NEW.therapist_id AND o.client_id <> NEW.client_id AND o.during = NEW.during AND z.zone = own_zone AS together
      FROM caseload.schedule_slot o
     CROSS JOIN LATERAL (SELECT caseload._slot_zone(o)) AS z (zone)
     CROSS JOIN LATERAL (SELECT caseload._times_meet(NEW.during, own_zone, o.during, z.zone, NEW.valid * o.valid)) AS m (day)
     WHERE o.district_id = NEW.district_id AND (o.therapist_id = NEW.therapist_id OR o.client_id = NEW.client_id)
       AND o.slot_id <> NEW.slot_id AND o.during IS NOT NULL AND o.valid && NEW.valid AND m.day IS NOT NULL
     ORDER BY o.slot_id
  LOOP
    IF other.together AND 'individual_required' IN (NEW.delivery, other.delivery) THEN
      RAISE EXCEPTION 'client "%" must be seen alone', CASE WHEN NEW.delivery = 'individual_required' THEN NEW.client_id ELSE other.client_id END
        USING ERRCODE = 'check_violation',
              DETAIL = format('Therapist "%s" sees client "%s" and client "%s" at %s.', NEW.therapist_id, NEW.client_id, other.client_id, NEW.during),
              HINT = 'Who has delivery individual_required cannot be in a group.',
              SCHEMA = 'caseload', TABLE = 'schedule_slot', CONSTRAINT = 'schedule_slot_individual';
    ELSIF NOT other.together THEN
      RAISE EXCEPTION 'conflicting schedule slot'
        USING ERRCODE = 'exclusion_violation',
              DETAIL = format('Therapist "%s" has client "%s" at %s (%s), and therapist "%s" client "%s" at %s (%s); they overlap in the week of %s.',
                              NEW.therapist_id, NEW.client_id, NEW.during, own_zone, other.therapist_id, other.client_id, other.during, other.zone, other.day),
              HINT = 'Rows at exactly the same time are a group.',
              SCHEMA = 'caseload', TABLE = 'schedule_slot', CONSTRAINT = 'schedule_slot_conflict';
    END IF;
  END LOOP;
  -- sessions are booked in hours for direct work only, where those are known
  hours := caseload._availability_on(NEW.district_id, NEW.therapist_id, greatest(coalesce(lower(NEW.valid), CURRENT_DATE), least(CURRENT_DATE, upper(NEW.valid) - 1)));
  own := (SELECT t.time_zone FROM caseload.therapist t WHERE t.district_id = NEW.district_id AND t.therapist_id = NEW.therapist_id);
  IF NOT hours @> caseload.at_zone(NEW.during, own_zone, coalesce(own, own_zone), greatest(coalesce(lower(NEW.valid), CURRENT_DATE), least(CURRENT_DATE, upper(NEW.valid) - 1))) THEN
    RAISE EXCEPTION 'slot lies outside the hours of therapist "%" for direct work', NEW.therapist_id
      USING ERRCODE = 'check_violation', DETAIL = format('The slot is %s (%s), the hours are %s (%s).', NEW.during, own_zone, hours, coalesce(own, own_zone)),
            HINT = 'Only confirmed hours of the kind direct count.',
            SCHEMA = 'caseload', TABLE = 'schedule_slot', CONSTRAINT = 'schedule_slot_hours';
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION caseload.schedule_slot_after_write() IS 'Row trigger of schedule_slot: refuses times that overlap, groups with somebody who must be seen alone, and sessions outside the hours for direct work.';
CREATE OR REPLACE TRIGGER schedule_slot_after_write AFTER INSERT OR UPDATE ON caseload.schedule_slot
  FOR EACH ROW EXECUTE FUNCTION caseload.schedule_slot_after_write();
