"""The story told by psycopg 3: server-side binding, parameters as they come. Arguments: the district."""
import datetime as dt
import sys
from decimal import Decimal

import psycopg

district = sys.argv[1]
today = dt.datetime.now(dt.timezone.utc).replace(hour=12, minute=0, second=0, microsecond=0)


def ago(days):
    return today - dt.timedelta(days=days)


def refused(sql, args):
    try:
        with db.transaction():
            db.execute(sql, args)
    except psycopg.Error as error:
        # every driver shows the hint; input of a type has one that shows a good value
        assert error.sqlstate != "22P02" or error.diag.message_hint, "no hint"
        print("refused:", error.sqlstate)


# our schema in the path, as docs/clients.md says, for the operators of our types
with psycopg.connect("", options="-c search_path=caseload,public", autocommit=True) as db:

    def one(sql, *args):
        return db.execute(sql, args).fetchone()[0]

    def rows(sql, *args):
        return db.execute(sql, args).fetchall()

    one("SELECT api.save_district(%s)", district)
    print("saved:", one("SELECT api.save_site(%s, %s, level => %s, time_zone => %s)", district, "S", "elementary", "America/New_York"),
          one("SELECT api.save_therapist(%s, %s, %s, fte => %s, employed_from => %s, availability => %s)", district, "T", "SLP", Decimal("1.0"),
              dt.date(2026, 1, 5), "Mon 08:00-12:00"),
          one("SELECT api.save_client(%s, %s, site_id => %s, grade => %s)", district, "C", "S", 2))
    print("episode:", one("SELECT api.open_episode(%s, %s, %s)", district, "C", dt.date(2025, 9, 1)))
    print("service:", one("SELECT api.save_service(%s, %s, %s, %s, %s, %s, starts_on => %s)", district, "V", "C", "SLP", "2x30/week", "T", ago(20).date()))
    events = [(dt.datetime(2026, 3, 2, 14, tzinfo=dt.timezone.utc), "attended"), (ago(10), "no_show"), (ago(7), "no_show"), (ago(4), "no_show"), (ago(1), "attended")]
    print("recorded:", *[one("SELECT api.record_appointment(%s, %s, %s, %s, %s, %s, %s, %s)", district, "C", at, status, 30, "T", "V", f"A{n}")
                         for n, (at, status) in enumerate(events)])
    flags = "SELECT rule_name, severity, action, state FROM api.flags WHERE district_id = %s"
    print("flag:", *rows(flags, district)[0])
    flag = one("SELECT flag_id FROM api.flags WHERE district_id = %s", district)
    print("answered:", one("SELECT api.dismiss_flag(%s, %s, %s)", district, flag, "was in hospital"))
    print("flags left:", len(rows(flags, district)))
    print("recorded:", one("SELECT api.record_appointment(%s, %s, %s, %s, appointment_id => %s)", district, "C", ago(2), "no_show", "A5"))
    print("flag:", *rows(flags, district)[0])
    print("answered:", one("SELECT api.acknowledge_flag(%s, %s, %s)", district, one("SELECT flag_id FROM api.flags WHERE district_id = %s", district), "calling the family"))
    print("history:", ", ".join(step for (step,) in rows("SELECT step FROM api.flag_history(%s, %s) ORDER BY at", district, flag)))
    print("recorded:", one("SELECT api.record_appointment(%s, %s, %s, appointment_id => %s)", district, "C", ago(-3), "A6"))
    print("cancelled:", one("SELECT api.cancel_appointment(%s, %s, %s)", district, "C", "A6"))
    print("facts: {} attended, {} no-shows, {} strikes, upcoming {}".format(
        *[("yes" if v else "no") if isinstance(v, bool) else v
          for v in rows("SELECT attended, no_shows, strikes, has_upcoming FROM api.client_facts WHERE district_id = %s", district)[0]]))
    print("workload: {} has {} client, {} of {} minutes, utilization {}".format(
        *rows("SELECT therapist_id, clients, weekly_minutes, capacity_minutes, utilization FROM api.workload WHERE district_id = %s", district)[0]))
    for dosage in "2x30/week", "10x30/week":
        print("capacity: {} {}, {} of {}".format(*rows(
            "SELECT rule_name, verdict, would_be, limit_value FROM api.check_capacity(%s, %s, %s) WHERE rule_name = 'weekly_minutes'", district, "T", dosage)[0]))
    print("equity: {}, {} therapist, gini {}".format(*rows("SELECT discipline, therapists, gini FROM api.equity WHERE district_id = %s", district)[0]))
    print("employed from:", one("SELECT employed_from FROM api.therapists WHERE district_id = %s", district).isoformat())
    status, at = rows("SELECT status, starts_at FROM api.appointments WHERE district_id = %s AND appointment_id = %s", district, "A0")[0]
    print("appointment:", status, at.astimezone(dt.timezone.utc).strftime("%Y-%m-%dT%H:%MZ"))
    refused("SELECT api.record_appointment(%s, %s, %s)", (district, "nobody", ago(0)))
    refused("SELECT api.save_service(%s, %s, %s, %s, %s)", (district, "W", "C", "SLP", "lots"))

    # our own types
    db.execute("INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, delivery) VALUES (%s, %s, %s, %s, %s, %s)",
               (district, "X", "C", "SLP", "1x30/week", "push_in"))
    print("types:", *rows("SELECT dosage, delivery FROM caseload.service WHERE district_id = %s AND service_id = 'X'", district)[0])
    psycopg.types.TypeInfo.fetch(db, "caseload.dosage").register(db)
    print("array:", ",".join(one("SELECT array_agg(dosage ORDER BY dosage) FROM caseload.service WHERE district_id = %s", district)))
    print("by name:", one("SELECT service_id FROM caseload.service WHERE district_id = %s AND dosage OPERATOR(caseload.>) %s::caseload.dosage", district, "1x30/week"))
    refused("INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage) VALUES (%s, %s, %s, %s, %s)", (district, "Y", "C", "SLP", "lots"))
    print("by path:", one("SELECT service_id FROM service WHERE district_id = %s AND dosage > %s", district, "1x30/week"))

    # binary, both ways: a cursor, and COPY
    with db.cursor(binary=True) as cursor:
        (binary,) = cursor.execute("SELECT dosage FROM caseload.service WHERE district_id = %s AND service_id = 'X'", (district,)).fetchone()
        assert isinstance(binary, bytes) and len(binary) == 8, binary
        with cursor.copy("COPY (SELECT availability FROM caseload.therapist WHERE availability IS NOT NULL) TO STDOUT (FORMAT binary)") as copy:
            assert b"".join(copy).startswith(b"PGCOPY\n"), "no binary COPY"
