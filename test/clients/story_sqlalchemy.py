"""The story told by SQLAlchemy: views and functions of the facade as reflected. Arguments: the district."""
import datetime as dt
import sys
import warnings
from decimal import Decimal

import sqlalchemy as sa

warnings.simplefilter("error", sa.exc.SAWarning)  # a column of a type that is not known is a warning
district = sys.argv[1]
today = dt.datetime.now(dt.timezone.utc).replace(hour=12, minute=0, second=0, microsecond=0)
engine = sa.create_engine("postgresql+psycopg2://", connect_args={"options": "-c search_path=caseload,public"}, isolation_level="AUTOCOMMIT")
facade = sa.MetaData(schema="api")
facade.reflect(engine, views=True)
view = {name.split(".")[1]: table for name, table in facade.tables.items()}
assert {"flags", "workload", "appointments"} <= view.keys()
for table in view.values():
    for column in table.columns:
        assert not isinstance(column.type, sa.types.NullType), column
        assert column.comment, column
f = sa.func.api


def ago(days):
    return today - dt.timedelta(days=days)


with engine.connect() as db:

    def one(what):
        return db.execute(what if isinstance(what, sa.sql.Select) else sa.select(what)).scalar()

    def row(table, *names):
        return db.execute(sa.select(*[view[table].c[n] for n in names]).where(view[table].c.district_id == district)).fetchone()

    def refused(what):
        try:
            db.execute(what)
        except sa.exc.DBAPIError as error:
            print("refused:", error.orig.pgcode)

    one(f.save_district(district))
    print("saved:", one(f.save_site(district, "S", None, "elementary", None, "America/New_York")),
          one(f.save_therapist(district, "T", "SLP", None, Decimal("1.0"), dt.date(2026, 1, 5), None, None, None, "Mon 08:00-12:00")),
          one(f.save_client(district, "C", None, "S", None, None, 2)))
    print("episode:", one(f.open_episode(district, "C", dt.date(2025, 9, 1))))
    print("service:", one(f.save_service(district, "V", "C", "SLP", "2x30/week", "T", None, None, ago(20).date())))
    events = [(dt.datetime(2026, 3, 2, 14, tzinfo=dt.timezone.utc), "attended"), (ago(10), "no_show"), (ago(7), "no_show"), (ago(4), "no_show"), (ago(1), "attended")]
    print("recorded:", *[one(f.record_appointment(district, "C", at, status, 30, "T", "V", f"A{n}")) for n, (at, status) in enumerate(events)])
    print("flag:", *row("flags", "rule_name", "severity", "action", "state"))
    flag = row("flags", "flag_id")[0]
    print("answered:", one(f.dismiss_flag(district, flag, "was in hospital")))
    print("flags left:", one(sa.select(sa.func.count()).select_from(view["flags"]).where(view["flags"].c.district_id == district)))
    print("recorded:", one(f.record_appointment(district, "C", ago(2), "no_show", None, None, None, "A5")))
    print("flag:", *row("flags", "rule_name", "severity", "action", "state"))
    print("answered:", one(f.acknowledge_flag(district, row("flags", "flag_id")[0], "calling the family")))
    history = f.flag_history(district, flag).table_valued("at", "step")
    print("history:", ", ".join(step for (step,) in db.execute(sa.select(history.c.step).order_by(history.c.at))))
    print("recorded:", one(f.record_appointment(district, "C", ago(-3), None, None, None, None, "A6")))
    print("cancelled:", one(f.cancel_appointment(district, "C", "A6")))
    attended, no_shows, strikes, upcoming = row("client_facts", "attended", "no_shows", "strikes", "has_upcoming")
    print(f"facts: {attended} attended, {no_shows} no-shows, {strikes} strikes, upcoming {'yes' if upcoming else 'no'}")
    print("workload: {} has {} client, {} of {} minutes, utilization {}".format(
        *row("workload", "therapist_id", "clients", "weekly_minutes", "capacity_minutes", "utilization")))
    for dosage in "2x30/week", "10x30/week":
        check = f.check_capacity(district, "T", dosage).table_valued("rule_name", "verdict", "would_be", "limit_value")
        print("capacity: {} {}, {} of {}".format(*db.execute(sa.select(check).where(check.c.rule_name == "weekly_minutes")).fetchone()))
    print("equity: {}, {} therapist, gini {}".format(*row("equity", "discipline", "therapists", "gini")))
    print("employed from:", row("therapists", "employed_from")[0].isoformat())
    a = view["appointments"].c
    status, at = db.execute(sa.select(a.status, a.starts_at).where(a.district_id == district, a.appointment_id == "A0")).fetchone()
    print("appointment:", status, at.astimezone(dt.timezone.utc).strftime("%Y-%m-%dT%H:%MZ"))
    refused(sa.select(f.record_appointment(district, "nobody", ago(0))))
    refused(sa.select(f.save_service(district, "W", "C", "SLP", "lots")))

    # our own types, as text
    service = sa.table("service", *[sa.column(n, sa.Text) for n in ("district_id", "service_id", "client_id", "discipline", "dosage", "delivery")], schema="caseload")
    db.execute(service.insert().values(district_id=district, service_id="X", client_id="C", discipline="SLP", dosage="1x30/week", delivery="push_in"))
    print("types:", *db.execute(sa.select(service.c.dosage, service.c.delivery).where(service.c.district_id == district, service.c.service_id == "X")).fetchone())
    print("array:", ",".join(one(sa.select(sa.cast(sa.func.array_agg(sa.text("dosage ORDER BY dosage")), sa.ARRAY(sa.Text))).select_from(service).where(service.c.district_id == district))))
    print("by name:", db.execute(sa.text("SELECT service_id FROM caseload.service WHERE district_id = :d AND dosage OPERATOR(caseload.>) CAST(:m AS caseload.dosage)"),
                                 {"d": district, "m": "1x30/week"}).scalar())
    refused(service.insert().values(district_id=district, service_id="Y", client_id="C", discipline="SLP", dosage="lots"))
    print("by path:", db.execute(sa.text("SELECT service_id FROM service WHERE district_id = :d AND dosage > :m"), {"d": district, "m": "1x30/week"}).scalar())
