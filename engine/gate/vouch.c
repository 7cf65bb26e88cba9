#include "engine/gate/vouch.h"

#include "engine/core/check.h"
#include "engine/gate/identify.h"

bool vouch(struct gate *gate, struct conn *conn, const struct hook_answer *answer)
{
	if (answer->user_size > 0 && !identify_rename(gate, conn, span_of(answer->user, answer->user_size)))
		return false;
	/* The hello that was answered was held there. */
	struct session_rare *rare = session_of(gate, conn)->rare;

	CHECK(rare);
	rare->vouched_ms = answer->expires_s * 1000;
	return true;
}
