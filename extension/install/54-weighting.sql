--| ordinary
-- Weightings are rows. Those published are seeded under district "*", which is every district; none is in force before a policy says so.

CREATE TABLE IF NOT EXISTS caseload.weighting (
  district_id    text COLLATE "C" NOT NULL DEFAULT '*',
  weighting_name text COLLATE "C" NOT NULL CHECK (weighting_name <> ''),
  subject        text COLLATE "C" NOT NULL DEFAULT 'client' CHECK (subject IN ('client', 'service', 'therapist')),
  expression     text NOT NULL,
  capacity       text,
  unit           text NOT NULL DEFAULT 'points',
  decimals       smallint CHECK (decimals BETWEEN 0 AND 10),
  discipline     text COLLATE "C",
  jurisdiction   text,
  source         text,
  description    text,
  valid          daterange NOT NULL DEFAULT '(,)' CHECK (NOT isempty(valid) AND isfinite(lower(valid)) IS NOT FALSE AND isfinite(upper(valid)) IS NOT FALSE),
  version        integer NOT NULL DEFAULT 1,
  facts          text[] NOT NULL DEFAULT '{}',
  PRIMARY KEY (district_id, weighting_name, valid),
  CONSTRAINT weighting_no_overlap EXCLUDE USING gist (district_id WITH =, weighting_name WITH =, valid WITH &&)
);
COMMENT ON TABLE caseload.weighting IS 'Ways of weighing a caseload: an expression counts what a therapist carries, a capacity says how much is allowed. Never legal advice: sources and dates are with each.';
COMMENT ON COLUMN caseload.weighting.district_id IS 'The district whose weighting it is; "*" is every district. A district''s own goes before the one of every district that bears the same name.';
COMMENT ON COLUMN caseload.weighting.weighting_name IS 'Name of the weighting; rows of one name hold for different days.';
COMMENT ON COLUMN caseload.weighting.subject IS 'What the expression is about: client (each client on the therapist''s caseload once, with a service of tier 3), service (each service of the therapist) or therapist.';
COMMENT ON COLUMN caseload.weighting.expression IS 'One SQL expression that gives a number, over the facts of the subject (the columns of client_facts and its like). It is summed over clients or services. NULL is not known: it adds nothing, and is counted as such.';
COMMENT ON COLUMN caseload.weighting.capacity IS 'How much one therapist may carry: an expression over therapist_facts ("20 * fte"); NULL = no limit.';
COMMENT ON COLUMN caseload.weighting.unit IS 'What the sum is counted in.';
COMMENT ON COLUMN caseload.weighting.decimals IS 'Sum and limit are rounded to so many places, half away from zero, before they are compared; NULL = exact.';
COMMENT ON COLUMN caseload.weighting.discipline IS 'Only for therapists of this discipline and services of it; NULL = all.';
COMMENT ON COLUMN caseload.weighting.jurisdiction IS 'State whose rule it is, as district.state names it, or the body that published it.';
COMMENT ON COLUMN caseload.weighting.source IS 'Where it comes from.';
COMMENT ON COLUMN caseload.weighting.description IS 'What it is, and what of it is our reading.';
COMMENT ON COLUMN caseload.weighting.valid IS 'Days on which it holds; an open beginning is one that the source does not say.';
COMMENT ON COLUMN caseload.weighting.version IS 'Counts changes of expression and capacity in all rows of the name; weighting_version keeps them all.';
COMMENT ON COLUMN caseload.weighting.facts IS 'Derived: the facts that the expression uses.';

CREATE TABLE IF NOT EXISTS caseload.weighting_version (
  district_id    text COLLATE "C" NOT NULL,
  weighting_name text COLLATE "C" NOT NULL,
  version        integer NOT NULL,
  subject        text COLLATE "C" NOT NULL,
  expression     text NOT NULL,
  capacity       text,
  valid          daterange NOT NULL,
  changed_at     timestamptz NOT NULL DEFAULT now(),
  changed_by     text NOT NULL DEFAULT caseload.actor(),
  PRIMARY KEY (district_id, weighting_name, version)
);
COMMENT ON TABLE caseload.weighting_version IS 'Every expression and capacity that a weighting has had.';
COMMENT ON COLUMN caseload.weighting_version.district_id IS 'District of the weighting.';
COMMENT ON COLUMN caseload.weighting_version.weighting_name IS 'The weighting.';
COMMENT ON COLUMN caseload.weighting_version.version IS 'Its version.';
COMMENT ON COLUMN caseload.weighting_version.subject IS 'What it was about.';
COMMENT ON COLUMN caseload.weighting_version.expression IS 'The expression.';
COMMENT ON COLUMN caseload.weighting_version.capacity IS 'The capacity; NULL = no limit.';
COMMENT ON COLUMN caseload.weighting_version.valid IS 'Days for which it was written.';
COMMENT ON COLUMN caseload.weighting_version.changed_at IS 'Since when.';
COMMENT ON COLUMN caseload.weighting_version.changed_by IS 'Who wrote it.';

