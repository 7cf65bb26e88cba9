/* postgres_schema.h - what Uproar keeps in a PostgreSQL database: tables that people can read, and functions over them.
 *
 * All is in the schema `uproar`; docs/operate/postgres.md tells of it. The schema has a number; an Uproar brings
 * an older one to its own, migration by migration, and refuses a newer one.
 */
#ifndef STORE_POSTGRES_SCHEMA_H
#define STORE_POSTGRES_SCHEMA_H

/* Migration i makes version i + 1 of version i. Each is a list of commands for one transaction. */
extern const char *const postgres_migrations[];
extern const int postgres_schema_version;

/* The functions and the view: made anew by every migration, so they are never of another version than the tables. */
extern const char postgres_functions_write[], postgres_functions_read[];

/* Settings of a session. They are made where the server knows them. */
extern const char postgres_settings[];

#endif
