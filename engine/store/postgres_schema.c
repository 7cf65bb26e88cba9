#include "engine/store/postgres_schema.h"

#include <stddef.h>

/* clang-format off */

/* A room's row is written by every append to it: half of a page is left free, so that no index need be touched. */
static const char tables[] =
	"CREATE TYPE uproar.kind AS ENUM ('msg', 'edit', 'del', 'react');\n"
	"\n"
	"CREATE TABLE uproar.room (\n"
	"  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n"
	"  name text COLLATE \"C\" NOT NULL UNIQUE,\n"
	"  epoch text COLLATE \"C\" NOT NULL,\n"
	"  first bigint NOT NULL DEFAULT 1,\n"
	"  last bigint NOT NULL DEFAULT 0,\n"
	"  bytes bigint NOT NULL DEFAULT 0,\n"
	"  dropped bigint NOT NULL DEFAULT 0,\n"
	"  batch bigint NOT NULL DEFAULT 0,\n"
	"  batch_first bigint NOT NULL DEFAULT 1,\n"
	"  keep_messages bigint NOT NULL DEFAULT 0,\n"
	"  keep_bytes bigint NOT NULL DEFAULT 0,\n"
	"  keep_ms bigint NOT NULL DEFAULT 0\n"
	") WITH (fillfactor = 50);\n"
	"COMMENT ON TABLE uproar.room IS 'A room: where its log stands';\n"
	"COMMENT ON COLUMN uproar.room.epoch IS 'The log that the seqs belong to';\n"
	"COMMENT ON COLUMN uproar.room.first IS 'The oldest seq kept; last + 1 when none is';\n"
	"COMMENT ON COLUMN uproar.room.last IS 'The newest seq given';\n"
	"COMMENT ON COLUMN uproar.room.bytes IS 'Of the events first to last';\n"
	"COMMENT ON COLUMN uproar.room.dropped IS 'Rows of events up to this seq are gone; those up to first follow';\n"
	"COMMENT ON COLUMN uproar.room.batch IS 'The last batch that appended here, from seq batch_first on';\n"
	"COMMENT ON COLUMN uproar.room.keep_ms IS 'As keep_messages and keep_bytes: how much is kept; 0: no bound';\n"
	"\n"
	"CREATE TABLE uproar.event (\n"
	"  room bigint NOT NULL,\n"
	"  seq bigint NOT NULL,\n"
	"  kind uproar.kind NOT NULL,\n"
	"  ts_ms bigint NOT NULL,\n"
	"  author text COLLATE \"C\" NOT NULL,\n"
	"  producer text COLLATE \"C\",\n"
	"  number bigint,\n"
	"  data text COLLATE \"C\",\n"
	"  deleted boolean NOT NULL DEFAULT false,\n"
	"  target bigint,\n"
	"  rev integer NOT NULL DEFAULT 0,\n"
	"  key text COLLATE \"C\",\n"
	"  is_on boolean NOT NULL DEFAULT false,\n"
	"  size integer NOT NULL GENERATED ALWAYS AS (octet_length(author) + coalesce(octet_length(producer), 0)\n"
	"    + coalesce(octet_length(data), 0) + coalesce(octet_length(key), 0)) STORED,\n"
	"  words tsvector,\n"
	"  PRIMARY KEY (room, seq)\n"
	") WITH (fillfactor = 95);\n"
	"COMMENT ON TABLE uproar.event IS 'The log. The view uproar.message shows it as people see it';\n"
	"COMMENT ON COLUMN uproar.event.producer IS 'With number: the cid that the client gave';\n"
	"COMMENT ON COLUMN uproar.event.data IS 'JSON, as it was sent';\n"
	"COMMENT ON COLUMN uproar.event.rev IS 'Of an edit: its number; of a message: how often it was edited';\n"
	"COMMENT ON COLUMN uproar.event.words IS 'What a message is found by: words, and @ with the id of the room';\n"
	"CREATE UNIQUE INDEX event_cid ON uproar.event (room, producer, number) WHERE producer IS NOT NULL;\n"
	"CREATE INDEX event_edits ON uproar.event (room, target) WHERE kind = 'edit';\n"
	"CREATE INDEX event_words ON uproar.event USING gin (words) WHERE words IS NOT NULL;\n"
	"ALTER TABLE uproar.event\n"
	"  SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);\n"
	"\n"
	"CREATE TABLE uproar.trim (room bigint PRIMARY KEY);\n"
	"COMMENT ON TABLE uproar.trim IS 'Rooms with rows of events that are no longer kept';\n"
	"\n"
	"CREATE TABLE uproar.writer (\n"
	"  one boolean PRIMARY KEY DEFAULT true CHECK (one),\n"
	"  fence bigint NOT NULL DEFAULT 0,\n"
	"  batch bigint NOT NULL DEFAULT 0,\n"
	"  since timestamptz NOT NULL DEFAULT now()\n"
	") WITH (fillfactor = 10);\n"
	"COMMENT ON TABLE uproar.writer IS 'Which Uproar may write: the one that was given this fence';\n"
	"COMMENT ON COLUMN uproar.writer.batch IS 'The last batch committed';\n"
	"INSERT INTO uproar.writer DEFAULT VALUES;\n";

