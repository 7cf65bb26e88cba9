/* Every option, once: OPTION(id, name, kind, default, least, most or choices, group, when, help).
 * when: START, it holds from start to end; LIVE, a reload can change it.
 * Flags, environment variables, file keys, --help and docs/operate/options.md are made from it. */
OPTION(listen, "listen", ADDRESS, "0.0.0.0:8080", "", "", "Network", START,
       "address and port to listen on; port 0 lets the kernel choose")
OPTION(backlog, "backlog", COUNT, "4096", "16", "65535", "Network", START,
       "connections that may wait to be accepted, a core")
OPTION(page, "page", CHOICE, "on", "", "on|off", "Network", LIVE,
       "serve the pages at / (chat) and /status, and uproar.js")
OPTION(metrics, "metrics", CHOICE, "open", "", "open|key", "Network", LIVE,
       "who may read /metrics: everybody, or who has a key of scope metrics or admin (api-keys)")
OPTION(origins, "origins", ORIGINS, "same", "", "", "Network", LIVE,
       "whose pages may open a WebSocket: same (the server's own), https://example.org and so on, or * for all")
OPTION(api_keys, "api-keys", TEXT, "", "", "", "HTTP API", START,
       "file with a line a key: NAME SCOPE,SCOPE sha256:HEX; without it the HTTP API is closed")
OPTION(api_origins, "api-origins", ORIGINS, "same", "", "", "HTTP API", LIVE,
       "whose pages may use it: as origins")
OPTION(api_rate, "api-rate", COUNT, "1000", "0", "1000000", "HTTP API", LIVE,
       "requests, and commands of a batch, a second, key and core; 0: no limit")
OPTION(api_burst, "api-burst", COUNT, "2000", "1", "1000000", "HTTP API", LIVE,
       "how many may come at once")
OPTION(api_body, "api-body", BYTES, "1M", "1K", "16M", "HTTP API", LIVE,
       "bytes of a request's body")
OPTION(api_timeout, "api-timeout", TIME, "10s", "100ms", "10m", "HTTP API", LIVE,
       "how long a request waits for its answer")
OPTION(cores, "cores", COUNT, "0", "0", "64", "Cores", START,
       "threads, each with its own io_uring; 0: one for each processor")
OPTION(core_ring, "core-ring-size", BYTES, "1M", "64K", "64M", "Cores", START,
       "bytes of the ring from each core to each other, up to the next power of two")
OPTION(mail_memory, "mail-memory", BYTES, "64M", "1M", "64G", "Cores", LIVE,
       "bytes that may wait for other cores before commands are refused, whole process")
OPTION(receive_buffers, "receive-buffers", POWER, "64", "16", "32768", "Cores", START,
       "receive buffers a ring, at most: it has 8 until it needs more; a core has a ring for 16384 connections")
OPTION(receive_buffer_size, "receive-buffer-size", BYTES, "16K", "1K", "256K", "Cores", START,
       "bytes of each")
OPTION(zero_copy, "zero-copy-from", BYTES, "0", "0", "1G", "Cores", START,
       "sends of so many bytes use SEND_ZC; 0: never (it copies on loopback)")
OPTION(token_keys, "token-keys", WORDS, "", "", "", "Identity", START,
       "files of keys that tokens are signed with: a JWKS, PEM, or a secret as HS256:FILE; their contents can change")
OPTION(token_issuer, "token-issuer", WORDS, "", "", "", "Identity", LIVE,
       "issuers (iss) that tokens must be of; empty: any")
OPTION(token_audience, "token-audience", WORDS, "", "", "", "Identity", LIVE,
       "audiences (aud) that tokens must be meant for; empty: tokens that name any are refused")
OPTION(token_leeway, "token-leeway", TIME, "30s", "0", "10m", "Identity", LIVE,
       "by how much the clocks of who signs may differ from ours")
OPTION(token_cache, "token-cache", COUNT, "32768", "0", "16777216", "Identity", START,
       "tokens that a core remembers to have verified, so that who comes back is let in cheaply; 0: none")
OPTION(token_cookie, "token-cookie", TEXT, "", "", "", "Identity", START,
       "cookie that may hold a token, of pages whose origin is listed; empty: none")