CREATE OR REPLACE FUNCTION caseload.weighting_version_before_write()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, caseload, pg_temp
AS $$
BEGIN
  IF NEW.district_id <> '*' AND NOT EXISTS (SELECT FROM caseload.district d WHERE d.district_id = NEW.district_id) THEN
    RAISE EXCEPTION 'district "%" does not exist', NEW.district_id
      USING ERRCODE = 'foreign_key_violation', HINT = 'A weighting of every district has district_id ''*''.';
  END IF;
  IF TG_OP = 'UPDATE' AND NEW.expression = OLD.expression AND NEW.capacity IS NOT DISTINCT FROM OLD.capacity
     AND NEW.subject = OLD.subject AND NEW.district_id = OLD.district_id AND NEW.weighting_name = OLD.weighting_name THEN
    NEW.version := OLD.version;
  ELSE
    -- goes on counting where one of this name was deleted; several rows of one statement are in the table before their versions are kept
    NEW.version := 1 + coalesce((SELECT max(v.version)
                                   FROM (SELECT v.version FROM caseload.weighting_version v
                                          WHERE v.district_id = NEW.district_id AND v.weighting_name = NEW.weighting_name
                                         UNION ALL
                                         SELECT w.version FROM caseload.weighting w
                                          WHERE w.district_id = NEW.district_id AND w.weighting_name = NEW.weighting_name) v), 0);
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION caseload.weighting_version_before_write() IS 'Row trigger of weighting: counts the versions of an expression and a capacity.';

CREATE OR REPLACE FUNCTION caseload.weighting_version_after_write()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, caseload, pg_temp
AS $$
BEGIN
  INSERT INTO caseload.weighting_version (district_id, weighting_name, version, subject, expression, capacity, valid)
    VALUES (NEW.district_id, NEW.weighting_name, NEW.version, NEW.subject, NEW.expression, NEW.capacity, NEW.valid)
    ON CONFLICT (district_id, weighting_name, version) DO NOTHING;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION caseload.weighting_version_after_write() IS 'Row trigger of weighting: keeps every version.';

CREATE OR REPLACE TRIGGER weighting_before_write BEFORE INSERT OR UPDATE ON caseload.weighting
  FOR EACH ROW EXECUTE FUNCTION caseload.weighting_before_write();
CREATE OR REPLACE TRIGGER weighting_version_before_write BEFORE INSERT OR UPDATE ON caseload.weighting
  FOR EACH ROW EXECUTE FUNCTION caseload.weighting_version_before_write();
CREATE OR REPLACE TRIGGER weighting_version_after_write AFTER INSERT OR UPDATE ON caseload.weighting
  FOR EACH ROW EXECUTE FUNCTION caseload.weighting_version_after_write();
CREATE OR REPLACE TRIGGER weighting_after_write AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON caseload.weighting
  FOR EACH STATEMENT EXECUTE FUNCTION caseload.rule_after_write();

CREATE OR REPLACE TRIGGER weighting_replica_write AFTER INSERT OR UPDATE OR DELETE ON caseload.weighting
  FOR EACH ROW EXECUTE FUNCTION caseload.rule_after_write();
CREATE OR REPLACE TRIGGER weighting_replica_truncate AFTER TRUNCATE ON caseload.weighting
  FOR EACH STATEMENT EXECUTE FUNCTION caseload.rule_after_write();
ALTER TABLE caseload.weighting ENABLE REPLICA TRIGGER weighting_replica_write, ENABLE REPLICA TRIGGER weighting_replica_truncate;

-- A weighting that nobody has written cannot be put in force.
CREATE OR REPLACE FUNCTION caseload.policy_weighting_before_write()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, caseload, pg_temp
AS $$
BEGIN
  IF NEW.value <> 'minutes'
     AND NOT EXISTS (SELECT FROM caseload.weighting w WHERE w.weighting_name = NEW.value AND w.district_id IN (NEW.district_id, '*')) THEN
    RAISE EXCEPTION 'unknown weighting "%"', NEW.value
      USING ERRCODE = 'foreign_key_violation', HINT = 'SELECT weighting_name, description FROM caseload.weighting lists them; minutes is none.';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION caseload.policy_weighting_before_write() IS 'Row trigger of policy: the weighting in force must be one that there is.';
