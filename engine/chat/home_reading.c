#include "engine/chat/home_reading.h"

#include "engine/chat/history.h"
#include "engine/chat/home_kept.h"
#include "engine/chat/home_mod.h"
#include "engine/chat/home_reply.h"
#include "engine/core/check.h"
#include "engine/core/mutant.h"
#include "proto/chat/limits.h"

#define RETRY_MS 1000
#define PAGE_STEP 64 /* fetches ask for pages that begin at multiples of it */

struct reading {
	struct reading *next; /* of the same room */
	enum chat_page_from from;
	uint64_t seq;
	uint32_t limit;
	struct waiting_list waiting;
	struct reading *next_again; /* of those that no job was to be had for */
	uint32_t room;
	bool again;
	bool closed; /* begun before a deletion: nobody else joins it */
};

/* No job of it is out. */
static void ask_again(struct home *home, struct reading *reading)
{
	CHECK(!reading->again);
	reading->again = true;
	reading->next_again = home->readings_again;
	home->readings_again = reading;
}

/* Gives the store the job, or tries again with the next tick. */
static void ask(struct home *home, struct room *room, struct reading *reading)
{
	const struct mail_command *first = waiting_mail(reading->waiting.first);
	uint8_t *at;
	struct store_job *job = disk_job(home, room, STORE_PAGE, first, 0, &at);

	if (!job) {
		ask_again(home, reading);
		return;
	}
	((struct disk_own *)store_job_own(job))->reading = reading;
	job->from = reading->from;
	job->seq_asked = reading->seq;
	job->limit = reading->limit;
	counter_add(home->counters, COUNTER_store_reads, 1);
	disk_give(home, room, STORE_READER, job);
}

static struct reading *find(struct room_disk *disk, enum chat_page_from from, uint64_t seq, uint32_t limit)
{
	for (struct reading *reading = disk->readings; reading; reading = reading->next)
		if ((!reading->closed || PLANTED(42)) /* read before a deletion */ && reading->from == from &&
		    reading->seq == seq && reading->limit == limit)
			return reading;
	return NULL;
}

static bool wait_for(struct home *home, struct room *room, enum chat_page_from from, uint64_t seq, uint32_t limit,
		     const struct mail_command *mail)
{
	struct room_disk *disk = room_disk(home, room);
	struct reading *reading = find(disk, from, seq, limit);

	if (reading) {
		counter_add(home->counters, COUNTER_store_reads_shared, 1);
		return disk_wait(home, &reading->waiting, mail);
	}
	reading = block_take(sizeof(*reading));
	if (!reading)
		return false;
	*reading = (struct reading){
		.next = disk->readings, .from = from, .seq = seq, .limit = limit, .room = room_index(home, room)
	};
	if (!disk_wait(home, &reading->waiting, mail)) {
		block_give(reading, sizeof(*reading));
		return false;
	}
	disk->readings = reading;
	ask(home, room, reading);
	return true;
}

static void forget(struct room_disk *disk, struct reading *reading)
{
	struct reading **at = &disk->readings;

	while (*at != reading)
		at = &(*at)->next;
	*at = reading->next;
	block_give(reading, sizeof(*reading));
}

/* The store commits before this core hears of it: what it has not heard of comes to everybody as a live event. */
static uint32_t heard_of(const struct room *room, const struct store_page *page)
{
	uint32_t count = page ? page->count : 0;

	while (!PLANTED(12) /* told before it is everybody's */ && count > 0 &&
	       page->events[count - 1].seq > room->log.last)
		count--;
	return count;
}

/* Where a fetch goes on; what lies between that and what it asked for is kept no more, and is said to be missed. */
static uint64_t position(const struct home *home, const struct room *room, const struct mail_command *mail)
{
	const uint64_t first = room_first(home, room), after = mail->command.seq;

	return after + 1 < first ? first - 1 + PLANTED(13) : after; /* one more is skipped than is gone */
}

