/* postgres_page.h - what a job asks as values of a statement, and a statement's answer as a job's.
 *
 * For postgres*.c alone.
 */
#ifndef STORE_POSTGRES_PAGE_H
#define STORE_POSTGRES_PAGE_H

#include "engine/chat/store_job.h"
#include "engine/store/postgres_link.h"

/* For uproar.page() and uproar.search(). `query` is what postgres_words_of_query() made of the job's. */
void postgres_page_ask(struct postgres_values *values, const struct store_job *job);
void postgres_search_ask(struct postgres_values *values, const struct store_job *job, struct span query);

/* Fills in the job's answer and status. */
void postgres_page_answer(struct store_job *job, const PGresult *result);

/* The newest ts_ms that is too old for the job's retention; 0: there is no bound. */
uint64_t postgres_oldest(const struct store_job *job);

#endif
