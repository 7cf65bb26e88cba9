#include "engine/chat/quota.h"

uint32_t quota_take(struct quota *quota, uint32_t per_s, uint32_t burst, uint64_t now_ms)
{
	return quota_take_many(quota, 1, per_s, burst, now_ms);
}

uint32_t quota_take_many(struct quota *quota, uint32_t tokens, uint32_t per_s, uint32_t burst, uint64_t now_ms)
{
	const uint64_t wanted = tokens * 1000ull;

	if (per_s == 0)
		return 0;

	const uint64_t passed_ms = (uint32_t)now_ms - quota->stamp_ms;
	const uint64_t regrown = passed_ms * per_s; /* a token a second is one thousandth a millisecond */
	const uint64_t room = burst * 1000ull;

	quota->spent_milli = regrown < quota->spent_milli ? quota->spent_milli - (uint32_t)regrown : 0;
	quota->stamp_ms = (uint32_t)now_ms;
	if (quota->spent_milli + wanted > room)
		return (uint32_t)((quota->spent_milli + wanted - room + per_s - 1) / per_s);
	quota->spent_milli += (uint32_t)wanted;
	return 0;
}

void quota_charge(struct quota *quota, uint32_t tokens)
{
	const uint64_t spent = quota->spent_milli + tokens * 1000ull;

	quota->spent_milli = spent < UINT32_MAX ? (uint32_t)spent : UINT32_MAX;
}
