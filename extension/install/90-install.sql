-- install() makes the tables, triggers, views and reading functions as ordinary objects; version() tells the library's version.

CREATE FUNCTION caseload.version()
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'caseload'$$;
COMMENT ON FUNCTION caseload.version() IS 'Version of the SQL objects, as \dx shows it.';

CREATE FUNCTION caseload.install()
RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, caseload, pg_temp
-- that something is there already is what a second call is for
SET client_min_messages = warning
AS $$
DECLARE
  next record;
  done integer := 0;
  kept integer := 0;
BEGIN
  IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
    RAISE EXCEPTION 'permission denied to install caseload'
      USING ERRCODE = 'insufficient_privilege', HINT = 'Must be superuser to run install().';
  END IF;
  -- two at a time would make the same objects
  PERFORM pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('caseload.install', 0));
  CREATE TABLE IF NOT EXISTS caseload.installation (
    piece        text COLLATE "C" NOT NULL PRIMARY KEY,
    digest       text NOT NULL,
    version      text NOT NULL,
    installed_at timestamptz NOT NULL DEFAULT now()
  );
  COMMENT ON TABLE caseload.installation IS 'What install() has made, piece by piece.';
  COMMENT ON COLUMN caseload.installation.piece IS 'Name of the piece.';
  COMMENT ON COLUMN caseload.installation.digest IS 'Digest of its text; another one is run again.';
  COMMENT ON COLUMN caseload.installation.version IS 'Version that brought it.';
  COMMENT ON COLUMN caseload.installation.installed_at IS 'When.';
  FOR next IN SELECT p.piece, p.body, pg_catalog.md5(p.body) AS digest FROM caseload._pieces() p ORDER BY p.piece COLLATE "C" LOOP
    IF EXISTS (SELECT FROM caseload.installation i WHERE i.piece = next.piece AND i.digest = next.digest) THEN
      kept := kept + 1;
    ELSE
      EXECUTE next.body;
      INSERT INTO caseload.installation AS i (piece, digest, version) VALUES (next.piece, next.digest, caseload.version())
        ON CONFLICT (piece) DO UPDATE SET digest = EXCLUDED.digest, version = EXCLUDED.version, installed_at = EXCLUDED.installed_at;
      done := done + 1;
    END IF;
  END LOOP;
  IF done > 0 THEN
    REVOKE ALL ON ALL ROUTINES IN SCHEMA caseload FROM PUBLIC;
  END IF;
  RETURN pg_catalog.format('caseload %s: %s pieces installed, %s unchanged', caseload.version(), done, kept);
END
$$;
COMMENT ON FUNCTION caseload.install() IS 'Makes, or brings up to date, the tables, triggers, views and functions of caseload as ordinary objects. A second call changes nothing.';

-- Nothing is for everybody, not even between CREATE EXTENSION and install().
REVOKE ALL ON ALL ROUTINES IN SCHEMA caseload FROM PUBLIC;
