-- Measuring in the server: one sample for each case, variant and round; ratios are taken within a round.

SET client_min_messages = warning;
DROP SCHEMA IF EXISTS bench CASCADE;
CREATE SCHEMA bench;

-- Processor time of this backend so far, user and system, in ms: the first number is in ns; without it, columns 14 and 15 of stat in ticks.
CREATE FUNCTION bench.cpu() RETURNS double precision LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  exact text := pg_read_file('/proc/self/schedstat', 0, 100, true);
  ticks text[];
BEGIN
  IF exact <> '' THEN
    RETURN split_part(exact, ' ', 1)::double precision / 1e6;
  END IF;
  ticks := string_to_array(substring(pg_read_file('/proc/self/stat', 0, 1000, false) FROM '\) (.*)'), ' ');
  RETURN (ticks[12]::double precision + ticks[13]::double precision) * 1000 / current_setting('bench.ticks')::double precision;
END
$$;

CREATE TABLE bench.sample (
  measure text, variant text, round integer,
  wall double precision, -- ms for one unit of the measure (a row, a statement …)
  cpu double precision,  -- the same of the backend's processor time; NULL where it cannot be had
  PRIMARY KEY (measure, variant, round)
);

-- What is run in turns by bench.turns(): share is the part of the whole work that the statement does.
CREATE TABLE bench.variant (
  measure text, variant text, statement text, share double precision DEFAULT 1, place integer GENERATED ALWAYS AS IDENTITY,
  PRIMARY KEY (measure, variant)
);

-- One round of a measure, every round begins with another variant.
CREATE PROCEDURE bench.turns(of_measure text, this_round integer) LANGUAGE plpgsql AS $$
DECLARE
  v record;
  wall timestamptz;
  cpu double precision;
  spent double precision;
BEGIN
  FOR v IN SELECT *, (row_number() OVER (ORDER BY place) + this_round) % count(*) OVER () AS turn
             FROM bench.variant WHERE measure = of_measure ORDER BY turn LOOP
    wall := clock_timestamp();
    cpu := bench.cpu();
    EXECUTE v.statement;
    spent := bench.cpu() - cpu;
    INSERT INTO bench.sample VALUES
      (of_measure, v.variant, this_round, extract(epoch FROM clock_timestamp() - wall) * 1000 / v.share, spent / v.share);
    COMMIT;
  END LOOP;
END
$$;

-- What is to be shown, with the bound that it shall keep.
CREATE TABLE bench.target (
  place integer GENERATED ALWAYS AS IDENTITY,
  what text,
  kind text CHECK (kind IN ('ratio', 'faster', 'smaller', 'value')), -- ours / rival; rival / ours; overheads: rival / ours; ours alone
  measure text, ours text, rival text, bare text,
  metric text DEFAULT 'wall' CHECK (metric IN ('wall', 'cpu', 'bytes')), -- bytes are kept where the time would be
  bound double precision -- NULL: shown without judging it
);

-- What was too short to be measured (processor time may come in ticks) has no ratio.
-- One row for each target: medians of ours, of the rival's, and of the ratio, with its lowest and highest. Read by table.sql.
CREATE VIEW bench.median AS
  WITH sample AS (
    SELECT t.*, CASE metric WHEN 'cpu' THEN o.cpu ELSE o.wall END AS x, CASE metric WHEN 'cpu' THEN r.cpu ELSE r.wall END AS y,
           CASE metric WHEN 'cpu' THEN b.cpu ELSE b.wall END AS z
      FROM bench.target t
      LEFT JOIN bench.sample o ON o.measure = t.measure AND o.variant = t.ours
      LEFT JOIN bench.sample r ON r.measure = t.measure AND r.variant = t.rival AND r.round = o.round
      LEFT JOIN bench.sample b ON b.measure = t.measure AND b.variant = t.bare AND b.round = o.round),
  ratio AS (
    SELECT *, CASE kind WHEN 'ratio' THEN x / nullif(y, 0) WHEN 'faster' THEN y / nullif(x, 0) WHEN 'smaller' THEN (y - z) / nullif(greatest(x - z, 0), 0) ELSE x END AS q
      FROM sample)
  SELECT place, what, kind, metric, bound,
         percentile_cont(0.5) WITHIN GROUP (ORDER BY x) AS x, percentile_cont(0.5) WITHIN GROUP (ORDER BY y) AS y,
         percentile_cont(0.5) WITHIN GROUP (ORDER BY q) AS q, min(q) AS low, max(q) AS high
    FROM ratio GROUP BY place, what, kind, metric, bound ORDER BY place;

-- Numbers that look random and are the same in every run: u in [0, 1), and one of 0 … n - 1.
CREATE FUNCTION bench.u(i bigint, salt bigint) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (hashint8extended(i, salt) & 1073741823)::double precision / 1073741824
$$;
CREATE FUNCTION bench.pick(i bigint, salt bigint, n integer) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT ((hashint8extended(i, salt) & 1073741823) % n)::integer
$$;

-- What becomes of an appointment: 78 % attended, 12 % missed, 10 % cancelled.
CREATE FUNCTION bench.status(u double precision) RETURNS caseload.appointment_status LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN u < 0.78 THEN 'attended' WHEN u < 0.90 THEN 'no_show' WHEN u < 0.94 THEN 'late_cancel'
              WHEN u < 0.98 THEN 'client_cancel' ELSE 'provider_cancel' END::caseload.appointment_status
$$;

-- The same mix over a population: two clients of five miss or cancel late 0 to 2 times in all (so that one event more may raise a flag),
-- the others the more often.
CREATE FUNCTION bench.history_status(client integer, visit integer) RETURNS caseload.appointment_status LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN client % 5 < 2 THEN
           CASE WHEN visit = 2 AND bench.pick(client, 11, 3) > 0 THEN 'no_show' WHEN visit = 5 AND bench.pick(client, 11, 3) > 1 THEN 'late_cancel'
                ELSE 'attended' END
         ELSE (SELECT CASE WHEN u < 0.640 THEN 'attended' WHEN u < 0.835 THEN 'no_show' WHEN u < 0.900 THEN 'late_cancel'
                           WHEN u < 0.965 THEN 'client_cancel' ELSE 'provider_cancel' END
                 FROM bench.u(client::bigint * 1000 + visit, 12) AS u) END::caseload.appointment_status
$$;

CREATE FUNCTION bench.must(good boolean, what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF good IS NOT TRUE THEN RAISE EXCEPTION 'the answers differ: %', what; END IF;
END
$$;
