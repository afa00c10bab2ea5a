--| ordinary
-- The facts as of a date. These functions carry no SET clause, so that the planner sees through them: a condition on the key of the
-- result becomes a condition on the tables.

-- The three that are given keys look every key up, whatever the planner thinks of the arrays: LATERAL with OFFSET 0 fixes the order.

CREATE OR REPLACE FUNCTION caseload._activity_recompute(districts text[], clients text[])
RETURNS TABLE (district_id text, client_id text, episode integer, attendance caseload.attendance)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT x.district_id, x.client_id, x.episode,
         coalesce(x.attendance, (CASE x.zone WHEN 'UTC' THEN '' ELSE x.zone END || '{}')::caseload.attendance)
    FROM unnest(districts, clients) AS k (district_id, client_id)
   CROSS JOIN LATERAL (
         SELECT e.district_id, e.client_id, e.episode, z.zone,
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

CREATE OR REPLACE FUNCTION caseload.client_facts(as_of date DEFAULT CURRENT_DATE)
RETURNS SETOF caseload.client_facts
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT a.district_id, a.client_id, a.episode, c.site_id, s.level, c.category,
         NOT coalesce(w.waiting, false), coalesce(w.waiting, false),
         greatest(as_of - coalesce(lower(e.period), (f.x).first_event, as_of), 0),
         greatest(as_of - coalesce(lower(e.period), (f.x).first_event, as_of), 0) / 7,
         (f.x).appointments, (f.x).attended, (f.x).no_shows, (f.x).late_cancels,
         (f.x).no_shows + (f.x).late_cancels, (f.x).unresolved,
         (f.x).misses_in_window, (f.x).strikes_in_window,
         (f.x).miss_run, (f.x).longest_miss_run, (f.x).cancel_run, (f.x).on_time_run,
         as_of - (f.x).last_attended, as_of - (f.x).last_contact,
         as_of - least(coalesce((f.x).last_attended, lower(e.period), (f.x).first_event, as_of), as_of),
         as_of - least(coalesce((f.x).last_contact, lower(e.period), (f.x).first_event, as_of), as_of),
         (f.x).next_appointment IS NOT NULL, (f.x).next_appointment - as_of,
         (f.x).last_attended, (f.x).last_contact, (f.x).next_appointment
    FROM caseload.client_activity a
    JOIN caseload.episode e ON e.district_id = a.district_id AND e.client_id = a.client_id AND e.episode = a.episode
    JOIN caseload.client c ON c.district_id = a.district_id AND c.client_id = a.client_id
    LEFT JOIN caseload.site s ON s.district_id = c.district_id AND s.site_id = c.site_id
    LEFT JOIN caseload.policy p ON p.district_id = a.district_id AND p.policy_name = 'strike_window_days' AND p.valid @> as_of
   -- OFFSET 0: one call a row, not one a column
   CROSS JOIN LATERAL (SELECT caseload._attendance_facts(a.attendance, as_of, coalesce(p.value,
                 (SELECT k.default_value FROM caseload.policy_kind k WHERE k.policy_name = 'strike_window_days'))::integer) AS x
                 OFFSET 0) f
    LEFT JOIN LATERAL (SELECT bool_and(v.therapist_id IS NULL) AS waiting FROM caseload.service v
                        WHERE v.district_id = a.district_id AND v.client_id = a.client_id AND v.period @> as_of) w ON true
   WHERE e.period @> as_of;
END;
COMMENT ON FUNCTION caseload.client_facts(date) IS 'What is known of every enrolled client as of a date, one row each (see the type of the same name).';

CREATE OR REPLACE FUNCTION caseload.active_clients(as_of date DEFAULT CURRENT_DATE)
RETURNS TABLE (district_id text, client_id text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT f.district_id, f.client_id FROM caseload.client_facts(as_of) f WHERE f.is_active;
END;
COMMENT ON FUNCTION caseload.active_clients(date) IS 'Clients who receive services as of a date: enrolled, and not merely waiting.';

CREATE OR REPLACE FUNCTION caseload.service_facts(as_of date DEFAULT CURRENT_DATE)
RETURNS SETOF caseload.service_facts
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT v.district_id, v.service_id, v.client_id, c.site_id, v.discipline, v.delivery::text, v.group_size, v.therapist_id,
         v.delivery = 'consult', v.therapist_id IS NULL, as_of - lower(v.period),
         caseload.minutes_per_week(v.dosage, p.weeks_per_year, p.months_per_year)::numeric(14,6),
         (caseload.minutes_per_week(v.dosage, p.weeks_per_year, p.months_per_year) / v.group_size)::numeric(14,6)
    FROM caseload.service v
    JOIN caseload.client c ON c.district_id = v.district_id AND c.client_id = v.client_id
    JOIN caseload.policies(as_of) p ON p.district_id = v.district_id
   WHERE v.period @> as_of
     AND EXISTS (SELECT FROM caseload.episode e
                  WHERE e.district_id = v.district_id AND e.client_id = v.client_id AND e.period @> as_of);
END;
COMMENT ON FUNCTION caseload.service_facts(date) IS 'Every service that is due as of a date, to clients enrolled on it, in weekly minutes.';

CREATE OR REPLACE FUNCTION caseload.therapist_facts(as_of date DEFAULT CURRENT_DATE)
RETURNS SETOF caseload.therapist_facts
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT t.district_id, t.therapist_id, t.discipline, t.fte, as_of - lower(t.employed),
         coalesce(w.clients, 0)::integer, coalesce(w.services, 0)::integer, coalesce(w.sites, 0)::integer,
         coalesce(w.direct, 0)::numeric(12,2), coalesce(w.consult, 0)::numeric(12,2),
         (coalesce(w.direct, 0) + coalesce(w.consult, 0))::numeric(12,2),
         (t.fte * p.weekly_minutes_per_fte)::numeric(12,2),
         (t.fte * p.weekly_minutes_per_fte - coalesce(w.direct, 0) - coalesce(w.consult, 0))::numeric(12,2),
         ((coalesce(w.direct, 0) + coalesce(w.consult, 0)) / nullif(t.fte * p.weekly_minutes_per_fte, 0))::numeric(12,4)
    FROM caseload.therapist t
    JOIN caseload.policies(as_of) p ON p.district_id = t.district_id
    LEFT JOIN (SELECT f.district_id, f.therapist_id, count(DISTINCT f.client_id) AS clients, count(*) AS services,
                      count(DISTINCT f.site_id) AS sites,
                      round(sum(f.therapist_minutes) FILTER (WHERE NOT f.is_consult), 2) AS direct,
                      round(sum(f.therapist_minutes) FILTER (WHERE f.is_consult), 2) AS consult
                 FROM caseload.service_facts(as_of) f
                WHERE f.therapist_id IS NOT NULL
                GROUP BY f.district_id, f.therapist_id) w
      ON w.district_id = t.district_id AND w.therapist_id = t.therapist_id
   WHERE t.employed @> as_of;
END;
COMMENT ON FUNCTION caseload.therapist_facts(date) IS 'What is known of every employed therapist as of a date, one row each (see the type of the same name).';
