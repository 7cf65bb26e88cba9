/* json_scan.h - validate a JSON text once and point at the members that are wanted.
 *
 * Pure, and no tree is built: a value that nobody asked for is only walked
 * over. Strict as RFC 8259 with these readings: the text is valid UTF-8
 * already (the caller has seen to it); no byte order mark; \u escapes are
 * any four hex digits, so that a lone surrogate passes in what is opaque to us
 * (json_string refuses it where it is not); nothing but white space around.
 */
#ifndef JSON_SCAN_H
#define JSON_SCAN_H

#include "proto/base/span.h"

#define JSON_DEPTH_MAX 32 /* containers open at once, the outermost counted */
#define JSON_DEEP_MAX 64  /* the same for who reads answers, in which such a text stands deeper */
#define JSON_NAMES_MAX 32

enum json_type {
	JSON_ABSENT = 0,
	JSON_OBJECT,
	JSON_ARRAY,
	JSON_STRING,
	JSON_NUMBER,
	JSON_TRUE,
	JSON_FALSE,
	JSON_NULL,
};

/* A member's value: its bytes as they stand in the text, a string's with its quotes. Borrows the text. */
struct json_value {
	enum json_type type;
	struct span token;
};

/* A key of one to eight bytes, zeros behind it: so finding one is a comparison of words. */
struct json_name {
	char text[8];
};

enum json_refusal {
	JSON_BAD = 1, /* not one JSON value, not the type asked for, or nested too deep */
	JSON_TWICE,   /* a wanted key was there twice, spelled with escapes or without */
};

/* Scans text[0..size), which must be one object, and writes values[i], the
 * value of the object's own member called names[i], for i < count;
 * JSON_ABSENT where there is none. Keys are compared unescaped.
 * Returns 1, or -(enum json_refusal), then values are not to be used. */
int json_scan_object(struct json_value *values, const struct json_name *names, size_t count, const uint8_t *text,
		     size_t size);

/* Scans text[0..size), which may be any one value. Returns 1 or -JSON_BAD. */
int json_scan(const uint8_t *text, size_t size);

/* The same for answers. */
int json_scan_object_deep(struct json_value *values, const struct json_name *names, size_t count, const uint8_t *text,
			  size_t size);
int json_scan_deep(const uint8_t *text, size_t size);

/* The same without SIMD: the oracle of tests and the floor of benches. */
int json_scan_object_scalar(struct json_value *values, const struct json_name *names, size_t count, const uint8_t *text,
			    size_t size);
int json_scan_scalar(const uint8_t *text, size_t size);

/* Of a value that is right, by its first byte. */
enum json_type json_type_of(uint8_t first);

/* Which of names[0..count) the word is; count when none. */
size_t json_name_find(const struct json_name *names, size_t count, struct span word);

#endif
