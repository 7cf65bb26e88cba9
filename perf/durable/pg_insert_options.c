/* pg_insert_options.c - uproar-load's flags, those of scenario `durable`; others of its scenario are taken and told. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "perf/durable/pg_insert.h"

enum flag { URL, LABEL, OUT, COMMIT, PID, CORES, PUBLISHERS, ROOMS, BACKENDS, SIZE, WARMUP, HOLD };

static const struct option flags[] = {
	{ "url", 1, NULL, URL },
	{ "label", 1, NULL, LABEL },
	{ "out", 1, NULL, OUT },
	{ "commit", 1, NULL, COMMIT },
	{ "server-pid", 1, NULL, PID },
	{ "server-cores", 1, NULL, CORES },
	{ "connections", 1, NULL, PUBLISHERS },
	{ "rooms", 1, NULL, ROOMS },
	{ "backends", 1, NULL, BACKENDS },
	{ "sizes", 1, NULL, SIZE },
	{ "warmup", 1, NULL, WARMUP },
	{ "hold", 1, NULL, HOLD },
	{ 0 },
};

static bool take_count(uint32_t *count, const char *text, uint32_t most)
{
	char *end;
	const unsigned long number = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || number == 0 || number > most)
		return false;
	*count = (uint32_t)number;
	return true;
}

static bool take_seconds(double *seconds, const char *text)
{
	char *end;
	const double number = strtod(text, &end);

	if (*text < '0' || *text > '9' || strcmp(end, "s") != 0 || number > 3600)
		return false;
	*seconds = number;
	return true;
}

static bool take_text(const char **into, const char *text)
{
	*into = text;
	return true;
}

static bool take(struct load *load, enum flag flag, const char *text)
{
	uint32_t pid;

	switch (flag) {
	case URL:
		return take_text(&load->url, text);
	case LABEL:
		return take_text(&load->label, text);
	case OUT:
		return take_text(&load->out, text);
	case COMMIT:
		return take_text(&load->commit, text);
	case PID:
		return take_count(&pid, text, INT32_MAX) && process_open(&load->server, (pid_t)pid);
	case CORES:
		return take_count(&load->server_cores, text, 1024);
	case PUBLISHERS:
		return take_count(&load->publishers, text, 100000);
	case ROOMS:
		return take_count(&load->rooms, text, 100000000);
	case BACKENDS:
		return take_count(&load->backend_count, text, 250);
	case SIZE:
		return take_count(&load->size, text, DATA_MAX);
	case WARMUP:
		return take_seconds(&load->warmup_s, text);
	case HOLD:
		return take_seconds(&load->hold_s, text);
	}
	return false;
}

bool pg_insert_options(struct load *load, int argc, char **argv)
{
	int option, which = 0;

	*load = (struct load){ .label = "postgresql",
			       .publishers = 1000,
			       .rooms = 100,
			       .backend_count = 200,
			       .size = 128,
			       .server_cores = 1,
			       .warmup_s = 2,
			       .hold_s = 10 };
	while ((option = getopt_long(argc, argv, "", flags, &which)) != -1) {
		if (option == '?' || !take(load, (enum flag)option, optarg)) {
			fprintf(stderr, "pg_insert: %s is not understood\n",
				option == '?' ? "that" : flags[which].name);
			return false;
		}
	}
	if (!load->url || optind < argc) {
		fputs("usage: pg_insert --url postgresql://... [--connections 1000] [--rooms 100] [--backends 200]\n"
		      "  [--sizes 128] [--warmup 2s] [--hold 10s] [--server-pid PID] [--out DIR] ...\n",
		      stderr);
		return false;
	}
	if (load->backend_count > load->publishers)
		load->backend_count = load->publishers;
	memset(load->data, 'x', load->size);
	return true;
}
