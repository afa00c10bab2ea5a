--| ordinary
-- attach(): from a mapping to a view that says what the columns of a relation mean, and triggers that follow it. What the caller may do is
-- checked as himself, the rest is done as our owner. What is wrong with a mapping is collected and said at once.

CREATE OR REPLACE FUNCTION caseload._mapping_value(relation regclass, key text, value jsonb, OUT sql text, OUT type text, OUT problem text)
RETURNS record
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  what text;
  given jsonb;
  hint text;
BEGIN
  -- "x" is the column x
  given := CASE jsonb_typeof(value) WHEN 'string' THEN jsonb_build_object('column', value) ELSE value END;
  IF jsonb_typeof(given) IS DISTINCT FROM 'object' OR (SELECT count(*) FROM jsonb_object_keys(given)) <> 1 THEN
    problem := format('%s: must be a column''s name or one of {"column": …}, {"expression": …}, {"constant": …}', key);
    RETURN;
  END IF;
  SELECT k INTO what FROM jsonb_object_keys(given) k;
  IF what NOT IN ('column', 'expression', 'constant') OR jsonb_typeof(given -> what) NOT IN ('string', 'number', 'boolean')
     OR (what <> 'constant' AND jsonb_typeof(given -> what) <> 'string') THEN
    problem := format('%s: must be a column''s name or one of {"column": …}, {"expression": …}, {"constant": …}', key);
  ELSIF what = 'constant' THEN
    sql := format('%L::text', given ->> what);
    type := 'text';
  ELSE
    sql := CASE what WHEN 'column' THEN quote_ident(given ->> what) ELSE given ->> what END;
    BEGIN
      type := caseload._mapping_type(relation, sql);
    EXCEPTION WHEN data_exception OR syntax_error_or_access_rule_violation OR feature_not_supported OR program_limit_exceeded THEN
      GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
      IF SQLSTATE = '42501' THEN
        RAISE;
      END IF;
      problem := format('%s: %s%s', key, problem, CASE WHEN what = 'expression' AND hint <> '' THEN ' (' || hint || ')' ELSE '' END);
      RETURN;
    END;
    IF what = 'expression' THEN
      -- a comment at its end must not swallow the parenthesis
      sql := '(' || sql || E'\n)';
    END IF;
  END IF;
END
$$;
COMMENT ON FUNCTION caseload._mapping_value(regclass, text, jsonb) IS 'Internal: what one key of a mapping says as SQL, its type, or what is wrong with it.';

CREATE OR REPLACE FUNCTION caseload._as_text(value text, type text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT CASE type WHEN 'text' THEN value ELSE value || '::text' END;
END;
COMMENT ON FUNCTION caseload._as_text(text, text) IS 'Internal: SQL of a value of this type, as SQL of its text.';

CREATE OR REPLACE FUNCTION caseload._mapping_moment(key text, value text, type text, zone text, OUT sql text, OUT other text, OUT problem text)
RETURNS record
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  -- days that there are, hours that there are: what is no time must not stop the statement, but be counted or refused by name
  day constant text := '(?!0000)([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))'
                       '|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)';
  clock constant text := '(([01][0-9]|2[0-3]):[0-5][0-9](:([0-5][0-9]|60)([.][0-9]{1,9})?)?|24:00(:00)?)';
  iso constant text := format('%L', format('^\s*%s[T ]%s\s*$', day, clock));
  iso_zoned constant text := format('%L', format('^\s*%s[T ]%s\s*([Zz]|[-+](0[0-9]|1[0-5])(:?[0-5][0-9])?)\s*$', day, clock));
  iso_day constant text := format('%L', format('^\s*%s\s*$', day));
  -- a day or time that a moment can be of, wherever it is
  within constant text := '%1$s >= ''0001-01-01'' AND %1$s < ''294276-01-01''';
BEGIN
  IF type = 'timestamp with time zone' THEN
    sql := value;
    RETURN;
  END IF;
  IF type NOT IN ('timestamp without time zone', 'date', 'text', 'character varying', 'character') THEN
    problem := format('%s: is of type %s, not a date, a timestamp or a text', key, type);
  ELSIF zone IS NULL THEN
    problem := format('%s: is of type %s and needs "zone"', key, type);
  ELSIF type = 'timestamp without time zone' THEN
    sql := format('(CASE WHEN ' || within || ' THEN %1$s AT TIME ZONE %2$s END)', value, zone);
    other := format('(CASE WHEN ' || within || ' AND %2$s IS NOT NULL THEN NULL ELSE %1$s::text END)', value, zone);
  ELSIF type = 'date' THEN
    -- at noon: the same day wherever the client is seen near the zone
    sql := format('(CASE WHEN ' || within || ' THEN (%1$s + time ''12:00'') AT TIME ZONE %2$s END)', value, zone);
    other := format('(CASE WHEN ' || within || ' AND %2$s IS NOT NULL THEN NULL ELSE %1$s::text END)', value, zone);
  ELSE
    -- by bytes, whatever the collation of the column takes for equal
    sql := format('(CASE WHEN %1$s ~ %3$s THEN %1$s::timestamptz WHEN %1$s ~ %4$s THEN (%1$s::date + time ''12:00'') AT TIME ZONE %2$s'
                  ' WHEN %1$s ~ %5$s THEN %1$s::timestamp AT TIME ZONE %2$s END)', format('(%s::text COLLATE "C")', value), zone, iso_zoned, iso_day, iso);
    other := format('(CASE WHEN btrim(%1$s) = '''' OR %1$s ~ %3$s OR (%1$s ~ %4$s OR %1$s ~ %5$s) AND %2$s IS NOT NULL THEN NULL ELSE %1$s END)',
                    format('(%s::text COLLATE "C")', value), zone, iso_zoned, iso_day, iso);
  END IF;
END
$$;
COMMENT ON FUNCTION caseload._mapping_moment(text, text, text, text) IS 'Internal: a moment as SQL from a value of this type in this zone, what of it cannot be read as one, or what is wrong.';

CREATE OR REPLACE FUNCTION caseload._mapping_status(code text, codes jsonb)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  -- as it is written goes before any case; '' is no event, NULL is not known
  SELECT format('(CASE %s %s ELSE %s END)', w.code, string_agg(format('WHEN %L THEN %L', btrim(c.key), coalesce(c.value, '')), ' ' ORDER BY c.key COLLATE "C"),
                coalesce((SELECT format('(CASE lower(%s COLLATE "default") %s END)', w.code, string_agg(format('WHEN %L THEN %L', l.key, coalesce(l.value, '')), ' ' ORDER BY l.key COLLATE "C"))
                            FROM (SELECT lower(btrim(e.key)) AS key, min(e.value) AS value FROM jsonb_each_text(codes) e
                                   GROUP BY 1 HAVING count(DISTINCT coalesce(e.value, '')) = 1) l), 'NULL'))
    FROM (SELECT format('(coalesce(btrim(%s), '''') COLLATE "C")', code)) AS w (code), jsonb_each_text(codes) c
   GROUP BY w.code;
