#include "engine/store/sqlite_search.h"

#include "engine/core/mutant.h"
#include "engine/store/sqlite_row.h"

#define EXPRESSION_MAX 4096

int search_open(struct sqlite_search *search, struct sqlite_read *read)
{
	*search = (struct sqlite_search){
		.read = read,
		.find = db_prepare(read->db, "SELECT " ROW_COLUMNS " FROM events WHERE id IN (SELECT rowid FROM words"
					     " WHERE words MATCH ?1 AND rowid >= ?2 AND rowid < ?3 ORDER BY rowid DESC"
					     " LIMIT ?4) ORDER BY id DESC"),
		.newest_edit = db_prepare(read->db, "SELECT " ROW_COLUMNS " FROM events WHERE kind = 'edit' AND"
						    " id >> 32 = ? AND target = ? ORDER BY id DESC LIMIT 1"),
	};
	return search->find && search->newest_edit ? 0 : -1;
}

void search_close(struct sqlite_search *search)
{
	sqlite3_finalize(search->find);
	sqlite3_finalize(search->newest_edit);
}

/* What the tokenizer may take as part of a word. */
static bool is_word(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
	       byte >= 0x80;
}

static bool is_blank(uint8_t byte)
{
	return byte <= ' ';
}

/* One word or phrase, from..to, as a string of FTS5. Gives the new end, or 0. */
static size_t put_phrase(char *out, size_t at, size_t size, const uint8_t *from, const uint8_t *to)
{
	bool something = false;
	const size_t before = at;
	const bool prefix = to > from && to[-1] == '*';

	if (at + (size_t)(to - from) + 5 > size)
		return 0;
	if (at > 0)
		out[at++] = ' ';
	out[at++] = '"';
	for (; from < to; from++) {
		something |= is_word(*from);
		out[at++] = is_word(*from) ? (char)*from : ' ';
	}
	out[at++] = '"';
	if (prefix)
		out[at++] = '*';
	out[something ? at : before] = 0;
	return something ? at : before;
}

size_t search_expression(struct span query, char *out, size_t size)
{
	const uint8_t *at = query.bytes, *end = query.bytes + query.size;
	size_t length = 0;

	while (at < end) {
		const uint8_t *from = at;
		const bool quoted = *at == '"';

		if (is_blank(*at)) {
			at++;
			continue;
		}
		at++;
		while (at < end && (quoted ? *at != '"' : !is_blank(*at)))
			at++;
		const size_t longer = put_phrase(out, length, size, from + quoted, at);

		if (longer == 0 && at - from + 5 + (ptrdiff_t)length > (ptrdiff_t)size)
			return 0;
		length = longer;
		at += quoted && at < end;
	}
	return length;
}

/* The message as it is now. */
static int as_edited(struct sqlite_search *search, int64_t room, struct chat_event *event, bool *found)
{
	sqlite3_stmt *newest = search->newest_edit;
	struct chat_event edit;

	sqlite3_bind_int64(newest, 1, room);
	sqlite3_bind_int64(newest, 2, (int64_t)event->seq);
	const int code = sqlite3_step(newest);

	*found = code == SQLITE_ROW;
	if (code == SQLITE_DONE)
		return SQLITE_OK; /* the edit itself is no longer kept */
	if (code != SQLITE_ROW)
		return code;
	if (!row_read(newest, &edit))
		return SQLITE_CORRUPT;
	event->data = edit.data;
	return SQLITE_OK;
}

static int add(struct sqlite_search *search, const struct sqlite_standing *at, struct chat_event *event)
{
	bool edited = false;
	int code = SQLITE_OK;

	if (event->rev > 0)
		code = as_edited(search, at->id, event, &edited);
	if (code == SQLITE_OK && !page_add(&search->read->page, event))
		code = SQLITE_NOMEM;
	sqlite3_reset(search->newest_edit);
	return code;
}

static int gather(struct sqlite_search *search, struct store_job *job, const struct sqlite_standing *at, bool *more)
{
	const uint64_t before = job->seq_asked != 0 && job->seq_asked <= at->last ? job->seq_asked : at->last + 1;
	sqlite3_stmt *find = search->find;
	struct sqlite_page *page = &search->read->page;
	char expression[EXPRESSION_MAX];
	const size_t length = search_expression(job->query, expression, sizeof(expression));
	int code;

	if (length == 0) {
		job->status = STORE_BAD_QUERY;
		return SQLITE_OK;
	}
	sqlite3_bind_text(find, 1, expression, (int)length, SQLITE_STATIC);
	sqlite3_bind_int64(find, 2, row_id(at->id, at->first));
	sqlite3_bind_int64(find, 3, row_id(at->id, before));
	sqlite3_bind_int64(find, 4, (int64_t)job->limit + 1);
	while ((code = sqlite3_step(find)) == SQLITE_ROW) {
		struct chat_event event;

		if (!row_read(find, &event)) {
			code = SQLITE_CORRUPT;
			break;
		}
		if (event.deleted && !PLANTED(39)) /* what was deleted is found */
			continue;
		if (page->count == job->limit || (page->count > 0 && page->data > job->page_bytes)) {
			*more = true;
			code = SQLITE_DONE;
			break;
		}
		const int added = add(search, at, &event);

		if (added != SQLITE_OK) {
			code = added;
			break;
		}
	}
	sqlite3_reset(find);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int search_in_transaction(struct sqlite_search *search, struct store_job *job)
{
	struct sqlite_page *page = &search->read->page;
	struct sqlite_standing at;
	bool more = false;
	int code = read_room(search->read, job, &at);

	page->count = 0;
	page->size = 0;
	page->data = 0;
	if (code == SQLITE_OK)
		code = gather(search, job, &at, &more);
	if (code != SQLITE_OK || job->status != STORE_OK)
		return code;
	job->page = page_make(page, true, more);
	return job->page ? SQLITE_OK : SQLITE_NOMEM;
}

void search_job(struct sqlite_search *search, struct store_job *job)
{
	int code = db_run(search->read->begin);

	job->status = STORE_OK;
	if (code == SQLITE_OK)
		code = search_in_transaction(search, job);
	if (!sqlite3_get_autocommit(search->read->db))
		(void)db_run(search->read->end);
	if (code != SQLITE_OK)
		job->status = read_status(search->read->db, code);
}
