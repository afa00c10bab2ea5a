-- The type availability: what people see of it. Laws, spellings and the oracle are in test/pgtap.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET search_path = caseload;
SELECT a::availability FROM (VALUES
  ('Mon 08:00-12:00, Wed 13:00-15:30'), ('weekdays 9am-noon'), ('Tue, Thu 8-12, 13-15; Fri 10 to 11'), ('Mon 8-10, Mon 9-11, Mon 11-12'),
  ('Mon 22:00-02:00'), ('Sun 22:00-02:00'), ('always'), ('never'), ('')) v (a);
-- the numbers of schools and therapists
SELECT minutes('Mon 08:00-12:00, Wed 08:00-12:00'::availability) / 60.0 AS hours_a_week;
SELECT minutes('Mon 09:00-12:00'::availability * 'Mon 08:00-11:00') AS in_common;
SELECT a - b AS idle, minutes(a - b), (a - b) * 'Mon 10:30-13:00' AS clipped, minutes((a - b) * 'Mon 10:30-13:00')
  FROM (VALUES ('Mon 08:00-15:00'::availability, 'Mon 08:00-10:00, Mon 13:00-15:00'::availability)) v (a, b);
-- operators
SELECT a + b AS "+", a - b AS "-", a * b AS "*", a @> b AS "@>", a <@ b AS "<@", a && b AS "&&", a = b AS "=", a < b AS "<"
  FROM (VALUES ('Mon 8-12, Tue 8-12'::availability, 'Mon 10-14'::availability), ('Mon 8-12', 'Mon 9-10, Mon 11-12'), ('never', 'Mon 8-9'),
               ('Mon 8-9', 'Mon 9-10'), ('always', 'always')) v (a, b);
SELECT availability_union(a), availability_intersection(a) FROM unnest('{Mon 8-10,NULL,Mon 9-11,"Mon 9-10, Tue 8-9"}'::availability[]) a;
SELECT availability_union(a), availability_intersection(a) FROM unnest('{}'::availability[]) a;
SELECT a FROM unnest('{always,"Mon 8-9, Tue 8-9",never,Mon 8-9,Mon 8-10,Mon 7-8}'::availability[]) a ORDER BY a;
-- as rows, and from rows
SELECT * FROM intervals('Mon 22:00-02:00, Wed 13:00-15:30');
SELECT availability_union(availability(day, begins, ends)), availability_union(availability(day_name, begins, ends)) FROM intervals('Mon 22:00-02:00, Wed 13:00-15:30');
SELECT availability('friday', '22:00', '24:00'), availability(7, '22:00', '02:00'), shift('Sun 22:00-24:00', 60), shift('Mon 00:00-01:00', -60);
SELECT * FROM openings('Mon 08:00-09:40, Wed 13:00-13:20', 30);
SELECT * FROM openings('Mon 08:00-08:40', 30, 5);
SELECT * FROM openings('Mon 00:00-00:40, Sun 23:00-24:00', 45);
SELECT opening_count('Mon 08:00-09:40', 30), opening_count('Mon 08:00-08:40', 30, 5), opening_count('always', 10080), opening_count(NULL, 30);
SELECT count(*) FROM openings(NULL, 30);
-- a time in the week
SELECT at, is_available('Mon 08:00-12:00, Sun 23:00-01:00', at, minutes), minutes
  FROM (VALUES (timestamp '2025-01-13 08:00', 240), ('2025-01-13 08:00', 241), ('2025-01-13 12:00', 0), ('2025-01-13 11:59:59', 0), ('2025-01-13 11:30:30', 30),
               ('2025-01-12 23:30', 90), ('2025-01-12 23:30', 91)) v (at, minutes);
SELECT at, is_available('Mon 08:00-12:00', at, 'America/Phoenix', 60)
  FROM (VALUES (timestamptz '2025-01-13 15:00Z'), ('2025-01-13 18:00Z'), ('2025-01-13 18:01Z'), ('2025-01-13 14:59Z')) v (at);
