/* quota.h - a token bucket in 8 bytes.
 */
#ifndef CHAT_QUOTA_H
#define CHAT_QUOTA_H

#include <stdint.h>

struct quota {
	uint32_t spent_milli; /* thousandths of a token taken and not yet regrown */
	uint32_t stamp_ms;    /* the low bits of when that was so */
};

/* Takes one token of `burst`, regrowing per_s a second. Returns 0, or the
 * milliseconds until there is one. per_s 0: no limit. */
uint32_t quota_take(struct quota *quota, uint32_t per_s, uint32_t burst, uint64_t now_ms);

/* The same with so many at once: all of them or none. */
uint32_t quota_take_many(struct quota *quota, uint32_t tokens, uint32_t per_s, uint32_t burst, uint64_t now_ms);

/* What was just granted costs so many tokens more. There need not be that many: then none is given until all have
 * regrown. */
void quota_charge(struct quota *quota, uint32_t tokens);

#endif
