-- How evenly a load is spread: docs/models.md has the formulas, their sources and what they say of nothing, of zeros and of small teams.

CREATE TYPE caseload.equity_measures AS (
  n bigint, weight double precision, total double precision, mean double precision, minimum double precision, maximum double precision,
  range double precision, gini double precision, gini_corrected double precision, jain double precision, cv double precision,
  cv_sample double precision, hoover double precision, theil double precision, mean_log_deviation double precision,
  atkinson_05 double precision, palma double precision, top20_bottom20 double precision, max_share double precision,
  max_min_ratio double precision
);
COMMENT ON TYPE caseload.equity_measures IS 'What equity() gives: all equity measures of some loads. NULL = has no finite value here; over no loads n and weight are 0 and the rest NULL.';
COMMENT ON COLUMN caseload.equity_measures.n IS 'Number of loads; NULLs and weights of 0 are no loads.';
COMMENT ON COLUMN caseload.equity_measures.weight IS 'Sum of the weights, W; with FTE as weight the FTE of the team. Without weights n.';
COMMENT ON COLUMN caseload.equity_measures.total IS 'Sum of weight times load.';
COMMENT ON COLUMN caseload.equity_measures.mean IS 'Mean load, total / weight.';
COMMENT ON COLUMN caseload.equity_measures.minimum IS 'Lowest load.';
COMMENT ON COLUMN caseload.equity_measures.maximum IS 'Highest load.';
COMMENT ON COLUMN caseload.equity_measures.range IS 'Highest less lowest load.';
COMMENT ON COLUMN caseload.equity_measures.gini IS 'Gini coefficient: 0 = equal, (n - 1) / n = one has it all.';
COMMENT ON COLUMN caseload.equity_measures.gini_corrected IS 'Gini coefficient times n / (n - 1): without weights 1 = one has it all, however small the team. Goes by the number of loads. NULL below 2 loads.';
COMMENT ON COLUMN caseload.equity_measures.jain IS 'Jain index: 1 = equal, 1 / n = one has it all.';
COMMENT ON COLUMN caseload.equity_measures.cv IS 'Coefficient of variation, population standard deviation over mean: 0 = equal.';
COMMENT ON COLUMN caseload.equity_measures.cv_sample IS 'Coefficient of variation of a sample, cv times the root of n / (n - 1). Goes by the number of loads. NULL below 2 loads.';
COMMENT ON COLUMN caseload.equity_measures.hoover IS 'Hoover index: the share of the load that would have to move to make all equal; 0 = equal.';
COMMENT ON COLUMN caseload.equity_measures.theil IS 'Theil index T, the mean of x/m ln(x/m): 0 = equal, ln n = one has it all. Splits into groups by their share of the load.';
COMMENT ON COLUMN caseload.equity_measures.mean_log_deviation IS 'Mean log deviation, Theil index L, the mean of ln(m/x): 0 = equal. NULL where a load is 0 and others are not.';
COMMENT ON COLUMN caseload.equity_measures.atkinson_05 IS 'Atkinson index for epsilon 0.5: 0 = equal, 1 - 1 / n = one has it all.';
COMMENT ON COLUMN caseload.equity_measures.palma IS 'Palma ratio: what the highest tenth has over what the lowest four tenths have; 0.25 = equal. NULL below 10 loads or where the lowest have nothing.';
COMMENT ON COLUMN caseload.equity_measures.top20_bottom20 IS 'What the highest fifth has over what the lowest fifth has; 1 = equal. NULL below 5 loads or where the lowest fifth has nothing.';
COMMENT ON COLUMN caseload.equity_measures.max_share IS 'The greatest share of the total that one row has, weight times load. NULL where the total is 0.';
COMMENT ON COLUMN caseload.equity_measures.max_min_ratio IS 'Highest over lowest load; 1 = equal. NULL where the lowest is 0.';

CREATE FUNCTION caseload.equity_trans(state internal, load double precision)
RETURNS internal
AS 'MODULE_PATHNAME', 'equity_trans'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.equity_trans(internal, double precision) IS 'Internal: takes one load into the state of the equity measures.';

CREATE FUNCTION caseload.equity_trans(state internal, load double precision, weight double precision)
RETURNS internal
AS 'MODULE_PATHNAME', 'equity_trans'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.equity_trans(internal, double precision, double precision) IS 'Internal: takes one load and its weight into the state of the equity measures.';

CREATE FUNCTION caseload.equity_atkinson_trans(state internal, load double precision, epsilon double precision)
RETURNS internal
AS 'MODULE_PATHNAME', 'equity_atkinson_trans'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.equity_atkinson_trans(internal, double precision, double precision) IS 'Internal: takes one load into the state of atkinson().';