END;
COMMENT ON FUNCTION caseload._mapping_status(text, jsonb) IS 'Internal: codes of an app to words of ours, as SQL.';

CREATE OR REPLACE FUNCTION caseload._mapping_key_columns(relation regclass, mapping jsonb, OUT columns text[], OUT problems text[])
RETURNS record
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  is_table boolean := (SELECT c.relkind IN ('r', 'p') FROM pg_class c WHERE c.oid = relation);
  name text;
  type text;
BEGIN
  columns := caseload._mapping_keys(mapping);
  IF columns IS NULL AND NOT mapping ? 'key' THEN
    SELECT array_agg(a.attname::text ORDER BY k.place) INTO columns
      FROM pg_index i CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
     WHERE i.indrelid = relation AND i.indisprimary AND k.place <= i.indnkeyatts;
  END IF;
  IF columns IS NULL OR cardinality(columns) NOT BETWEEN 1 AND 8 THEN
    problems := ARRAY[CASE WHEN mapping ? 'key' THEN 'key: must be the name of a column, or an array of one to eight'
                           ELSE 'key: the relation has no primary key; name the columns that make a row unique' END];
    RETURN;
  END IF;
  FOREACH name IN ARRAY columns LOOP
    SELECT format_type(a.atttypid, NULL) INTO type FROM pg_attribute a WHERE a.attrelid = relation AND a.attname = name AND a.attnum > 0 AND NOT a.attisdropped;
    IF NOT FOUND THEN
      problems := problems || format('key: column "%s" does not exist', name);
      CONTINUE;
    END IF;
    BEGIN
      type := caseload._mapping_type(relation, quote_ident(name));
    EXCEPTION WHEN datatype_mismatch THEN
      NULL;
    END;
    IF type NOT IN ('smallint', 'integer', 'bigint', 'numeric', 'text', 'character varying', 'character', 'name', 'uuid', 'enum', 'date',
                    'timestamp without time zone', 'timestamp with time zone') THEN
      problems := problems || format('key: column "%s" is of type %s, which cannot be a key here', name, type);
    ELSIF is_table AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = relation AND a.attname = name AND NOT a.attnotnull) THEN
      problems := problems || format('key: column "%s" may be NULL', name);
    END IF;
  END LOOP;
  IF is_table AND problems IS NULL AND NOT EXISTS (
       SELECT FROM pg_index i
        WHERE i.indrelid = relation AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
          AND columns @> (SELECT array_agg(a.attname::text) FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
                            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number WHERE k.place <= i.indnkeyatts)) THEN
    problems := ARRAY[format('key: no unique index on (%s)', (SELECT string_agg(quote_ident(c), ', ') FROM unnest(columns) c))];
  END IF;
END
$$;
COMMENT ON FUNCTION caseload._mapping_key_columns(regclass, jsonb) IS 'Internal: the columns that name a row of a relation, by its mapping or its primary key, or what is wrong with them.';

CREATE OR REPLACE FUNCTION caseload._mapping_table(name text)
RETURNS regclass
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  -- what is no name of two parts to_regclass() would not take, but stop at
  SELECT CASE WHEN name ~ '^([^".[:space:]]+|"([^"]|"")+")[.]([^".[:space:]]+|"([^"]|"")+")$' THEN to_regclass(name) END;
END;
COMMENT ON FUNCTION caseload._mapping_table(text) IS 'Internal: a relation by its name with its schema; NULL = there is none, or that is no such name.';

