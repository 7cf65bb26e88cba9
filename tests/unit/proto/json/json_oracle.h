/* json_oracle.h - RFC 8259 once more, as slow and as plain as it can be written: the judge of json_scan.
 *
 * By recursion, a production a function, sharing no line with what it judges.
 * Each function moves *at over its production and says whether it was there.
 */
#ifndef JSON_ORACLE_H
#define JSON_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ORACLE_DEPTH_MAX 32

struct oracle {
	const uint8_t *at, *end;
	int depth;
};

static bool oracle_one_of(struct oracle *oracle, const char *set)
{
	if (oracle->at == oracle->end || *oracle->at == 0 || !strchr(set, *oracle->at))
		return false;
	oracle->at++;
	return true;
}

static void oracle_space(struct oracle *oracle)
{
	while (oracle_one_of(oracle, " \t\r\n"))
		;
}

static bool oracle_digits(struct oracle *oracle)
{
	if (!oracle_one_of(oracle, "0123456789"))
		return false;
	while (oracle_one_of(oracle, "0123456789"))
		;
	return true;
}

static bool oracle_word(struct oracle *oracle, const char *word)
{
	for (; *word; word++) {
		const char letter[2] = { *word, 0 };

		if (!oracle_one_of(oracle, letter))
			return false;
	}
	return true;
}

static bool oracle_string(struct oracle *oracle)
{
	if (!oracle_one_of(oracle, "\""))
		return false;
	while (!oracle_one_of(oracle, "\"")) {
		if (oracle->at == oracle->end || *oracle->at < 0x20)
			return false;
		if (!oracle_one_of(oracle, "\\")) {
			oracle->at++;
			continue;
		}
		if (oracle_one_of(oracle, "u")) {
			for (int i = 0; i < 4; i++)
				if (!oracle_one_of(oracle, "0123456789abcdefABCDEF"))
					return false;
		} else if (!oracle_one_of(oracle, "\"\\/bfnrt")) {
			return false;
		}
	}
	return true;
}

static bool oracle_number(struct oracle *oracle)
{
	oracle_one_of(oracle, "-");
	if (!oracle_one_of(oracle, "0") && !oracle_digits(oracle))
		return false;
	if (oracle_one_of(oracle, ".") && !oracle_digits(oracle))
		return false;
	if (!oracle_one_of(oracle, "eE"))
		return true;
	oracle_one_of(oracle, "+-");
	return oracle_digits(oracle);
}

static bool oracle_value(struct oracle *oracle);

static bool oracle_members(struct oracle *oracle, const char *close, bool keyed)
{
	if (++oracle->depth > ORACLE_DEPTH_MAX)
		return false;
	oracle_space(oracle);
	for (bool first = true; first ? !oracle_one_of(oracle, close) : true; first = false) {
		if (keyed) {
			oracle_space(oracle);
			if (!oracle_string(oracle))
				return false;
			oracle_space(oracle);
			if (!oracle_one_of(oracle, ":"))
				return false;
		}
		if (!oracle_value(oracle))
			return false;
		if (oracle_one_of(oracle, close))
			break;
		if (!oracle_one_of(oracle, ","))
			return false;
	}
	oracle->depth--;
	return true;
}

/* With white space on both sides. */
static bool oracle_value(struct oracle *oracle)
{
	bool valid;

	oracle_space(oracle);
	if (oracle->at == oracle->end)
		return false;
	switch (*oracle->at) {
	case '{':
		oracle->at++;
		valid = oracle_members(oracle, "}", true);
		break;
	case '[':
		oracle->at++;
		valid = oracle_members(oracle, "]", false);
		break;
	case '"':
		valid = oracle_string(oracle);
		break;
	case 't':
		valid = oracle_word(oracle, "true");
		break;
	case 'f':
		valid = oracle_word(oracle, "false");
		break;
	case 'n':
		valid = oracle_word(oracle, "null");
		break;
	default:
		valid = oracle_number(oracle);
	}
	oracle_space(oracle);
	return valid;
}

static bool json_oracle(const uint8_t *text, size_t size)
{
	struct oracle oracle = { text, text + size, 0 };

	return oracle_value(&oracle) && oracle.at == oracle.end;
}

#endif
