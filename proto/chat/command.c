#include "proto/chat/command.h"

#include <assert.h>

static const struct {
	const char *name, *message;
} errors[CHAT_ERROR_COUNT] = {
	[CHAT_OK] = { "ok", "" },
#define CHAT_ERROR(name, message) [CHAT_ERR_##name] = { #name, message },
#include "proto/chat/tbl/errors.h"
#undef CHAT_ERROR
};

static const struct {
	uint16_t code;
	const char *text;
} closes[CHAT_CLOSE_COUNT] = {
#define CHAT_CLOSE(name, code, text) [CHAT_CLOSE_##name] = { code, text },
#include "proto/chat/tbl/closes.h"
#undef CHAT_CLOSE
};

const char *chat_error_name(enum chat_error error)
{
	assert((unsigned)error < CHAT_ERROR_COUNT);
	return errors[error].name;
}

const char *chat_error_message(enum chat_error error)
{
	assert((unsigned)error < CHAT_ERROR_COUNT);
	return errors[error].message;
}

uint16_t chat_close_code(enum chat_close reason)
{
	assert((unsigned)reason < CHAT_CLOSE_COUNT);
	return closes[reason].code;
}

const char *chat_close_text(enum chat_close reason)
{
	assert((unsigned)reason < CHAT_CLOSE_COUNT);
	return closes[reason].text;
}
