-- The corpus as a table, what should stay as it is as a query, and hostile objects: schema "fuzz" of a scratch database.
-- CASELOAD_FUZZ in the environment of psql names the folder with the corpus.

CREATE SCHEMA fuzz;
CREATE TABLE fuzz.line (n integer GENERATED ALWAYS AS IDENTITY, good boolean NOT NULL DEFAULT false,
                        subject text NOT NULL DEFAULT 'client', expression text NOT NULL);

-- {{text|n}}: n times the text; {{nl}}: a new line
CREATE FUNCTION fuzz.expand(line text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE part text[];
BEGIN
  LOOP
    part := regexp_match(line, '^(.*?)\{\{(.*?)\|(\d+)\}\}(.*)$');
    EXIT WHEN part IS NULL;
    line := part[1] || repeat(part[2], part[3]::integer) || part[4];
  END LOOP;
  RETURN replace(line, '{{nl}}', E'\n');
END $$;

\copy fuzz.line (expression) FROM PROGRAM 'sed -e "s/\\\\/\\\\\\\\/g" -e "/^#/d" -e "/^$/d" "$CASELOAD_FUZZ"/attacks.txt'
ALTER TABLE fuzz.line ALTER good SET DEFAULT true;
\copy fuzz.line (expression) FROM PROGRAM 'sed -e "s/\\\\/\\\\\\\\/g" -e "/^#/d" -e "/^$/d" "$CASELOAD_FUZZ"/good.txt'
UPDATE fuzz.line SET subject = substring(expression FROM '^(service|therapist|site): '),
                     expression = regexp_replace(expression, '^[a-z]+: ', '')
 WHERE good AND expression ~ '^(service|therapist|site): ';
UPDATE fuzz.line SET expression = fuzz.expand(expression) WHERE strpos(expression, '{{') > 0;

-- Rows of facts: unknown, zero, one, extremes, and some of everything.
CREATE TABLE fuzz.facts (n integer PRIMARY KEY, client caseload.client_facts, service caseload.service_facts,
                         therapist caseload.therapist_facts, site caseload.site_facts);
CREATE FUNCTION fuzz.row_of(type regtype, profile integer) RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_object_agg(a.attname, v.texts[CASE WHEN profile <= cardinality(v.texts) THEN profile
                                             ELSE 1 + (hashtext(a.attname || profile) & 1023) % cardinality(v.texts) END])
    FROM pg_attribute a
   CROSS JOIN LATERAL (SELECT CASE
           WHEN a.atttypid = 'boolean'::regtype THEN '{NULL,false,true,false,true}'
           WHEN a.atttypid = 'integer'::regtype THEN '{NULL,0,1,2147483647,-2147483648,2,3,5,30,-1}'
           WHEN a.atttypid = 'numeric'::regtype THEN '{NULL,0,1,9.9,-9.9,0.000001,0.3,NaN}'
           WHEN a.atttypid IN ('double precision'::regtype, 'real'::regtype) THEN '{NULL,0,1,1e300,-1e300,Infinity,-Infinity,NaN,1e-300,0.3,2.2250738585072014e-308}'
           WHEN a.atttypid = 'date'::regtype THEN '{NULL,2026-01-01,infinity,-infinity}'
           WHEN a.atttypid = 'text'::regtype THEN ARRAY[NULL, '', 'ASD', repeat('x', 4000), repeat('é', 4000), 'high', 'clinic', E'a''b\nc']
         END::text[]) AS v (texts)
   WHERE a.attrelid = (SELECT typrelid FROM pg_type WHERE oid = type) AND a.attnum > 0 AND NOT a.attisdropped AND v.texts IS NOT NULL
$$;
INSERT INTO fuzz.facts
  SELECT i, jsonb_populate_record(NULL::caseload.client_facts, fuzz.row_of('caseload.client_facts', i)),
         jsonb_populate_record(NULL::caseload.service_facts, fuzz.row_of('caseload.service_facts', i)),
         jsonb_populate_record(NULL::caseload.therapist_facts, fuzz.row_of('caseload.therapist_facts', i)),
         jsonb_populate_record(NULL::caseload.site_facts, fuzz.row_of('caseload.site_facts', i))
    FROM generate_series(1, 24) i;

-- What attacks are after. Nobody may read it; only the superuser who runs the tests can.
CREATE TABLE public.canary (secret text);
INSERT INTO public.canary VALUES ('canary-7d1f');
CREATE SEQUENCE public.canary_seq;

-- Objects that stand before the built-in ones in a hostile search_path. Each leaves a trace when it is used.
CREATE SCHEMA evil;
CREATE SEQUENCE evil.used;
GRANT USAGE ON SCHEMA evil, public TO PUBLIC;
GRANT ALL ON SEQUENCE evil.used TO PUBLIC;
CREATE FUNCTION evil.trace(boolean) RETURNS boolean LANGUAGE sql AS $$ SELECT pg_catalog.nextval('evil.used') IS NOT NULL $$;
DO $do$
DECLARE schema text; t text; op text; f text;
BEGIN
  FOREACH schema IN ARRAY '{evil,public}'::text[] LOOP
    FOREACH t IN ARRAY '{integer,bigint,smallint,numeric,double precision,text,boolean}'::text[] LOOP
      FOREACH op IN ARRAY '{=,<>,<,<=,>,>=}'::text[] LOOP
        EXECUTE format('CREATE FUNCTION %I.cmp%s(%s, %s) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN evil.trace(true); END $$', schema, abs(hashtext(op)), t, t);
        EXECUTE format('CREATE OPERATOR %I.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = %I.cmp%s)', schema, op, t, t, schema, abs(hashtext(op)));
      END LOOP;
      CONTINUE WHEN t IN ('text', 'boolean');
      FOREACH op IN ARRAY '{+,-,*,/,%}'::text[] LOOP
        EXECUTE format('CREATE FUNCTION %I.op%s(%s, %s) RETURNS %s LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.trace(true); RETURN 1; END $$', schema, abs(hashtext(op)), t, t, t);
        EXECUTE format('CREATE OPERATOR %I.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = %I.op%s)', schema, op, t, t, schema, abs(hashtext(op)));
      END LOOP;
      FOREACH f IN ARRAY '{abs,ceil,floor,round,sign,trunc}'::text[] LOOP
        EXECUTE format('CREATE FUNCTION %I.%s(%s) RETURNS %s LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.trace(true); RETURN 1; END $$', schema, f, t, t);
      END LOOP;
    END LOOP;
    EXECUTE format('CREATE DOMAIN %I."integer" AS text CHECK (evil.trace(true))', schema);
    EXECUTE format('CREATE DOMAIN %I.int4 AS text CHECK (evil.trace(true))', schema);
    EXECUTE format('CREATE DOMAIN %I.text AS text CHECK (evil.trace(true))', schema);
    EXECUTE format('CREATE DOMAIN %I.d AS text CHECK (evil.trace(true))', schema);
    EXECUTE format('CREATE COLLATION %I.c FROM "C"', schema);
    EXECUTE format('CREATE TYPE %I.e AS ENUM (''a'')', schema);
    EXECUTE format('CREATE FUNCTION %I.evil(integer) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN evil.trace(true); END $$', schema);
    EXECUTE format('CREATE FUNCTION %I.evil() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN evil.trace(true); END $$', schema);
  END LOOP;
END $do$;

-- The same in the caller's temporary schema; once for each session that wants them.
CREATE FUNCTION fuzz.temporary_objects() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  CREATE FUNCTION pg_temp.abs(integer) RETURNS integer LANGUAGE plpgsql AS 'BEGIN PERFORM evil.trace(true); RETURN 1; END';
  CREATE FUNCTION pg_temp.eq(integer, integer) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN evil.trace(true); END';
  CREATE OPERATOR pg_temp.= (LEFTARG = integer, RIGHTARG = integer, FUNCTION = pg_temp.eq);
  CREATE DOMAIN pg_temp.int4 AS text CHECK (evil.trace(true));
  CREATE DOMAIN pg_temp."integer" AS text CHECK (evil.trace(true));
  CREATE DOMAIN pg_temp.text AS text CHECK (evil.trace(true));
  CREATE TEMP TABLE canary (secret text);
END $$;

-- Everything that a condition might leave behind, one digest for each kind; to be compared before and after.
CREATE FUNCTION fuzz.state() RETURNS TABLE (what text, digest text) LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE r record;
BEGIN
  FOR r IN SELECT c.oid::regclass::text AS name FROM pg_class c
            WHERE c.relkind = 'r' AND c.relnamespace::regnamespace::text IN ('caseload', 'public', 'evil') ORDER BY 1 LOOP
    what := 'rows of ' || r.name;
    EXECUTE format('SELECT concat(count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text COLLATE "C"))) FROM %s t', r.name) INTO digest;
    RETURN NEXT;
  END LOOP;
  RETURN QUERY
    SELECT 'roles', md5(string_agg(a::text, ' ' ORDER BY a.oid)) FROM pg_authid a
    UNION ALL SELECT 'who I am', concat_ws(' ', current_user, session_user, current_schemas(true))
    UNION ALL SELECT 'sequences', string_agg(concat_ws(' ', s.sequencename, coalesce(s.last_value, 0)), ' ' ORDER BY s.schemaname, s.sequencename) FROM pg_sequences s
    UNION ALL SELECT 'settings', md5(string_agg(concat_ws(' ', s.name, s.setting, s.source), ' ' ORDER BY s.name)) FROM pg_settings s
    UNION ALL SELECT 'settings of nobody', coalesce(current_setting('a.b', true), '')
    UNION ALL SELECT 'relations', md5(string_agg(concat_ws(' ', c.oid, c.relname, c.relacl), ' ' ORDER BY c.oid)) FROM pg_class c
    UNION ALL SELECT 'functions', md5(string_agg(concat_ws(' ', p.oid, p.proname, p.proacl), ' ' ORDER BY p.oid)) FROM pg_proc p
    UNION ALL SELECT 'types', md5(string_agg(concat_ws(' ', t.oid, t.typname), ' ' ORDER BY t.oid)) FROM pg_type t
    UNION ALL SELECT 'large objects', count(*)::text FROM pg_largeobject_metadata
    UNION ALL SELECT 'prepared', count(*)::text FROM pg_prepared_statements
    UNION ALL SELECT 'cursors', count(*)::text FROM pg_cursors
    UNION ALL SELECT 'channels', count(*)::text FROM pg_listening_channels()
    UNION ALL SELECT 'replication slots', count(*)::text FROM pg_replication_slots
    UNION ALL SELECT 'locks', count(*)::text FROM pg_locks l
                WHERE l.pid = pg_backend_pid() AND l.locktype IN ('advisory', 'userlock', 'object', 'tuple');
END $$;

-- What this transaction has read, written and called so far, as the server counts it.
CREATE FUNCTION fuzz.used() RETURNS TABLE (what text, times bigint) LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.relid::regclass::text, coalesce(s.seq_scan, 0) + coalesce(s.idx_scan, 0) + s.n_tup_ins + s.n_tup_upd + s.n_tup_del
    FROM pg_stat_xact_all_tables s WHERE s.schemaname IN ('public', 'caseload', 'evil')
  UNION ALL
  SELECT f.funcid::regprocedure::text, f.calls FROM pg_stat_xact_user_functions f WHERE f.schemaname NOT IN ('caseload', 'fuzz', 'pg_catalog');
$$;

-- Mutations, and what became of them.
CREATE TABLE fuzz.batch (n integer, subject text, expression text);
CREATE TABLE fuzz.verdict (n integer, subject text, expression text, ok boolean);

-- What runs on rows of facts: answers, and errors of the data; anything else is thrown. With the best time of several
-- tries where the first are slow: another may have had the processor.
CREATE FUNCTION fuzz.run() RETURNS TABLE (subject text, expression text, answer text, ms float8) LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v     record;
  f     record;
  began timestamptz;
BEGIN
  FOR v IN SELECT * FROM fuzz.verdict d WHERE d.ok ORDER BY d.n LOOP
    subject := v.subject;
    expression := v.expression;
    FOR f IN SELECT * FROM fuzz.facts x WHERE x.n % 6 = v.n % 6 LOOP
      ms := 'Infinity';
      FOR try IN 1..20 LOOP
        began := clock_timestamp();
        BEGIN
          answer := coalesce(CASE v.subject
                               WHEN 'client' THEN caseload._holds(v.expression, f.client)
                               WHEN 'service' THEN caseload._holds(v.expression, f.service)
                               WHEN 'therapist' THEN caseload._holds(v.expression, f.therapist)
                               ELSE caseload._holds(v.expression, f.site)
                             END::text, 'unknown');
        EXCEPTION WHEN OTHERS THEN
          IF SQLSTATE !~ '^(22|0A)' THEN
            RAISE EXCEPTION 'row %: % % in %', f.n, SQLSTATE, SQLERRM, v.expression;
          END IF;
          answer := SQLSTATE;
        END;
        ms := least(ms, extract(epoch FROM clock_timestamp() - began) * 1000);
        EXIT WHEN ms <= 1 OR try >= 3 AND ms <= 5;
      END LOOP;
      RETURN NEXT;
    END LOOP;
  END LOOP;
END $$;