OPTION(token_in_url, "token-in-url", CHOICE, "off", "", "off|on", "Identity", START,
       "whether a token may stand in the URL, as /ws?token=..., where proxies log it")
OPTION(guests, "guests", CHOICE, "auto", "", "auto|named|anonymous|none", "Identity", LIVE,
       "who has no token: is who they say, is given a name, or is not let in; auto: named without keys, else none")
OPTION(rights, "rights", RIGHTS, "*: member; @moderator *: member moderate; @admin *: all", "", "", "Identity", LIVE,
       "who may do what in which rooms")
OPTION(token_jwks, "token-jwks", URL, "", "", "", "Identity", START,
       "address of a JSON Web Key Set whose keys sign tokens; needs token-issuer and token-audience")
OPTION(token_jwks_refresh, "token-jwks-refresh", TIME, "10m", "1s", "1d", "Identity", START,
       "how often it is fetched again")
OPTION(token_jwks_pause, "token-jwks-pause", TIME, "30s", "1s", "1d", "Identity", START,
       "how long at least until it is fetched again because a token names a key that is not in it")
OPTION(connect_url, "connect-url", URL, "", "", "", "Hooks", START,
       "who decides about each connection, by the answer to a POST; empty: nobody is asked")
OPTION(join_url, "join-url", URL, "", "", "", "Hooks", START,
       "who decides about each join likewise")
OPTION(hook_key, "hook-key", TEXT, "", "", "", "Hooks", START,
       "file whose first line they are shown, as Authorization: Bearer")
OPTION(hook_timeout, "hook-timeout", TIME, "3s", "100ms", "30s", "Hooks", START,
       "for an answer of theirs, what waits for a free request included")
OPTION(hook_failure, "hook-failure", CHOICE, "deny", "", "deny|allow", "Hooks", START,
       "what becomes of connections and joins about which they do not answer")
OPTION(hook_requests, "hook-requests", COUNT, "64", "1", "1024", "Hooks", START,
       "requests to them at once")
OPTION(hook_queue, "hook-queue", COUNT, "1024", "0", "65536", "Hooks", START,
       "connections and joins that may wait for a free request, whole process; more are not asked about")
OPTION(outbound_ca, "outbound-ca", TEXT, "", "", "", "Hooks", START,
       "file of certificates that https addresses are checked against; empty: the system's")
OPTION(connections, "connections", COUNT, "20000", "1", "2000000", "Limits", START,
       "connections at once, whole process")
OPTION(per_address, "connections-per-address", COUNT, "2000", "0", "2000000", "Limits", LIVE,
       "connections at once of one IPv4 address or IPv6 /64, whole process, about; 0: no limit")
OPTION(half_open, "handshakes-per-address", COUNT, "1000", "0", "2000000", "Limits", LIVE,
       "connections at once of one address that have not sent a whole request yet; 0: no limit")
OPTION(connect_rate, "connect-rate", COUNT, "200", "0", "1000000", "Limits", LIVE,
       "new connections a second of one address; 0: no limit")
OPTION(connect_burst, "connect-burst", COUNT, "2000", "1", "1000000", "Limits", LIVE,
       "how many may come at once")
OPTION(address_exempt, "address-exempt", NETWORKS,
       "127.0.0.0/8 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 169.254.0.0/16 100.64.0.0/10 ::1 fc00::/7 fe80::/10", "",
       "", "Limits", LIVE,
       "networks that the limits on addresses and networks do not apply to: proxies, and who shares an address")
OPTION(rooms, "rooms", COUNT, "1000000", "1", "100000000", "Limits", START,
       "rooms with members or history at once, whole process")
OPTION(rooms_per_connection, "rooms-per-connection", COUNT, "128", "1", "10000", "Limits", LIVE,
       "rooms a connection may be in")
OPTION(members_per_room, "members-per-room", COUNT, "100000", "1", "10000000", "Limits", LIVE,
       "connections in one room")
OPTION(memberships, "memberships", COUNT, "0", "0", "100000000", "Limits", START,
       "memberships at once, whole process; 0: four a connection, at least 100000")
