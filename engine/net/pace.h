/* pace.h - how fast each address may connect: a token bucket for each that did so lately.
 *
 * A table of fixed size: of four places that an address may have, a new one gets the place of
 * that which has been quiet for longest. Whoever has more addresses than there are places was
 * never to be slowed down by address.
 */
#ifndef NET_PACE_H
#define NET_PACE_H

#include <stdint.h>

#ifndef PACE_SETS /* few for a fuzzer */
#define PACE_SETS 4096
#endif
#define PACE_WAYS 4

struct pace_place {
	uint64_t hash;
	uint64_t paid_us; /* what it took is paid by then; in the past: as good as new */
};

#define PACE_BYTES (PACE_SETS * PACE_WAYS * sizeof(struct pace_place))

struct pace {
	struct pace_place *places; /* PACE_SETS * PACE_WAYS; reserved, touched when used */
	uint32_t per_s; /* 0: no limit */
	uint32_t burst;
};

enum pace_verdict { PACE_GOOD, PACE_OVER, PACE_FAR_OVER };

/* Returns 0 or -ENOMEM. */
int pace_open(struct pace *pace, uint32_t per_s, uint32_t burst);
void pace_close(struct pace *pace);

/* Another pace from now on; what each took counts by the time that it took then. Returns 0, or -ENOMEM: there is no
 * limit now. */
int pace_adopt(struct pace *pace, uint32_t per_s, uint32_t burst);

/* One more of this hash. As many as `burst` at once are good; as many again are over, and each of
 * these counts like one that was good, so that who goes on gets no more; beyond that none counts. */
enum pace_verdict pace_take(struct pace *pace, uint64_t hash, uint64_t now_ms);

#endif
