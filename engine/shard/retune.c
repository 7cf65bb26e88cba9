#include "engine/shard/retune.h"

#include "engine/api/api.h"
#include "engine/core/mutant.h"
#include "engine/gate/gate.h"

void gate_retune(struct gate *gate, const struct shard_limits *limits)
{
	/* A message may be no larger than what compressed ones are unpacked into. */
	const uint32_t frame_size_max = gate->limits.frame_size_max;
	const uint32_t sends_before = gate->limits.sends_per_s;

	gate->limits = limits->session;
	if (PLANTED(80)) /* a limit stays what it was */
		gate->limits.sends_per_s = sends_before;
	gate->limits.frame_size_max = frame_size_max;
	gate->user_limits = limits->user;
	gate->api->limits = limits->api;
	net_adopt(&gate->net, &limits->net);
	home_adopt(gate->home, &limits->home);
	codec_adopt(&gate->codec, &limits->codec);
	gate->hall.limits.hot_bytes_max = limits->hall.hot_bytes_max;
	gate->post.waiting_bytes_max = limits->mail_waiting_max;
}