CREATE FUNCTION caseload.equity_atkinson_trans(state internal, load double precision, epsilon double precision, weight double precision)
RETURNS internal
AS 'MODULE_PATHNAME', 'equity_atkinson_trans'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.equity_atkinson_trans(internal, double precision, double precision, double precision) IS 'Internal: takes one load and its weight into the state of atkinson().';

CREATE FUNCTION caseload.equity_combine(state internal, other internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'equity_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.equity_combine(internal, internal) IS 'Internal: joins two states of the equity measures.';

CREATE FUNCTION caseload.equity_serial(state internal)
RETURNS bytea
AS 'MODULE_PATHNAME', 'equity_serial'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.equity_serial(internal) IS 'Internal: packs a state of the equity measures for another process.';

CREATE FUNCTION caseload.equity_deserial(packed bytea, dummy internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'equity_deserial'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.equity_deserial(bytea, internal) IS 'Internal: unpacks a state of the equity measures.';

CREATE FUNCTION caseload.equity_gini(state internal)
RETURNS double precision
AS 'MODULE_PATHNAME', 'equity_gini'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.equity_gini(internal) IS 'Internal: final function of gini().';

CREATE AGGREGATE caseload.gini(load double precision) (
  SFUNC = caseload.equity_trans, STYPE = internal, SSPACE = 1024, FINALFUNC = caseload.equity_gini,
  COMBINEFUNC = caseload.equity_combine, SERIALFUNC = caseload.equity_serial, DESERIALFUNC = caseload.equity_deserial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.gini(double precision) IS 'Gini coefficient: 0 = equal, (n - 1) / n = one has it all. NULL over no rows.';

CREATE AGGREGATE caseload.gini(load double precision, weight double precision) (
  SFUNC = caseload.equity_trans, STYPE = internal, SSPACE = 1024, FINALFUNC = caseload.equity_gini,
  COMBINEFUNC = caseload.equity_combine, SERIALFUNC = caseload.equity_serial, DESERIALFUNC = caseload.equity_deserial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.gini(double precision, double precision) IS 'Gini coefficient: 0 = equal, (n - 1) / n = one has it all. Weights, such as FTE, count as repetitions. NULL over no rows.';

CREATE FUNCTION caseload.equity_jain(state internal)
RETURNS double precision
AS 'MODULE_PATHNAME', 'equity_jain'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.equity_jain(internal) IS 'Internal: final function of jain().';

CREATE AGGREGATE caseload.jain(load double precision) (
  SFUNC = caseload.equity_trans, STYPE = internal, SSPACE = 1024, FINALFUNC = caseload.equity_jain,
  COMBINEFUNC = caseload.equity_combine, SERIALFUNC = caseload.equity_serial, DESERIALFUNC = caseload.equity_deserial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.jain(double precision) IS 'Jain index: 1 = equal, 1 / n = one has it all. NULL over no rows.';

CREATE AGGREGATE caseload.jain(load double precision, weight double precision) (
  SFUNC = caseload.equity_trans, STYPE = internal, SSPACE = 1024, FINALFUNC = caseload.equity_jain,
  COMBINEFUNC = caseload.equity_combine, SERIALFUNC = caseload.equity_serial, DESERIALFUNC = caseload.equity_deserial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.jain(double precision, double precision) IS 'Jain index: 1 = equal, 1 / n = one has it all. Weights, such as FTE, count as repetitions. NULL over no rows.';

CREATE FUNCTION caseload.equity_cv(state internal)
RETURNS double precision
AS 'MODULE_PATHNAME', 'equity_cv'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.equity_cv(internal) IS 'Internal: final function of cv().';

CREATE AGGREGATE caseload.cv(load double precision) (
  SFUNC = caseload.equity_trans, STYPE = internal, SSPACE = 1024, FINALFUNC = caseload.equity_cv,
  COMBINEFUNC = caseload.equity_combine, SERIALFUNC = caseload.equity_serial, DESERIALFUNC = caseload.equity_deserial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.cv(double precision) IS 'Coefficient of variation, population standard deviation over mean: 0 = equal. NULL over no rows.';

CREATE AGGREGATE caseload.cv(load double precision, weight double precision) (
  SFUNC = caseload.equity_trans, STYPE = internal, SSPACE = 1024, FINALFUNC = caseload.equity_cv,
  COMBINEFUNC = caseload.equity_combine, SERIALFUNC = caseload.equity_serial, DESERIALFUNC = caseload.equity_deserial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.cv(double precision, double precision) IS 'Coefficient of variation, population standard deviation over mean: 0 = equal. Weights, such as FTE, count as repetitions. NULL over no rows.';

CREATE FUNCTION caseload.equity_hoover(state internal)
RETURNS double precision
AS 'MODULE_PATHNAME', 'equity_hoover'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.equity_hoover(internal) IS 'Internal: final function of hoover().';

CREATE AGGREGATE caseload.hoover(load double precision) (
  SFUNC = caseload.equity_trans, STYPE = internal, SSPACE = 1024, FINALFUNC = caseload.equity_hoover,
  COMBINEFUNC = caseload.equity_combine, SERIALFUNC = caseload.equity_serial, DESERIALFUNC = caseload.equity_deserial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.hoover(double precision) IS 'Hoover index: the share of the load that would have to move to make all equal; 0 = equal. NULL over no rows.';

CREATE AGGREGATE caseload.hoover(load double precision, weight double precision) (
  SFUNC = caseload.equity_trans, STYPE = internal, SSPACE = 1024, FINALFUNC = caseload.equity_hoover,
  COMBINEFUNC = caseload.equity_combine, SERIALFUNC = caseload.equity_serial, DESERIALFUNC = caseload.equity_deserial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.hoover(double precision, double precision) IS 'Hoover index: the share of the load that would have to move to make all equal; 0 = equal. Weights, such as FTE, count as repetitions. NULL over no rows.';

CREATE FUNCTION caseload.equity_theil(state internal)
RETURNS double precision
AS 'MODULE_PATHNAME', 'equity_theil'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.equity_theil(internal) IS 'Internal: final function of theil().';

CREATE AGGREGATE caseload.theil(load double precision) (
  SFUNC = caseload.equity_trans, STYPE = internal, SSPACE = 1024, FINALFUNC = caseload.equity_theil,
  COMBINEFUNC = caseload.equity_combine, SERIALFUNC = caseload.equity_serial, DESERIALFUNC = caseload.equity_deserial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.theil(double precision) IS 'Theil index T, the mean of x/m ln(x/m): 0 = equal, ln n = one has it all. NULL over no rows.';

CREATE AGGREGATE caseload.theil(load double precision, weight double precision) (
  SFUNC = caseload.equity_trans, STYPE = internal, SSPACE = 1024, FINALFUNC = caseload.equity_theil,
  COMBINEFUNC = caseload.equity_combine, SERIALFUNC = caseload.equity_serial, DESERIALFUNC = caseload.equity_deserial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.theil(double precision, double precision) IS 'Theil index T, the mean of x/m ln(x/m): 0 = equal, ln n = one has it all. Weights, such as FTE, count as repetitions. NULL over no rows.';

CREATE FUNCTION caseload.equity_mean_log_deviation(state internal)
RETURNS double precision
AS 'MODULE_PATHNAME', 'equity_mean_log_deviation'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.equity_mean_log_deviation(internal) IS 'Internal: final function of mean_log_deviation().';

CREATE AGGREGATE caseload.mean_log_deviation(load double precision) (
  SFUNC = caseload.equity_trans, STYPE = internal, SSPACE = 1024, FINALFUNC = caseload.equity_mean_log_deviation,
  COMBINEFUNC = caseload.equity_combine, SERIALFUNC = caseload.equity_serial, DESERIALFUNC = caseload.equity_deserial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.mean_log_deviation(double precision) IS 'Mean log deviation, Theil index L, the mean of ln(m/x): 0 = equal. NULL over no rows, and where a load is 0 but others are not.';

CREATE AGGREGATE caseload.mean_log_deviation(load double precision, weight double precision) (
  SFUNC = caseload.equity_trans, STYPE = internal, SSPACE = 1024, FINALFUNC = caseload.equity_mean_log_deviation,
  COMBINEFUNC = caseload.equity_combine, SERIALFUNC = caseload.equity_serial, DESERIALFUNC = caseload.equity_deserial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.mean_log_deviation(double precision, double precision) IS 'Mean log deviation, Theil index L, the mean of ln(m/x): 0 = equal. Weights, such as FTE, count as repetitions. NULL over no rows, and where a load is 0 but others are not.';

CREATE FUNCTION caseload.equity_atkinson(state internal)
RETURNS double precision
AS 'MODULE_PATHNAME', 'equity_atkinson'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.equity_atkinson(internal) IS 'Internal: final function of atkinson().';

CREATE AGGREGATE caseload.atkinson(load double precision, epsilon double precision) (
  SFUNC = caseload.equity_atkinson_trans, STYPE = internal, SSPACE = 1024, FINALFUNC = caseload.equity_atkinson,
  COMBINEFUNC = caseload.equity_combine, SERIALFUNC = caseload.equity_serial, DESERIALFUNC = caseload.equity_deserial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.atkinson(double precision, double precision) IS 'Atkinson index: 0 = equal; the higher epsilon (0 or more, 0.5 is common), the more the lowest loads count. 1 for an epsilon from 1 on where a load is 0 but others are not. NULL over no rows.';

CREATE AGGREGATE caseload.atkinson(load double precision, epsilon double precision, weight double precision) (
  SFUNC = caseload.equity_atkinson_trans, STYPE = internal, SSPACE = 1024, FINALFUNC = caseload.equity_atkinson,
  COMBINEFUNC = caseload.equity_combine, SERIALFUNC = caseload.equity_serial, DESERIALFUNC = caseload.equity_deserial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.atkinson(double precision, double precision, double precision) IS 'Atkinson index: 0 = equal; the higher epsilon (0 or more, 0.5 is common), the more the lowest loads count. 1 for an epsilon from 1 on where a load is 0 but others are not. Weights, such as FTE, count as repetitions. NULL over no rows.';

CREATE FUNCTION caseload.equity_palma(state internal)
RETURNS double precision
AS 'MODULE_PATHNAME', 'equity_palma'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.equity_palma(internal) IS 'Internal: final function of palma().';

CREATE AGGREGATE caseload.palma(load double precision) (
  SFUNC = caseload.equity_trans, STYPE = internal, SSPACE = 1024, FINALFUNC = caseload.equity_palma,
  COMBINEFUNC = caseload.equity_combine, SERIALFUNC = caseload.equity_serial, DESERIALFUNC = caseload.equity_deserial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.palma(double precision) IS 'Palma ratio: what the highest tenth has over what the lowest four tenths have; 0.25 = equal. NULL below 10 rows and where the lowest have nothing.';

CREATE AGGREGATE caseload.palma(load double precision, weight double precision) (
  SFUNC = caseload.equity_trans, STYPE = internal, SSPACE = 1024, FINALFUNC = caseload.equity_palma,
  COMBINEFUNC = caseload.equity_combine, SERIALFUNC = caseload.equity_serial, DESERIALFUNC = caseload.equity_deserial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.palma(double precision, double precision) IS 'Palma ratio: what the highest tenth has over what the lowest four tenths have; 0.25 = equal. Weights, such as FTE, count as repetitions. NULL below 10 rows and where the lowest have nothing.';

CREATE FUNCTION caseload.equity_max_min_ratio(state internal)
RETURNS double precision
AS 'MODULE_PATHNAME', 'equity_max_min_ratio'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.equity_max_min_ratio(internal) IS 'Internal: final function of max_min_ratio().';

CREATE AGGREGATE caseload.max_min_ratio(load double precision) (
  SFUNC = caseload.equity_trans, STYPE = internal, SSPACE = 1024, FINALFUNC = caseload.equity_max_min_ratio,
  COMBINEFUNC = caseload.equity_combine, SERIALFUNC = caseload.equity_serial, DESERIALFUNC = caseload.equity_deserial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.max_min_ratio(double precision) IS 'Highest over lowest load: 1 = equal. NULL over no rows and where the lowest load is 0.';

CREATE AGGREGATE caseload.max_min_ratio(load double precision, weight double precision) (
  SFUNC = caseload.equity_trans, STYPE = internal, SSPACE = 1024, FINALFUNC = caseload.equity_max_min_ratio,
  COMBINEFUNC = caseload.equity_combine, SERIALFUNC = caseload.equity_serial, DESERIALFUNC = caseload.equity_deserial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.max_min_ratio(double precision, double precision) IS 'Highest over lowest load: 1 = equal. Weights, such as FTE, count as repetitions. NULL over no rows and where the lowest load is 0.';

CREATE FUNCTION caseload.equity_final(state internal)
RETURNS caseload.equity_measures
AS 'MODULE_PATHNAME', 'equity_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.equity_final(internal) IS 'Internal: final function of equity().';

CREATE AGGREGATE caseload.equity(load double precision) (
  SFUNC = caseload.equity_trans, STYPE = internal, SSPACE = 1024, FINALFUNC = caseload.equity_final,
  COMBINEFUNC = caseload.equity_combine, SERIALFUNC = caseload.equity_serial, DESERIALFUNC = caseload.equity_deserial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.equity(double precision) IS 'All equity measures in one pass, and the number of loads, as a row of equity_measures. Over no rows n and weight are 0 and the rest NULL.';

CREATE AGGREGATE caseload.equity(load double precision, weight double precision) (
  SFUNC = caseload.equity_trans, STYPE = internal, SSPACE = 1024, FINALFUNC = caseload.equity_final,
  COMBINEFUNC = caseload.equity_combine, SERIALFUNC = caseload.equity_serial, DESERIALFUNC = caseload.equity_deserial, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.equity(double precision, double precision) IS 'All equity measures in one pass, and the number of loads, as a row of equity_measures. Weights, such as FTE, count as repetitions. Over no rows n and weight are 0 and the rest NULL.';
