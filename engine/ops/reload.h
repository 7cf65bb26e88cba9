/* reload.h - other options for a server that runs: all of them or none, while it serves.
 *
 * Only the main thread calls these. What is read is judged whole before anything changes; then each core adopts it in a
 * turn of its own, and what was before is freed when all have. An option that holds from start to end is not
 * changed, and that is told: it holds from the next start on. docs/operate/reload.md has it for operators.
 */
#ifndef OPS_RELOAD_H
#define OPS_RELOAD_H

#include <stdatomic.h>

#include "engine/gate/call.h"
#include "engine/shard/shard.h"
#include "engine/ops/policy.h"

struct reload_change {
	enum option_id option;
	bool needs_restart; /* told, not taken */
	char from[OPTION_SHOWN_MAX], to[OPTION_SHOWN_MAX];
};

struct reload_report {
	char error[OPTION_ERROR_MAX]; /* why it was refused; empty: it was not */
	uint32_t count;
	struct reload_change changes[OPTION_COUNT];
};

struct reload_core {
	struct gate_call call;
	struct reload *reload;
	struct shard_limits limits;
	bool untold; /* its ring could not be reached yet */
};

struct reload {
	/* The caller's; kept. */
	const struct config *config;
	struct files *files;
	const struct ring_features *features;
	const struct shard_links *links;
	uint32_t cores;
	struct policy *policy; /* the one that holds; taken */
	const struct room_classes **classes; /* what figures go by, for any thread; kept */
	/* Its own. */
	struct policy *former; /* which cores may still use; NULL: none does */
	bool auth_untold; /* some core may not have its auth */
	_Atomic uint32_t untaken; /* cores that have not adopted it */
	struct reload_core core[CORES_MAX];
	struct reload_report report; /* of the last one */
};

/* With the caller's part of it set. Makes the process that reads the files again, before the sandbox and other
 * threads. Returns 0, or the exit status having said why. */
int reload_open(struct reload *reload);

/* The cores have ended. Frees the policies. */
void reload_close(struct reload *reload);

/* Reads and judges what the options are by now, against those that hold. Returns 1 with *next (maybe equal in all), or
 * -1 with report->error. Changes nothing. */
int reload_judge(const struct policy *policy, const struct config *config, struct files *files, struct policy **next,
		 struct reload_report *report);

/* While the cores turn. Returns 1: the new options hold, each core adopts them within a turn; 0: the last reload is not
 * through, come again; -1: refused, report->error says why, and nothing has changed. by: for the log, a signal's name
 * or who asked. */
int reload_run(struct reload *reload, const char *by);

/* While the cores turn, on the main thread: a JWKS was fetched from --token-jwks, and holds from now on beside the keys
 * of files. Returns 0, or -1 having logged why: then the keys of before hold. */
int reload_fetched(struct reload *reload, struct span jwks);

/* Every now and then: tells cores that could not be told, frees what no core uses. */
void reload_tend(struct reload *reload);

#endif
