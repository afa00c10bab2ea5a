-- A table of the owner's own, over which rules are written; the longest name that there may be.
CREATE TABLE public." O'Neil ""x"" \ \. \! $piece$ $$ :v %s {}" (district_id text, "key ""'\ $piece$ $$ :v {,}" text, "k,2" date, miles integer);
COMMENT ON TABLE public." O'Neil ""x"" \ \. \! $piece$ $$ :v %s {}" IS 'Vans, say.';
