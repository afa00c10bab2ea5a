/*
 * load_profile.c
 *		Layout of the type load_profile, and what is done with it in memory.
 *
 * The layout is told in load_profile.h.  Whoever changes a profile opens it,
 * adds and takes out services in any order, and closes it: that sorts,
 * merges and cancels.  Nothing that is read is trusted: a damaged page gives
 * XX001, and what somebody sends in this layout 22P03.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "load_profile.h"

/* of so many unsorted steps, each is moved to its place */
#define FEW_STEPS	8

/* one look for a cancel in so many changes */
#define MANY_STEPS	0xffff

typedef struct ByteReader
{
	const uint8 *at;
	const uint8 *end;
	bool		received;		/* not from a table */
} ByteReader;

typedef struct ByteWriter
{
	uint8	   *bytes;
	Size		used;
	Size		capacity;
} ByteWriter;

static void
broken_profile(const ByteReader *reader)
{
	if (reader->received)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid external \"%s\" value", "load_profile")));
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("invalid load_profile value in storage")));
}

/* ---------------------------------------------------------------- bytes --- */

static uint64
read_number(ByteReader *reader)
{
	uint64		number = 0;
	int			shift = 0;
	uint8		byte;

	do
	{
		if (reader->at >= reader->end || shift > 63)
			broken_profile(reader);
		byte = *reader->at++;
		number |= (uint64) (byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return number;
}

static int64
read_signed(ByteReader *reader)
{
	uint64		number = read_number(reader);

	return (int64) (number >> 1) ^ -(int64) (number & 1);
}

static int32
read_in_range(ByteReader *reader, int64 least, int64 most)
{
	int64		number = read_signed(reader);

	if (number < least || number > most)
		broken_profile(reader);
	return (int32) number;
}

/* A word; one that somebody sends has to be text of this database. */
static const char *
read_bytes(ByteReader *reader, int length)
{
	const char *bytes = (const char *) reader->at;

	if (length > reader->end - reader->at ||
		(reader->received && !pg_verify_mbstr(GetDatabaseEncoding(), bytes, length, true)))
		broken_profile(reader);
	reader->at += length;
	return bytes;
}

static inline void
want_room(ByteWriter *writer, Size length)
{
	if (writer->used + length > writer->capacity)
	{
		writer->capacity = (writer->used + length) * 2;
		writer->bytes = repalloc_huge(writer->bytes, writer->capacity);
	}
}

static inline void
write_number(ByteWriter *writer, uint64 number)
{
	want_room(writer, 10);
	while (number >= 0x80)
	{
		writer->bytes[writer->used++] = (uint8) (number | 0x80);
		number >>= 7;
	}
	writer->bytes[writer->used++] = (uint8) number;
}

static inline void
write_signed(ByteWriter *writer, int64 number)
{
	write_number(writer, ((uint64) number << 1) ^ (uint64) (number >> 63));
}

static void
write_bytes(ByteWriter *writer, const char *bytes, int length)
{
	want_room(writer, length);
	memcpy(writer->bytes + writer->used, bytes, length);
	writer->used += length;
}

/* ------------------------------------------------------------ in memory --- */

/* An empty profile in the current memory context. */
void
cl_load_init(LoadSteps *steps)
{
	memset(steps, 0, sizeof(LoadSteps));
	steps->rate_capacity = 8;
	steps->rates = palloc(sizeof(LoadRate) * steps->rate_capacity);
	steps->capacity = 64;
	steps->steps = palloc(sizeof(LoadStep) * steps->capacity);
}

static int
compare_bytes(const char *a, int a_length, const char *b, int b_length)
{
	int			order = memcmp(a, b, Max(Min(a_length, b_length), 0));

	return order != 0 ? order : a_length - b_length;
}

static int
compare_rates(const LoadRate *a, const LoadRate *b)
{
	int			order = compare_bytes(a->discipline, a->discipline_length, b->discipline, b->discipline_length);

	if (order == 0)
		order = compare_bytes(a->site, a->site_length, b->site, b->site_length);
	if (order == 0)
		order = (a->group_size > b->group_size) - (a->group_size < b->group_size);
	if (order == 0)
		order = (a->dosage > b->dosage) - (a->dosage < b->dosage);
	return order;
}

static int
append_rate(LoadSteps *steps, const LoadRate *rate)
{
	if (steps->n_rates == steps->rate_capacity)
	{
		steps->rate_capacity *= 2;
		steps->rates = repalloc_huge(steps->rates, sizeof(LoadRate) * (Size) steps->rate_capacity);
	}
	steps->rates[steps->n_rates] = *rate;
	return steps->n_rates++;
}

static void
append_step(LoadSteps *steps, int rate, DateADT day, int32 change)
{
	if (steps->count == steps->capacity)
	{
		if (steps->capacity > PG_INT32_MAX / 2)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many services for a load_profile")));
		steps->capacity *= 2;
		steps->steps = repalloc_huge(steps->steps, sizeof(LoadStep) * (Size) steps->capacity);
	}
	steps->steps[steps->count].rate = rate;
	steps->steps[steps->count].day = day;
	steps->steps[steps->count++].change = change;
}

static void
open_profile(LoadSteps *steps, const LoadProfile *value, bool received)
{
	ByteReader	reader;
	uint64		n_rates;

	reader.at = (const uint8 *) VARDATA_ANY(value);
	reader.end = reader.at + VARSIZE_ANY_EXHDR(value);
	reader.received = received;
	cl_load_init(steps);
	if (reader.at >= reader.end || *reader.at++ != CL_LOAD_VERSION)
		broken_profile(&reader);
	n_rates = read_number(&reader);
	for (uint64 i = 0; i < n_rates; i++)
	{
		LoadRate	rate;
		int64		services;
		uint64		n_changes;
		int64		day = 0;
		const char *detail;
		int			place;

		CHECK_FOR_INTERRUPTS();
		rate.discipline_length = read_in_range(&reader, 0, PG_INT32_MAX);
		rate.discipline = read_bytes(&reader, rate.discipline_length);
		rate.site_length = read_in_range(&reader, 0, PG_INT32_MAX) - 1;
		rate.site = read_bytes(&reader, Max(rate.site_length, 0));
		rate.group_size = read_in_range(&reader, 1, PG_INT32_MAX);
		rate.dosage = (int64) read_number(&reader);
		if (rate.dosage != 0)
		{
			Dosage		dosage = cl_dosage_unpack(rate.dosage);

			if (dosage.unit >= DOSAGE_UNITS || cl_dosage_check(&dosage, &detail) != DOSAGE_GOOD)
				broken_profile(&reader);
		}
		if (i > 0 && compare_rates(&steps->rates[i - 1], &rate) >= 0)
			broken_profile(&reader);
		place = append_rate(steps, &rate);
		services = read_in_range(&reader, 0, PG_INT32_MAX);
		if (services > 0)
			append_step(steps, place, DATEVAL_NOBEGIN, (int32) services);
		n_changes = read_number(&reader);
		if (services == 0 && n_changes == 0)
			broken_profile(&reader);
		for (uint64 k = 0; k < n_changes; k++)
		{
			int64		days = read_signed(&reader);
			int32		change = read_in_range(&reader, -PG_INT32_MAX, PG_INT32_MAX);

			if ((k > 0 && days <= 0) || days < -PG_INT32_MAX || days > PG_INT32_MAX)
				broken_profile(&reader);
			day += days;
			services += change;
			if (change == 0 || services < 0 || services > PG_INT32_MAX || !IS_VALID_DATE(day))
				broken_profile(&reader);
			append_step(steps, place, (DateADT) day, change);
			if ((k & MANY_STEPS) == MANY_STEPS)
				CHECK_FOR_INTERRUPTS();
		}
	}
	if (reader.at != reader.end)
		broken_profile(&reader);
	steps->sorted_rates = steps->n_rates;
	steps->sorted = steps->count;
}

/* Read a value, which must be detoasted (packed will do) and outlive the steps. */
void
cl_load_open(LoadSteps *steps, const LoadProfile *value)
{
	open_profile(steps, value, false);
}

/* The same for bytes that somebody sends: 22P03 instead of XX001, and strings must be text. */
void
cl_load_receive(LoadSteps *steps, const LoadProfile *value)
{
	open_profile(steps, value, true);
}

/* A copy that can be added to; the strings stay where they are. */
void
cl_load_copy(LoadSteps *copy, const LoadSteps *steps)
{
	*copy = *steps;
	copy->rates = palloc_extended(sizeof(LoadRate) * copy->rate_capacity, MCXT_ALLOC_HUGE);
	memcpy(copy->rates, steps->rates, sizeof(LoadRate) * steps->n_rates);
	copy->steps = palloc_extended(sizeof(LoadStep) * copy->capacity, MCXT_ALLOC_HUGE);
	memcpy(copy->steps, steps->steps, sizeof(LoadStep) * steps->count);
}

/*
 * "change" more services of this rate on the days from "from" until before
 * "until"; open bounds are infinite.  The strings of the rate are copied when
 * needed, to the current memory context.
 */
void
cl_load_add(LoadSteps *steps, const LoadRate *rate, DateADT from, DateADT until, int32 change)
{
	int			place = 0;

	if (from >= until)
		return;
	while (place < steps->n_rates &&
		   (steps->rates[place].dosage != rate->dosage || compare_rates(&steps->rates[place], rate) != 0))
		place++;
	if (place == steps->n_rates)
	{
		LoadRate	copy = *rate;

		copy.discipline = pnstrdup(rate->discipline, rate->discipline_length);
		copy.site = pnstrdup(rate->site, Max(rate->site_length, 0));
		place = append_rate(steps, &copy);
	}
	append_step(steps, place, from, change);
	if (!DATE_IS_NOEND(until))
		append_step(steps, place, until, -change);
}

static int
compare_steps(const void *a, const void *b, void *unused)
{
	const LoadStep *left = a;
	const LoadStep *right = b;

	if (left->rate != right->rate)
		return left->rate < right->rate ? -1 : 1;
	return (left->day > right->day) - (left->day < right->day);
}

static int
compare_places(const void *a, const void *b, void *rates)
{
	return compare_rates((const LoadRate *) rates + *(const int *) a, (const LoadRate *) rates + *(const int *) b);
}

/* Put rates that were added into their place. */
static void
sort_rates(LoadSteps *steps)
{
	int		   *order = palloc(sizeof(int) * steps->n_rates);
	int		   *rank = palloc(sizeof(int) * steps->n_rates);
	LoadRate   *rates = palloc_extended(sizeof(LoadRate) * steps->rate_capacity, MCXT_ALLOC_HUGE);

	for (int i = 0; i < steps->n_rates; i++)
		order[i] = i;
	qsort_interruptible(order, steps->n_rates, sizeof(int), compare_places, steps->rates);
	for (int i = 0; i < steps->n_rates; i++)
	{
		rank[order[i]] = i;
		rates[i] = steps->rates[order[i]];
	}
	for (int i = 0; i < steps->count; i++)
		steps->steps[i].rate = rank[steps->steps[i].rate];
	steps->rates = rates;
	steps->sorted_rates = steps->n_rates;
	steps->sorted = 0;
}

/* Sort and merge; false when a day's change is more than can be counted. */
static bool
sort_steps(LoadSteps *steps)
{
	int			kept = 0;

	if (steps->sorted_rates < steps->n_rates)
		sort_rates(steps);
	if (steps->count - steps->sorted > FEW_STEPS)
		qsort_interruptible(steps->steps, steps->count, sizeof(LoadStep), compare_steps, NULL);
	else
	{
		for (int i = Max(steps->sorted, 1); i < steps->count; i++)
		{
			LoadStep	step = steps->steps[i];
			int			place = i;

			for (; place > 0 && compare_steps(&steps->steps[place - 1], &step, NULL) > 0; place--)
				steps->steps[place] = steps->steps[place - 1];
			steps->steps[place] = step;
		}
	}
	for (int i = 0; i < steps->count;)
	{
		LoadStep	step = steps->steps[i++];
		int64		change = step.change;

		if ((i & MANY_STEPS) == 0)
			CHECK_FOR_INTERRUPTS();
		while (i < steps->count && compare_steps(&steps->steps[i], &step, NULL) == 0)
			change += steps->steps[i++].change;
		if (change < -PG_INT32_MAX || change > PG_INT32_MAX)
			return false;
		step.change = (int32) change;
		if (change != 0)
			steps->steps[kept++] = step;
	}
	steps->count = steps->sorted = kept;
	return true;
}

/*
 * The value of the steps, in the current memory context; NULL when there
 * would be less than no service on some day, or more than PG_INT32_MAX of a
 * rate.
 */
LoadProfile *
cl_load_close(LoadSteps *steps)
{
	const char	version = CL_LOAD_VERSION;
	ByteWriter	writer;
	LoadProfile *value;
	int			n_rates = 0;

	if (!sort_steps(steps))
		return NULL;
	for (int i = 0; i < steps->count; i++)
		n_rates += (i == 0 || steps->steps[i].rate != steps->steps[i - 1].rate);
	writer.capacity = VARHDRSZ + 64 + 8 * (Size) steps->count;
	writer.bytes = palloc_extended(writer.capacity, MCXT_ALLOC_HUGE);
	writer.used = VARHDRSZ;
	write_bytes(&writer, &version, 1);
	write_number(&writer, n_rates);
	for (int i = 0; i < steps->count;)
	{
		const LoadRate *rate = &steps->rates[steps->steps[i].rate];
		bool		open = DATE_IS_NOBEGIN(steps->steps[i].day);
		int64		services = open ? steps->steps[i].change : 0;
		DateADT		day = 0;
		int			end = i;

		while (end < steps->count && steps->steps[end].rate == steps->steps[i].rate)
			end++;
		write_signed(&writer, rate->discipline_length);
		write_bytes(&writer, rate->discipline, rate->discipline_length);
		write_signed(&writer, rate->site_length + 1);
		write_bytes(&writer, rate->site, Max(rate->site_length, 0));
		write_signed(&writer, rate->group_size);
		write_number(&writer, (uint64) rate->dosage);
		if (services < 0)
			return NULL;
		write_signed(&writer, services);
		if (open)
			i++;
		write_number(&writer, end - i);
		for (; i < end; i++)
		{
			services += steps->steps[i].change;
			if (services < 0 || services > PG_INT32_MAX)
				return NULL;
			if ((i & MANY_STEPS) == 0)
				CHECK_FOR_INTERRUPTS();
			write_signed(&writer, (int64) steps->steps[i].day - day);
			write_signed(&writer, steps->steps[i].change);
			day = steps->steps[i].day;
		}
	}
	if (writer.used > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many services for a load_profile")));
	value = (LoadProfile *) writer.bytes;
	SET_VARSIZE(value, writer.used);
	return value;
}

/* Is there any service? */
bool
cl_load_any(const LoadProfile *value)
{
	return VARSIZE_ANY_EXHDR(value) > 2;
}

bool
cl_load_equal(const LoadProfile *a, const LoadProfile *b)
{
	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

/*
 * Minutes per week that one service of a rate costs the therapist, in
 * millionths, as service_facts.therapist_minutes has them.  0 where the dosage is not recorded.
 */
int64
cl_load_micros(const LoadRate *rate, int weeks, int months)
{
	Dosage		dosage;

	if (rate->dosage == 0)
		return 0;
	dosage = cl_dosage_unpack(rate->dosage);
	return cl_dosage_weekly(&dosage, (int64) dosage.minutes * Max(dosage.sessions, 1), weeks, months, rate->group_size);
}
