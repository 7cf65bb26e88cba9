#include "engine/core/counters.h"

#include "engine/core/check.h"

static const struct {
	const char *name, *kind, *help;
} rows[COUNTER_COUNT] = {
#define COUNTER(name, kind, help) [COUNTER_##name] = { #name, #kind, help },
#include "engine/core/tbl/counters.h"
#undef COUNTER
};

const char *counter_name(enum counter counter)
{
	CHECK(counter < COUNTER_COUNT);
	return rows[counter].name;
}

const char *counter_kind(enum counter counter)
{
	CHECK(counter < COUNTER_COUNT);
	return rows[counter].kind;
}

const char *counter_help(enum counter counter)
{
	CHECK(counter < COUNTER_COUNT);
	return rows[counter].help;
}
