# caseload: a therapy caseload application in PostgreSQL
#
#   make demo      install what is missing, build, start a private cluster, print the Monday report
#   make test      every test of the default run; ends with "N passed, N failed"
#   make fuzz      random conditions, texts, binary forms and queries; must find nothing (scripts/fuzz has the parts, and measures cancels)
#   make clients   one story through every client: psql, libpq, psycopg, SQLAlchemy, JDBC, DBD::Pg, node pg, PostGraphile, Kysely (installs them)
#   make bench     the figures of docs/performance.md, at two small sizes (ten minutes)
#   make proof     the long versions: ten times the random histories, a minute of concurrent writers, 50 crashes, 200,000 assignments
#   make soak      ten minutes of 32 sessions that do everything at once (CASELOAD_SECONDS)
#   make matrix    build and test on PostgreSQL 15, 17 and 18, unpacked into a private folder (an hour)
#   make upgrade   pg_upgrade from 15 to 17 and 18: nothing is lost
#   make static    what compilers and analysers find in the C code   make coverage  which of its lines the tests run (half an hour)
#   make sanitize  the tests with checks of memory and arithmetic    make valgrind  the same in the server's own memory (both: hours)
#   make psql      look around in the demo          make stop     stop it
#
# The rest is ordinary PGXS: make, make install, make installcheck, with PG_CONFIG=, DESTDIR= and VPATH builds.

EXTENSION    = caseload
MODULE_big   = caseload
PGFILEDESC   = "caseload - therapy caseloads"

# Sources may be elsewhere (make -f SOURCE/Makefile): find them before PGXS tells us.
SRC         := $(patsubst %/,%,$(dir $(firstword $(MAKEFILE_LIST))))
EXTVERSION  := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" $(SRC)/caseload.control)

SOURCES     := $(sort $(wildcard $(SRC)/extension/src/*.c $(SRC)/extension/src/*/*.c))
OBJS         = $(patsubst $(SRC)/%.c,%.o,$(SOURCES))
PIECES      := $(sort $(wildcard $(SRC)/extension/install/*.sql))
UPDATES     := $(patsubst $(SRC)/extension/updates/%,extension/%,$(wildcard $(SRC)/extension/updates/caseload--*--*.sql))
DATA_built   = extension/caseload--$(EXTVERSION).sql $(UPDATES)
# install comes first: it makes what the others use
REGRESS     := install $(filter-out install,$(sort $(patsubst $(SRC)/sql/%.sql,%,$(wildcard $(SRC)/sql/*.sql))))
REGRESS_OPTS = --no-locale --encoding=UTF8
PG_CPPFLAGS  = -I$(SRC)/extension/src
# for test servers: minor releases that the header refuses
ifdef CASELOAD_ALLOW_OLD_MINOR
PG_CPPFLAGS += -DCASELOAD_ALLOW_OLD_MINOR
endif
EXTRA_CLEAN  = extension/caseload--*.sql

PG_CONFIG   ?= pg_config
PGXS        := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)

ifneq ($(wildcard $(PGXS)),)
include $(PGXS)
else
# No PostgreSQL to build against yet: only the two commands that bring it work.
.DEFAULT_GOAL = all
all install installcheck clean:
	@echo "no PGXS found through PG_CONFIG=$(PG_CONFIG): run \"make demo\" (it installs what is missing) or set PG_CONFIG" >&2
	@exit 1
endif

# Soft errors of type input came with 16.
ifneq ($(filter 13 14 15,$(MAJORVERSION)),)
REGRESS := $(filter-out softerr,$(REGRESS))
endif

# A build elsewhere needs the folders, and must not find them through VPATH.
ifneq ($(SRC),.)
$(shell mkdir -p $(sort $(dir $(OBJS))))
endif
$(OBJS): $(wildcard $(SRC)/extension/src/*.h)

# The install script is its pieces in name order; those that make ordinary objects are carried as text for install().
extension/caseload--$(EXTVERSION).sql: $(PIECES) $(SRC)/scripts/assemble
	$(SRC)/scripts/assemble $(EXTVERSION) $(PIECES) > $@.tmp && mv $@.tmp $@
$(UPDATES): extension/%: $(SRC)/extension/updates/% $(PIECES) $(SRC)/scripts/assemble
	$(SRC)/scripts/assemble -u $< $(EXTVERSION) $(PIECES) > $@.tmp && mv $@.tmp $@

.PHONY: bench clients coverage demo docs fuzz matrix proof psql sanitize soak static stop test upgrade valgrind
bench demo fuzz test:
	@PG_CONFIG='$(PG_CONFIG)' $(SRC)/scripts/$@
coverage sanitize static valgrind:
	@PG_CONFIG='$(PG_CONFIG)' $(SRC)/.ci/$@
matrix upgrade:
	@$(SRC)/.ci/$@
proof:
	@PG_CONFIG='$(PG_CONFIG)' CASELOAD_HISTORIES=10000 CASELOAD_SECONDS=60 CASELOAD_CRASHES=50 CASELOAD_TRIES=200000 $(SRC)/scripts/test pgtap tap
soak:
	@PG_CONFIG='$(PG_CONFIG)' CASELOAD_SECONDS=$${CASELOAD_SECONDS:-600} CASELOAD_ONLY=soak CASELOAD_FIGURES=yes $(SRC)/scripts/test tap
clients:
	@PG_CONFIG='$(PG_CONFIG)' CASELOAD_CLIENTS=all $(SRC)/scripts/test clients
psql:
	@PSQLRC=$$($(SRC)/scripts/cluster put $(SRC)/psql/caseload.psqlrc) $(SRC)/scripts/cluster psql
stop:
	@$(SRC)/scripts/cluster stop
docs: all
	@$(SRC)/scripts/cluster start && $(SRC)/scripts/docs
