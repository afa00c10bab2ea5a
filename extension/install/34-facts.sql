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

CREATE OR REPLACE FUNCTION caseload.client_facts(as_of date DEFAULT NULL)
RETURNS SETOF caseload.client_facts
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT (f.x).*
    FROM caseload.client_activity a
   CROSS JOIN LATERAL (SELECT caseload._day(client_facts.as_of, caseload.zone(a.attendance))) AS d (day)
    JOIN caseload.client c ON c.district_id = a.district_id AND c.client_id = a.client_id
    LEFT JOIN caseload.site s ON s.district_id = c.district_id AND s.site_id = c.site_id
    LEFT JOIN caseload.policy p ON p.district_id = a.district_id AND p.policy_name = 'strike_window_days' AND p.valid @> d.day
    LEFT JOIN LATERAL (SELECT (count(*))::integer AS due, (count(*) FILTER (WHERE v.therapist_id IS NULL))::integer AS waiting
                         FROM caseload.service v
                        WHERE v.district_id = a.district_id AND v.client_id = a.client_id AND v.period @> d.day) w ON true
    LEFT JOIN LATERAL (SELECT max(g.due_on) AS due FROM caseload.flag g
                        WHERE g.district_id = a.district_id AND g.subject_key = a.client_id AND g.subject = 'client'
                          AND g.episode = a.episode AND g.action = 'warn' AND g.state <> 'dismissed'
                          AND g.raised_on <= d.day AND (g.cleared_on IS NULL OR g.cleared_on > d.day)) g ON true
    LEFT JOIN LATERAL caseload._client_documents(a.district_id, a.client_id, a.period, d.day, caseload.zone(a.attendance)) t ON true
   -- OFFSET 0: one call a row, not one a column
   CROSS JOIN LATERAL (SELECT caseload._client_facts(a.attendance, d.day, lower(a.period), coalesce(p.value,
                   (SELECT k.default_value FROM caseload.policy_kind k WHERE k.policy_name = 'strike_window_days'))::integer,
                 a.district_id, a.client_id, a.episode, c.site_id, s.level, c.category, w.due, w.waiting, g.due,
                 t.overdue, t.days_overdue, t.notes, t.notes_late, t.consent, t.plan, t.plan_with_client, t.closing_note) AS x
                 OFFSET 0) f
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
