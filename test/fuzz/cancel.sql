-- What the statements of cancel.txt work on, beside a sample district: values as big as they can be, and conditions as long.

CREATE TABLE public.big (name text PRIMARY KEY, value caseload.attendance);
ALTER TABLE public.big ALTER value SET STORAGE EXTERNAL;
-- all that a value can hold, and as many more or less a quarter; seconds apart, so that what is merged is merged event by event
INSERT INTO public.big
  SELECT 'all', caseload.attendance(timestamptz '2000-01-01' + n * interval '50 s', (ARRAY['attended', 'no_show', 'late'])[1 + n % 3], 'America/New_York')
    FROM generate_series(1, 16777216) n
  UNION ALL
  SELECT 'quarter', caseload.attendance(timestamptz '2000-01-01' + n * interval '200 s', (ARRAY['attended', 'no_show', 'late'])[1 + n * 4 % 3], 'America/New_York')
    FROM generate_series(1, 4194304) n
  UNION ALL
  -- of which nobody was ever seen: what is looked for is never found
  SELECT 'misses', caseload.attendance(timestamptz '2000-01-01' + n * interval '50 s', 'no_show', 'America/New_York')
    FROM generate_series(1, 16777216) n;
CREATE TABLE public.load (name text PRIMARY KEY, text text, value caseload.load_profile);
ALTER TABLE public.load ALTER text SET STORAGE EXTERNAL, ALTER value SET STORAGE EXTERNAL;
-- many rates, each searched for among the others, and many days
INSERT INTO public.load (name, text)
  SELECT 'rates', '{' || string_agg(format('"d%s" - - of 1: 2026-01-01 +1', n), '; ') || '}' FROM generate_series(1, 60000) n
  UNION ALL
  SELECT 'days', '{"d" - - of 1: ' || string_agg(format('%s +1', to_char(date '2026-01-01' + n, 'FMYYYY-MM-DD')), ', ') || '}' FROM generate_series(1, 5000000) n
  WHERE date '2026-01-01' + n < '5874897-01-01';
UPDATE public.load SET value = text::caseload.load_profile WHERE name = 'days';
CREATE TABLE public.worst AS
  SELECT name, text FROM (VALUES
    ('wide', 'strikes > 0' || repeat(' OR strikes > 0', 260)),
    ('deep', repeat('(', 45) || 'strikes > 0' || repeat(' AND has_plan)', 45)),
    ('list', 'strikes IN (1' || repeat(', 2', 1300) || ')'),
    ('case', 'CASE WHEN strikes > 0 THEN true' || repeat(' WHEN strikes > 1 THEN false', 130) || ' END')) w (name, text);
ANALYZE;
