/* Every figure of the thread that asks others, once: FETCH_COUNTER(name, kind, help). kind is counter or gauge. */
FETCH_COUNTER(hook_requests, counter, "Requests to connect-url and join-url.")
FETCH_COUNTER(connect_away, gauge, "1 while connect-url is not asked because it failed so often in a row.")
FETCH_COUNTER(join_away, gauge, "1 while join-url is not asked because it failed so often in a row.")
FETCH_COUNTER(keys_fetched, counter, "Times the key set was had from token-jwks, new or the same.")
FETCH_COUNTER(keys_failed, counter, "Times it was not to be had, was none, or was refused.")