OPTION(per_user, "connections-per-user", COUNT, "100", "0", "2000000", "Limits", LIVE,
       "connections at once of one user, whole process; 0: no limit")
OPTION(rooms_per_user, "rooms-per-user", COUNT, "1000", "0", "100000000", "Limits", LIVE,
       "rooms that all connections of a user together may be in, each counted, whole process; 0: no limit")
OPTION(send_rate, "send-rate", COUNT, "20", "0", "1000000", "Limits", LIVE,
       "sends, edits, deletions and reactions a second and connection; 0: no limit")
OPTION(send_burst, "send-burst", COUNT, "40", "1", "1000000", "Limits", LIVE,
       "how many may come at once")
OPTION(command_rate, "command-rate", COUNT, "100", "0", "1000000", "Limits", LIVE,
       "other commands a second and connection; 0: no limit")
OPTION(command_burst, "command-burst", COUNT, "200", "1", "1000000", "Limits", LIVE,
       "how many may come at once")
OPTION(byte_rate, "byte-rate", BYTES, "128K", "0", "1G", "Limits", LIVE,
       "bytes of sends a second and connection, where there is a send-rate; 0: no limit")
OPTION(byte_burst, "byte-burst", BYTES, "512K", "64K", "256M", "Limits", LIVE,
       "how many may come at once")
OPTION(user_rates, "user-rates", COUNT, "4", "0", "1000000", "Limits", LIVE,
       "all connections of a user together have so many times the rates and bursts of one, whole process; 0: no limit")
OPTION(network_rates, "network-rates", COUNT, "100", "0", "1000000", "Limits", LIVE,
       "and all of a network (IPv4 /24, IPv6 /64) that is not exempt, so many times; 0: no limit")
OPTION(room_rate, "room-rate", COUNT, "10", "0", "1000000", "Limits", LIVE,
       "rooms new to its core that a connection may join a second; 0: no limit")
OPTION(room_burst, "room-burst", COUNT, "256", "1", "1000000", "Limits", LIVE,
       "how many may come at once")
OPTION(room_traffic, "room-traffic", BYTES, "1G", "0", "2G", "Limits", LIVE,
       "bytes a second that a room's events may come to over all its members, about; 0: no limit")
OPTION(ping_rate, "ping-rate", COUNT, "10", "0", "1000000", "Limits", LIVE,
       "WebSocket pings a second and connection; 0: no limit")
OPTION(ping_burst, "ping-burst", COUNT, "20", "1", "1000000", "Limits", LIVE,
       "how many may come at once")
OPTION(fragment_rate, "fragment-rate", COUNT, "10000", "0", "1000000", "Limits", LIVE,
       "WebSocket fragments and control frames a second and connection; 0: no limit")
OPTION(fragment_burst, "fragment-burst", COUNT, "131072", "1", "1000000", "Limits", LIVE,
       "how many may come at once")
OPTION(data_size, "data-size", BYTES, "16K", "1", "16K", "Limits", LIVE,
       "bytes of a message's data")
OPTION(frame_size, "frame-size", BYTES, "64K", "256", "64K", "Limits", START,
       "bytes of a whole WebSocket message from a client")
OPTION(compress, "compress", CHOICE, "on", "", "on|off", "Compression", START,
       "agree on permessage-deflate with clients that offer it")
OPTION(compress_from, "compress-from", BYTES, "256", "1", "64K", "Compression", LIVE,
       "bytes from which a message to such clients is compressed")
OPTION(compress_rate, "compress-rate", BYTES, "16M", "0", "1G", "Compression", LIVE,
       "bytes that a core compresses in a second, at most; what is above goes as it is; 0: no limit")
OPTION(compress_takeover, "compress-takeover", BYTES, "0", "0", "1T", "Compression", START,
       "bytes that connections may keep so that messages refer to earlier ones, whole process; 0: none may")
OPTION(room_classes, "room-classes", CLASSES, "mem: class=memory", "", "", "History", LIVE,
       "kinds of rooms by how their names begin: where and how long they are kept, who is told what")
OPTION(history_messages, "history-messages", COUNT, "1000", "0", "1000000", "History", LIVE,
       "events kept in memory, a room")
