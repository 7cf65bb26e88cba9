/* Every figure of a thread of the store, once: STORE_COUNTER(name, kind, help). kind is
 * counter, gauge or us: microseconds, told in seconds. */
STORE_COUNTER(jobs, counter, "Jobs answered.")
STORE_COUNTER(batches, counter, "Batches given to the backend; of the writer: transactions.")
STORE_COUNTER(batch_jobs_max, gauge, "Jobs in the largest batch so far.")
STORE_COUNTER(busy, us, "Time spent in the backend with jobs.")
STORE_COUNTER(maintained, counter, "Slices of housekeeping.")
STORE_COUNTER(maintenance, us, "Time spent in housekeeping.")
STORE_COUNTER(full, counter, "Jobs answered that there is no room on the disk.")
STORE_COUNTER(unavailable, counter, "Jobs answered that the backend is away.")
STORE_COUNTER(corrupt, counter, "Jobs answered that what is kept is damaged.")
STORE_COUNTER(failed, counter, "Batches after which nothing more may be acknowledged.")
STORE_COUNTER(wakes, counter, "Cores woken.")
STORE_COUNTER(turns, counter, "Turns of the loop.")