CREATE OR REPLACE FUNCTION caseload._mapping_watch(relation regclass, mapping jsonb)
RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp SET jit = off
BEGIN ATOMIC
  WITH watched AS (
    SELECT w.key AS name, w.value AS columns, c.oid, c.relkind, c.relispartition, c.relpersistence
      FROM jsonb_each(CASE jsonb_typeof(mapping -> 'watch') WHEN 'object' THEN mapping -> 'watch' ELSE '{}' END) w
      LEFT JOIN pg_class c ON c.oid = caseload._mapping_table(w.key) AND c.relkind IN ('r', 'p')
  ), found AS (
    SELECT CASE WHEN w.oid IS NULL OR jsonb_typeof(w.columns) <> 'object' THEN format('watch: "%s" is no table with its schema', w.name)
                -- where triggers would not see every write
                WHEN w.relispartition THEN format('watch: %s is a partition; watch the partitioned table', w.oid::regclass)
                WHEN w.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE w.oid IN (i.inhparent, i.inhrelid))
                  THEN format('watch: %s inherits or is inherited from, which triggers do not follow', w.oid::regclass)
                WHEN w.relpersistence <> 'p' THEN format('watch: %s is unlogged or temporary', w.oid::regclass) END AS problem
      FROM watched w
    UNION ALL
    SELECT CASE WHEN a.attnum IS NULL THEN format('watch: column "%s" of %s does not exist', k.key, w.oid::regclass)
                WHEN b.attnum IS NULL THEN format('watch: "%s" is no key of the view', k.value)
                WHEN a.atttypid <> b.atttypid
                  THEN format('watch: column "%s" of %s is of type %s, the key "%s" of type %s', k.key, w.oid::regclass, a.atttypid::regtype, k.value, b.atttypid::regtype)
                WHEN count(*) OVER (PARTITION BY w.name, k.value) > 1 THEN format('watch: several columns of %s are the key "%s"', w.oid::regclass, k.value) END
      FROM watched w
     CROSS JOIN LATERAL jsonb_each_text(CASE jsonb_typeof(w.columns) WHEN 'object' THEN w.columns ELSE '{}' END) k
      LEFT JOIN pg_attribute a ON a.attrelid = w.oid AND a.attname = k.key AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attribute b ON b.attrelid = relation AND b.attname = k.value AND k.value = ANY (caseload._mapping_keys(mapping))
     WHERE w.oid IS NOT NULL
  )
  SELECT array_agg(DISTINCT f.problem ORDER BY f.problem) FROM found f WHERE f.problem IS NOT NULL;
END;
COMMENT ON FUNCTION caseload._mapping_watch(regclass, jsonb) IS 'Internal: what is wrong with the tables that a mapping says are to be watched, and their columns; NULL = nothing.';

CREATE OR REPLACE FUNCTION caseload._mapping_view(relation regclass, mapping jsonb, OUT definition text, OUT problems text[])
RETURNS record
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  -- what a mapping may say beside codes, key, kind, unknown and watch, and whether it must
  known constant jsonb := '{"district": true, "client": true, "status": true, "client_name": false, "therapist": false, "discipline": false, "site": false,
    "zone": false, "at": false, "date": false, "time": false, "minutes": false, "seconds": false, "ends_at": false, "filter": false}';
  keyable constant text[] := '{smallint,integer,bigint,numeric,text,"character varying",character,name,uuid,enum,boolean}';
  statuses text[];
  sql jsonb := '{}';
  type jsonb := '{}';
  codes jsonb;
  kind text := coalesce(mapping ->> 'kind', 'appointment');
  zone text;
  at_sql text; at_other text; at_problem text;
  end_sql text; end_other text; end_problem text;
  minutes text := 'NULL::numeric';
  keys text[]; key_problems text[];
  k text; v record;
