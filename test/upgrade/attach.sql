-- The owner's table of appointments becomes a source, by a mapping as hostile as its names.
SELECT caseload.attach($r$public." O'Neil ""y"" \ \. \! $piece$ $$ :v %s {}"$r$, $m${"district": {"constant": "O'Neil \"y\" \\ $piece$"}, "client": "client \" \\ $$ {}",
  "date": "day's", "zone": {"constant": "Asia/Kathmandu"}, "status": {"expression": "\"status $piece$\" || 'x $piece$' -- \\. it's"}, "unknown": "skip",
  "codes": {"no 'show' \" \\. $piece$x $piece$": "no_show"}}$m$, source => 'visits');