CREATE OR REPLACE TRIGGER policy_weighting_before_write BEFORE INSERT OR UPDATE ON caseload.policy
  FOR EACH ROW WHEN (NEW.policy_name = 'weighting') EXECUTE FUNCTION caseload.policy_weighting_before_write();

CREATE OR REPLACE FUNCTION caseload.weighting_district_after_delete()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, caseload, pg_temp
AS $$
BEGIN
  DELETE FROM caseload.weighting w WHERE w.district_id = OLD.district_id;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION caseload.weighting_district_after_delete() IS 'Row trigger of district: its weightings go with it.';
CREATE OR REPLACE TRIGGER weighting_district_after_delete AFTER DELETE ON caseload.district
  FOR EACH ROW EXECUTE FUNCTION caseload.weighting_district_after_delete();

-- What is published ----------------------------------------------------------------------------------------------------------
-- A fact that is not recorded makes the weight NULL, so that nobody is light for what nobody wrote down. docs/weightings.md has a
-- worked example of each, and says what is our reading.

-- One that the owner has deleted or renamed has versions all the same, and stays away when this piece runs again.
INSERT INTO caseload.weighting (district_id, weighting_name, subject, expression, capacity, unit, decimals, discipline, jurisdiction, valid, source, description)
SELECT s.district_id, s.weighting_name, s.subject, s.expression, s.capacity, s.unit, s.decimals, s.discipline, s.jurisdiction, s.valid::daterange, s.source, s.description
  FROM (VALUES
  ('*', 'minutes', 'therapist', 'weekly_minutes', 'capacity_minutes', 'minutes per week', NULL, NULL, NULL, '(,)',
   'policy weekly_minutes_per_fte', 'Direct and consult minutes against what the position can give: what holds where no other weighting is in force.'),
  ('*', 'asha_hours', 'therapist', 'total_minutes / 60', 'paid_minutes / 60', 'hours per week', 2, NULL, 'ASHA', '(,)',
   'ASHA 2002, GL2002-00066 and implementation guide', 'All work of a week in hours, whatever it is, against the hours of the contract; by cluster in asha_clusters(), by category in asha_categories().'),
  ('*', 'nc_direct', 'therapist', 'direct_minutes / 60 * 1.5', 'paid_minutes / 60', 'hours per week', 2, NULL, 'NC', '(,)',
   'North Carolina Workload Assessment, direct method', 'Each hour of direct service brings half an hour of other work; a group counts once.'),
  ('*', 'nc_iep_hours', 'service', 'CASE WHEN tier = 3 THEN client_minutes / 60 ELSE 0 END', '40 * fte', 'hours per week', 2, NULL, 'NC', '(,)',
   'North Carolina Workload Assessment, IEP hours method', 'Hours of all plans summed, those of a group for each student; 35 to 40 hours are one position.'),
  ('*', 'virginia_points', 'client',
   'CASE WHEN service_percent < 50 THEN 1'
   ' WHEN service_percent >= 50 AND category IN (''autism'', ''autistic support'', ''Autism'', ''Autistic Support'', ''deaf-blindness'', ''Deaf-blindness'','
   ' ''multiple disabilities'', ''Multiple Disabilities'', ''Multi-Disabilities Support'') THEN CASE WHEN has_aide THEN 2.5 WHEN NOT has_aide THEN 3.3 END'
   ' WHEN service_percent >= 50 AND category IS NOT NULL THEN CASE WHEN has_aide THEN 2.0 WHEN NOT has_aide THEN 2.5 END END',
   '20 * fte', 'points', NULL, NULL, 'VA', '[2010-01-25,)',
   '8VAC20-81-340, Figure 2', 'Students of Level I (less than half of the day) 1; of Level II 2.5 with and 3.3 without a paraprofessional for autism, deaf-blindness and multiple disabilities, else 2.0 and 2.5; 20 points. In proportion for part-time is our reading.'),
  ('*', 'virginia_slp', 'client', '1', '68 * fte', 'clients', NULL, 'SLP', 'VA', '[2010-01-25,)',
   '8VAC20-81-340, Figure 1', 'Speech or language impairment: 68, Level I. The figure has no Level II for it; every client counts 1.'),
  ('*', 'ohio_weighted', 'client',
   'CASE WHEN low_incidence OR grade = -1 OR level = ''preschool'' THEN 1.6 WHEN grade >= 0 OR level IN (''elementary'', ''middle'', ''high'') THEN 1 END',
   '80 * fte', 'weighted students', NULL, 'SLP', 'OH', '(,)',
   'OAC 3301-51-09; OSSPEAC instructions', 'Mixed caseload: low-incidence and preschool students 1.6, others 1; 80 for an SLP.'),
  ('*', 'wisconsin_factors', 'client',
   'CASE WHEN category IN (''specific learning disability'', ''Specific Learning Disability'', ''LD'') AND level = ''elementary'' AND service_percent < 21 THEN 1.6'
   ' WHEN category IN (''cognitive disability'', ''Cognitive Disability'', ''Intellectual Disability'', ''CD'') AND level IN (''middle'', ''high'') AND service_percent > 60 THEN 3.3'
   ' WHEN category IS NOT NULL AND level IS NOT NULL AND service_percent IS NOT NULL THEN 1 END',
   '26 * fte', 'points', NULL, NULL, 'WI', '(,)',
   'Wisconsin DPI, revised caseload formula (only two factors of its table are known here)',
   'A factor by level of service, disability and school, 1 at least; review above 26. All but two factors stand at the base of 1: a district must complete the table. Levels by the federal bands (21, 60 percent) are our reading.'),
  ('*', 'new_mexico_slp', 'client', 'CASE WHEN service_percent <= 10 THEN 1 / 60.0 WHEN service_percent < 50 THEN 1 / 35.0 END',
   'fte', 'FTE', 3, 'SLP', 'NM', '[2009-06-30,)',
   '6.29.1.9 NMAC', 'Each student is a share of a position: 1/60 for a minimal amount (up to 10 percent of the week), 1/35 for a moderate one (below 50). The rule names none for more, so it is unknown.'),
  ('*', 'new_mexico_shares', 'client',
   'CASE WHEN service_percent <= 10 THEN 1 / 35.0 WHEN service_percent < 50 THEN 1 / 24.0 WHEN service_percent <= 90 THEN 1 / 15.0 WHEN service_percent > 90 THEN 1 / 8.0 END',
   'fte', 'FTE', 3, NULL, 'NM', '[2009-06-30,)',
   '6.29.1.9 NMAC', 'The same for teachers: minimal 35, moderate 24, extensive 15, maximum 8. "Approaching a full day" from 90 percent on is our reading.'),
  ('*', 'iowa_points_pk', 'client', 'CASE WHEN grade = -1 THEN need_points WHEN grade IS NOT NULL THEN 0 END',
   '120 * fte', 'points', NULL, NULL, 'IA', '(,)', 'Iowa district plans (Central Lee): ceilings by grade band', 'Points of the district''s matrix, preschool: 120.'),
  ('*', 'iowa_points_k_3', 'client', 'CASE WHEN grade BETWEEN 0 AND 3 THEN need_points WHEN grade IS NOT NULL THEN 0 END',
   '88 * fte', 'points', NULL, NULL, 'IA', '(,)', 'Iowa district plans (Central Lee): ceilings by grade band', 'Points of the district''s matrix, kindergarten to grade 3: 88.'),
  ('*', 'iowa_points_4_5', 'client', 'CASE WHEN grade BETWEEN 4 AND 5 THEN need_points WHEN grade IS NOT NULL THEN 0 END',
   '96 * fte', 'points', NULL, NULL, 'IA', '(,)', 'Iowa district plans (Central Lee): ceilings by grade band', 'Points of the district''s matrix, grades 4 and 5: 96.'),
  ('*', 'iowa_points_6_8', 'client', 'CASE WHEN grade BETWEEN 6 AND 8 THEN need_points WHEN grade IS NOT NULL THEN 0 END',
   '100 * fte', 'points', NULL, NULL, 'IA', '(,)', 'Iowa district plans (Central Lee): ceilings by grade band', 'Points of the district''s matrix, grades 6 to 8: 100.'),
  ('*', 'iowa_points_9_12', 'client', 'CASE WHEN grade >= 9 THEN need_points WHEN grade IS NOT NULL THEN 0 END',
   '120 * fte', 'points', NULL, NULL, 'IA', '(,)', 'Iowa district plans (Central Lee): ceilings by grade band', 'Points of the district''s matrix, grades 9 to 12 and beyond: 120.'),
  ('*', 'pennsylvania_slp', 'client', '1', 'CASE WHEN fte >= 0.8 THEN 65 ELSE 65 * fte END', 'clients', NULL, 'SLP', 'PA', '[2008-07-01,)',
   '22 Pa. Code 14.105', 'Itinerant speech and language support: 65 for a full-time position (0.8 to 1.0 FTE); below, in proportion, is our reading.'),
  ('*', 'indiana_casework', 'client',
   'CASE category WHEN ''assessment'' THEN 1 / 12.0 WHEN ''in-home'' THEN 1 / 17.0 WHEN ''out-of-home'' THEN 1 / 17.0 END',
   'fte', 'caseloads', 3, 'CASEWORK', 'IN', '(,2019-07-01)', 'Indiana IC 31-25-2-5, the earlier rule',
   'Child welfare: 12 assessments or 17 ongoing children. The day on which the next rule follows is our reading.'),
  ('*', 'indiana_casework', 'client',
   'CASE category WHEN ''assessment'' THEN 1 / 12.0 WHEN ''in-home'' THEN 1 / 12.0 WHEN ''out-of-home'' THEN 1 / 13.0 END',
   'fte', 'caseloads', 3, 'CASEWORK', 'IN', '[2019-07-01,)', 'Indiana DCS: 12/12/13',
   'Child welfare: 12 assessments, 12 in-home families or 13 children out of home are one caseload; mixed ones are summed.'),
  ('*', 'minnesota_work_quotient', 'therapist', 'direct_minutes / 20 + (federal_settings + cases_managed + clients) / 4.0', '300 * fte', 'points', 1, NULL, 'MN', '(,)',
   'Minnesota task force on special education caseloads; the formula is reconstructed from its worked example',
   'Work quotient: direct minutes / 20 + (cumulative federal settings + cases managed + student contacts) / 4; 150 to 300 are one position. A setting that is not recorded adds nothing.'),
  ('*', 'capa_new_clients', 'therapist', 'new_clients_13w', 'capacity_minutes / 60 / 3.5 * 3', 'new clients per quarter', 1, NULL, 'CAPA', '(,)',
   'CAPA job planning', 'New core clients of 13 weeks: three for each half-day of 3.5 hours in the job plan, which is taken to be what the position can give in direct service.'),
  ('*', 'ssa_work_years', 'service', 'therapist_minutes * weeks_per_year / 60 / 900', 'fte', 'work-years', 3, NULL, 'SSA', '(,)',
   'SSA workpower analysis, POMS DI 39503.230 and .245: cases x minutes / 60 / hours of a work-year',
   'The general form, over the minutes of the plans; the work-year of 900 hours (25 hours in 36 weeks) is ours.'),
  ('*', 'ncsc_weighted_caseload', 'client', 'class_weight * 1125 / 54000', 'fte', 'work-years', 3, NULL, 'NCSC', '(,)',
   'NCSC weighted caseload (GAO-03-788R): sum of case weights in minutes / minutes of a work-year',
   'The general form, with 1125 minutes a year for a case of weight 1 and a work-year of 54000: 48 clients, the median of ASHA 2022. Both are ours; courts measure theirs.'),
  ('*', 'class_weights', 'client', 'class_weight', NULL, 'weighted clients', NULL, NULL, NULL, '(,)',
   'schedule audit: low-incidence students cost more than weekly ones', 'Intensity, not headcount: each client counts the weight of the low-incidence class, others 1. No limit.'),
  ('*', 'oklahoma_workload', 'client', 'need_points', '125 * fte', 'points', NULL, NULL, 'OK', '(,)',
   'Oklahoma SDE, workload sheet', 'Points of the sheet, recorded as the client''s points of need; above 125 an exception must be asked for.'))
    AS s (district_id, weighting_name, subject, expression, capacity, unit, decimals, discipline, jurisdiction, valid, source, description)
 WHERE NOT EXISTS (SELECT FROM caseload.weighting_version v WHERE v.district_id = s.district_id AND v.weighting_name = s.weighting_name)
