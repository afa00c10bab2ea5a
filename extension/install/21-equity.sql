-- How evenly a load is spread: docs/models.md has the formulas and their sources.

CREATE FUNCTION caseload.equity_trans(state bytea, load double precision)
RETURNS bytea
AS 'MODULE_PATHNAME', 'equity_trans'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.equity_trans(bytea, double precision) IS 'Internal: takes one load into the state of the equity measures.';

CREATE FUNCTION caseload.equity_trans(state bytea, load double precision, weight double precision)
RETURNS bytea
AS 'MODULE_PATHNAME', 'equity_trans'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.equity_trans(bytea, double precision, double precision) IS 'Internal: takes one load into the state of the equity measures.';

CREATE FUNCTION caseload.equity_combine(state bytea, other bytea)
RETURNS bytea
AS 'MODULE_PATHNAME', 'equity_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.equity_combine(bytea, bytea) IS 'Internal: joins two states of the equity measures.';

CREATE FUNCTION caseload.equity_gini(state bytea)
RETURNS double precision
AS 'MODULE_PATHNAME', 'equity_gini'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.equity_gini(bytea) IS 'Internal: final function of gini().';

CREATE AGGREGATE caseload.gini(load double precision) (
  SFUNC = caseload.equity_trans, STYPE = bytea, SSPACE = 512,
  FINALFUNC = caseload.equity_gini, COMBINEFUNC = caseload.equity_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.gini(double precision) IS 'Gini coefficient: 0 = equal, (n - 1) / n = one has it all. NULL over no rows.';

CREATE AGGREGATE caseload.gini(load double precision, weight double precision) (
  SFUNC = caseload.equity_trans, STYPE = bytea, SSPACE = 512,
  FINALFUNC = caseload.equity_gini, COMBINEFUNC = caseload.equity_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.gini(double precision, double precision) IS 'Gini coefficient: 0 = equal, (n - 1) / n = one has it all. Weights, such as FTE, count as repetitions. NULL over no rows.';

CREATE FUNCTION caseload.equity_jain(state bytea)
RETURNS double precision
AS 'MODULE_PATHNAME', 'equity_jain'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.equity_jain(bytea) IS 'Internal: final function of jain().';

CREATE AGGREGATE caseload.jain(load double precision) (
  SFUNC = caseload.equity_trans, STYPE = bytea, SSPACE = 512,
  FINALFUNC = caseload.equity_jain, COMBINEFUNC = caseload.equity_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.jain(double precision) IS 'Jain index: 1 = equal, 1 / n = one has it all. NULL over no rows.';

CREATE AGGREGATE caseload.jain(load double precision, weight double precision) (
  SFUNC = caseload.equity_trans, STYPE = bytea, SSPACE = 512,
  FINALFUNC = caseload.equity_jain, COMBINEFUNC = caseload.equity_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.jain(double precision, double precision) IS 'Jain index: 1 = equal, 1 / n = one has it all. Weights, such as FTE, count as repetitions. NULL over no rows.';

CREATE FUNCTION caseload.equity_cv(state bytea)
RETURNS double precision
AS 'MODULE_PATHNAME', 'equity_cv'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.equity_cv(bytea) IS 'Internal: final function of cv().';

CREATE AGGREGATE caseload.cv(load double precision) (
  SFUNC = caseload.equity_trans, STYPE = bytea, SSPACE = 512,
  FINALFUNC = caseload.equity_cv, COMBINEFUNC = caseload.equity_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.cv(double precision) IS 'Coefficient of variation, population standard deviation over mean: 0 = equal. NULL over no rows.';

CREATE AGGREGATE caseload.cv(load double precision, weight double precision) (
  SFUNC = caseload.equity_trans, STYPE = bytea, SSPACE = 512,
  FINALFUNC = caseload.equity_cv, COMBINEFUNC = caseload.equity_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.cv(double precision, double precision) IS 'Coefficient of variation, population standard deviation over mean: 0 = equal. Weights, such as FTE, count as repetitions. NULL over no rows.';

CREATE FUNCTION caseload.equity_hoover(state bytea)
RETURNS double precision
AS 'MODULE_PATHNAME', 'equity_hoover'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.equity_hoover(bytea) IS 'Internal: final function of hoover().';

CREATE AGGREGATE caseload.hoover(load double precision) (
  SFUNC = caseload.equity_trans, STYPE = bytea, SSPACE = 512,
  FINALFUNC = caseload.equity_hoover, COMBINEFUNC = caseload.equity_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.hoover(double precision) IS 'Hoover index: the share of the load that would have to move to make all equal; 0 = equal. NULL over no rows.';

CREATE AGGREGATE caseload.hoover(load double precision, weight double precision) (
  SFUNC = caseload.equity_trans, STYPE = bytea, SSPACE = 512,
  FINALFUNC = caseload.equity_hoover, COMBINEFUNC = caseload.equity_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.hoover(double precision, double precision) IS 'Hoover index: the share of the load that would have to move to make all equal; 0 = equal. Weights, such as FTE, count as repetitions. NULL over no rows.';