BEGIN
  IF kind NOT IN ('appointment', 'contact') THEN
    problems := problems || format('kind: "%s" is neither appointment nor contact', kind);
    kind := 'appointment';
  END IF;
  IF coalesce(mapping ->> 'unknown', 'refuse') NOT IN ('refuse', 'skip') THEN
    problems := problems || format('unknown: "%s" is neither refuse nor skip', mapping ->> 'unknown');
  END IF;
  statuses := CASE kind WHEN 'contact' THEN enum_range(NULL::caseload.contact_kind)::text[] ELSE enum_range(NULL::caseload.appointment_status)::text[] END;

  FOR k IN SELECT m FROM jsonb_object_keys(mapping) m ORDER BY m COLLATE "C" LOOP
    IF k IN ('codes', 'key', 'kind', 'unknown', 'watch') THEN
      CONTINUE;
    ELSIF NOT known ? k THEN
      problems := problems || format('%s: no such key; there are %s, codes, key, kind, unknown, watch', k,
                                     (SELECT string_agg(n, ', ' ORDER BY n COLLATE "C") FROM jsonb_object_keys(known) n));
      CONTINUE;
    END IF;
    SELECT * INTO v FROM caseload._mapping_value(relation, k, mapping -> k);
    IF v.problem IS NOT NULL THEN
      problems := problems || v.problem;
    ELSE
      sql := sql || jsonb_build_object(k, v.sql);
      type := type || jsonb_build_object(k, v.type);
    END IF;
  END LOOP;
  FOR k IN SELECT n.key FROM jsonb_each(known) n WHERE n.value = 'true' AND NOT mapping ? n.key ORDER BY 1 LOOP
    problems := problems || format('%s: is missing', k);
  END LOOP;
  IF (mapping ? 'at') = (mapping ? 'date') THEN
    problems := problems || CASE WHEN mapping ? 'at' THEN 'at: not together with "date"' ELSE 'at: is missing (or "date", with "time" where there is one)' END;
  END IF;
  IF mapping ? 'time' AND NOT mapping ? 'date' THEN
    problems := problems || 'time: only together with "date"'::text;
  END IF;
  IF (mapping ? 'minutes')::int + (mapping ? 'seconds')::int + (mapping ? 'ends_at')::int > 1 THEN
    problems := problems || 'minutes: only one of minutes, seconds, ends_at'::text;
  END IF;

  -- names and ids: any type whose text says all of it
  FOR k IN SELECT t.key FROM jsonb_each_text(type) t
            WHERE t.key IN ('district', 'client', 'client_name', 'therapist', 'discipline', 'site', 'zone', 'status') AND t.value <> ALL (keyable) ORDER BY 1 LOOP
    problems := problems || format('%s: is of type %s, whose text may say less than the value', k, type ->> k);
  END LOOP;
  IF coalesce(type ->> 'filter', 'boolean') <> 'boolean' THEN
    problems := problems || format('filter: is of type %s, not boolean', type ->> 'filter');
  END IF;
  IF mapping #>> '{zone,constant}' IS NOT NULL THEN
    BEGIN
      PERFORM caseload.canonical_zone(mapping #>> '{zone,constant}');
    EXCEPTION WHEN invalid_parameter_value THEN
      problems := problems || format('zone: "%s" is no time zone', mapping #>> '{zone,constant}');
    END;
  END IF;
  zone := caseload._as_text(sql ->> 'zone', type ->> 'zone');

  -- when
  IF sql ? 'at' THEN
    SELECT m.sql, m.other, m.problem INTO at_sql, at_other, at_problem FROM caseload._mapping_moment('at', sql ->> 'at', type ->> 'at', zone) m;
  ELSIF sql ? 'date' AND type ->> 'date' NOT IN ('date', 'timestamp without time zone') AND sql ? 'time' THEN
    -- both as text: one text of ISO 8601
    IF type ->> 'date' IN ('text', 'character varying', 'character') AND type ->> 'time' IN ('text', 'character varying', 'character') THEN
      SELECT m.sql, m.other, m.problem INTO at_sql, at_other, at_problem
        FROM caseload._mapping_moment('date', format('(btrim(%s) || coalesce('' '' || nullif(btrim(%s) COLLATE "C", ''''), ''''))', sql ->> 'date', sql ->> 'time'), 'text', zone) m;
    ELSE
      at_problem := format('date: is of type %s, which does not go with a time of type %s', type ->> 'date', type ->> 'time');
    END IF;
  ELSIF sql ? 'date' AND sql ? 'time' THEN
    IF type ->> 'time' <> 'time without time zone' THEN
      at_problem := format('time: is of type %s, not time without time zone', type ->> 'time');
    ELSE
      SELECT m.sql, m.other, m.problem INTO at_sql, at_other, at_problem
        FROM caseload._mapping_moment('date', format('(CASE WHEN %1$s >= ''294276-01-01'' THEN ''infinity'' ELSE %1$s::date END + coalesce(%2$s, time ''12:00''))', sql ->> 'date', sql ->> 'time'), 'timestamp without time zone', zone) m;
    END IF;
  ELSIF sql ? 'date' THEN
    SELECT m.sql, m.other, m.problem INTO at_sql, at_other, at_problem FROM caseload._mapping_moment('date', sql ->> 'date', type ->> 'date', zone) m;
  END IF;
  problems := CASE WHEN at_problem IS NULL THEN problems ELSE problems || at_problem END;

  -- how long
  IF sql ? 'minutes' THEN
    -- a text that is no number is no number of minutes
    minutes := format(CASE WHEN type ->> 'minutes' = 'interval' THEN '(extract(epoch FROM %s) / 60)'
                        WHEN type ->> 'minutes' IN ('text', 'character varying', 'character')
                          THEN '(CASE WHEN btrim(%1$s) ~ ''^[0-9]{1,9}([.][0-9]{0,9})?$'' COLLATE "C" THEN btrim(%1$s)::numeric WHEN btrim(%1$s) <> '''' COLLATE "C" THEN ''NaN''::numeric END)'
                        ELSE '%s::numeric' END, sql ->> 'minutes');
    IF type ->> 'minutes' NOT IN ('smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision', 'interval', 'text', 'character varying', 'character') THEN
      problems := problems || format('minutes: is of type %s, not a number', type ->> 'minutes');
    END IF;
  ELSIF sql ? 'seconds' THEN
    minutes := format('(%s::numeric / 60)', sql ->> 'seconds');
    IF type ->> 'seconds' NOT IN ('smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision') THEN
      problems := problems || format('seconds: is of type %s, not a number', type ->> 'seconds');
    END IF;
  ELSIF sql ? 'ends_at' THEN
    IF type ->> 'ends_at' = 'time without time zone' AND type ->> 'date' = 'date' THEN
      SELECT m.sql, m.other, m.problem INTO end_sql, end_other, end_problem FROM caseload._mapping_moment('ends_at', format('(CASE WHEN %1$s >= ''294276-01-01'' THEN ''infinity'' ELSE %1$s END + %2$s)', sql ->> 'date', sql ->> 'ends_at'), 'timestamp without time zone', zone) m;
    ELSIF type ->> 'ends_at' = 'date' THEN
      end_problem := 'ends_at: is of type date, not a moment';
    ELSE
      SELECT m.sql, m.other, m.problem INTO end_sql, end_other, end_problem FROM caseload._mapping_moment('ends_at', sql ->> 'ends_at', type ->> 'ends_at', zone) m;
    END IF;
    problems := CASE WHEN end_problem IS NULL THEN problems ELSE problems || end_problem END;
    minutes := format('(CASE WHEN isfinite(%1$s) AND isfinite(%2$s) THEN extract(epoch FROM %1$s - %2$s) / 60 WHEN %1$s IS NOT NULL OR %3$s IS NOT NULL THEN ''NaN''::numeric END)',
                      end_sql, at_sql, coalesce(end_other, 'NULL::text'));
  END IF;

  -- what became of it
  codes := coalesce(mapping -> 'codes', (SELECT jsonb_object_agg(s, s) FROM unnest(statuses) s));
  IF jsonb_typeof(codes) <> 'object' OR codes = '{}' THEN
    problems := problems || 'codes: must be an object, {"code": "status", …}'::text;
    codes := NULL;
  ELSE
    problems := problems || (SELECT array_agg(format('codes: "%s" stands for %s, which is none of %s, or null for no event', c.key, c.value, array_to_string(statuses, ', ')) ORDER BY c.key)
                               FROM jsonb_each(codes) c WHERE c.value <> 'null' AND (jsonb_typeof(c.value) <> 'string' OR c.value #>> '{}' <> ALL (statuses)));
    problems := problems || (SELECT array_agg(format('codes: "%s" stands for several things, with blanks around it and without', d.code) ORDER BY d.code)
                               FROM (SELECT btrim(c.key) AS code FROM jsonb_each_text(codes) c GROUP BY 1 HAVING count(DISTINCT coalesce(c.value, '')) > 1) d);
    -- of a column with a list of values we know all that can come
    problems := problems || (SELECT array_agg(format('codes: value "%s" of the column is not named', e.enumlabel) ORDER BY e.enumsortorder)
                               FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_enum e ON e.enumtypid = coalesce(nullif(t.typbasetype, 0), t.oid)
                              WHERE a.attrelid = relation AND a.attname = coalesce(mapping #>> '{status,column}', mapping #>> '{status}') AND coalesce(mapping ->> 'unknown', 'refuse') = 'refuse'
                                AND NOT EXISTS (SELECT FROM jsonb_object_keys(codes) c WHERE lower(btrim(c)) = lower(e.enumlabel)));
  END IF;

  SELECT c.columns, c.problems INTO keys, key_problems FROM caseload._mapping_key_columns(relation, mapping) c;
  problems := problems || key_problems;
  IF cardinality(problems) > 0 THEN
    RETURN;
  END IF;
  definition := format('SELECT %s, %s AS district_id, %s AS client_id, %s AS client_name, %s AS site_id, %s AS time_zone, %s AS therapist_id,'
                       ' %s AS discipline, %s AS starts_at, %s AS time_text, %s AS minutes, %s AS code, %s AS status FROM %s AS r%s',
    (SELECT string_agg(format('r.%I AS key_%s', c.name, c.place), ', ' ORDER BY c.place) FROM unnest(keys) WITH ORDINALITY AS c (name, place)),
    caseload._as_text(sql ->> 'district', type ->> 'district'), caseload._as_text(sql ->> 'client', type ->> 'client'), coalesce(caseload._as_text(sql ->> 'client_name', type ->> 'client_name'), 'NULL::text'),
    coalesce('nullif(btrim(' || caseload._as_text(sql ->> 'site', type ->> 'site') || ') COLLATE "C", '''')', 'NULL::text'), coalesce(zone, 'NULL::text'),
    coalesce('nullif(btrim(' || caseload._as_text(sql ->> 'therapist', type ->> 'therapist') || ') COLLATE "C", '''')', 'NULL::text'),
    coalesce('nullif(btrim(' || caseload._as_text(sql ->> 'discipline', type ->> 'discipline') || ') COLLATE "C", '''')', 'NULL::text'),
    at_sql, coalesce(at_other, 'NULL::text'), minutes, caseload._as_text(sql ->> 'status', type ->> 'status'), caseload._mapping_status(caseload._as_text(sql ->> 'status', type ->> 'status'), codes),
    relation, coalesce(' WHERE ' || (sql ->> 'filter'), ''));
END
$$;
COMMENT ON FUNCTION caseload._mapping_view(regclass, jsonb) IS 'Internal: the view that a mapping stands for, or everything that is wrong with the mapping.';

CREATE OR REPLACE FUNCTION caseload._source_triggers(source_id text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  t record;
  made bigint := 0;
BEGIN
  FOR t IN SELECT s.relation, e.event, e.referencing, format('caseload_%s_%s', source_id, e.event) AS name,
                  (SELECT string_agg(quote_literal(a), ', ' ORDER BY place) FROM unnest(source_id || s.columns) WITH ORDINALITY AS u (a, place)) AS arguments
             FROM caseload._source_tables(source_id) s
            CROSS JOIN (VALUES ('insert', 'REFERENCING NEW TABLE AS added'), ('update', 'REFERENCING OLD TABLE AS removed NEW TABLE AS added'),
                               ('delete', 'REFERENCING OLD TABLE AS removed'), ('truncate', '')) AS e (event, referencing)
            ORDER BY s.relation::text, e.event
  LOOP
    EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER %s ON %s %s FOR EACH STATEMENT EXECUTE FUNCTION caseload.source_after_write(%s)',
                   t.name, t.event, t.relation, t.referencing, t.arguments);
    made := made + 1;
  END LOOP;
  RETURN made;
END
$$;
COMMENT ON FUNCTION caseload._source_triggers(text) IS 'Internal: makes the triggers of a source on every table that must have them; returns how many there are.';

CREATE OR REPLACE FUNCTION caseload._source_row_security()
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
  wanted boolean := EXISTS (SELECT FROM caseload.source s WHERE caseload._source_is_secured(s.source_id));
  t      record;
BEGIN
  FOR t IN
    SELECT c.oid::regclass AS name, c.relrowsecurity, w.condition,
           EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'caseload_source') AS done
      FROM (SELECT k.relname, CASE WHEN a.attnotnull THEN '' ELSE 'client_id IS NULL OR ' END || 'caseload.may_see_client(district_id, client_id)'
              FROM pg_class k JOIN pg_attribute a ON a.attrelid = k.oid AND a.attname = 'client_id' AND NOT a.attisdropped
             WHERE k.relnamespace = 'caseload'::regnamespace AND k.relkind IN ('r', 'p')
            UNION ALL
            VALUES ('flag_step', '(district_id, flag_id) IN (SELECT f.district_id, f.flag_id FROM caseload.flag f)'),
                   ('source_fault', 'NOT caseload._source_is_secured(source_id)')) AS w (relname, condition)
      JOIN pg_class c ON c.relnamespace = 'caseload'::regnamespace AND c.relname = w.relname
     ORDER BY c.relname
  LOOP
    IF wanted AND NOT t.done THEN
      IF NOT t.relrowsecurity THEN
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t.name);
        EXECUTE format('CREATE POLICY caseload_all ON %s USING (true)', t.name);
        EXECUTE format('COMMENT ON POLICY caseload_all ON %s IS %L', t.name, 'Goes with caseload_source: what that lets through. Policies of your own go in its place.');
      END IF;
      EXECUTE format('CREATE POLICY caseload_source ON %s AS RESTRICTIVE USING (%s) WITH CHECK (true)', t.name, t.condition);
      EXECUTE format('COMMENT ON POLICY caseload_source ON %s IS %L', t.name, 'Nobody sees of a client what the row security of an attached relation keeps from him.');
    ELSIF t.done AND NOT wanted THEN
      EXECUTE format('DROP POLICY caseload_source ON %s', t.name);
      IF EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.name AND p.polname = 'caseload_all') THEN
        EXECUTE format('DROP POLICY caseload_all ON %s', t.name);
        IF NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.name) THEN
          EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', t.name);
        END IF;
      END IF;
    END IF;
  END LOOP;
  -- whoever may read clients may ask; a reader of later needs the right, too
  IF wanted THEN
    FOR t IN SELECT DISTINCT a.grantee::regrole AS name
               FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
              WHERE c.relnamespace = 'caseload'::regnamespace AND c.relkind = 'r' AND a.privilege_type = 'SELECT' AND a.grantee <> 0
                AND NOT has_function_privilege(a.grantee, 'caseload.may_see_client(text, text)', 'EXECUTE') LOOP
      EXECUTE format('GRANT EXECUTE ON FUNCTION caseload.may_see_client(text, text), caseload._source_is_secured(text), caseload._source_behind(text), caseload._source_relation(text) TO %s', t.name);
    END LOOP;
  END IF;