/* Where the page begins that a fetch after `after` asks for: the same for all who are near. */
static uint64_t page_start(const struct home *home, const struct room *room, uint64_t after)
{
	const uint64_t start = after - after % PAGE_STEP, gone = room_first(home, room) - 1;

	return start > gone ? start : gone;
}

static bool fetch_from_window(struct home *home, struct room *room, const struct mail_command *mail, uint64_t after)
{
	if (after + 1 + PLANTED(15) < room_log_first(&room->log)) /* the window begins one too late */
		return false;
	reply_page(home, mail, room, history_after(&room->log, after, CHAT_PAGE_MAX, home->limits.page_bytes));
	return true;
}

/* Gives what comes next after `after`, if that is in the page. */
static bool fetch_from_page(struct home *home, struct room *room, const struct mail_command *mail, uint64_t after,
			    const struct store_page *page)
{
	const uint32_t count = heard_of(room, page);
	uint32_t skipped = 0;

	/* Of a page that begins later nobody can say here what came before: the store is asked. */
	if (count == 0 || page->events[0].seq > after + 1)
		return false;
	while (skipped < count && page->events[skipped].seq <= after)
		skipped++;
	if (skipped == count)
		return false;
	reply_page_stored(home, mail, room, page->events + skipped, count - skipped);
	return true;
}

/* No more can be had than what the window has. */
static void fetch_what_there_is(struct home *home, struct room *room, const struct mail_command *mail, uint64_t after)
{
	reply_page_from(home, mail, room, history_after(&room->log, after, CHAT_PAGE_MAX, home->limits.page_bytes),
			room_log_first(&room->log));
}

void reading_fetch(struct home *home, struct room *room, const struct mail_command *mail)
{
	const uint64_t after = position(home, room, mail);

	if (fetch_from_window(home, room, mail, after))
		return;
	if (fetch_from_page(home, room, mail, after, kept_page(home, room_disk(home, room)))) {
		counter_add(home->counters, COUNTER_store_reads_shared, 1);
		return;
	}
	if (!wait_for(home, room, CHAT_PAGE_AFTER, page_start(home, room, after), CHAT_PAGE_MAX, mail))
		fetch_what_there_is(home, room, mail, after);
}

void reading_close(struct home *home, struct room *room)
{
	struct room_disk *disk = room_disk(home, room);

	for (struct reading *reading = disk->readings; reading; reading = reading->next)
		reading->closed = true;
	if (!PLANTED(42))
		kept_drop(home, disk);
}

/* Whether the window holds all that the store could give to this question. */
static bool window_covers(const struct home *home, const struct room *room, const struct chat_command *command)
{
	const uint64_t first = room_log_first(&room->log), end = room->log.last + 1;
	/* Before a seq that was never given comes what is before the end. */
	const uint64_t seq = command->seq < end ? command->seq : end;

	if (first <= room_first(home, room))
		return true;
	if (command->from == CHAT_PAGE_AFTER)
		return command->seq + 1 >= first;
	if (command->from == CHAT_PAGE_LATEST)
		return room->log.count >= command->limit;
	/* Of a page around a seq half comes before it. */
	const uint32_t older = command->from == CHAT_PAGE_AROUND ? command->limit / 2 : command->limit;

	return seq > first && seq - first >= older;
}

void reading_history(struct home *home, struct room *room, const struct mail_command *mail)
{
	const struct chat_command *command = &mail->command;

	if (window_covers(home, room, command)) {
		reply_history(home, mail, room, history_asked(home, room, command));
		return;
	}
	if (!wait_for(home, room, command->from, command->seq, command->limit, mail))
		reply_error(home, mail, CHAT_ERR_unavailable, RETRY_MS);
}

static void serve_fetch(struct home *home, struct room *room, const struct mail_command *mail,
			const struct store_job *job)
{
	const uint64_t after = position(home, room, mail);

	if (job->status == STORE_OK && fetch_from_page(home, room, mail, after, job->page))
		return;
	if (job->status == STORE_CORRUPT && job->seq_asked >= after) {
		fetch_what_there_is(home, room, mail, after);
		return;
	}
	/* The page was gone or damaged before `after`, or its bytes did not suffice to get there. */
	if (!fetch_from_window(home, room, mail, after) &&
	    !wait_for(home, room, CHAT_PAGE_AFTER, after, CHAT_PAGE_MAX, mail))
		fetch_what_there_is(home, room, mail, after);
}

