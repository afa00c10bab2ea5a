-- One query for each table: how many rows, and a digest of them as text, in the columns that the table has now. To be run with \gexec.
SELECT format('SELECT %L, count(*), md5(coalesce(string_agg(t::text, E''\n'' ORDER BY t::text COLLATE "C"), '''')) FROM (SELECT %s FROM %s) t', c.oid::regclass,
         (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), c.oid::regclass)
  FROM pg_class c
 WHERE c.relnamespace = 'caseload'::regnamespace AND c.relkind = 'r'
 ORDER BY c.relname