END
$$;
COMMENT ON FUNCTION caseload._source_row_security() IS 'Internal: row security on what is known of clients, while a source has row security; none when the last of them is gone.';

CREATE OR REPLACE FUNCTION caseload._source_give(source_id text, relation regclass)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  owner text := (SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = relation);
  view  regclass := to_regclass(format('caseload.%I', 'source_' || source_id));
  other regrole;
BEGIN
  FOR other IN SELECT DISTINCT a.grantee::regrole FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
                WHERE c.oid = view AND a.grantee NOT IN (0, c.relowner) AND pg_get_userbyid(a.grantee) <> owner LOOP
    EXECUTE format('REVOKE ALL ON %s FROM %s', view, other);
  END LOOP;
  IF NOT has_table_privilege(owner, view, 'SELECT') THEN
    EXECUTE format('GRANT SELECT ON %s TO %I', view, owner);
  END IF;
  -- to find the view by its name takes no more
  IF NOT has_schema_privilege(owner, 'caseload', 'USAGE') THEN
    EXECUTE format('GRANT USAGE ON SCHEMA caseload TO %I', owner);
  END IF;
END
$$;
COMMENT ON FUNCTION caseload._source_give(text, regclass) IS 'Internal: lets the owner of the relation, with whose rights it is read, and nobody else read the view of a source.';

