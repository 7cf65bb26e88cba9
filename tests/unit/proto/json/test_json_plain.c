#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "proto/json/json_plain.h"

/* Every byte at every place of texts up to three blocks long, in an exact allocation. */
Test(json_plain, agrees_with_its_scalar_twin)
{
	for (size_t size = 0; size <= 49; size++) {
		uint8_t *bytes = malloc(size ? size : 1);

		memset(bytes, 'a', size);
		cr_assert_eq(json_plain(bytes, size), size);
		for (size_t place = 0; place < size; place++) {
			for (int byte = 0; byte < 256; byte++) {
				const bool plain = byte > 0x1f && byte != 0x22 && byte != 0x5c;

				bytes[place] = (uint8_t)byte;
				cr_assert_eq(json_plain_scalar(bytes, size), plain ? size : place);
				cr_assert_eq(json_plain(bytes, size), plain ? size : place);
			}
			bytes[place] = 0xc3;
		}
		free(bytes);
	}
}

Test(json_plain, finds_the_first_of_several)
{
	uint8_t bytes[40];

	memset(bytes, '"', sizeof(bytes));
	for (size_t plain = 0; plain < sizeof(bytes); plain++) {
		cr_assert_eq(json_plain(bytes, sizeof(bytes)), plain);
		bytes[plain] = ' ';
	}
}
