--| ordinary
-- The facts as of a date. These functions carry no SET clause, so that the planner sees through them: a condition on the key of the
-- result becomes a condition on the tables.

-- The three that are given keys look every key up, whatever the planner thinks of the arrays: LATERAL with OFFSET 0 fixes the order.

CREATE OR REPLACE FUNCTION caseload._activity_recompute(districts text[], clients text[])
RETURNS TABLE (district_id text, client_id text, episode integer, period daterange, attendance caseload.attendance)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT x.district_id, x.client_id, x.episode, x.period,
         coalesce(x.attendance, (CASE x.zone WHEN 'UTC' THEN '' ELSE x.zone END || '{}')::caseload.attendance)
    FROM unnest(districts, clients) AS k (district_id, client_id)
   CROSS JOIN LATERAL (
         SELECT e.district_id, e.client_id, e.episode, e.period, z.zone,
                (SELECT caseload.attendance(v.at, v.status, z.zone)
                   FROM (SELECT a.starts_at AS at, a.status::text AS status FROM caseload.appointment a
                          WHERE a.district_id = e.district_id AND a.client_id = e.client_id
                         UNION ALL
                         SELECT t.at, t.kind::text FROM caseload.contact t
                          WHERE t.district_id = e.district_id AND t.client_id = e.client_id) v
                  WHERE e.period @> (v.at AT TIME ZONE z.zone)::date) AS attendance
           FROM caseload.client c
           LEFT JOIN caseload.site s ON s.district_id = c.district_id AND s.site_id = c.site_id
          CROSS JOIN LATERAL (SELECT caseload.canonical_zone(coalesce(s.time_zone, 'UTC'))) AS z (zone)
           JOIN caseload.episode e ON e.district_id = c.district_id AND e.client_id = c.client_id
          WHERE c.district_id = k.district_id AND c.client_id = k.client_id
         OFFSET 0) x;
END;
COMMENT ON FUNCTION caseload._activity_recompute(text[], text[]) IS 'Internal: what client_activity must say of these clients, made from the events: the one definition that rebuild and verify share.';

CREATE OR REPLACE FUNCTION caseload._orphan_events(districts text[], clients text[])
RETURNS TABLE (district_id text, client_id text, day date)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  SELECT k.district_id, k.client_id, x.day
    FROM unnest(districts, clients) AS k (district_id, client_id)
   CROSS JOIN LATERAL (
         SELECT d.day
           FROM caseload.client c
           LEFT JOIN caseload.site s ON s.district_id = c.district_id AND s.site_id = c.site_id
          CROSS JOIN LATERAL (
                SELECT a.starts_at FROM caseload.appointment a WHERE a.district_id = c.district_id AND a.client_id = c.client_id
                UNION ALL
                SELECT t.at FROM caseload.contact t WHERE t.district_id = c.district_id AND t.client_id = c.client_id) AS v (at)
          CROSS JOIN LATERAL (SELECT (v.at AT TIME ZONE coalesce(s.time_zone, 'UTC'))::date) AS d (day)
          WHERE c.district_id = k.district_id AND c.client_id = k.client_id
            AND (SELECT count(*) FROM caseload.episode e
                  WHERE e.district_id = c.district_id AND e.client_id = c.client_id AND e.period @> d.day) = 0
         OFFSET 0) x;
END;
COMMENT ON FUNCTION caseload._orphan_events(text[], text[]) IS 'Internal: events of these clients that lie outside every episode.';