ON CONFLICT DO NOTHING;

-- By date and district -------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION caseload._weightings_in_force(as_of date, weighting text)
RETURNS TABLE (district_id text, discipline text, day date, weighting_name text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  -- grouped, so that the policy is asked once for all therapists of a discipline; OFFSET 0 keeps it from being asked before
  SELECT k.district_id, k.discipline, k.day,
         coalesce(weighting, caseload.policy_value(k.district_id, 'weighting', k.day, k.discipline))
    FROM (SELECT t.district_id, t.discipline, caseload._day(as_of, t.time_zone) AS day FROM caseload.therapist t) k
   GROUP BY k.district_id, k.discipline, k.day
   OFFSET 0;
END;
COMMENT ON FUNCTION caseload._weightings_in_force(date, text) IS 'Internal: the weighting in force for each discipline of a district as of a date, or the one that is named.';

CREATE OR REPLACE FUNCTION caseload._weighting_points(as_of date, weighting text)
RETURNS TABLE (weighting_name text, district_id text, therapist_id text, points numeric, points_limit numeric, unit text)
LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 100
BEGIN ATOMIC
  -- grouped, so that the planner knows the key and leaves it out where nobody asks for points. A name that a policy alone knows must
  -- not break a report; one that somebody asks for is an error where there is none (hence LEFT JOIN: a join to no row asks nobody).
  SELECT n.weighting_name, l.district_id, l.therapist_id, max(l.points), max(l.points_limit), max(w.unit)
    FROM (SELECT f.weighting_name FROM caseload._weightings_in_force(as_of, weighting) f
           WHERE f.weighting_name <> 'minutes'
             AND (weighting IS NOT NULL OR EXISTS (SELECT FROM caseload.weighting g WHERE g.weighting_name = f.weighting_name))
           GROUP BY f.weighting_name) n
   CROSS JOIN LATERAL caseload.weighting_loads(n.weighting_name, as_of) l
    LEFT JOIN caseload.weighting w
      ON w.district_id = l.weighting_district AND w.weighting_name = n.weighting_name AND w.version = l.weighting_version
   GROUP BY n.weighting_name, l.district_id, l.therapist_id;
END;
COMMENT ON FUNCTION caseload._weighting_points(date, text) IS 'Internal: what therapists carry by the weightings that are in force somewhere as of a date, or by the one that is named; nothing where minutes alone count.';

-- ASHA's workload analysis ---------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION caseload._asha_cluster(category text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT CASE WHEN category IN ('direct', 'evaluation', 'makeup') THEN 'direct services'
              WHEN category IN ('consult', 'planning', 'supervision', 'other') THEN 'support of the program'
              WHEN category IN ('documentation', 'meeting', 'travel') THEN 'compliance' END;
END;
COMMENT ON FUNCTION caseload._asha_cluster(text) IS 'Internal: the cluster of the ASHA workload analysis that a category of workload is counted in where no duty says otherwise.';

CREATE OR REPLACE FUNCTION caseload._asha_category(category text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT CASE category WHEN 'direct' THEN 'direct' WHEN 'makeup' THEN 'direct' WHEN 'documentation' THEN 'documentation'
              WHEN 'evaluation' THEN 'diagnostics' WHEN 'consult' THEN 'collaboration' WHEN 'meeting' THEN 'collaboration'
              WHEN 'supervision' THEN 'supervision' ELSE 'other' END;
END;
COMMENT ON FUNCTION caseload._asha_category(text) IS 'Internal: the category of the ASHA schools survey that a category of workload is counted in.';

-- Minutes by what policies and plans bring in a category, and by each duty on its own; NULL where the FTE is not recorded.
CREATE OR REPLACE FUNCTION caseload._work_parts(as_of date, in_district text, in_therapist text)
RETURNS TABLE (district_id text, therapist_id text, category text, activity_name text, cluster text, minutes numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT f.district_id, f.therapist_id, c.category, NULL, caseload._asha_cluster(c.category),
         c.minutes - coalesce((SELECT round(sum(d.weekly_minutes), 2) FROM caseload._duties_due(as_of, 0) d
                                WHERE d.district_id = f.district_id AND d.therapist_id = f.therapist_id
                                  AND d.category = c.category AND NOT d.reserved), 0)
    FROM caseload.therapist_facts(as_of) f
   CROSS JOIN LATERAL (VALUES
         ('direct', f.direct_minutes), ('consult', f.consult_minutes), ('documentation', f.documentation_minutes),
         ('planning', f.planning_minutes), ('evaluation', f.evaluation_minutes), ('meeting', f.meeting_minutes),
         ('travel', f.travel_minutes), ('makeup', f.makeup_minutes), ('supervision', f.supervision_minutes),
         ('other', f.other_minutes)) AS c (category, minutes)
   WHERE (in_district IS NULL OR f.district_id = in_district) AND (in_therapist IS NULL OR f.therapist_id = in_therapist)
  UNION ALL
  SELECT d.district_id, d.therapist_id, d.category, d.activity_name, a.cluster, d.weekly_minutes
    FROM caseload._duties_due(as_of, 0) d
    JOIN caseload.activity a ON a.activity_name = d.activity_name
    JOIN caseload.therapist t ON t.district_id = d.district_id AND t.therapist_id = d.therapist_id
         AND t.employed @> caseload._day(as_of, t.time_zone)
   WHERE NOT d.reserved
     AND (in_district IS NULL OR d.district_id = in_district) AND (in_therapist IS NULL OR d.therapist_id = in_therapist);
END;
COMMENT ON FUNCTION caseload._work_parts(date, text, text) IS 'Internal: minutes of a week by category without the duties, and of each duty.';

CREATE OR REPLACE FUNCTION caseload.asha_clusters(as_of date DEFAULT NULL, in_district text DEFAULT NULL, in_therapist text DEFAULT NULL)
RETURNS TABLE (district_id text, therapist_id text, cluster text, minutes numeric, percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 400
BEGIN ATOMIC
  SELECT x.district_id, x.therapist_id, x.cluster, round(x.minutes, 2),
         round(100 * x.minutes / nullif(CASE WHEN count(*) OVER team = count(x.minutes) OVER team THEN sum(x.minutes) OVER team END, 0), 1)
    FROM (SELECT p.district_id, p.therapist_id, c.cluster,
                 CASE WHEN count(*) FILTER (WHERE p.cluster = c.cluster) = count(p.minutes) FILTER (WHERE p.cluster = c.cluster)
                      THEN coalesce(sum(p.minutes) FILTER (WHERE p.cluster = c.cluster), 0) END AS minutes
            FROM caseload._work_parts(as_of, in_district, in_therapist) p
           CROSS JOIN (VALUES ('direct services'), ('support of the program'), ('support of access'), ('compliance')) AS c (cluster)
           GROUP BY p.district_id, p.therapist_id, c.cluster) x
  WINDOW team AS (PARTITION BY x.district_id, x.therapist_id);
END;
COMMENT ON FUNCTION caseload.asha_clusters(date, text, text) IS 'A week of each employed therapist as of a date (NULL: today) in the four clusters of the ASHA workload analysis, with the percent of all work: duties by the cluster of their activity, other minutes by their category. NULL where the FTE is not recorded.';

CREATE OR REPLACE FUNCTION caseload.asha_categories(as_of date DEFAULT NULL, in_district text DEFAULT NULL, in_therapist text DEFAULT NULL)
RETURNS TABLE (district_id text, therapist_id text, category text, hours numeric, asha_2022_hours numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 700
BEGIN ATOMIC
  SELECT p.district_id, p.therapist_id, c.category,
         CASE WHEN count(*) FILTER (WHERE p.category = c.category) = count(p.minutes) FILTER (WHERE p.category = c.category)
              THEN round(coalesce(sum(p.minutes) FILTER (WHERE p.category = c.category), 0) / 60, 2) END, c.hours
    FROM (SELECT w.district_id, w.therapist_id, w.minutes,
                 CASE WHEN w.activity_name IN ('equipment', 'alternative communication') THEN 'technology'
                      ELSE caseload._asha_category(w.category) END AS category
            FROM caseload._work_parts(as_of, in_district, in_therapist) w) p
   CROSS JOIN (VALUES (1, 'direct', 22.0), (2, 'documentation', 5.8), (3, 'diagnostics', 3.6), (4, 'collaboration', 1.9),
                      (5, 'technology', 1.0), (6, 'supervision', 0.8), (7, 'other', 2.1)) AS c (n, category, hours)
   GROUP BY p.district_id, p.therapist_id, c.n, c.category, c.hours
   ORDER BY p.district_id, p.therapist_id, c.n;
END;
COMMENT ON FUNCTION caseload.asha_categories(date, text, text) IS 'A week of each employed therapist as of a date (NULL: today) in hours by the seven categories of the ASHA schools survey, beside the means of 2022 (37.2 hours in all). NULL where the FTE is not recorded.';

-- Side by side ---------------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION caseload.workload_models(therapist_id text, as_of date DEFAULT NULL, district_id text DEFAULT NULL)
RETURNS TABLE (weighting_name text, jurisdiction text, load numeric, limit_value numeric, unit text, percent numeric, over boolean,
               verdict text, here boolean, unknown bigint, failed bigint, source text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 20
SET search_path = pg_catalog, caseload, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  district text := caseload._therapist_district(therapist_id, district_id);
  -- the law is that of the place where the clients are: the district's, and the therapist's only where the district says nothing
  state    text := (SELECT coalesce(d.state, t.state)
                      FROM caseload.therapist t JOIN caseload.district d ON d.district_id = t.district_id
                     WHERE t.district_id = district AND t.therapist_id = workload_models.therapist_id);
BEGIN
  RETURN QUERY
    SELECT w.weighting_name, w.jurisdiction, l.points, l.points_limit, w.unit, round(100 * l.points / nullif(l.points_limit, 0), 1),
           l.points > l.points_limit,
           CASE WHEN l.points > l.points_limit THEN 'over'
                WHEN l.points IS NULL OR l.points_limit IS NULL AND w.capacity IS NOT NULL THEN 'not comparable'
                WHEN l.unknown > 0 THEN 'incomplete'
                WHEN w.capacity IS NULL THEN 'no limit'
                ELSE 'within' END,
           w.district_id <> '*' OR coalesce(w.jurisdiction = state, false), l.unknown, l.failed, w.source
      FROM (SELECT DISTINCT n.weighting_name FROM caseload.weighting n WHERE n.district_id IN (district, '*')) n
     CROSS JOIN LATERAL caseload.weighting_loads(n.weighting_name, as_of, district, therapist_id) l
      JOIN caseload.weighting w ON w.district_id = l.weighting_district AND w.weighting_name = n.weighting_name AND w.version = l.weighting_version
     ORDER BY 9 DESC, w.weighting_name;
END
$$;
COMMENT ON FUNCTION caseload.workload_models(text, date, text) IS 'One caseload through every weighting that is meant for the therapist on a date (NULL: today): load, limit, percent of it, and verdict: within, over, incomplete (not over as far as known, but facts of unknown clients or services are missing), no limit, or not comparable (nothing of what it counts is recorded, the FTE is not, or the expression fails). here: of the state of the district (else of the therapist), or the district''s own. Never legal advice.';

CREATE OR REPLACE FUNCTION caseload.compare_weightings(a text, b text, as_of date DEFAULT NULL, in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, therapist_id text, discipline text, load_a numeric, percent_a numeric, rank_a bigint,
               load_b numeric, percent_b numeric, rank_b bigint, change numeric, effect text)
LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 100
SET search_path = pg_catalog, caseload, pg_temp
BEGIN ATOMIC
  WITH pair AS (
    SELECT coalesce(x.district_id, y.district_id) AS district_id, coalesce(x.therapist_id, y.therapist_id) AS therapist_id,
           x.points AS load_a, 100 * x.points / nullif(x.points_limit, 0) AS percent_a,
           y.points AS load_b, 100 * y.points / nullif(y.points_limit, 0) AS percent_b, x.unknown + y.unknown > 0 AS incomplete
      FROM caseload.weighting_loads(compare_weightings.a, compare_weightings.as_of, compare_weightings.in_district) x
      FULL JOIN caseload.weighting_loads(compare_weightings.b, compare_weightings.as_of, compare_weightings.in_district) y
        ON y.district_id = x.district_id AND y.therapist_id = x.therapist_id
  )
  SELECT p.district_id, p.therapist_id, t.discipline, p.load_a, round(p.percent_a, 1),
         CASE WHEN coalesce(p.percent_a, p.load_a) IS NOT NULL
              THEN rank() OVER (PARTITION BY p.district_id, t.discipline ORDER BY p.percent_a DESC NULLS LAST, p.load_a DESC NULLS LAST) END,
         p.load_b, round(p.percent_b, 1),
         CASE WHEN coalesce(p.percent_b, p.load_b) IS NOT NULL
              THEN rank() OVER (PARTITION BY p.district_id, t.discipline ORDER BY p.percent_b DESC NULLS LAST, p.load_b DESC NULLS LAST) END,
         round(p.percent_b - p.percent_a, 1),
         CASE WHEN p.incomplete AND p.percent_a IS NOT NULL AND p.percent_b IS NOT NULL THEN 'incomplete'
              WHEN p.percent_b < p.percent_a THEN 'gains' WHEN p.percent_b > p.percent_a THEN 'loses'
              WHEN p.percent_b = p.percent_a THEN 'same' ELSE 'not comparable' END
    FROM pair p
    JOIN caseload.therapist t ON t.district_id = p.district_id AND t.therapist_id = p.therapist_id
   ORDER BY p.district_id, p.percent_b - p.percent_a NULLS LAST, p.therapist_id;
END;
COMMENT ON FUNCTION caseload.compare_weightings(text, text, date, text) IS 'Who gains room and who loses it when a district goes from weighting a to weighting b: per therapist the load and the percent of the limit under both, the rank among peers of the discipline (1 = fullest), and the change in percentage points; gains = a smaller part of the limit; incomplete = some clients or services have no weight under one of them. Those who gain most come first.';