CREATE OR REPLACE FUNCTION caseload._check_attach(relation regclass, mapping jsonb)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
#variable_conflict use_variable
DECLARE
  class  pg_class;
  target regclass := format('caseload.%I', CASE mapping ->> 'kind' WHEN 'contact' THEN 'contact' ELSE 'appointment' END);
  t      record;
BEGIN
  SELECT c.* INTO class FROM pg_class c WHERE c.oid = relation;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'relation % does not exist', relation USING ERRCODE = 'undefined_table';
  ELSIF NOT pg_has_role(class.relowner, 'USAGE') THEN
    RAISE EXCEPTION 'must be owner of relation %', relation USING ERRCODE = 'insufficient_privilege';
  END IF;
  -- what its rows will do to our tables the owner must be able to do himself
  FOR t IN SELECT w.relation, w.privilege
             FROM (VALUES (target, 'INSERT'), (target, 'UPDATE'), (target, 'DELETE'), ('caseload.district', 'INSERT'), ('caseload.site', 'INSERT'),
                          ('caseload.therapist', 'INSERT'), ('caseload.client', 'INSERT')) AS w (relation, privilege) LOOP
    IF NOT has_table_privilege(t.relation, t.privilege) THEN
      RAISE EXCEPTION 'permission denied for table %', t.relation::text
        USING ERRCODE = 'insufficient_privilege', DETAIL = format('Rows of %s would do %s there.', relation, t.privilege),
              HINT = 'What an app needs is given by grant_app.';
    ELSIF row_security_active(t.relation)
      -- ours keep nothing from being written
      AND NOT (EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.relation AND p.polname = 'caseload_all')
               AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.relation AND p.polname NOT IN ('caseload_all', 'caseload_source'))) THEN
      RAISE EXCEPTION 'relation % cannot be attached by %', relation, current_user
        USING ERRCODE = 'insufficient_privilege', DETAIL = format('Row security of %s would not hold for what it brings.', t.relation::text),
              HINT = 'The owner of caseload, or who is not subject to row security, can attach it.';
    END IF;
  END LOOP;
  IF mapping ? 'watch' AND jsonb_typeof(mapping -> 'watch') = 'object' THEN
    FOR t IN SELECT caseload._mapping_table(w.key) AS relation FROM jsonb_each(mapping -> 'watch') w WHERE caseload._mapping_table(w.key) IS NOT NULL ORDER BY 1 LOOP
      IF NOT has_table_privilege(t.relation, 'TRIGGER') THEN
        RAISE EXCEPTION 'permission denied for table %', t.relation::text
          USING ERRCODE = 'insufficient_privilege', DETAIL = 'To be watched it needs triggers.';
      END IF;
    END LOOP;
  END IF;
END
$$;
COMMENT ON FUNCTION caseload._check_attach(regclass, jsonb) IS 'Internal: an error if the caller may not attach this relation: it must be his, and what its rows do must be in his rights.';

