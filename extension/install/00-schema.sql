-- A plain CREATE: if somebody has made a schema of this name before, the installation must stop, not move in.
CREATE SCHEMA caseload;
COMMENT ON SCHEMA caseload IS 'Therapy caseloads: attendance, flags, workload, equity, capacity. SELECT * FROM caseload.help() shows the way.';
REVOKE ALL ON SCHEMA caseload FROM PUBLIC;

