#include "engine/gate/user_count.h"

#include "engine/core/check.h"
#include "engine/core/mutant.h"
#include "engine/gate/frame.h"
#include "engine/gate/offence.h"
#include "engine/gate/user_homes.h"

#define LIMIT_RETRY_MS 10000 /* when another connection may have ended */

static void stand(struct gate *gate, const struct mail_standing *standing);

/* To a core, this one too: what a home finds is known before anything else is done. */
static void tell_core(struct gate *gate, uint32_t core, const struct mail_standing *standing)
{
	if (core == gate->core) {
		stand(gate, standing);
		return;
	}
	struct mail_standing *mail = post_begin(&gate->post, core, sizeof(*mail));

	*mail = *standing;
	mail->mail.kind = MAIL_STANDING;
	post_end(&gate->post, core);
}

static void tell_all(struct gate *gate, uint64_t hash, const struct user_record *record)
{
	const uint32_t rooms_max = gate->user_limits.rooms_max;
	const struct mail_standing standing = {
		.hash = hash,
		.cores = (uint8_t)__builtin_popcountll(record->cores),
		.rooms_full = rooms_max != 0 && record->rooms >= rooms_max,
	};

	for (uint64_t left = record->cores; left != 0; left &= left - 1)
		tell_core(gate, (uint32_t)__builtin_ctzll(left), &standing);
}

/* At the home. */
static void count(struct gate *gate, const struct mail_count *told)
{
	const struct user_limits *limits = &gate->user_limits;
	const struct user_record *before = user_homes_find(&gate->user_homes, told->hash);
	const uint64_t cores = before ? before->cores : 0;
	const uint32_t rooms = before ? before->rooms : 0;
	struct user_record *record = user_homes_add(&gate->user_homes, told->hash, told->core, told->connections,
						    told->rooms, told->present);

	if (!before)
		counter_add(gate->counters, COUNTER_users, 1);
	if (__builtin_popcountll(cores) != __builtin_popcountll(record->cores) ||
	    (limits->rooms_max != 0 && (rooms >= limits->rooms_max) != (record->rooms >= limits->rooms_max)))
		tell_all(gate, told->hash, record);
	if (told->connections > 0 && limits->connections_max != 0 && record->connections > limits->connections_max)
		tell_core(gate, told->core,
			  &(struct mail_standing){ .hash = told->hash,
						   .refused = true,
						   .slot = told->slot,
						   .generation = told->generation,
						   .id = told->id });
	/* Who was refused may have gone meanwhile, and the record with it. */
	record = user_homes_find(&gate->user_homes, told->hash);
	if (!record || record->connections > 0)
		return;
	counter_add(gate->counters, COUNTER_users, -1);
	user_homes_tidy(&gate->user_homes, record, told->hash);
}

static void tell_home(struct gate *gate, const struct mail_count *told)
{
	const uint32_t home = user_home(gate, told->hash);

	if (home == gate->core) {
		count(gate, told);
		return;
	}
	struct mail_count *mail = post_begin(&gate->post, home, sizeof(*mail));

	*mail = *told;
	mail->id = 0; /* it is answered by then */
	mail->mail.kind = MAIL_COUNT;
	post_end(&gate->post, home);
}

bool user_count_enter(struct gate *gate, struct conn *conn, uint64_t id)
{
	struct session *session = session_of(gate, conn);
	const struct conn *other = users_first(gate, session_user(session));
	const struct session *sibling = other ? session_of(gate, other) : NULL;

	session->user_cores = sibling ? sibling->user_cores : 1;
	session->shared |= session->user_cores > 1;
	session->rooms_full = sibling && sibling->rooms_full;
	users_enter(gate, conn);
	tell_home(gate, &(struct mail_count){
				.core = gate->core,
				.slot = conn->slot,
				.generation = conn->generation,
				.id = id,
				.hash = user_hash(gate, session_user(session)),
				.connections = 1,
				.present = true,
			});
	return conn_is_open(conn) && session->phase == SESSION_LIVE;
}

void user_count_leave(struct gate *gate, struct conn *conn)
{
	const uint64_t hash = user_hash(gate, session_user(session_of(gate, conn)));
	struct owner *owner = &gate->hall.owners[conn->slot];
	const int32_t rooms = owner->told;
	const bool last = users_leave(gate, conn);

	if (owner->told != 0) /* else it may be untouched, and stays so */
		owner->told = 0;
	tell_home(gate, &(struct mail_count){
				.core = gate->core,
				.hash = hash,
				.connections = -1,
				.rooms = PLANTED(62) ? 0 : -rooms, /* who goes is still counted as in rooms */
				.present = !last || PLANTED(63), /* a core is remembered that the user has left */
			});
}

void user_count_rooms(struct gate *gate, struct conn *conn)
{
	struct owner *owner = &gate->hall.owners[conn->slot];
	const struct session *session = session_of(gate, conn);
	const int32_t rooms = (int32_t)owner->count - owner->told;

	if (rooms == 0 || session->phase != SESSION_LIVE)
		return;
	CHECK(owner->count <= UINT16_MAX);
	owner->told = (uint16_t)owner->count;
	tell_home(gate, &(struct mail_count){
				.core = gate->core,
				.hash = user_hash(gate, session_user(session)),
				.rooms = rooms,
				.present = true,
			});
}

static void refuse(struct gate *gate, const struct mail_standing *standing)
{
	struct conn *conn = net_conn(&gate->net, standing->slot);

	if (conn->generation != standing->generation || !conn_is_open(conn) ||
	    session_of(gate, conn)->phase != SESSION_LIVE)
		return;
	offence(gate, conn, OFFENCE_user_limit);
	frame_error(gate, conn, standing->id, CHAT_ERR_limit, LIMIT_RETRY_MS);
	session_close(gate, conn, CHAT_CLOSE_user_limit);
}

static void stand(struct gate *gate, const struct mail_standing *standing)
{
	if (standing->refused) {
		refuse(gate, standing);
		return;
	}
	for (struct conn *conn = users_by_hash(gate, standing->hash); conn; conn = users_next(gate, conn)) {
		session_of(gate, conn)->user_cores = standing->cores;
		session_of(gate, conn)->rooms_full = standing->rooms_full;
		session_of(gate, conn)->shared |= standing->cores > 1;
	}
}

void user_count_mail(struct gate *gate, const struct mail_count *mail)
{
	count(gate, mail);
}

void user_standing_mail(struct gate *gate, const struct mail_standing *mail)
{
	stand(gate, mail);
}