CREATE OR REPLACE FUNCTION caseload._client_documents(district_id text, client_id text, period daterange, as_of date, zone text)
RETURNS TABLE (overdue integer, days_overdue integer, notes integer, notes_late integer,
               consent boolean, plan boolean, plan_with_client boolean, closing_note boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
  -- consent and plan may be older than the episode; what is due and what was noted belongs to it
  SELECT (count(*) FILTER (WHERE NOT d.done AND d.due_on < _client_documents.as_of AND _client_documents.period @> d.due_on))::integer,
         coalesce(max(_client_documents.as_of - d.due_on) FILTER (WHERE NOT d.done AND d.due_on < _client_documents.as_of AND _client_documents.period @> d.due_on), 0),
         (count(*) FILTER (WHERE d.done AND d.kind = 'session_note' AND d.about < _client_documents.as_of AND _client_documents.period @> d.about))::integer,
         (count(*) FILTER (WHERE d.done AND d.kind = 'session_note' AND _client_documents.period @> d.about AND d.done_on > d.about))::integer,
         coalesce(bool_or(d.done AND d.kind = 'consent'), false), coalesce(bool_or(d.done AND d.kind = 'plan'), false),
         coalesce(bool_or(d.done AND d.kind = 'plan' AND d.with_client), false),
         coalesce(bool_or(d.done AND d.kind = 'closing_note' AND _client_documents.period @> coalesce(d.about, d.done_on)), false)
    FROM (SELECT t.kind, t.about, t.due_on, t.with_client, o.done_on, coalesce(o.done_on <= _client_documents.as_of, false) AS done
            FROM caseload.document t
           CROSS JOIN LATERAL (SELECT (t.done_at AT TIME ZONE _client_documents.zone)::date) AS o (done_on)
           WHERE t.district_id = _client_documents.district_id AND t.client_id = _client_documents.client_id) d;
END;
COMMENT ON FUNCTION caseload._client_documents(text, text, daterange, date, text) IS 'Internal: the documents of a client in an episode as of a date, counted.';

CREATE OR REPLACE FUNCTION caseload._full_months(since date, until date)
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  -- as since + n months goes: the last day of a shorter month stands for the days that it lacks
  SELECT m.n - CASE WHEN (since + make_interval(months => m.n))::date > until THEN 1 ELSE 0 END
    FROM (SELECT ((extract(year FROM until) - extract(year FROM since)) * 12
                  + extract(month FROM until) - extract(month FROM since))::integer) AS m (n);
END;
COMMENT ON FUNCTION caseload._full_months(date, date) IS 'Internal: full months from one day to another.';

CREATE OR REPLACE FUNCTION caseload.documentation_due(as_of date DEFAULT NULL, in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, client_id text, document_id text, kind text, due_on date, days_overdue integer)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT t.district_id, t.client_id, t.document_id, t.kind, t.due_on, d.day - t.due_on
    FROM caseload.document t
    JOIN caseload.client c ON c.district_id = t.district_id AND c.client_id = t.client_id
    LEFT JOIN caseload.site s ON s.district_id = c.district_id AND s.site_id = c.site_id
   CROSS JOIN LATERAL (SELECT caseload._day(as_of, s.time_zone)) AS d (day)
    JOIN caseload.episode e ON e.district_id = t.district_id AND e.client_id = t.client_id
         AND e.period @> d.day AND e.period @> t.due_on
   WHERE t.due_on < d.day
     AND coalesce((t.done_at AT TIME ZONE coalesce(s.time_zone, 'UTC'))::date > d.day, true)
     AND (in_district IS NULL OR t.district_id = in_district);
END;
COMMENT ON FUNCTION caseload.documentation_due(date, text) IS 'Documents of the current episode that were due before a date (NULL: today at the client''s site) and not done by it.';

CREATE OR REPLACE FUNCTION caseload._services_due(as_of date, days_back integer)
RETURNS TABLE (district_id text, service_id text, client_id text, therapist_id text, discipline text, dosage caseload.dosage,
               delivery caseload.delivery, group_size integer, tier smallint, period daterange, reviewed_on date, day date,
               site_id text, level text, state text, category text, grade smallint, low_incidence_class text,
               service_percent numeric, has_aide boolean, federal_setting smallint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT v.district_id, v.service_id, v.client_id, v.therapist_id, v.discipline, v.dosage, v.delivery, v.group_size, v.tier, v.period,
         v.reviewed_on, d.day, c.site_id, s.level, coalesce(c.state, s.state), c.category, c.grade, c.low_incidence_class,
         c.service_percent, c.has_aide, c.federal_setting
    FROM caseload.service v
    JOIN caseload.client c ON c.district_id = v.district_id AND c.client_id = v.client_id
    LEFT JOIN caseload.site s ON s.district_id = c.district_id AND s.site_id = c.site_id
   CROSS JOIN LATERAL (SELECT caseload._day(as_of, s.time_zone) - days_back) AS d (day)
   WHERE v.period @> d.day
     AND EXISTS (SELECT FROM caseload.episode e
                  WHERE e.district_id = v.district_id AND e.client_id = v.client_id AND e.period @> d.day);
END;
COMMENT ON FUNCTION caseload._services_due(date, integer) IS 'Internal: lines of plans that are due so many days before a date, to clients enrolled on it: the one definition.';

CREATE OR REPLACE FUNCTION caseload._duties_due(as_of date, days_back integer)
RETURNS TABLE (district_id text, duty_id text, therapist_id text, activity_name text, category text, reserved boolean,
               weekly_minutes numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT u.district_id, u.duty_id, u.therapist_id, u.activity_name, a.category, u.reserved, (m.x).client_minutes
    FROM caseload.duty u
    JOIN caseload.activity a ON a.activity_name = u.activity_name
    JOIN caseload.therapist t ON t.district_id = u.district_id AND t.therapist_id = u.therapist_id
    LEFT JOIN caseload.client c ON c.district_id = u.district_id AND c.client_id = u.client_id
    LEFT JOIN caseload.site s ON s.district_id = u.district_id AND s.site_id = coalesce(u.site_id, c.site_id)
   CROSS JOIN LATERAL (SELECT caseload._day(as_of, coalesce(s.time_zone, t.time_zone)) - days_back) AS d (day)
   CROSS JOIN LATERAL (SELECT caseload._service_minutes(u.dosage, 1, u.district_id, t.discipline, s.level, s.site_id, d.day) AS x
                       OFFSET 0) m
   WHERE u.valid @> d.day
     AND (u.client_id IS NULL
          OR EXISTS (SELECT FROM caseload.episode e
                      WHERE e.district_id = u.district_id AND e.client_id = u.client_id AND e.period @> d.day));
END;
COMMENT ON FUNCTION caseload._duties_due(date, integer) IS 'Internal: duties so many days before a date (NULL: before today at the duty''s site, else the client''s, else where the therapist works), in weekly minutes; one for a client counts while the client is enrolled.';

CREATE OR REPLACE FUNCTION caseload._service_facts(as_of date, days_back integer)
RETURNS SETOF caseload.service_facts
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT v.district_id, v.service_id, v.client_id, v.site_id, v.discipline, v.delivery::text, v.group_size, v.therapist_id,
         v.delivery = 'consult', v.therapist_id IS NULL, v.day - lower(v.period),
         (m.x).client_minutes, (m.x).therapist_minutes,
         v.level, v.category, coalesce(t.employed @> v.day, false), t.discipline = v.discipline,
         CASE WHEN v.therapist_id IS NULL OR v.state IS NULL THEN NULL
              ELSE EXISTS (SELECT FROM caseload.license l
                            WHERE l.district_id = v.district_id AND l.therapist_id = v.therapist_id AND l.discipline = v.discipline
                              AND l.state = v.state AND l.valid @> v.day)
                   AND (t.state IS NULL
                        OR EXISTS (SELECT FROM caseload.license l
                                    WHERE l.district_id = v.district_id AND l.therapist_id = v.therapist_id
                                      AND l.discipline = v.discipline AND l.state = t.state AND l.valid @> v.day))
         END,
         v.group_size > 1, (m.x).weekly_sessions,
         v.day - r.day, caseload._full_months(r.day, v.day), upper(v.period) - 1 - v.day,
         v.tier::integer, v.grade::integer, v.low_incidence_class IS NOT NULL, coalesce(i.weight, 1)::numeric(6,3),
         v.service_percent, v.has_aide, (m.x).weeks_per_year
    FROM caseload._services_due(as_of, days_back) v
    LEFT JOIN caseload.therapist t ON t.district_id = v.district_id AND t.therapist_id = v.therapist_id
    LEFT JOIN caseload.low_incidence_class i ON i.class_name = v.low_incidence_class
   -- OFFSET 0: one call a row, not one a column
   CROSS JOIN LATERAL (SELECT caseload._service_minutes(v.dosage, v.group_size, v.district_id, v.discipline, v.level, v.site_id, v.day) AS x
                       OFFSET 0) m
   -- a review after the date is not known on it
   CROSS JOIN LATERAL (SELECT coalesce(CASE WHEN v.reviewed_on <= v.day THEN v.reviewed_on END, lower(v.period))) AS r (day);
END;
COMMENT ON FUNCTION caseload._service_facts(date, integer) IS 'Internal: service_facts() of so many days before.';

CREATE OR REPLACE FUNCTION caseload.service_facts(as_of date DEFAULT NULL)
RETURNS SETOF caseload.service_facts
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT f.* FROM caseload._service_facts(as_of, 0) f;
END;
COMMENT ON FUNCTION caseload.service_facts(date) IS 'Every service that is due as of a date (NULL: today at the client''s site), to clients enrolled on it, in weekly minutes.';

CREATE OR REPLACE FUNCTION caseload._client_minutes(district_id text, client_id text, as_of date)
RETURNS TABLE (minutes numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
  -- one row, whatever there is; one dosage that is not known makes the sum unknown, not small
  SELECT CASE WHEN count(*) = count(f.client_minutes) THEN coalesce(round(sum(f.client_minutes), 2), 0) END::numeric(12,2)
    FROM caseload._service_facts(as_of, 0) f
   WHERE f.district_id = _client_minutes.district_id AND f.client_id = _client_minutes.client_id;
END;
COMMENT ON FUNCTION caseload._client_minutes(text, text, date) IS 'Internal: minutes per week that a client is to get from all services due on a date; NULL where the dosage of one of them is not known.';

CREATE OR REPLACE FUNCTION caseload.client_facts(as_of date DEFAULT NULL)
RETURNS SETOF caseload.client_facts
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  -- As cl_client_facts() makes them for the rules. What a query does not ask for is not computed: each LEFT JOIN LATERAL is to one
  -- aggregated row (HAVING true makes it one), and the planner knows that it may leave it out.
  SELECT a.district_id, a.client_id, a.episode, c.site_id, s.level, c.category, NOT w.waiting, w.waiting, w.services,
         (f.x).days_enrolled, (f.x).weeks_enrolled, (f.x).appointments, (f.x).attended, (f.x).late, (f.x).no_shows,
         (f.x).late_cancels, (f.x).client_cancels, (f.x).strikes, (f.x).unresolved, (f.x).no_show_rate, (f.x).strike_rate,
         (f.x).misses_in_window, (f.x).strikes_in_window, (f.x).attended_in_window, (f.x).miss_run, (f.x).longest_miss_run,
         (f.x).cancel_run, (f.x).on_time_run, (f.x).late_run, (f.x).days_since_attended, (f.x).days_since_contact, (f.x).days_unseen,
         (f.x).days_inactive, (f.x).has_upcoming, (f.x).days_to_next, d.day - g.due, t.overdue,
         t.days_overdue, n.missing, t.notes_late, t.consent, t.plan, t.plan_with_client,
         t.consent::integer + t.plan::integer + (n.missing = 0)::integer + t.closing_note::integer,
         (f.x).last_attended, (f.x).last_contact, (f.x).next_appointment,
         c.grade::integer, c.low_incidence_class IS NOT NULL, coalesce(i.weight, 1)::numeric(6,3), c.service_percent, c.has_aide,
         c.federal_setting::integer, c.need_points, m.minutes
    FROM caseload.client_activity a
   CROSS JOIN LATERAL (SELECT caseload._day(client_facts.as_of, caseload.zone(a.attendance))) AS d (day)
    JOIN caseload.client c ON c.district_id = a.district_id AND c.client_id = a.client_id
    LEFT JOIN caseload.site s ON s.district_id = c.district_id AND s.site_id = c.site_id
    LEFT JOIN caseload.low_incidence_class i ON i.class_name = c.low_incidence_class
    LEFT JOIN LATERAL caseload._client_minutes(a.district_id, a.client_id, d.day) m ON true
    LEFT JOIN caseload.policy p ON p.district_id = a.district_id AND p.policy_name = 'strike_window_days' AND p.valid @> d.day
    LEFT JOIN LATERAL (SELECT (count(*))::integer AS services, count(*) > 0 AND bool_and(v.therapist_id IS NULL) AS waiting
                         FROM caseload.service v
                        WHERE v.district_id = a.district_id AND v.client_id = a.client_id AND v.period @> d.day) w ON true
    LEFT JOIN LATERAL (SELECT max(g.due_on) AS due FROM caseload.flag g
                        WHERE g.district_id = a.district_id AND g.client_id = a.client_id AND g.subject_key = a.client_id AND g.subject = 'client'
                          AND g.episode = a.episode AND g.action = 'warn' AND g.state <> 'dismissed'
                          AND g.raised_on <= d.day AND (g.cleared_on IS NULL OR g.cleared_on > d.day)) g ON true
    LEFT JOIN LATERAL caseload._client_documents(a.district_id, a.client_id, a.period, d.day, caseload.zone(a.attendance)) t ON true
    -- notes on sessions of today are not missing yet
    LEFT JOIN LATERAL (SELECT greatest(caseload.attended(a.attendance, d.day - 1) - t.notes, 0) AS missing HAVING true) n ON true
    LEFT JOIN LATERAL (SELECT caseload._attendance_facts(a.attendance, d.day, lower(a.period), coalesce(p.value,
                   (SELECT k.default_value FROM caseload.policy_kind k WHERE k.policy_name = 'strike_window_days'))::integer) AS x
                 HAVING true) f ON true
   WHERE a.period @> d.day;
END;
COMMENT ON FUNCTION caseload.client_facts(date) IS 'What is known of every enrolled client as of a date (NULL: today at the client''s site), one row each (see the type of the same name).';

CREATE OR REPLACE FUNCTION caseload.active_clients(as_of date DEFAULT NULL)
RETURNS TABLE (district_id text, client_id text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT f.district_id, f.client_id FROM caseload.client_facts(as_of) f WHERE f.is_active;
END;
COMMENT ON FUNCTION caseload.active_clients(date) IS 'Clients who receive services as of a date: enrolled, and not merely waiting.';

CREATE OR REPLACE FUNCTION caseload._episode_changes(as_of date, days integer)
RETURNS TABLE (district_id text, client_id text, site_id text, period daterange, day date, begun boolean, ended boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT e.district_id, e.client_id, c.site_id, e.period, d.day,
         lower(e.period) > d.day - days AND lower(e.period) <= d.day,
         upper(e.period) > d.day - days AND upper(e.period) <= d.day
    FROM caseload.episode e
    JOIN caseload.client c ON c.district_id = e.district_id AND c.client_id = e.client_id
    LEFT JOIN caseload.site s ON s.district_id = c.district_id AND s.site_id = c.site_id
   CROSS JOIN LATERAL (SELECT caseload._day(as_of, s.time_zone)) AS d (day)
   WHERE lower(e.period) > d.day - days AND lower(e.period) <= d.day
      OR upper(e.period) > d.day - days AND upper(e.period) <= d.day;
END;
COMMENT ON FUNCTION caseload._episode_changes(date, integer) IS 'Internal: episodes that began or ended in the days that end with a date; the first day after an episode counts as its end.';

-- Every LEFT JOIN LATERAL below is to one aggregated row, and the planner knows: it looks keys up, and what a query does not ask for
-- is not computed. (Joined to groups, it would multiply its guesses at their number.) OFFSET 0 has it look up the facts of the clients
-- in question instead of making those of all.

CREATE OR REPLACE FUNCTION caseload.therapist_facts(as_of date DEFAULT NULL)
RETURNS SETOF caseload.therapist_facts
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT t.district_id, t.therapist_id, t.discipline, t.fte, d.day - lower(t.employed),
         (l.x).clients, (l.x).services, (l.x).sites, (l.x).direct_minutes, (l.x).consult_minutes, (l.x).weekly_minutes,
         (l.x).capacity_minutes, (l.x).headroom_minutes, (l.x).utilization,
         w.slots::numeric(12,4), w.group_share, w.individual_possible::integer, w.unlicensed::integer, z.mean::numeric(12,2),
         (((l.x).weekly_minutes / nullif(t.fte, 0) - z.mean) / nullif(z.deviation, 0))::double precision,
         least((l.x).utilization, (l7.x).utilization, (l14.x).utilization),
         a.appointments::integer, a.no_shows::integer, a.strikes::integer,
         100 * a.no_shows::double precision / nullif(a.appointments, 0), 100 * a.strikes::double precision / nullif(a.appointments, 0),
         a.unresolved::integer, o.overdue::integer, n.minutes, g.begun::integer, g.ended::integer,
         (l.x).documentation_minutes, (l.x).planning_minutes, (l.x).evaluation_minutes, (l.x).meeting_minutes, (l.x).travel_minutes,
         (l.x).makeup_minutes, (l.x).supervision_minutes, (l.x).other_minutes, (l.x).total_minutes,
         (l.x).paid_minutes, (l.x).paid_utilization, (l.x).fte_clients, b.cases::integer, (l.x).federal_settings, g13.begun::integer
    FROM caseload.therapist t
   CROSS JOIN LATERAL (SELECT caseload._day(as_of, t.time_zone)) AS d (day)
   -- OFFSET 0: one call a row, none where nobody asks for a column
   CROSS JOIN LATERAL (SELECT caseload._workload(t.district_id, t.therapist_id, t.discipline, t.fte, d.day, as_of, 0) AS x OFFSET 0) l
   CROSS JOIN LATERAL (SELECT caseload._workload(t.district_id, t.therapist_id, t.discipline, t.fte, d.day - 7, as_of, 7) AS x OFFSET 0) l7
   CROSS JOIN LATERAL (SELECT caseload._workload(t.district_id, t.therapist_id, t.discipline, t.fte, d.day - 14, as_of, 14) AS x OFFSET 0) l14
    LEFT JOIN LATERAL (
         SELECT coalesce(round(sum(f.weekly_sessions / f.group_size), 4), 0) AS slots,
                count(*) FILTER (WHERE f.is_group AND NOT f.is_consult)::double precision
                / nullif(count(*) FILTER (WHERE NOT f.is_consult), 0) AS group_share,
                count(*) FILTER (WHERE f.delivery = 'small_group_ok' AND NOT f.is_group) AS individual_possible,
                count(*) FILTER (WHERE NOT f.licensed) AS unlicensed
           FROM caseload._service_facts(as_of, 0) f
          WHERE f.district_id = t.district_id AND f.therapist_id = t.therapist_id) w ON true
    -- one group for the whole team; numeric, so that of equal loads the deviation is 0, not almost 0
    LEFT JOIN (SELECT r.district_id, r.discipline, avg((l.x).weekly_minutes / r.fte) AS mean,
                      stddev_pop((l.x).weekly_minutes / r.fte) AS deviation
                 FROM caseload.therapist r
                CROSS JOIN LATERAL (SELECT caseload._day(as_of, r.time_zone)) AS d (day)
                CROSS JOIN LATERAL (SELECT caseload._workload(r.district_id, r.therapist_id, r.discipline, r.fte, d.day, as_of, 0) AS x OFFSET 0) l
                WHERE r.fte > 0 AND r.employed @> d.day
                GROUP BY r.district_id, r.discipline) z
      ON z.district_id = t.district_id AND z.discipline = t.discipline
    LEFT JOIN LATERAL (
         SELECT coalesce(sum(f.appointments), 0) AS appointments, coalesce(sum(f.no_shows), 0) AS no_shows,
                coalesce(sum(f.strikes), 0) AS strikes, coalesce(sum(f.unresolved), 0) AS unresolved
           FROM (SELECT DISTINCT v.district_id, v.client_id FROM caseload._service_facts(as_of, 0) v
                  WHERE v.district_id = t.district_id AND v.therapist_id = t.therapist_id) k
          CROSS JOIN LATERAL (SELECT c.appointments, c.no_shows, c.strikes, c.unresolved FROM caseload.client_facts(as_of) c
                               WHERE c.district_id = k.district_id AND c.client_id = k.client_id OFFSET 0) f) a ON true
    LEFT JOIN LATERAL (
         SELECT count(*) AS overdue
           FROM (SELECT DISTINCT v.district_id, v.client_id FROM caseload._service_facts(as_of, 0) v
                  WHERE v.district_id = t.district_id AND v.therapist_id = t.therapist_id) k
           JOIN caseload.documentation_due(as_of) u ON u.district_id = k.district_id AND u.client_id = k.client_id) o ON true
    LEFT JOIN LATERAL (
         SELECT avg(u.minutes)::double precision AS minutes
           FROM (SELECT DISTINCT v.district_id, v.client_id FROM caseload._service_facts(as_of, 0) v
                  WHERE v.district_id = t.district_id AND v.therapist_id = t.therapist_id) k
           JOIN caseload.document u ON u.district_id = k.district_id AND u.client_id = k.client_id
          WHERE u.kind = 'session_note'
            AND (u.done_at AT TIME ZONE coalesce(t.time_zone, 'UTC'))::date BETWEEN d.day - 29 AND d.day) n ON true
    LEFT JOIN LATERAL (
         SELECT count(DISTINCT v.client_id) FILTER (WHERE c.begun) AS begun, count(DISTINCT v.client_id) FILTER (WHERE c.ended) AS ended
           FROM caseload.service v
           JOIN caseload._episode_changes(as_of, 30) c ON c.district_id = v.district_id AND c.client_id = v.client_id
          WHERE v.district_id = t.district_id AND v.therapist_id = t.therapist_id
            AND v.period && c.period AND coalesce(lower(v.period) <= c.day, true)) g ON true
    LEFT JOIN LATERAL (
         SELECT count(DISTINCT v.client_id) FILTER (WHERE c.begun) AS begun
           FROM caseload.service v
           JOIN caseload._episode_changes(as_of, 91) c ON c.district_id = v.district_id AND c.client_id = v.client_id
          WHERE v.district_id = t.district_id AND v.therapist_id = t.therapist_id
            AND v.period && c.period AND coalesce(lower(v.period) <= c.day, true)) g13 ON true
    LEFT JOIN LATERAL (
         SELECT count(*) AS cases
           FROM caseload.client c
           LEFT JOIN caseload.site s ON s.district_id = c.district_id AND s.site_id = c.site_id
           JOIN caseload.episode e ON e.district_id = c.district_id AND e.client_id = c.client_id
                AND e.period @> caseload._day(as_of, s.time_zone)
          WHERE c.district_id = t.district_id AND c.case_manager_id = t.therapist_id) b ON true
   WHERE t.employed @> d.day;
END;
COMMENT ON FUNCTION caseload.therapist_facts(date) IS 'What is known of every employed therapist as of a date (NULL: today where the therapist works, and at the sites of the clients), one row each (see the type of the same name).';

CREATE OR REPLACE FUNCTION caseload.site_facts(as_of date DEFAULT NULL)
RETURNS SETOF caseload.site_facts
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT s.district_id, s.site_id, s.level, s.state,
         e.clients::integer, a.active::integer, a.inactive::integer, g.begun::integer, g.ended::integer,
         w.services::integer, w.waiting::integer, w.minutes::numeric(12,2), h.therapists::integer, h.fte::numeric(12,3),
         a.appointments::integer, a.attended::integer, a.no_shows::integer, a.strikes::integer,
         100 * a.no_shows::double precision / nullif(a.appointments, 0), 100 * a.strikes::double precision / nullif(a.appointments, 0),
         a.unresolved::integer, o.overdue::integer
    FROM caseload.site s
   CROSS JOIN LATERAL (SELECT caseload._day(as_of, s.time_zone)) AS d (day)
    LEFT JOIN LATERAL (
         SELECT count(*) AS clients
           FROM caseload.client c
           JOIN caseload.episode e ON e.district_id = c.district_id AND e.client_id = c.client_id AND e.period @> d.day
          WHERE c.district_id = s.district_id AND c.site_id = s.site_id) e ON true
    LEFT JOIN LATERAL (
         SELECT count(*) FILTER (WHERE f.is_active) AS active,
                count(*) FILTER (WHERE f.is_active AND f.days_inactive >= 30) AS inactive,
                coalesce(sum(f.appointments), 0) AS appointments, coalesce(sum(f.attended), 0) AS attended,
                coalesce(sum(f.no_shows), 0) AS no_shows, coalesce(sum(f.strikes), 0) AS strikes,
                coalesce(sum(f.unresolved), 0) AS unresolved
           FROM caseload.client c
          CROSS JOIN LATERAL (SELECT b.* FROM caseload.client_facts(as_of) b
                               WHERE b.district_id = c.district_id AND b.client_id = c.client_id OFFSET 0) f
          WHERE c.district_id = s.district_id AND c.site_id = s.site_id) a ON true
    LEFT JOIN LATERAL (
         SELECT count(*) AS services, count(*) FILTER (WHERE f.waiting) AS waiting,
                coalesce(round(sum(f.therapist_minutes) FILTER (WHERE NOT f.waiting), 2), 0) AS minutes
           FROM caseload._service_facts(as_of, 0) f
          WHERE f.district_id = s.district_id AND f.site_id = s.site_id) w ON true
    LEFT JOIN LATERAL (
         SELECT count(*) AS therapists, coalesce(sum(t.fte), 0) AS fte
           FROM (SELECT DISTINCT f.district_id, f.therapist_id FROM caseload._service_facts(as_of, 0) f
                  WHERE f.district_id = s.district_id AND f.site_id = s.site_id) k
           JOIN caseload.therapist t ON t.district_id = k.district_id AND t.therapist_id = k.therapist_id) h ON true
    LEFT JOIN LATERAL (
         SELECT count(*) AS overdue
           FROM caseload.client c
           JOIN caseload.documentation_due(as_of) u ON u.district_id = c.district_id AND u.client_id = c.client_id
          WHERE c.district_id = s.district_id AND c.site_id = s.site_id) o ON true
    LEFT JOIN LATERAL (
         SELECT count(DISTINCT c.client_id) FILTER (WHERE c.begun) AS begun, count(DISTINCT c.client_id) FILTER (WHERE c.ended) AS ended
           FROM caseload._episode_changes(as_of, 30) c
          WHERE c.district_id = s.district_id AND c.site_id = s.site_id) g ON true;
END;
COMMENT ON FUNCTION caseload.site_facts(date) IS 'What is known of every site and its clients as of a date (NULL: today at the site), one row each (see the type of the same name).';