CREATE OR REPLACE FUNCTION caseload._check_source(source_id text)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
#variable_conflict use_variable
BEGIN
  IF NOT EXISTS (SELECT FROM caseload.source s WHERE s.source_id = source_id) THEN
    RAISE EXCEPTION 'unknown source "%"', source_id USING ERRCODE = 'invalid_parameter_value', HINT = 'SELECT * FROM caseload.sources lists them.';
  -- ours; or its relation is, or where that is gone all tables that it has triggers on
  ELSIF NOT (SELECT pg_has_role(c.relowner, 'USAGE') FROM pg_class c WHERE c.oid = 'caseload.client_activity'::regclass)
    AND NOT coalesce((SELECT bool_and(pg_has_role(c.relowner, 'USAGE')) FROM pg_class c
                       WHERE c.oid = caseload._source_relation(source_id)
                          OR caseload._source_relation(source_id) IS NULL AND c.oid IN (SELECT g.tgrelid FROM caseload._source_trigger_list(source_id) g)), false) THEN
    RAISE EXCEPTION 'must be owner of source "%"', source_id
      USING ERRCODE = 'insufficient_privilege', HINT = 'The owner of its relation can, and that of caseload.';
  END IF;
END
$$;
COMMENT ON FUNCTION caseload._check_source(text) IS 'Internal: an error if the caller owns neither the relation of a source nor our tables.';

CREATE OR REPLACE FUNCTION caseload._attach(relation regclass, mapping jsonb, mode text, source text)
RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET standard_conforming_strings = on
SET transform_null_equals = off
AS $$
#variable_conflict use_variable
DECLARE
  class    pg_class;
  name     text;
  problems text[];
  found    record;
BEGIN
  SELECT c.* INTO STRICT class FROM pg_class c WHERE c.oid = relation;
  IF mode NOT IN ('trigger', 'scan') THEN
    RAISE EXCEPTION 'mode "%" is neither trigger nor scan', mode USING ERRCODE = 'invalid_parameter_value';
  ELSIF jsonb_typeof(mapping) <> 'object' THEN
    RAISE EXCEPTION 'mapping must be an object, not %', jsonb_typeof(mapping) USING ERRCODE = 'invalid_parameter_value';
  ELSIF class.relkind NOT IN ('r', 'p', 'v', 'm', 'f') THEN
    RAISE EXCEPTION '% is no table or view', relation USING ERRCODE = 'wrong_object_type';
  ELSIF class.relnamespace = 'caseload'::regnamespace OR class.relpersistence = 't' OR class.relnamespace = 'pg_catalog'::regnamespace THEN
    RAISE EXCEPTION '% cannot be attached', relation
      USING ERRCODE = 'wrong_object_type', DETAIL = 'Tables of caseload, temporary tables and those of the server are no sources.';
  END IF;
  name := coalesce(source, left(regexp_replace(lower(class.relname), '[^a-z0-9_]+', '_', 'g'), 40));
  IF name !~ '^[a-z][a-z0-9_]{0,39}$' THEN
    problems := ARRAY[format('source: "%s" is no name of a source (a small letter, then up to 39 small letters, digits and _)', name)];
  ELSIF EXISTS (SELECT FROM caseload.source s WHERE s.source_id = name) THEN
    problems := ARRAY[format('source: "%s" is attached already', name)];
  ELSIF (CASE mapping ->> 'kind' WHEN 'contact' THEN EXISTS (SELECT FROM caseload.contact c WHERE c.source_id IS NULL AND starts_with(c.contact_id, name || ':'))
                                ELSE EXISTS (SELECT FROM caseload.appointment a WHERE a.source_id IS NULL AND starts_with(a.appointment_id, name || ':')) END) THEN
    -- what detach() kept would be there twice
    problems := ARRAY[format('source: there are events of ours whose ids begin with "%s:", as detach() keeps them; take another name, or delete them', name)];
  END IF;

  -- where triggers would not see every write
  IF mode = 'trigger' THEN
    IF class.relkind IN ('m', 'f') THEN
      problems := problems || 'mode: only tables and views can be followed by triggers; use mode => ''scan'''::text;
    ELSIF class.relispartition THEN
      problems := problems || 'relation: is a partition; attach the partitioned table'::text;
    ELSIF class.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE relation IN (i.inhparent, i.inhrelid)) THEN
      problems := problems || 'relation: inherits or is inherited from, which triggers do not follow; use mode => ''scan'''::text;
    ELSIF class.relpersistence = 'u' THEN
      problems := problems || 'relation: is unlogged, so it is empty after a crash that nobody is told of; use mode => ''scan'''::text;
    END IF;
    IF class.relkind = 'v' AND jsonb_typeof(mapping -> 'watch') IS DISTINCT FROM 'object' THEN
      problems := problems || 'watch: is missing: the tables behind the view, {"schema.table": {"column": "key column of the view"}, …}; or use mode => ''scan'''::text;
    ELSIF class.relkind <> 'v' AND mapping ? 'watch' THEN
      problems := problems || 'watch: is for views only'::text;
    ELSIF mapping ? 'watch' THEN
      problems := problems || caseload._mapping_watch(relation, mapping);
    END IF;
  END IF;

  SELECT v.definition, v.problems INTO found FROM caseload._mapping_view(relation, mapping) v;
  problems := problems || found.problems;
  IF cardinality(problems) > 0 THEN
    RAISE EXCEPTION 'relation % cannot be attached as it is mapped', relation
      USING ERRCODE = 'invalid_parameter_value', DETAIL = array_to_string(problems, E'\n'),
            HINT = 'docs/attach.md tells what a mapping can say.';
  END IF;

  INSERT INTO caseload.source (source_id, kind, mode, unknown, mapping)
    VALUES (name, coalesce(mapping ->> 'kind', 'appointment'), mode, coalesce(mapping ->> 'unknown', 'refuse'), mapping);
  -- ours, so that its owner cannot make it say anything else; read with the rights of whoever reads it
  EXECUTE format('CREATE VIEW caseload.%I WITH (security_invoker = true) AS %s', 'source_' || name, found.definition);
  EXECUTE format('COMMENT ON VIEW caseload.%I IS %L', 'source_' || name, format('What the rows of %s mean to caseload; made by attach(), read with the rights of its owner.', relation));
  PERFORM caseload._source_give(name, relation);
  PERFORM caseload._source_triggers(name);
  PERFORM caseload._source_row_security();
  PERFORM caseload.refresh(name);
  RETURN name;