/* Apart from the rooms, whose rows are written by every append. */
static const char states[] =
	"ALTER TYPE uproar.kind ADD VALUE 'mod';\n"
	"CREATE TABLE uproar.state (room bigint PRIMARY KEY, state bytea NOT NULL);\n"
	"COMMENT ON TABLE uproar.state IS 'What Uproar remembers of a room besides its log: who is banned or muted';\n";

/* A cid is its author's. All names that guests were given are one author's, which is no name that anybody has: as
 * chat_same_author(). The index is made of the function, which therefore never changes. */
static const char authors[] =
	"CREATE FUNCTION uproar.cid_author(p_author text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$\n"
	"  SELECT CASE WHEN p_author COLLATE \"C\" ~ '^~?guest-[a-kmnp-z2-9]{10}$'\n"
	"    THEN left(p_author, -10) || E'\\n' ELSE p_author END COLLATE \"C\" $$;\n"
	"COMMENT ON FUNCTION uproar.cid_author IS 'Whose a cid is: all guests who were given a name are one';\n"
	"DROP INDEX uproar.event_cid;\n"
	"CREATE UNIQUE INDEX event_cid ON uproar.event (room, producer, number, uproar.cid_author(author))\n"
	"  WHERE producer IS NOT NULL;\n";

/* clang-format on */

const char *const postgres_migrations[] = { tables, states, authors };
const int postgres_schema_version = sizeof(postgres_migrations) / sizeof(*postgres_migrations);

/* clang-format off */
const char postgres_settings[] =
	"SELECT set_config(s.name, CASE WHEN s.name = 'synchronous_commit' AND s.setting = 'remote_apply'\n"
	"    THEN s.setting ELSE v.value END, false)\n"
	"FROM (VALUES ('synchronous_commit', 'on'), ('statement_timeout', '5s'), ('lock_timeout', '3s'),\n"
	"    ('idle_in_transaction_session_timeout', '10s'), ('tcp_keepalives_idle', '5'),\n"
	"    ('tcp_keepalives_interval', '2'), ('tcp_keepalives_count', '3'), ('tcp_user_timeout', '10s'),\n"
	"    ('client_connection_check_interval', '1s'), ('search_path', 'pg_catalog'), ('jit', 'off'),\n"
	"    ('enable_seqscan', 'off'), ('plan_cache_mode', 'force_generic_plan'),\n"
	"    ('default_transaction_isolation', 'read committed'), ('default_transaction_deferrable', 'off'),\n"
	"    ('row_security', 'off')) AS v (name, value)\n"
	"  JOIN pg_catalog.pg_settings s USING (name)";
