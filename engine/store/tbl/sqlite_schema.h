/* The steps that make the schema, one a version: STORE_STEP(sql). A file of version n has had the first n. Steps that
 * were released are never changed; a new one is added at the end. */
STORE_STEP("CREATE TABLE rooms ("
	   "  id INTEGER PRIMARY KEY,"
	   "  name TEXT NOT NULL UNIQUE,"
	   "  epoch TEXT NOT NULL,"
	   "  first INTEGER NOT NULL," /* the oldest seq kept; last + 1: none is */
	   "  last INTEGER NOT NULL," /* the newest ever given */
	   "  trimmed INTEGER NOT NULL," /* no row below this seq is left */
	   "  indexed INTEGER NOT NULL," /* the words up to this seq can be found */
	   "  age INTEGER NOT NULL," /* milliseconds that events are kept; 0: no bound */
	   "  expires INTEGER," /* when the oldest kept is too old */
	   "  crc INTEGER NOT NULL" /* of name, first and last */
	   ");"
	   "CREATE INDEX rooms_to_trim ON rooms (id)"
	   "  WHERE first > trimmed AND (first - trimmed >= 64 OR first > last);"
	   "CREATE INDEX rooms_to_index ON rooms (id) WHERE indexed < last;"
	   "CREATE INDEX rooms_to_expire ON rooms (expires) WHERE expires IS NOT NULL;"
	   "CREATE TABLE events ("
	   "  id INTEGER PRIMARY KEY," /* room << 32 | seq */
	   "  kind TEXT NOT NULL,"
	   "  ts INTEGER NOT NULL,"
	   "  sender TEXT NOT NULL,"
	   "  producer TEXT, n INTEGER," /* the cid */
	   "  data TEXT,"
	   "  target INTEGER, key TEXT, shown INTEGER,"
	   "  rev INTEGER NOT NULL DEFAULT 0," /* msg: edits so far; edit: which one it is */
	   "  deleted INTEGER NOT NULL DEFAULT 0,"
	   "  size INTEGER NOT NULL," /* bytes of sender, producer, data and key when it was kept */
	   "  upto INTEGER NOT NULL," /* sum of size in the room up to here */
	   "  crc INTEGER NOT NULL"
	   ");"
	   /* n first: the next messages of a thousand producers lie in a few pages, not each at its producer's end. */
	   "CREATE INDEX events_by_cid ON events (n, producer) WHERE producer IS NOT NULL;"
	   "CREATE INDEX edits_by_target ON events ((id >> 32), target) WHERE kind = 'edit';"
	   "CREATE VIRTUAL TABLE words USING fts5 (text, tokenize = 'unicode61 remove_diacritics 2');"
	   "CREATE VIEW messages AS SELECT rooms.name AS room, events.id & 4294967295 AS seq,"
	   "  datetime(events.ts / 1000, 'unixepoch') AS utc, events.sender AS \"from\", events.kind,"
	   "  events.target, coalesce(events.data, events.key) AS text, events.rev, events.deleted"
	   "  FROM events JOIN rooms ON rooms.id = events.id >> 32"
	   "  WHERE events.id & 4294967295 >= rooms.first;")
/* Apart from the rooms, whose rows are written by every batch. */
STORE_STEP("CREATE TABLE states ("
	   "  room INTEGER PRIMARY KEY,"
	   "  state BLOB NOT NULL," /* engine/chat's; nothing that this program's SQL looks into */
	   "  crc INTEGER NOT NULL" /* of both */
	   ");")