END
$$;
COMMENT ON FUNCTION caseload._attach(regclass, jsonb, text, text) IS 'Internal: attach(), as our owner, of a relation that is locked and whose owner may attach it.';

CREATE OR REPLACE FUNCTION caseload._detach(source_id text, keep boolean)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  t record;
BEGIN
  FOR t IN SELECT g.tgname, g.tgrelid::regclass AS relation FROM caseload._source_trigger_list(source_id) g ORDER BY 2, 1 LOOP
    EXECUTE format('DROP TRIGGER %I ON %s', t.tgname, t.relation);
  END LOOP;
  IF keep THEN
    UPDATE caseload.appointment a SET source_id = NULL WHERE a.source_id = _detach.source_id;
    UPDATE caseload.contact c SET source_id = NULL WHERE c.source_id = _detach.source_id;
  ELSE
    DELETE FROM caseload.appointment a WHERE a.source_id = _detach.source_id;
    DELETE FROM caseload.contact c WHERE c.source_id = _detach.source_id;
  END IF;
  DELETE FROM caseload.source s WHERE s.source_id = _detach.source_id;
  EXECUTE format('DROP VIEW IF EXISTS caseload.%I', 'source_' || source_id);
  PERFORM caseload._source_row_security();
END
$$;
COMMENT ON FUNCTION caseload._detach(text, boolean) IS 'Internal: detach(), as our owner.';

CREATE OR REPLACE FUNCTION caseload._source_problems(source_id text)
RETURNS TABLE (problem text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
SET search_path = pg_catalog, pg_temp SET jit = off
BEGIN ATOMIC
  SELECT 'the view of the source is gone: its relation or a column was dropped'::text WHERE caseload._source_relation(source_id) IS NULL
  UNION ALL
  SELECT format('table %s has no working trigger for %s', t.relation, string_agg(e.event, ', ' ORDER BY e.event))
    FROM caseload._source_tables(source_id) t
   CROSS JOIN (VALUES ('delete', 8), ('insert', 4), ('truncate', 32), ('update', 16)) AS e (event, bit)
   WHERE NOT EXISTS (SELECT FROM caseload._source_trigger_list(source_id) g
                      WHERE g.tgrelid = t.relation AND g.tgenabled IN ('O', 'A') AND g.tgtype::integer & e.bit <> 0)
   GROUP BY t.relation
  UNION ALL
  SELECT format('watched table %s is gone', w.key)
    FROM caseload.source s CROSS JOIN LATERAL jsonb_each(s.mapping -> 'watch') w
   WHERE s.source_id = _source_problems.source_id AND s.mode = 'trigger' AND to_regclass(w.key) IS NULL
  UNION ALL
  SELECT format('table %s has become a partition, or inherits: attach what it is part of', c.oid::regclass)
    FROM caseload.source s
    JOIN pg_class c ON c.oid = caseload._source_relation(s.source_id) OR c.oid IN (SELECT to_regclass(w.key) FROM jsonb_each(s.mapping -> 'watch') w)
   WHERE s.source_id = _source_problems.source_id AND s.mode = 'trigger' AND c.relkind IN ('r', 'p')
     AND (c.relispartition OR c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE c.oid IN (i.inhparent, i.inhrelid)))
  UNION ALL
  SELECT format('table %s is unlogged, so it is empty after a crash that nobody is told of', t.relation)
    FROM caseload._source_tables(source_id) t JOIN pg_class c ON c.oid = t.relation WHERE c.relpersistence = 'u';
END;
COMMENT ON FUNCTION caseload._source_problems(text) IS 'Internal: what keeps a source from being followed.';

CREATE OR REPLACE VIEW caseload.sources WITH (security_barrier = true, security_invoker = true) AS
  SELECT s.source_id, (caseload._source_relation(s.source_id))::text AS relation, s.kind, s.mode, s.unknown,
         (SELECT string_agg(p.problem, '; ' ORDER BY p.problem) FROM caseload._source_problems(s.source_id) p) AS problem,
         (SELECT least(sum(f.occurrences), 2147483647)::integer FROM caseload.source_fault f WHERE f.source_id = s.source_id HAVING count(*) > 0) AS skipped,
         (SELECT max(f.last_at) FROM caseload.source_fault f WHERE f.source_id = s.source_id) AS last_skipped_at,
         s.attached_at, s.attached_by
    FROM caseload.source s;
COMMENT ON VIEW caseload.sources IS 'Attached relations and how they do. What was skipped stands in source_fault.';
COMMENT ON COLUMN caseload.sources.source_id IS 'Name of the source.';
COMMENT ON COLUMN caseload.sources.relation IS 'The relation; NULL = it is gone.';
COMMENT ON COLUMN caseload.sources.kind IS 'appointment or contact.';
COMMENT ON COLUMN caseload.sources.mode IS 'trigger or scan.';
COMMENT ON COLUMN caseload.sources.unknown IS 'refuse or skip.';
COMMENT ON COLUMN caseload.sources.problem IS 'What keeps it from being followed: triggers that are gone or switched off, a relation that was dropped; NULL = nothing.';
COMMENT ON COLUMN caseload.sources.skipped IS 'Rows that were skipped since the last refresh(), which included; NULL = none.';
COMMENT ON COLUMN caseload.sources.last_skipped_at IS 'When the last of them was met.';
COMMENT ON COLUMN caseload.sources.attached_at IS 'When it was attached.';
COMMENT ON COLUMN caseload.sources.attached_by IS 'Who attached it.';
