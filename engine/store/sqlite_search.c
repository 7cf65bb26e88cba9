#include "engine/store/sqlite_search.h"

#include "engine/store/sqlite_query.h"
#include "engine/store/sqlite_row.h"

#define EXPRESSION_MAX 4096

int search_open(struct sqlite_search *search, struct sqlite_read *read)
{
	*search = (struct sqlite_search){
		.read = read,
		.find = db_prepare(read->db, "SELECT rowid FROM words WHERE words MATCH ? AND rowid >= ? AND rowid < ?"
					     " ORDER BY rowid DESC"),
		.tail = tail_open(read->db),
	};
	return search->find && search->tail ? 0 : -1;
}

void search_close(struct sqlite_search *search)
{
	sqlite3_finalize(search->find);
	tail_close(search->tail);
}

/* One question as it is answered, newest first. */
struct search {
	struct sqlite_search *of;
	const struct sqlite_standing *at;
	uint32_t limit;
	size_t page_bytes;
	uint32_t tail_at; /* of what the tail found */
	uint64_t indexed; /* the next that the index has, 0 for none */
	bool more;
};

/* The next that the index has and the tail does not know better. */
static int step_index(struct search *search)
{
	sqlite3_stmt *find = search->of->find;
	int code;

	while ((code = sqlite3_step(find)) == SQLITE_ROW) {
		search->indexed = (uint64_t)sqlite3_column_int64(find, 0) & UINT32_MAX;
		if (!tail_has(search->of->tail, search->indexed))
			return SQLITE_OK;
	}
	search->indexed = 0;
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* Adds a message, if it still is one and the page is not full: then there are more. */
static int add(struct search *search, uint64_t seq)
{
	struct sqlite_page *page = &search->of->read->page;
	struct chat_event event;
	bool found;
	const int code = tail_message(search->of->tail, search->at->id, seq, &event, &found);

	if (code != SQLITE_OK || !found)
		return code;
	if (page->count == search->limit || (page->count > 0 && page->data + row_size(&event) > search->page_bytes)) {
		search->more = true;
		return SQLITE_OK;
	}
	return page_add(page, &event) ? SQLITE_OK : SQLITE_NOMEM;
}

static int gather(struct search *search)
{
	const struct sqlite_tail *tail = search->of->tail;
	int code = step_index(search);

	while (code == SQLITE_OK && !search->more) {
		const uint64_t newest = search->tail_at < tail->found_count ? tail->found[search->tail_at] : 0;

		if (newest == 0 && search->indexed == 0)
			break;
		if (newest > search->indexed) {
			search->tail_at++;
			code = add(search, newest);
		} else {
			code = add(search, search->indexed);
			if (code == SQLITE_OK)
				code = step_index(search);
		}
	}
	return code;
}

static int find(struct sqlite_search *search, struct store_job *job, const struct sqlite_standing *at, bool *more)
{
	const uint64_t before = job->seq_asked != 0 && job->seq_asked <= at->last ? job->seq_asked : at->last + 1;
	struct search one = { .of = search, .at = at, .limit = job->limit, .page_bytes = job->page_bytes };
	char expression[EXPRESSION_MAX];
	const size_t length = query_expression(job->query, expression, sizeof(expression));
	int code;

	if (length == 0) {
		job->status = STORE_BAD_QUERY;
		return SQLITE_OK;
	}
	if (at->id == 0)
		return SQLITE_OK;
	code = tail_find(search->tail, at, expression, before);
	if (code != SQLITE_OK)
		return code;
	sqlite3_bind_text(search->find, 1, expression, (int)length, SQLITE_STATIC);
	sqlite3_bind_int64(search->find, 2, row_id(at->id, at->first));
	sqlite3_bind_int64(search->find, 3, row_id(at->id, before));
	code = gather(&one);
	sqlite3_reset(search->find);
	sqlite3_reset(search->tail->event);
	sqlite3_reset(search->tail->newest_edit);
	*more = one.more;
	return code;
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
		code = find(search, job, &at, &more);
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
		job->status = read_status(code);
}
