-- A table of the owner's own, over which rules are written; the longest name that there may be.
CREATE TABLE public." O'Neil ""x"" \ \. \! $piece$ $$ :v %s {}" (district_id text, "key ""'\ $piece$ $$ :v {,}" text, "k,2" date, miles integer);
COMMENT ON TABLE public." O'Neil ""x"" \ \. \! $piece$ $$ :v %s {}" IS 'Vans, say.';
-- and one whose rows are appointments: its name, columns and codes are hostile, too, and it has a partition
CREATE TABLE public." O'Neil ""y"" \ \. \! $piece$ $$ :v %s {}" ("key "":"" \. \ $piece$" text, "day's" date, "client "" \ $$ {}" text, "status $piece$" text,
  PRIMARY KEY ("key "":"" \. \ $piece$", "day's")) PARTITION BY RANGE ("day's");
CREATE TABLE public."part ""y"" $piece$" PARTITION OF public." O'Neil ""y"" \ \. \! $piece$ $$ :v %s {}" DEFAULT;