/* The room as it stood for the reader, or here where that is less: the page and what is said of it agree. */
static void serve_stored(struct home *home, struct room *room, const struct mail_command *mail,
			 const struct store_job *job)
{
	const uint64_t last = job->last < room->log.last ? job->last : room->log.last;
	const uint32_t count = heard_of(room, job->page);
	bool more = job->page && job->page->more;

	if (job->from == CHAT_PAGE_AFTER)
		more = count > 0 && job->page->events[count - 1].seq < last;
	reply_stored(home, mail, room, job->page, count, last, more);
}

static void serve_history(struct home *home, struct room *room, const struct mail_command *mail,
			  const struct store_job *job)
{
	if (!mod_admits(home, room, mail)) /* banned meanwhile */
		return;
	/* One page may have been waited for by thousands. */
	if (post_is_busy(home->post))
		reply_error(home, mail, CHAT_ERR_unavailable, RETRY_MS);
	else if (job->status == STORE_OK)
		serve_stored(home, room, mail, job);
	else
		disk_refuse(home, mail, job->status);
}

static void serve(struct home *home, struct room *room, struct waiting_command *waiting, const struct store_job *job)
{
	while (waiting) {
		struct waiting_command *next = waiting->next;
		const struct mail_command *mail = waiting_mail(waiting);

		if (mail->op == MAIL_OP_FETCH)
			serve_fetch(home, room, mail, job);
		else
			serve_history(home, room, mail, job);
		disk_waited(home, waiting);
		waiting = PLANTED(14) && next && !next->next ? NULL
							     : next; /* the last of those who share a page gets none */
	}
}

/* Takes the history questions off the list and refuses them; fetches wait on. */
static void refuse_questions(struct home *home, struct room *room, struct reading *reading, const struct store_job *job)
{
	struct waiting_command *waiting = reading->waiting.first;

	reading->waiting = (struct waiting_list){ 0 };
	while (waiting) {
		struct waiting_command *next = waiting->next;

		if (waiting_mail(waiting)->op == MAIL_OP_FETCH) {
			waiting_list_add(&reading->waiting, waiting);
		} else {
			serve_history(home, room, waiting_mail(waiting), job);
			disk_waited(home, waiting);
		}
		waiting = next;
	}
}

void reading_stored(struct home *home, struct room *room, struct store_job *job)
{
	struct room_disk *disk = room_disk(home, room);
	struct reading *reading = ((struct disk_own *)store_job_own(job))->reading;

	if (job->status == STORE_UNAVAILABLE) {
		refuse_questions(home, room, reading, job);
		if (reading->waiting.first)
			ask_again(home, reading);
		else
			forget(disk, reading);
		return;
	}
	if (job->status != STORE_CORRUPT && job->first > disk->first)
		disk->first = job->first < room->log.last + 1 ? job->first : room->log.last + 1;

	struct waiting_command *waiting = reading->waiting.first;
	const bool keeps = job->status == STORE_OK && !reading->closed && job->from == CHAT_PAGE_AFTER && job->page &&
			   job->page->count > 0;

	forget(disk, reading);
	serve(home, room, waiting, job);
	if (keeps && kept_put(home, disk, job->page))
		job->page = NULL;
}

void reading_tick(struct home *home)
{
	struct reading *reading = home->readings_again;

	kept_expire(home);
	home->readings_again = NULL;
	while (reading) {
		struct reading *next = reading->next_again;

		reading->again = false;
		ask(home, room_at(home, reading->room), reading);
		reading = next;
	}
}

void reading_end(struct home *home, struct room *room)
{
	struct room_disk *disk = room_disk(home, room);

	kept_drop(home, disk);
	while (disk->readings) {
		waiting_list_forget(home, &disk->readings->waiting);
		forget(disk, disk->readings);
	}
}