-- Sunday 2025-03-09 in New York has no 02:30, Sunday 2025-11-02 has 01:30 twice.
SELECT at AT TIME ZONE 'America/New_York' AS local, is_available('Sun 00:00-02:00, Sun 03:00-04:00', at, 'America/New_York', minutes), minutes
  FROM (VALUES (timestamptz '2025-03-09 06:30Z', 60), ('2025-03-09 06:30Z', 91), ('2025-11-02 05:30Z', 60), ('2025-11-02 04:00Z', 180), ('2025-11-02 04:00Z', 181)) v (at, minutes);
-- other zones: winter, summer, and weeks in which the clock changes
SELECT on_date, at_zone('Tue 09:00-10:00', 'America/Anchorage', 'America/Los_Angeles', on_date) AS los_angeles,
       at_zone('Tue 09:00-10:00', 'America/Anchorage', 'America/Phoenix', on_date) AS phoenix
  FROM (VALUES (date '2025-01-14'), ('2025-07-15')) v (on_date);
SELECT on_date, at_zone('Sat 01:00-04:00, Sun 01:00-04:00', 'America/New_York', 'America/Phoenix', on_date) AS phoenix
  FROM (VALUES (date '2025-03-09'), ('2025-03-16'), ('2025-10-27'), ('2025-11-02'), ('2025-11-03')) v (on_date);
SELECT at_zone('Sun 02:15-02:45', 'America/New_York', 'UTC', '2025-03-09') AS skipped, at_zone('Sun 01:15-01:45', 'America/New_York', 'UTC', '2025-11-02') AS twice;
SELECT at_zone('Mon 08:00-12:00', 'America/New_York', 'Asia/Kolkata', '2025-01-13') AS kolkata, at_zone('Sun 20:00-24:00', 'America/New_York', 'Asia/Kolkata', '2025-01-13') AS over_the_end;
SELECT on_date, at_zone('Sun 01:00-03:00', 'Australia/Lord_Howe', 'UTC', on_date) AS lord_howe
  FROM (VALUES (date '2025-04-06'), ('2025-07-06'), ('2025-10-05'), ('2025-12-07')) v (on_date);
-- ten intervals take at most 45 bytes
CREATE TEMP TABLE kept (a availability);
INSERT INTO kept VALUES ('weekdays 8-12, 13-15'), ('never'), ('always');
SELECT pg_column_size(a) FROM kept;
-- every message once
SELECT 'often'::availability;
SELECT 'Mon'::availability;
SELECT 'Mon 8'::availability;
SELECT 'Mon 8-'::availability;
SELECT 'Mon 8-12,'::availability;
SELECT 'Mon-noon 8-12'::availability;
SELECT 'Mon 800-1200'::availability;
SELECT 'Mon 8:5-9'::availability;
SELECT 'Mon 08:00:30-09:00'::availability;
SELECT 'Mon 13pm-14pm'::availability;
SELECT 'Mon 8-25'::availability;
SELECT 'Mon 1-3pm'::availability;
SELECT 'Mon 24:00-02:00'::availability;
SELECT 'Mon 08:00-08:00'::availability;
SELECT 'Mon 9-5'::availability;
SELECT 'always Mon'::availability;
SELECT string_agg(format('%s %s:%s-%s:%s', d, h, m, h, m + 5), ',')::availability
  FROM unnest('{Mon,Tue,Wed,Thu,Fri,Sat,Sun}'::text[]) d, generate_series(0, 23) h, unnest('{10,20,30,40,50}'::int[]) m;
SELECT availability(0, '08:00', '12:00');
SELECT availability('M', '08:00', '12:00');
SELECT availability('Mon', '08:00', '08:00');
SELECT availability('Mon', '08:00:30', '09:00');
SELECT * FROM openings('Mon 8-12', 0);
SELECT opening_count('Mon 8-12', 30, 10081);
SELECT is_available('Mon 8-12', timestamp '2025-01-13 08:00', -1);
SELECT is_available('Mon 8-12', timestamp 'infinity');
SELECT is_available('Mon 8-12', timestamptz '2025-01-13 08:00Z', 'Mars/Phobos');
SELECT at_zone('Mon 8-12', 'UTC', 'Mars/Phobos', '2025-01-13');
SELECT at_zone('Mon 8-12', 'UTC', 'UTC', 'infinity');
RESET search_path;
