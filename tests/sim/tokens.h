/* tokens.h - who comes with a token in some worlds, and what becomes of tokens that end while the world turns: what is
 * shown in time takes the place of the one before, and behind the end of the last one nobody is heard, nor hears.
 *
 * The wall clock, by which tokens end, does not jump in these worlds.
 */
#ifndef SIM_TOKENS_H
#define SIM_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOKENS_TEXT 1024

struct auth_config;
struct sim_client;

/* Draws from a random of its own, before modsim_draw(). None where a fuzzer's bytes decide. */
void tokens_draw(uint64_t seed);

/* The keys of this world, if it has any, for a policy. */
void tokens_keys(struct auth_config *config);

/* Whether everybody must have a token. */
bool tokens_rule(void);

/* A client connects: its token is in a field of its request, a line, or a member of its hello; or both are empty. */
void tokens_opened(const struct sim_client *client, char field[TOKENS_TEXT], char member[TOKENS_TEXT]);

/* Now and then shows another one; where its end was told mostly in time. */
void tokens_act(struct sim_client *client);

/* What the client is told: its hello is answered; it is not let in; it may stay until that time, so long,
 * for the server ends; its token ends; an answer, if it is that to another token; it is closed with this code. */
void tokens_let_in(const struct sim_client *client, const char *text);
void tokens_leaving(const struct sim_client *client, uint64_t until_ms, uint64_t after_ms);
void tokens_turned_away(const struct sim_client *client, const char *why);
void tokens_ending(const struct sim_client *client, const char *text);
bool tokens_answered(const struct sim_client *client, uint64_t re, const char *text);
void tokens_closed(const struct sim_client *client, uint32_t code);

/* It is given something that came to be just then, by the time that stands in it: an event, or that its own was
 * taken. */
void tokens_heard(const struct sim_client *client, const char *text);

/* A core has had its turn. */
void tokens_turn(uint32_t core);

/* All is at rest: it is not there any more if its token has ended. */
void tokens_judge(const struct sim_client *client);

#endif