OPTION(history_size, "history-size", BYTES, "1M", "0", "1G", "History", LIVE,
       "bytes kept in memory, a room")
OPTION(history_age, "history-age", TIME, "24h", "1s", "3650d", "History", LIVE,
       "how long events are kept")
OPTION(history_memory, "history-memory", BYTES, "256M", "64K", "1T", "History", START,
       "bytes kept in memory, whole process; the room longest silent gives way first")
OPTION(data, "data", TEXT, "uproar-data", "", "", "History", START,
       "directory that keeps what was said; empty: nothing is kept on disk, every room is of class memory")
OPTION(store, "store", TEXT, "sqlite", "", "", "History", START,
       "what keeps rooms of class disk: sqlite (uproar.db in the data directory), postgres://..., memory, or none")
OPTION(store_batch, "store-batch", COUNT, "4096", "1", "65536", "History", START,
       "events that share a transaction, at most")
OPTION(store_batch_size, "store-batch-size", BYTES, "8M", "64K", "1G", "History", START,
       "bytes of them after which no more are added")
OPTION(store_queue, "store-queue", COUNT, "16384", "16", "1048576", "History", START,
       "events and pages that a core may wait for before commands are refused")
OPTION(store_memory, "store-memory", BYTES, "64M", "1M", "64G", "History", START,
       "bytes of them, whole process")
OPTION(memory, "memory", BYTES, "0", "0", "16T", "Memory", LIVE,
       "bytes that the process may use: from 80 % nobody is let in, from 90 % slow readers end; 0: its cgroup's limit")
OPTION(hot_log_size, "hot-log-size", BYTES, "1M", "64K", "1G", "Memory", LIVE,
       "bytes of frames a core holds for a room's members that are behind")
OPTION(send_memory, "send-memory", BYTES, "256M", "1M", "1T", "Memory", START,
       "bytes that wait to be sent, whole process")
OPTION(queue_size, "queue-size", BYTES, "1M", "128K", "1G", "Memory", LIVE,
       "bytes that wait for one connection alone")
OPTION(handshake_timeout, "handshake-timeout", TIME, "10s", "100ms", "10m", "Time", LIVE,
       "for a whole HTTP request head")
OPTION(hello_timeout, "hello-timeout", TIME, "10s", "100ms", "10m", "Time", LIVE,
       "from the WebSocket handshake to hello")
OPTION(message_timeout, "message-timeout", TIME, "30s", "0", "1h", "Time", LIVE,
       "for a whole WebSocket message from its first byte; 0: no limit")
OPTION(ping, "ping", TIME, "25s", "1s", "1h", "Time", LIVE,
       "silence after which the server asks whether the client is there")
OPTION(pong, "pong", TIME, "8s", "100ms", "10m", "Time", LIVE,
       "silence after that which ends the connection")
OPTION(slow_timeout, "slow-timeout", TIME, "30s", "1s", "1h", "Time", LIVE,
       "a connection that takes no byte for so long is ended")
OPTION(linger, "linger", TIME, "5s", "100ms", "1m", "Time", LIVE,
       "how long a closing connection may take to end")
OPTION(drain, "drain", TIME, "5s", "0", "10m", "Time", LIVE,
       "over which clients' reconnections are spread at a restart")
OPTION(log_level, "log-level", CHOICE, "info", "", "debug|info|warn|error|off", "Log", LIVE,
       "the least that is logged")
OPTION(log_format, "log-format", CHOICE, "text", "", "text|json", "Log", LIVE,
       "one readable line an event, or one JSON object")
OPTION(audit_log, "audit-log", TEXT, "", "", "", "Log", START,
       "file that the lines of the audit log are appended to, besides standard error: what was moderated, and by whom")
OPTION(sandbox, "sandbox", CHOICE, "on", "", "on|require|log|off", "Sandbox", START,
       "give up what serving does not need; require: all of it or do not start; log: the kernel only logs it")
OPTION(test_echo, "test-echo", CHOICE, "off", "", "off|on", "Tests", START,
       "send every message back to its sender, up to 16M, instead of chat; for conformance suites, never in production")
