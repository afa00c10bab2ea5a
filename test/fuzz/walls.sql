-- Attacks that run where nothing stops them: expressions that the server itself would take, in a database made by corpus.sql.
-- "wants" says what they are after: read what they may not, write, set what outlives the statement; cost time, signal others,
-- or lend: use what somebody gave to everybody.

CREATE TABLE public.open_table (a text);
GRANT ALL ON public.open_table TO PUBLIC;
CREATE SEQUENCE public.open_seq;
GRANT ALL ON SEQUENCE public.open_seq TO PUBLIC;
CREATE FUNCTION public.reader() RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT secret FROM public.canary); END';
CREATE FUNCTION public.writer() RETURNS boolean LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.open_table VALUES (1); RETURN true; END';
CREATE FUNCTION public.updater() RETURNS boolean LANGUAGE plpgsql AS 'BEGIN UPDATE public.canary SET secret = ''x''; UPDATE public.canary SET secret = ''canary-7d1f''; RETURN true; END';
CREATE FUNCTION public.maker() RETURNS boolean LANGUAGE plpgsql AS 'BEGIN CREATE TEMP TABLE made (a integer); RETURN true; END';
CREATE FUNCTION public.becomer() RETURNS boolean LANGUAGE plpgsql AS 'BEGIN SET ROLE pg_monitor; RETURN true; END';
CREATE FUNCTION public.setter() RETURNS boolean LANGUAGE plpgsql AS 'BEGIN SET work_mem = ''65kB''; RETURN true; END';
CREATE FUNCTION public.listener() RETURNS boolean LANGUAGE plpgsql AS 'BEGIN LISTEN caseload; RETURN true; END';
CREATE FUNCTION public.lender() RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN (SELECT secret FROM public.canary); END';

CREATE TABLE fuzz.attack (n integer GENERATED ALWAYS AS IDENTITY, wants text, expression text);
INSERT INTO fuzz.attack (wants, expression) VALUES
  ('read', 'strpos(query_to_xml(''SELECT secret FROM public.canary'', true, true, '''')::text, ''canary-'') > 0'),
  ('read', 'strpos(query_to_xml(''SELECT rolname FROM pg_catalog.pg_authid'', true, true, '''')::text, ''caseload'') > 0'),
  ('read', 'strpos(table_to_xml(''public.canary'', true, true, '''')::text, ''canary-'') > 0'),
  ('read', 'strpos(table_to_xml(''pg_catalog.pg_authid'', true, true, '''')::text, ''caseload'') > 0'),
  ('read', 'strpos(query_to_xml(''SELECT subject_name FROM caseload.subject UNION SELECT ''''found'''''', true, true, '''')::text, ''found'') > 0'),
  ('read', 'strpos(query_to_xml(''SELECT * FROM public.canary_seq'', true, true, '''')::text, ''last_value'') > 0'),
  ('read', 'public.reader() = ''canary-7d1f'''),
  ('read', 'pg_read_file(''PG_VERSION'') IS NOT NULL'),
  ('read', 'pg_read_binary_file(''PG_VERSION'') IS NOT NULL'),
  ('read', 'lo_import(''/etc/hostname'') > 0'),
  ('read', 'current_setting(''data_directory'') IS NOT NULL'),
  ('write', 'nextval(''public.open_seq'') > 0'),
  ('write', 'setval(''public.open_seq'', 77) > 0'),
  ('write', 'nextval(''public.canary_seq'') > 0'),
  ('write', 'public.writer()'),
  ('write', 'public.updater()'),
  ('write', 'public.maker()'),
  ('write', 'lo_create(0) > 0'),
  ('write', 'lo_creat(-1) > 0'),
  ('write', 'lo_from_bytea(0, ''x'') > 0'),
  ('write', 'pg_logical_emit_message(true, ''x'', ''y'') IS NOT NULL'),
  ('write', 'txid_current() > 0'),
  ('write', 'pg_current_xact_id()::text <> '''''),
  ('write', 'caseload.install() IS NOT NULL'),
  ('set', 'set_config(''a.b'', ''c'', false) = ''c'''),
  ('set', 'set_config(''a.b'', ''c'', true) = ''c'''),
  ('set', 'set_config(''work_mem'', ''64kB'', false) = ''64kB'''),
  ('set', 'set_config(''search_path'', ''evil'', false) = ''evil'''),
  ('set', 'set_config(''session_replication_role'', ''replica'', false) = ''replica'''),
  ('set', 'set_config(''role'', ''pg_monitor'', false) IS NOT NULL'),
  ('set', 'set_config(''session_authorization'', ''pg_monitor'', false) IS NOT NULL'),
  ('set', 'public.setter()'),
  ('set', 'public.becomer()'),
  ('set', 'public.listener()'),
  ('signal', 'pg_notify(''caseload'', ''x'')::text = '''''),
  ('signal', 'pg_logical_emit_message(false, ''x'', ''y'')::text <> '''''),
  ('signal', 'pg_advisory_lock(4711)::text = '''''),
  ('lend', 'public.lender() = ''canary-7d1f'''),
  ('lend', 'strpos(query_to_xml(''SELECT relname FROM pg_catalog.pg_class'', true, true, '''')::text, ''pg_class'') > 0'),
  ('lend', 'has_table_privilege(''pg_catalog.pg_authid'', ''SELECT'') IS NOT NULL'),
  ('cost', 'pg_sleep(0.05)::text = '''''),
  ('cost', 'length(repeat(''x'', 1000000)) > 0');

-- What becomes of an attack: "refused" is wall 1, "denied" an error when it ran.
CREATE FUNCTION fuzz.attempt(expression text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN CASE WHEN (SELECT caseload._holds(expression, f.client) FROM fuzz.facts f WHERE f.n = 1) THEN 'succeeded' ELSE 'failed' END;
EXCEPTION
  WHEN feature_not_supported OR datatype_mismatch THEN
    RETURN CASE WHEN SQLERRM LIKE '%in an expression over facts' THEN 'refused' ELSE 'denied' END;
  WHEN OTHERS THEN
    RETURN 'denied';
END $$;
